//! Several keys at once, by their ids or digests.

use std::collections::HashSet;

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryTrait};

use super::filter::is_of;
use super::key_of;
use crate::keys::model::{Key, KeyId};
use crate::keys::tables::key::{Column, Entity};
use crate::workspaces::WorkspaceId;
use key_format::SecretDigest;
use kit::db::{DbResult, Source, find_rows, padded};

/// Finds those of the keys that a workspace has.
pub(in crate::keys) async fn find_all(db: &impl Source, workspace: WorkspaceId, ids: &[KeyId]) -> DbResult<Vec<Key>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let keys = Entity::find().filter(is_of(workspace)).filter(Column::Id.is_in(padded(ids.to_vec())));
    tracing::trace!(sql = %keys.build(db.get_database_backend()), "keys by id");
    find_rows(db, keys).await?.into_iter().map(key_of).collect()
}

/// Keys whose digests one statement looks up.
const DIGESTS_AT_ONCE: usize = 500;

/// Finds keys of any workspace by their digests, for the operator and for reports of leaks.
pub async fn find_by_digests(db: &impl Source, digests: impl IntoIterator<Item = SecretDigest>) -> DbResult<Vec<Key>> {
    with_digests(db, Condition::all(), digests.into_iter().collect()).await
}

/// Finds keys of a workspace by their digests.
pub(in crate::keys) async fn find_all_by_digest(
    db: &impl Source,
    workspace: WorkspaceId,
    digests: HashSet<SecretDigest>,
) -> DbResult<Vec<Key>> {
    with_digests(db, Condition::all().add(is_of(workspace)), digests).await
}

async fn with_digests(db: &impl Source, which: Condition, digests: HashSet<SecretDigest>) -> DbResult<Vec<Key>> {
    let digests: Vec<_> = digests.into_iter().map(|SecretDigest(digest)| digest.to_vec()).collect();
    let mut found = Vec::new();
    for digests in digests.chunks(DIGESTS_AT_ONCE) {
        let keys = Entity::find().filter(which.clone()).filter(Column::Digest.is_in(digests.iter().cloned()));
        for row in find_rows(db, keys).await? {
            found.push(key_of(row)?);
        }
    }
    Ok(found)
}
