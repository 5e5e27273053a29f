//! Keys by age and end, each list by an index that has it in order.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select};

use super::Sought;
use crate::keys::model::KeyId;
use crate::keys::store::is_of;
use crate::keys::tables::key::{Column, Entity};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{DbResult, Source, find_tuples, padded};

/// Keys in one statement: SQLite binds 32,766 values at most.
const AT_ONCE: usize = 1_000;

/// A key and its expiration.
#[derive(Clone, Copy, Debug)]
pub struct Expiring {
    pub key: KeyId,
    pub expires_at: Time,
}

/// A key and its creation.
#[derive(Clone, Copy, Debug)]
pub struct Aged {
    pub key: KeyId,
    pub created_at: Time,
}

/// The keys of the workspace that are not revoked.
fn open(sought: &Sought) -> Select<Entity> {
    let open = Entity::find().filter(Column::WorkspaceId.eq(sought.workspace)).filter(Column::RevokedAt.is_null());
    open.apply_if(sought.key, |open, key| open.filter(Column::Id.eq(key))).limit(sought.limit)
}

/// The condition of keys that are not expired.
pub(super) fn unexpired(now: Time) -> Condition {
    Condition::any().add(Column::ExpiresAt.is_null()).add(Column::ExpiresAt.gt(now))
}

fn trace(db: &impl Source, keys: &Select<Entity>) {
    tracing::trace!(sql = %keys.build(db.get_database_backend()), "keys for findings");
}

/// Returns active keys that expire within `within`, the first to expire first.
pub async fn expiring(db: &impl Source, sought: &Sought, within: Duration) -> DbResult<Vec<Expiring>> {
    let keys = open(sought)
        .select_only()
        .columns([Column::Id, Column::ExpiresAt])
        .filter(Column::ExpiresAt.gt(sought.now))
        .filter(Column::ExpiresAt.lte(sought.now.after(within)))
        .order_by_asc(Column::ExpiresAt)
        .order_by_asc(Column::Id);
    trace(db, &keys);
    let rows: Vec<(KeyId, Time)> = find_tuples(db, keys).await?;
    Ok(rows.into_iter().map(|(key, expires_at)| Expiring { key, expires_at }).collect())
}

async fn aged(db: &impl Source, keys: Select<Entity>) -> DbResult<Vec<Aged>> {
    let keys = keys.select_only().columns([Column::Id, Column::CreatedAt]);
    let keys = keys.order_by_asc(Column::CreatedAt).order_by_asc(Column::Id);
    trace(db, &keys);
    let rows: Vec<(KeyId, Time)> = find_tuples(db, keys).await?;
    Ok(rows.into_iter().map(|(key, created_at)| Aged { key, created_at }).collect())
}

/// Returns active keys that were created before `before`, the oldest first.
pub async fn old(db: &impl Source, sought: &Sought, before: Time) -> DbResult<Vec<Aged>> {
    aged(db, open(sought).filter(Column::CreatedAt.lt(before)).filter(unexpired(sought.now))).await
}

/// Returns active keys without expiration, the oldest first.
pub async fn endless(db: &impl Source, sought: &Sought) -> DbResult<Vec<Aged>> {
    aged(db, open(sought).filter(Column::ExpiresAt.is_null())).await
}

/// Returns those of the keys that have an active successor: their rotation is under way.
pub async fn rotating(
    db: &impl Source,
    workspace: WorkspaceId,
    keys: impl IntoIterator<Item = KeyId>,
    now: Time,
) -> DbResult<HashSet<KeyId>> {
    let mut rotating = HashSet::new();
    let keys: Vec<KeyId> = keys.into_iter().collect();
    for keys in keys.chunks(AT_ONCE) {
        let successors = Entity::find().select_only().column(Column::RotatedFrom);
        let successors =
            successors.filter(Column::WorkspaceId.eq(workspace)).filter(Column::RotatedFrom.is_in(keys.iter().copied()));
        let active = successors.filter(Column::RevokedAt.is_null()).filter(unexpired(now));
        trace(db, &active);
        let found: Vec<(Option<KeyId>,)> = find_tuples(db, active).await?;
        rotating.extend(found.into_iter().filter_map(|(key,)| key));
    }
    Ok(rotating)
}

/// Returns the names of those of the keys that the workspace has.
pub async fn names(db: &impl Source, workspace: WorkspaceId, keys: Vec<KeyId>) -> DbResult<HashMap<KeyId, String>> {
    let named = Entity::find().select_only().columns([Column::Id, Column::Name]);
    let named = named.filter(is_of(workspace)).filter(Column::Id.is_in(padded(keys)));
    tracing::trace!(sql = %named.build(db.get_database_backend()), "names of keys by id");
    Ok(find_tuples::<_, (KeyId, String)>(db, named).await?.into_iter().collect())
}
