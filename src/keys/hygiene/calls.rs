//! Refused calls of keys that are revoked or expired: an application still has the secret.

use std::net::IpAddr;

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};

use super::Sought;
use crate::keys::model::KeyId;
use crate::keys::tables::revoked_call::{Column, Entity, Model};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{DbResult, Source, find_rows, insert_packed};

/// Refused calls of one key from one network.
#[derive(Clone, Debug)]
pub(in crate::keys) struct RevokedCall {
    pub(in crate::keys) key: KeyId,
    pub(in crate::keys) first: Time,
    pub(in crate::keys) last: Time,
    /// `None` for several networks.
    pub(in crate::keys) network: Option<IpAddr>,
}

/// The refused calls of one key.
#[derive(Clone, Debug)]
pub struct RefusedCalls {
    pub key: KeyId,
    pub last_at: Time,
    /// The network of the last call; empty if it is unknown.
    pub from: String,
}

/// Notes refused calls: of each key the last one is kept.
pub(in crate::keys) async fn note_revoked_calls(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    mut calls: Vec<RevokedCall>,
) -> DbResult<()> {
    // The same order on every node, the last call of a key first: a statement must not touch a row twice.
    calls.sort_unstable_by_key(|call| (call.key, std::cmp::Reverse(call.last)));
    calls.dedup_by_key(|call| call.key);
    let rows: Vec<Model> = calls.into_iter().map(|call| row(workspace, call)).collect();
    let later = OnConflict::column(Column::KeyId)
        .update_columns([Column::LastAt, Column::Ip])
        .action_and_where(Expr::cust("excluded.last_at > revoked_key_calls.last_at"))
        .to_owned();
    insert_packed::<Entity>(db, &rows, Some(later)).await
}

fn row(workspace: WorkspaceId, call: RevokedCall) -> Model {
    Model {
        key_id: call.key,
        workspace_id: workspace,
        first_at: call.first,
        last_at: call.last,
        ip: call.network.map(|network| network.to_string()).unwrap_or_default(),
    }
}

/// Returns the keys that were called since `since` although they were revoked or expired, the last called first.
pub async fn recent_calls(db: &impl Source, sought: &Sought, since: Time) -> DbResult<Vec<RefusedCalls>> {
    let recent = Entity::find().filter(Column::WorkspaceId.eq(sought.workspace)).filter(Column::LastAt.gte(since));
    let recent = recent.apply_if(sought.key, |recent, key| recent.filter(Column::KeyId.eq(key)));
    let recent = recent.order_by_desc(Column::LastAt).limit(sought.limit);
    tracing::trace!(sql = %recent.build(db.get_database_backend()), "keys for findings");
    let rows = find_rows(db, recent).await?;
    Ok(rows.into_iter().map(|row| RefusedCalls { key: row.key_id, last_at: row.last_at, from: row.ip }).collect())
}
