//! The row of a log that each of its writers locks: the sequence and the hash of the last event.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, QueryTrait, Statement,
};

use super::chain::{GENESIS, Hash};
use super::tables::head::{Column, Entity, Model};
use crate::workspaces::WorkspaceId;
use kit::db::{DbResult, Tx, find_row};

/// Inserts the head of a new workspace's log.
pub(super) async fn insert(tx: &Tx, workspace: WorkspaceId) -> DbResult<()> {
    let head = Model { workspace_id: workspace, sequence: 0, hash: GENESIS.to_vec(), event_types: None };
    Entity::insert(head.into_active_model()).exec_without_returning(tx).await.map(|_| ())
}

/// Locks the head of a log until the end of the transaction: nothing else is written there meanwhile.
pub(super) async fn lock(tx: &Tx, workspace: WorkspaceId) -> DbResult<Model> {
    let head = find_row(tx, Entity::find().filter(Column::WorkspaceId.eq(workspace)).lock_exclusive()).await?;
    head.ok_or_else(|| DbErr::RecordNotFound(format!("the audit log of {workspace}")))
}

/// Returns the statement that sets the head of a log.
pub(super) fn setting(backend: DbBackend, workspace: WorkspaceId, (sequence, hash): (i64, Hash)) -> Statement {
    let update = Entity::update_many()
        .col_expr(Column::Sequence, Expr::value(sequence))
        .col_expr(Column::Hash, Expr::value(hash.to_vec()))
        .filter(Column::WorkspaceId.eq(workspace));
    update.build(backend)
}

pub(super) async fn set(tx: &Tx, workspace: WorkspaceId, head: (i64, Hash)) -> DbResult<()> {
    let done = tx.execute_raw(setting(tx.get_database_backend(), workspace, head)).await?;
    if done.rows_affected() == 0 { Err(DbErr::RecordNotUpdated) } else { Ok(()) }
}
