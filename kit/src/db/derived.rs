//! Columns that are derived from others of their row by rules that the engines do not have, such as a text for search.
//!
//! A node of an earlier version does not write them. So a marker beside them has the version of the row (a revision, or the time
//! of the last change) that they were derived from. A row of another version is outdated until [`refresh`] derives them again.

use sea_orm::sea_query::{Expr, ExprTrait, SimpleExpr};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, Iterable, ModelTrait, PrimaryKeyToColumn, QueryFilter, QueryOrder, QuerySelect,
};

use super::search::has;
use super::{Db, DbResult, contains};
use crate::text::folded;

/// The columns that say whether a row's derived columns are outdated.
#[derive(Clone, Copy, Debug)]
pub struct Derived<C> {
    pub marker: C,
    pub version: C,
    /// The columns of the index of outdated rows.
    pub index: [C; 2],
}

impl<C: ColumnTrait> Derived<C> {
    pub fn is_current(self) -> SimpleExpr {
        self.marker.into_expr().eq(self.version.into_expr())
    }

    /// A migration that indexes outdated rows has this condition in the same form, or SQLite does not use the index.
    pub fn is_outdated(self) -> SimpleExpr {
        self.marker.into_expr().is_null().or(self.marker.into_expr().ne(self.version.into_expr()))
    }

    /// Finds rows whose `derived` column, in the form of [`folded`], contains a text in whatever case and script. Of outdated rows
    /// it finds those in which one of the `plain` columns [contains] it.
    pub fn finds(self, text: &str, derived: C, plain: &[C]) -> Condition {
        let plain = plain.iter().fold(Condition::any(), |any, column| any.add(contains(*column, text)));
        Condition::any()
            .add(Condition::all().add(self.is_current()).add(has(derived, &folded(text))))
            .add(Condition::all().add(self.is_outdated()).add(plain))
    }
}

/// Derives the columns of up to `limit` outdated rows, in one short transaction. Returns whether there may be more.
pub async fn refresh<E>(
    db: &Db,
    derived: Derived<E::Column>,
    limit: u64,
    derive: impl Fn(&E::Model) -> Vec<(E::Column, String)>,
) -> DbResult<bool>
where
    E: EntityTrait<Model: ModelTrait<Entity = E> + Send + Sync>,
{
    // In the order of the index: Postgres estimates that most rows are outdated, and would read the table until it finds some.
    let outdated = E::find().filter(derived.is_outdated()).limit(limit);
    let outdated = derived.index.into_iter().fold(outdated, QueryOrder::order_by_asc);
    let rows = outdated.all(db.read()).await?;
    if rows.is_empty() {
        return Ok(false);
    }
    let tx = db.begin().await?;
    for row in &rows {
        // A row that was changed meanwhile stays outdated.
        let version = row.get(derived.version);
        let mut update = E::update_many().filter(derived.version.eq(version.clone()));
        for key in E::PrimaryKey::iter() {
            let column = key.into_column();
            update = update.filter(column.eq(row.get(column)));
        }
        for (column, text) in derive(row) {
            update = update.col_expr(column, Expr::value(text));
        }
        update.col_expr(derived.marker, Expr::value(version)).exec(&tx).await?;
    }
    tx.commit().await?;
    Ok(rows.len() as u64 == limit)
}
