//! [`IndexedKey`]: the columns of a key that the index holds.

use compact_str::CompactString;
use key_format::SecretDigest;
use kit::clock::Time;

use crate::keys::model::{Allowlist, Key, KeyId, PauseEnd, RateLimit};
use crate::scopes::Scopes;
use crate::workspaces::WorkspaceId;

/// The columns of a key that verification needs. A starting node reads only these, of a million keys or more.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IndexedKey {
    pub id: KeyId,
    pub workspace: WorkspaceId,
    /// The sandbox of a test key.
    pub sandbox: Option<WorkspaceId>,
    pub digest: SecretDigest,
    pub name: CompactString,
    pub scopes: Scopes,
    pub allowlist: Allowlist,
    pub rate_limit: Option<RateLimit>,
    pub expires_at: Option<Time>,
    pub pause: Option<PauseEnd>,
    pub is_revoked: bool,
    pub revision: i64,
}

impl IndexedKey {
    /// Returns the workspace whose data requests with the key read and write.
    pub fn tenant(&self) -> WorkspaceId {
        self.sandbox.unwrap_or(self.workspace)
    }
}

#[cfg(test)]
impl IndexedKey {
    /// A new key that may read, without a limit and without an end.
    pub(in crate::keys) fn example(id: KeyId, workspace: WorkspaceId, digest: SecretDigest) -> Self {
        Self {
            id,
            workspace,
            sandbox: None,
            digest,
            name: "Fleet website".into(),
            scopes: crate::scopes::Permissions::ReadOnly.preset().unwrap_or_default(),
            allowlist: Allowlist::default(),
            rate_limit: None,
            expires_at: None,
            pause: None,
            is_revoked: false,
            revision: 1,
        }
    }
}

impl From<&Key> for IndexedKey {
    fn from(key: &Key) -> Self {
        Self {
            id: key.id,
            workspace: key.workspace,
            sandbox: key.sandbox,
            digest: key.digest,
            name: CompactString::new(&key.name),
            scopes: key.scopes,
            allowlist: key.allowlist.clone(),
            rate_limit: key.rate_limit,
            expires_at: key.expires_at,
            pause: key.pause.as_ref().map(|pause| pause.end),
            is_revoked: key.revoked_at.is_some(),
            revision: key.revision,
        }
    }
}
