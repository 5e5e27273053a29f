//! Counts of keys for quotas.

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter};

use super::is_live;
use crate::keys::tables::key::{Column, Entity};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::DbResult;

/// Counts active and paused keys.
pub(in crate::keys) async fn count_live(db: &impl ConnectionTrait, workspace: WorkspaceId, now: Time) -> DbResult<u64> {
    Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(is_live(now)).count(db).await
}

/// Counts keys of any status that were created after `since`.
pub(in crate::keys) async fn count_created_since(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    since: Time,
) -> DbResult<u64> {
    Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(Column::CreatedAt.gt(since)).count(db).await
}
