//! Counts of keys for quotas.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::is_live;
use crate::keys::tables::key::{Column, Entity};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{DbResult, Source, count_rows};

/// Counts active and paused keys.
pub(in crate::keys) async fn count_live(db: &impl Source, workspace: WorkspaceId, now: Time) -> DbResult<u64> {
    count_rows(db, Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(is_live(now))).await
}

/// Counts keys of any status that were created after `since`.
pub(in crate::keys) async fn count_created_since(db: &impl Source, workspace: WorkspaceId, since: Time) -> DbResult<u64> {
    count_rows(db, Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(Column::CreatedAt.gt(since))).await
}
