//! Parts of lists: the newest rows first, or in another order.

use rusqlite::Connection;
use sea_orm::sea_query::{Asterisk, Expr, ExprTrait, Func, Query, SelectStatement, ValueType};
use sea_orm::{
    ColumnTrait, DbErr, EntityTrait, ModelTrait, Order, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select, Value,
};
use uuid::Uuid;

use super::find::find_rows;
use super::reader::{self, EntityRow};
use super::{DbResult, Source};
use crate::clock::Time;
use crate::paging::{Page, Paging, Position, Start};

/// The columns by which a list is sorted: the time of creation, then the id. Neither may ever change, or a walk by cursor
/// would miss rows. With the workspace before them they have an index, by which a walk finds its next rows.
pub type Creation<E> = [<E as EntityTrait>::Column; 2];

/// The order of a list: by a time, then by the id. With the workspace before them, the two columns have an index.
///
/// If the time can change, a row moves in the list, and a walk by cursor may repeat or miss it.
#[derive(Clone, Copy, Debug)]
pub struct Sorted<E: EntityTrait> {
    /// The columns of the time and of the id.
    pub columns: [E::Column; 2],
    pub direction: Direction,
}

/// The direction in which a list is sorted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    Ascending,
    Descending,
}

impl<E: EntityTrait> Sorted<E> {
    /// The newest rows first.
    pub fn newest_first(columns: Creation<E>) -> Self {
        Self { columns, direction: Direction::Descending }
    }

    fn order(&self) -> Order {
        match self.direction {
            Direction::Ascending => Order::Asc,
            Direction::Descending => Order::Desc,
        }
    }
}

/// Returns a part of what `matching` finds, the newest rows first. Counts the rows for a numbered page only, and not more of them
/// than [`Paging::within`] says.
pub async fn page<E, T>(
    db: &impl Source,
    matching: Select<E>,
    creation: Creation<E>,
    paging: Paging,
    row: impl Fn(E::Model) -> DbResult<T>,
) -> DbResult<Page<T>>
where
    E: EntityTrait<Model: ModelTrait<Entity = E> + EntityRow>,
{
    sorted_page(db, matching, Sorted::newest_first(creation), paging, row).await
}

/// Returns a part of what `matching` finds, as [`page`] does, in another order.
pub async fn sorted_page<E, T>(
    db: &impl Source,
    matching: Select<E>,
    sorted: Sorted<E>,
    paging: Paging,
    row: impl Fn(E::Model) -> DbResult<T>,
) -> DbResult<Page<T>>
where
    E: EntityTrait<Model: ModelTrait<Entity = E> + EntityRow>,
{
    let count = match paging.start {
        Start::Page(_) => Some(count(&matching, sorted.columns, paging)),
        Start::After(_) => None,
    };
    let part = part(matching, sorted, paging);
    trace(db, &part);
    let (total, rows) = counted(db, count, part).await?;
    let (rows, next) = cut::<E>(rows, sorted.columns, paging)?;
    Ok(Page::new(rows.into_iter().map(row).collect::<DbResult<_>>()?, total, paging, next))
}

/// Returns the statement that counts the rows, or one more than the most of `paging`.
fn count<E: EntityTrait>(matching: &Select<E>, [time, _]: [E::Column; 2], paging: Paging) -> SelectStatement {
    let rows = matching.clone().select_only().column(time);
    let rows = rows.limit(paging.most().map(|most| most.saturating_add(1))).into_query();
    Query::select().expr(Func::count(Expr::col(Asterisk))).from_subquery(rows, "counted").take()
}

/// Returns the rows of a part that is counted in another way, the newest first, and the position of the last one if there are
/// rows after it.
pub async fn newest<E>(
    db: &impl Source,
    matching: Select<E>,
    creation: Creation<E>,
    paging: Paging,
) -> DbResult<(Vec<E::Model>, Option<Position>)>
where
    E: EntityTrait<Model: ModelTrait<Entity = E> + EntityRow>,
{
    let rows = rows_of(db, part(matching, Sorted::newest_first(creation), paging)).await?;
    cut::<E>(rows, creation, paging)
}

/// Returns the statement that finds the rows of a part, and one more, which shows whether there are others.
fn part<E: EntityTrait>(matching: Select<E>, sorted: Sorted<E>, paging: Paging) -> Select<E> {
    let [time, id] = sorted.columns;
    let rows = matching.order_by(time, sorted.order()).order_by(id, sorted.order());
    let part = match paging.start {
        Start::Page(_) => rows.offset(paging.offset()),
        Start::After(position) => {
            let (at, last) = position.as_timed();
            let place = Expr::tuple(sorted.columns.map(ColumnTrait::into_expr));
            let last = Expr::tuple([Value::from(at), Value::from(last)].map(Expr::val));
            rows.filter(match sorted.direction {
                Direction::Ascending => place.gt(last),
                Direction::Descending => place.lt(last),
            })
        }
    };
    part.limit(paging.limit() + 1)
}

/// Takes the row after the part away. Returns the position of the last row of the part if there are others after it.
fn cut<E>(mut rows: Vec<E::Model>, columns: [E::Column; 2], paging: Paging) -> DbResult<(Vec<E::Model>, Option<Position>)>
where
    E: EntityTrait<Model: ModelTrait<Entity = E>>,
{
    let has_more = rows.len() as u64 > paging.limit();
    rows.truncate(paging.size as usize);
    let last = rows.last().filter(|_| has_more).map(|row| position::<E>(row, columns));
    Ok((rows, last.transpose()?))
}

fn position<E: EntityTrait>(row: &E::Model, [time, id]: [E::Column; 2]) -> DbResult<Position>
where
    E::Model: ModelTrait<Entity = E>,
{
    let wrong = |_| DbErr::Type("a list is sorted by a time and a UUID".to_owned());
    let at = <Time as ValueType>::try_from(row.get(time)).map_err(wrong)?;
    let id = <Uuid as ValueType>::try_from(row.get(id)).map_err(wrong)?;
    Ok(Position::timed(at, id))
}

/// Returns the rows of a list that is sorted and counted in another way.
pub async fn rows_of<E: EntityTrait<Model: EntityRow>>(db: &impl Source, rows: Select<E>) -> DbResult<Vec<E::Model>> {
    trace(db, &rows);
    find_rows(db, rows).await
}

/// Logs the statement of a list, whose plan tests look at.
fn trace<E: EntityTrait>(db: &impl Source, rows: &Select<E>) {
    tracing::trace!(sql = %rows.build(db.get_database_backend()), "a page of a list");
}

/// Returns the number that the first statement counts, if there is one, and the rows that the second finds.
async fn counted<E: EntityTrait<Model: EntityRow>>(
    db: &impl Source,
    count: Option<SelectStatement>,
    rows: Select<E>,
) -> DbResult<(Option<u64>, Vec<E::Model>)> {
    let Some(count) = count else { return Ok((None, find_rows(db, rows).await?)) };
    let none = || DbErr::RecordNotFound("the number of rows".to_owned());
    let Some(file) = db.file() else {
        let number: i64 = db.query_one(&count).await?.ok_or_else(none)?.try_get_by_index(0)?;
        return Ok((Some(number.unsigned_abs()), find_rows(db, rows).await?));
    };
    let backend = db.get_database_backend();
    let (count, rows) = (backend.build(&count), rows.build(backend));
    // Both on one thread: handing over takes as long as reading some rows.
    let read = move |connection: &Connection| {
        let (number,) = reader::rows::<(i64,)>(connection, count)?.pop().ok_or_else(none)?;
        Ok((Some(number.unsigned_abs()), reader::rows(connection, rows)?))
    };
    Box::pin(file.run(read)).await
}
