//! The table `key_checks`: for each open key and rule the earliest time from which the rule can hold.

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};

use super::Sought;
use crate::keys::model::KeyId;
use crate::keys::tables::check::{Column, Entity, Model};
use crate::keys::tables::check_progress;
use kit::clock::Time;
use kit::db::{DbResult, Source, find_row, find_rows, insert_packed};

kit::string_enum! {
    /// A rule that depends on the usage of a key.
    Rule as KeyCheckRule {
        Idle = "idle",
        Excess = "excess",
        Everywhere = "everywhere",
    }
}

/// Keys in one statement: SQLite binds 32,766 values at most.
const AT_ONCE: usize = 1_000;

const ONLY_ROW: i16 = 1;

/// Returns the keys of which a rule can hold now, those first of which it can hold for longest.
pub(super) async fn due(db: &impl Source, sought: &Sought, rule: Rule) -> DbResult<Vec<Model>> {
    let due = Entity::find()
        .filter(Column::WorkspaceId.eq(sought.workspace))
        .filter(Column::Rule.eq(rule.as_str()))
        .filter(Column::HoldsFrom.lte(sought.now))
        .order_by_asc(Column::HoldsFrom)
        .order_by_asc(Column::KeyId)
        .limit(sought.limit);
    tracing::trace!(sql = %due.build(db.get_database_backend()), "keys for findings");
    find_rows(db, due).await
}

/// Returns checks of a rule that are to be made by `now`, of all workspaces.
pub(super) async fn to_make(db: &impl Source, rule: Rule, now: Time, limit: u64) -> DbResult<Vec<Model>> {
    let to_make = Entity::find().filter(Column::Rule.eq(rule.as_str())).filter(Column::CheckAt.lte(now));
    find_rows(db, to_make.order_by_asc(Column::CheckAt).limit(limit)).await
}

/// Writes checks, whether they are new or not.
pub(super) async fn put(db: &impl ConnectionTrait, mut rows: Vec<Model>) -> DbResult<()> {
    rows.sort_unstable_by(|one, other| (one.key_id, &one.rule).cmp(&(other.key_id, &other.rule)));
    let again = OnConflict::columns([Column::KeyId, Column::Rule])
        .update_columns([Column::HoldsFrom, Column::CheckAt, Column::CheckedAt, Column::UnusedScopes])
        .to_owned();
    insert_packed::<Entity>(db, &rows, Some(again)).await
}

/// Deletes the checks of keys by a rule, or by all.
pub(super) async fn delete(db: &impl ConnectionTrait, keys: &[KeyId], rule: Option<Rule>) -> DbResult<()> {
    for keys in keys.chunks(AT_ONCE) {
        let checks = Entity::delete_many().filter(Column::KeyId.is_in(keys.iter().copied()));
        let checks = checks.apply_if(rule, |checks, rule| checks.filter(Column::Rule.eq(rule.as_str())));
        checks.exec(db).await?;
    }
    Ok(())
}

/// Makes the checks of keys due that were used from a network for the first time, or again after [`super::DORMANT_AFTER`].
pub(in crate::keys) async fn wake(db: &impl ConnectionTrait, keys: Vec<KeyId>, now: Time) -> DbResult<()> {
    for keys in keys.chunks(AT_ONCE) {
        Entity::update_many()
            .col_expr(Column::HoldsFrom, Expr::value(now))
            .col_expr(Column::CheckAt, Expr::value(now))
            .filter(Column::KeyId.is_in(keys.iter().copied()))
            .filter(Column::Rule.is_in([Rule::Everywhere, Rule::Excess].map(Rule::as_str)))
            .filter(Column::HoldsFrom.gt(now))
            .exec(db)
            .await?;
    }
    Ok(())
}

/// Returns the revision up to which changes of keys are in the table.
pub(super) async fn progress(db: &impl Source) -> DbResult<i64> {
    Ok(find_row(db, check_progress::Entity::find_by_id(ONLY_ROW)).await?.map_or(0, |row| row.revision))
}

pub(super) async fn set_progress(db: &impl ConnectionTrait, revision: i64) -> DbResult<()> {
    let again = OnConflict::column(check_progress::Column::Id).update_column(check_progress::Column::Revision).to_owned();
    insert_packed::<check_progress::Entity>(db, &[check_progress::Model { id: ONLY_ROW, revision }], Some(again)).await
}
