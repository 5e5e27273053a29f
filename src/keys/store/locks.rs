//! Keys whose rows stay locked until the end of the transaction.
//!
//! A row is locked before its revision is taken: changes of keys of all workspaces wait for the revision counter, and so for whatever
//! its holder waits for. SQLite locks no rows, as its writers take turns.

use sea_orm::sea_query::LockType;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};

use super::filter::is_of;
use super::{is_live, key_of};
use crate::keys::model::{Key, KeyId};
use crate::keys::tables::key::{Column, Entity};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{DbResult, Source, find_row, find_rows, find_tuple};

/// Keeps a key from being changed until the end of the transaction. Other writes with the key do not wait.
pub(in crate::keys) async fn lock_row(db: &impl Source, id: KeyId) -> DbResult<()> {
    let row = Entity::find_by_id(id).select_only().column(Column::Revision).lock_shared();
    find_tuple::<_, (i64,)>(db, row).await.map(|_| ())
}

/// Finds a key to change.
pub(in crate::keys) async fn find_locked(db: &impl Source, workspace: WorkspaceId, id: KeyId) -> DbResult<Option<Key>> {
    let row = Entity::find_by_id(id).filter(Column::WorkspaceId.eq(workspace)).lock(LockType::NoKeyUpdate);
    find_row(db, row).await?.map(key_of).transpose()
}

/// Finds those of the keys that a workspace has, to change them.
pub(in crate::keys) async fn find_all_locked(db: &impl Source, workspace: WorkspaceId, ids: &[KeyId]) -> DbResult<Vec<Key>> {
    let of_workspace = Entity::find().filter(is_of(workspace));
    locked(db, of_workspace.filter(Column::Id.is_in(ids.iter().copied()))).await
}

/// Lists all active and paused keys of a workspace, to change them.
pub(in crate::keys) async fn list_live_locked(db: &impl Source, workspace: WorkspaceId, now: Time) -> DbResult<Vec<Key>> {
    locked(db, Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(is_live(now))).await
}

/// Locks rows in the order of their ids, in which the keys are returned.
async fn locked(db: &impl Source, keys: Select<Entity>) -> DbResult<Vec<Key>> {
    let rows = find_rows(db, keys.order_by_asc(Column::Id).lock(LockType::NoKeyUpdate)).await?;
    rows.into_iter().map(key_of).collect()
}
