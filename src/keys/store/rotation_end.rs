//! Keys that were rotated and have an end, and those that were not revoked at it.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};

use super::{has_status, key_of};
use crate::keys::model::{Key, KeyId, Status};
use crate::keys::tables::key::{Column, Entity};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{DbResult, Source, find_rows, find_tuples};

/// Writes the planned end of a key, which has no part in verification.
pub(in crate::keys) async fn set_rotation_end(db: &impl ConnectionTrait, key: &Key) -> DbResult<()> {
    let update = Entity::update_many()
        .col_expr(Column::RevokeOldAt, Expr::value(key.revoke_old_at))
        .col_expr(Column::RevokeOldForced, Expr::value(key.revoke_old_forced))
        .col_expr(Column::RotationBlockedAt, Expr::value(key.rotation_blocked_at));
    let of_key = update.filter(Column::WorkspaceId.eq(key.workspace)).filter(Column::Id.eq(key.id));
    of_key.exec(db).await.map(|_| ())
}

/// The condition of the index of planned ends.
fn is_planned_until(now: Time) -> Condition {
    Condition::all()
        .add(Column::RevokeOldAt.lte(now))
        .add(Column::RotationBlockedAt.is_null())
        .add(Column::RefusedEverywhereAt.is_null())
}

/// Returns up to `limit` keys of all workspaces whose end has come, the earliest first.
pub(in crate::keys) async fn ended_rotations(db: &impl Source, now: Time, limit: u64) -> DbResult<Vec<(WorkspaceId, KeyId)>> {
    let ended = Entity::find().filter(is_planned_until(now)).filter(Column::RevokedAt.is_null());
    let columns = ended.select_only().columns([Column::WorkspaceId, Column::Id]).order_by_asc(Column::RevokeOldAt);
    let ended = columns.limit(limit);
    tracing::trace!(sql = %ended.build(db.get_database_backend()), "rotations that ended");
    find_tuples(db, ended).await
}

/// Returns up to `limit` keys that the system revoked before `revoked_before`, and of which no event says that every node
/// refuses them.
pub(in crate::keys) async fn unconfirmed_ends(
    db: &impl Source,
    revoked_before: Time,
    by: &str,
    limit: u64,
) -> DbResult<Vec<Key>> {
    let ended = Entity::find().filter(is_planned_until(revoked_before)).filter(Column::RevokedById.eq(by));
    let unconfirmed = ended.filter(Column::RevokedAt.lt(revoked_before)).order_by_asc(Column::RevokeOldAt);
    find_rows(db, unconfirmed.limit(limit)).await?.into_iter().map(key_of).collect()
}

/// Returns up to `limit` active keys of a workspace that were not revoked at the end of their rotation, the first blocked first.
/// Each has [`Key::rotation_blocked_at`].
pub async fn rotations_blocked(db: &impl Source, workspace: WorkspaceId, now: Time, limit: u64) -> DbResult<Vec<Key>> {
    let blocked = Entity::find()
        .filter(Column::WorkspaceId.eq(workspace))
        .filter(Column::RotationBlockedAt.is_not_null())
        .filter(has_status(Status::Active, now))
        .order_by_asc(Column::RotationBlockedAt);
    tracing::trace!(sql = %blocked.build(db.get_database_backend()), "blocked rotations");
    find_rows(db, blocked.limit(limit)).await?.into_iter().map(key_of).collect()
}
