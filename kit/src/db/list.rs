//! Parts of lists, the newest rows first.

use sea_orm::sea_query::{Asterisk, Expr, ExprTrait, Func, Query, ValueType};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ModelTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, Select, Value,
};
use uuid::Uuid;

use super::DbResult;
use crate::clock::Time;
use crate::paging::{Page, Paging, Position, Start};

/// The columns by which a list is sorted: the time of creation, then the id. Neither may ever change, or a walk by cursor
/// would miss rows. With the workspace before them they have an index, by which a walk finds its next rows.
pub type Creation<E> = [<E as EntityTrait>::Column; 2];

/// Returns a part of what `matching` finds, the newest rows first. Counts the rows for a numbered page only, and not more of them
/// than [`Paging::within`] says.
pub async fn page<E, T>(
    db: &impl ConnectionTrait,
    matching: Select<E>,
    creation: Creation<E>,
    paging: Paging,
    row: impl Fn(E::Model) -> DbResult<T>,
) -> DbResult<Page<T>>
where
    E: EntityTrait<Model: ModelTrait<Entity = E> + Send + Sync>,
{
    let total = match paging.start {
        Start::Page(_) => Some(count(db, &matching, creation, paging).await?),
        Start::After(_) => None,
    };
    let (rows, next) = newest(db, matching, creation, paging).await?;
    Ok(Page::new(rows.into_iter().map(row).collect::<DbResult<_>>()?, total, paging, next))
}

/// Counts the rows, or one more than the most of `paging`.
async fn count<E>(db: &impl ConnectionTrait, matching: &Select<E>, [created, _]: Creation<E>, paging: Paging) -> DbResult<u64>
where
    E: EntityTrait<Model: ModelTrait<Entity = E> + Send + Sync>,
{
    let Some(most) = paging.most() else { return matching.clone().count(db).await };
    let rows = matching.clone().select_only().column(created).limit(most.saturating_add(1)).into_query();
    let counted = Query::select().expr(Func::count(Expr::col(Asterisk))).from_subquery(rows, "counted").take();
    let row = db.query_one(&counted).await?.ok_or_else(|| DbErr::RecordNotFound("the number of rows".to_owned()))?;
    row.try_get_by_index(0).map(i64::unsigned_abs)
}

/// Returns the rows of a part that is counted in another way, the newest first, and the position of the last one if there are
/// rows after it.
pub async fn newest<E>(
    db: &impl ConnectionTrait,
    matching: Select<E>,
    creation @ [created, id]: Creation<E>,
    paging: Paging,
) -> DbResult<(Vec<E::Model>, Option<Position>)>
where
    E: EntityTrait<Model: ModelTrait<Entity = E> + Send + Sync>,
{
    let sorted = matching.order_by_desc(created).order_by_desc(id);
    let part = match paging.start {
        Start::Page(_) => sorted.offset(paging.offset()),
        Start::After(position) => {
            let (at, last) = position.as_created();
            let values = [Value::from(at), Value::from(last)].map(Expr::val);
            sorted.filter(Expr::tuple(creation.map(ColumnTrait::into_expr)).lt(Expr::tuple(values)))
        }
    };
    // One row more than asked for shows whether there are others.
    let mut rows = rows_of(db, part.limit(paging.limit() + 1)).await?;
    let has_more = rows.len() as u64 > paging.limit();
    rows.truncate(paging.size as usize);
    let last = rows.last().filter(|_| has_more).map(|row| position::<E>(row, creation));
    Ok((rows, last.transpose()?))
}

fn position<E: EntityTrait>(row: &E::Model, [created, id]: Creation<E>) -> DbResult<Position>
where
    E::Model: ModelTrait<Entity = E>,
{
    let wrong = |_| DbErr::Type("a list is sorted by a time and a UUID".to_owned());
    let at = <Time as ValueType>::try_from(row.get(created)).map_err(wrong)?;
    let id = <Uuid as ValueType>::try_from(row.get(id)).map_err(wrong)?;
    Ok(Position::created(at, id))
}

/// Returns the rows of a list that is sorted and counted in another way.
pub async fn rows_of<E: EntityTrait>(db: &impl ConnectionTrait, rows: Select<E>) -> DbResult<Vec<E::Model>> {
    tracing::trace!(sql = %rows.build(db.get_database_backend()), "a page of a list");
    rows.all(db).await
}
