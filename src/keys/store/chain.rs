//! Chains of rotations: a first key and all keys that were rotated from it, directly or through others.
//!
//! Nodes of the previous version do not fill in `rotation_root` of the keys that they rotate. It is filled in here, before it is
//! needed, by a transaction that has locked the workspace's audit log, as every rotation does.

use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func, Query};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::keys::index::EntryRef;
use crate::keys::model::KeyId;
use crate::keys::tables::key::{Column, Entity};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{DbResult, Tx, count_rows, find_tuple, find_tuples};

/// Returns the first key of the chain that the key belongs to.
pub(in crate::keys) async fn root_of(tx: &Tx, workspace: WorkspaceId, id: KeyId) -> DbResult<KeyId> {
    fill_in_roots(tx, workspace).await?;
    known_root_of(tx, workspace, id).await
}

async fn known_root_of(tx: &Tx, workspace: WorkspaceId, id: KeyId) -> DbResult<KeyId> {
    let key = Entity::find_by_id(id).filter(Column::WorkspaceId.eq(workspace));
    let root: Option<(Option<KeyId>,)> = find_tuple(tx, key.select_only().column(Column::RotationRoot)).await?;
    Ok(root.and_then(|(root,)| root).unwrap_or(id))
}

/// Returns the chain that the key belongs to: its first key, and the others as far as they could be used after `since`.
pub async fn sharing_idempotency_keys(tx: &Tx, key: &EntryRef, since: Time) -> DbResult<Vec<KeyId>> {
    let workspace = key.workspace();
    let root = if key.is_test() {
        // Its write has locked the log of the sandbox alone. No root is missing: no earlier version gives a test key a successor.
        known_root_of(tx, workspace, key.id).await?
    } else {
        root_of(tx, workspace, key.id).await?
    };
    let rotated = Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(Column::RotationRoot.eq(root));
    let usable = rotated
        .filter(Condition::any().add(Column::RevokedAt.is_null()).add(Column::RevokedAt.gt(since)))
        .filter(Condition::any().add(Column::ExpiresAt.is_null()).add(Column::ExpiresAt.gt(since)));
    let usable: Vec<(KeyId,)> = find_tuples(tx, usable.select_only().column(Column::Id)).await?;
    Ok(usable.into_iter().map(|(id,)| id).chain([root]).collect())
}

/// Fills in the roots that are missing, one generation of keys at a time.
async fn fill_in_roots(tx: &Tx, workspace: WorkspaceId) -> DbResult<()> {
    let mut left = count_missing(tx, workspace).await?;
    while left > 0 {
        set_known_roots(tx, workspace).await?;
        let still_left = count_missing(tx, workspace).await?;
        if still_left >= left {
            break;
        }
        left = still_left;
    }
    Ok(())
}

fn missing(workspace: WorkspaceId) -> Condition {
    Condition::all()
        .add(Column::WorkspaceId.eq(workspace))
        .add(Column::RotationRoot.is_null())
        .add(Column::RotatedFrom.is_not_null())
}

async fn count_missing(tx: &Tx, workspace: WorkspaceId) -> DbResult<u64> {
    count_rows(tx, Entity::find().filter(missing(workspace))).await
}

/// Sets the missing root of each key whose predecessor has one or is the first key.
async fn set_known_roots(db: &impl ConnectionTrait, workspace: WorkspaceId) -> DbResult<()> {
    let earlier = Alias::new("earlier");
    let of_earlier = |column: Column| Expr::col((earlier.clone(), column));
    let root = Query::select()
        .expr(Func::coalesce([of_earlier(Column::RotationRoot), of_earlier(Column::Id)]))
        .from_as(Entity, earlier.clone())
        .and_where(of_earlier(Column::Id).equals((Entity, Column::RotatedFrom)))
        .and_where(of_earlier(Column::RotationRoot).is_not_null().or(of_earlier(Column::RotatedFrom).is_null()))
        .take();
    let root = Expr::SubQuery(None, Box::new(root.into()));
    Entity::update_many().col_expr(Column::RotationRoot, root).filter(missing(workspace)).exec(db).await.map(|_| ())
}
