//! The row of a log that each of its writers locks: the sequence and the hash of the last event.

use sea_orm::ActiveValue::{NotSet, Set, Unchanged};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect};

use super::chain::{GENESIS, Hash};
use super::tables::head::{ActiveModel, Column, Entity, Model};
use crate::workspaces::WorkspaceId;
use kit::db::{DbResult, Tx, update_row};

/// Inserts the head of a new workspace's log.
pub(super) async fn insert(tx: &Tx, workspace: WorkspaceId) -> DbResult<()> {
    let head = Model { workspace_id: workspace, sequence: 0, hash: GENESIS.to_vec(), event_types: None };
    Entity::insert(head.into_active_model()).exec_without_returning(tx).await.map(|_| ())
}

/// Locks the head of a log until the end of the transaction: nothing else is written there meanwhile.
pub(super) async fn lock(tx: &Tx, workspace: WorkspaceId) -> DbResult<Model> {
    let head = Entity::find().filter(Column::WorkspaceId.eq(workspace)).lock_exclusive().one(tx).await?;
    head.ok_or_else(|| DbErr::RecordNotFound(format!("the audit log of {workspace}")))
}

pub(super) async fn set(tx: &Tx, workspace: WorkspaceId, (sequence, hash): (i64, Hash)) -> DbResult<()> {
    let (workspace_id, sequence, hash) = (Unchanged(workspace), Set(sequence), Set(hash.to_vec()));
    update_row(tx, ActiveModel { workspace_id, sequence, hash, event_types: NotSet }).await
}
