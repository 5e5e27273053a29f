//! Counts of keys for quotas.

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter};

use super::has_status;
use crate::keys::model::Status;
use crate::keys::tables::key::{Column, Entity};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::DbResult;

pub(in crate::keys) async fn count_active(db: &impl ConnectionTrait, workspace: WorkspaceId, now: Time) -> DbResult<u64> {
    Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(has_status(Status::Active, now)).count(db).await
}

/// Counts keys of any status that were created after `since`.
pub(in crate::keys) async fn count_created_since(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    since: Time,
) -> DbResult<u64> {
    Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(Column::CreatedAt.gt(since)).count(db).await
}
