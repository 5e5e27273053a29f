//! Every key of every workspace, in memory: the only thing on the path of a verified request.
//!
//! A map from the digest of a secret to its [`Entry`]. Revoked and expired keys stay in it, so that their holder is
//! told so; an unknown digest is refused without a query. Changes arrive through [`Index::apply`] in any order and
//! from several sides (the call that made them, the feed of `cluster`); the higher revision wins, so a late reader
//! cannot bring a revoked key back. One exception: a node that begins anew, because the database has forgotten something,
//! takes keys as they are there (`replace`) and forgets the others (`keep`); it has no lease meanwhile.
//! The index also knows how many nodes there are, as each lets its share of a key's rate limit through.

mod entry;
mod verify;

use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use papaya::{Compute, HashMap, Operation, ResizeMode};

pub use entry::{Counters, Drained, Entry, Live, Seen};
pub use verify::{Ask, Refusal};

use super::SecretDigest;
use super::model::Key;
use crate::workspaces::WorkspaceId;

/// What requests need to know of a workspace.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "workspaces::Workspace says what each is")]
pub struct Tenant {
    pub id: WorkspaceId,
    pub slug: String,
    pub name: String,
    pub timezone: String,
}

/// The keys and workspaces.
#[derive(Debug)]
pub struct Index {
    keys: HashMap<SecretDigest, Arc<Entry>, BuildHasherDefault<DigestHasher>>,
    tenants: HashMap<WorkspaceId, Arc<Tenant>>,
    nodes: AtomicU32,
}

/// A digest is random already: its first eight bytes are its hash.
#[derive(Debug, Default)]
pub struct DigestHasher(u64);

impl Hasher for DigestHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        // An array writes its length first (eight bytes), then its content.
        if let Some(first) = bytes.first_chunk::<8>() {
            self.0 = u64::from_le_bytes(*first);
        }
    }
    fn write_usize(&mut self, _length: usize) {}
}

impl Default for Index {
    fn default() -> Self {
        // A table that is being moved bit by bit would be looked up twice for as long as nobody writes; a write may wait.
        let keys = HashMap::builder().hasher(BuildHasherDefault::default()).resize_mode(ResizeMode::Blocking).build();
        Self { keys, tenants: HashMap::new(), nodes: AtomicU32::new(1) }
    }
}

impl Index {
    /// Learns of a workspace, or of its new name.
    pub fn apply_tenant(&self, tenant: Tenant) {
        self.tenants.pin().insert(tenant.id, Arc::new(tenant));
    }

    /// What is known of a workspace.
    pub fn tenant(&self, id: WorkspaceId) -> Option<Arc<Tenant>> {
        self.tenants.pin().get(&id).cloned()
    }

    /// Learns of a key, unless something newer is known; its workspace must be known.
    pub fn apply(&self, key: &Key) {
        let Some(tenant) = self.tenant(key.workspace) else {
            tracing::error!(key = %key.id, "a key of an unknown workspace is ignored");
            return;
        };
        let keys = self.keys.pin();
        let is_new_limit = keys.get(&key.digest).is_some_and(|known| known.rate_limit != key.rate_limit);
        let result = keys.compute(key.digest, |known| match known {
            Some((_, entry)) if entry.revision > key.revision => Operation::Abort(()),
            Some((_, entry)) => Operation::Insert(Arc::new(Entry::new(key, tenant.clone(), Arc::clone(&entry.live)))),
            None => Operation::<_, ()>::Insert(Arc::new(Entry::new(key, tenant.clone(), Arc::default()))),
        });
        // What was used up of another limit says nothing about this one.
        if let Compute::Updated { new: (_, entry), .. } = &result
            && is_new_limit
        {
            entry.live.limiter.reset();
        }
        debug_assert!(!matches!(result, Compute::Removed(..)), "keys are never removed");
    }

    /// Takes a key as it is in the database, whatever is known: only for a node that does not verify from memory.
    pub(crate) fn replace(&self, key: &Key) {
        if let Some(entry) = self.entry(key) {
            self.keys.pin().insert(key.digest, Arc::new(entry));
        }
    }

    /// Forgets the keys that are not to be kept.
    pub(crate) fn keep(&self, is_kept: impl Fn(&SecretDigest) -> bool) {
        self.keys.pin().retain(|digest, _| is_kept(digest));
    }

    /// A key as it would be known, with what is counted of it here.
    pub fn entry(&self, key: &Key) -> Option<Entry> {
        let tenant = self.tenant(key.workspace)?;
        let live = self.keys.pin().get(&key.digest).map(|known| Arc::clone(&known.live)).unwrap_or_default();
        Some(Entry::new(key, tenant, live))
    }

    /// How many nodes share a key's rate limit, this one included.
    pub fn set_nodes(&self, nodes: u32) {
        self.nodes.store(nodes.max(1), Ordering::Relaxed);
    }

    /// How many nodes share a key's rate limit.
    pub fn nodes(&self) -> u32 {
        self.nodes.load(Ordering::Relaxed)
    }

    /// The key with this digest.
    pub fn get(&self, digest: &SecretDigest) -> Option<Arc<Entry>> {
        self.keys.pin().get(digest).cloned()
    }

    /// How many keys there are, of any status.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}
