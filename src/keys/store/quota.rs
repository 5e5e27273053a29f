//! Counts that quotas are held against.

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter};

use super::is;
use crate::keys::model::Status;
use crate::keys::tables::key::{Column, Entity};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::DbResult;

/// Active keys of a workspace.
pub(in crate::keys) async fn count_active(db: &impl ConnectionTrait, workspace: WorkspaceId, now: Time) -> DbResult<u64> {
    Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(is(Status::Active, now)).count(db).await
}

/// Keys of a workspace, of any status, that were made after `since`.
pub(in crate::keys) async fn count_made_since(db: &impl ConnectionTrait, workspace: WorkspaceId, since: Time) -> DbResult<u64> {
    Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(Column::CreatedAt.gt(since)).count(db).await
}
