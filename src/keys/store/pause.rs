//! Keys that are paused.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{has_status, is_live};
use crate::keys::model::{KeyId, Status};
use crate::keys::tables::key::{Column, Entity};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{DbResult, Source, find_tuple, find_tuples};

/// Returns up to `limit` live keys whose pause has ended by itself, the first to end first.
pub(in crate::keys) async fn ended_pauses(db: &impl Source, now: Time, limit: u64) -> DbResult<Vec<(WorkspaceId, KeyId)>> {
    // An expiry is recorded within a second: keys that have ended do not pile up at the front of the index.
    let ended = Entity::find()
        .filter(Column::ExpiryRecordedAt.is_null())
        .filter(Column::PausedUntil.lte(now))
        .filter(is_live(now))
        .order_by_asc(Column::PausedUntil);
    find_tuples(db, ended.select_only().columns([Column::WorkspaceId, Column::Id]).limit(limit)).await
}

/// Returns whether any key of any workspace is paused.
pub(in crate::keys) async fn has_paused(db: &impl Source, now: Time) -> DbResult<bool> {
    let paused = Entity::find().filter(has_status(Status::Paused, now)).select_only().column(Column::Id);
    Ok(find_tuple::<_, (KeyId,)>(db, paused).await?.is_some())
}

/// Notes the time since which every node has refused the key that was paused at `paused_at`. Returns false if that was noted before,
/// or if it has been resumed or paused again.
pub(in crate::keys) async fn set_paused_everywhere(
    db: &impl ConnectionTrait,
    (id, paused_at): (KeyId, Time),
    since: Time,
) -> DbResult<bool> {
    let update = Entity::update_many()
        .col_expr(Column::PausedEverywhereAt, Expr::value(since))
        .filter(Column::Id.eq(id))
        .filter(Column::PausedAt.eq(paused_at))
        .filter(Column::PausedEverywhereAt.is_null());
    Ok(update.exec(db).await?.rows_affected == 1)
}
