//! What the index is told of a key.

use crate::keys::model::{Allowlist, Key, KeyId, RateLimit};
use crate::scopes::Scopes;
use crate::workspaces::WorkspaceId;
use key_format::SecretDigest;
use kit::clock::Time;

/// What decides whether a key opens something, and what is told of it then: a million keys are read for that when a node
/// starts, and nothing else of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IndexedKey {
    pub id: KeyId,
    pub workspace: WorkspaceId,
    pub digest: SecretDigest,
    pub name: String,
    pub scopes: Scopes,
    pub allowlist: Allowlist,
    pub rate_limit: Option<RateLimit>,
    pub expires_at: Option<Time>,
    pub is_revoked: bool,
    pub revision: i64,
}

impl From<&Key> for IndexedKey {
    fn from(key: &Key) -> Self {
        Self {
            id: key.id,
            workspace: key.workspace,
            digest: key.digest,
            name: key.name.clone(),
            scopes: key.scopes,
            allowlist: key.allowlist.clone(),
            rate_limit: key.rate_limit,
            expires_at: key.expires_at,
            is_revoked: key.revoked_at.is_some(),
            revision: key.revision,
        }
    }
}
