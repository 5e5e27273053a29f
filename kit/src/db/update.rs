//! Updates of one row.

use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, Iterable, PrimaryKeyToColumn, QueryFilter,
};

use super::DbResult;

/// Writes the columns that are set in `row` to the row with its primary key.
///
/// Unlike [`ActiveModelTrait::update`] it does not read the row back. Fails with [`DbErr::RecordNotUpdated`] if there is no
/// such row.
pub async fn update_row<A: ActiveModelTrait>(db: &impl ConnectionTrait, mut row: A) -> DbResult<()> {
    let mut update = A::Entity::update_many();
    for key in <A::Entity as EntityTrait>::PrimaryKey::iter() {
        let column = key.into_column();
        let (ActiveValue::Set(value) | ActiveValue::Unchanged(value)) = row.get(column) else {
            return Err(DbErr::PrimaryKeyNotSet { ctx: "update_row" });
        };
        update = update.filter(column.eq(value));
        row.not_set(column);
    }
    let done = update.set(row).exec(db).await?;
    if done.rows_affected == 0 { Err(DbErr::RecordNotUpdated) } else { Ok(()) }
}
