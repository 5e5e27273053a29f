//! Every key of every workspace, in memory: the only thing on the path of a verified request.
//!
//! A table from the digest of a secret to how the key stands. Revoked and expired keys stay in it, so that their holder
//! is told so; an unknown digest is refused without a query. Changes arrive through [`Index::apply`] in any order and
//! from several sides (the call that made them, the feed of `cluster`); the higher revision wins, so a late reader
//! cannot bring a revoked key back. One exception: a node that begins anew, because the database has forgotten something,
//! takes keys as they are there and forgets the others (`refill`); it has no lease meanwhile.
//! The index also knows how many nodes there are, as each lets its share of a key's rate limit through.
//!
//! - `verify` the path of a request; `table` the map; `standing` what it leads to: may the key pass?
//! - `facts` what the index is told of a key; `entry` what it tells; `counters` what requests leave behind

mod counters;
mod entry;
mod facts;
mod standing;
mod verify;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

pub use counters::{Counters, Drained, Seen};
use digest_map::DigestMap;
pub use entry::{Entry, EntryRef};
pub use facts::IndexedKey;
use standing::Standing;
pub use verify::{Ask, Refusal, Verified};

use crate::workspaces::{Tenant, WorkspaceId};
use key_format::SecretDigest;
use kit::lock::lock;

/// The keys and workspaces.
#[derive(Debug, Default)]
pub struct Index {
    keys: DigestMap<Standing>,
    /// Keys that are there, of any status.
    count: AtomicUsize,
    /// Held by whoever changes how a key stands.
    changing: Mutex<()>,
    tenants: RwLock<HashMap<WorkspaceId, Arc<Tenant>>>,
    /// Besides this one.
    other_nodes: AtomicU32,
}

impl Index {
    /// Learns of a workspace, or of its new name.
    pub fn apply_tenant(&self, tenant: Tenant) {
        self.tenants.write().unwrap_or_else(PoisonError::into_inner).insert(tenant.id, Arc::new(tenant));
    }

    /// What is known of a workspace.
    pub fn tenant(&self, id: WorkspaceId) -> Option<Arc<Tenant>> {
        self.tenants.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    /// Learns of a key, unless something newer is known; its workspace must be known.
    pub fn apply(&self, key: &IndexedKey) {
        self.change(key, |known| known.revision() <= key.revision);
    }

    /// Begins to take every key as it is in the database, whatever is known: only for a node that does not verify from
    /// memory.
    pub(crate) fn refill(&self) -> Refill<'_> {
        Refill { index: self, taken: Vec::new() }
    }

    /// Makes room for so many more keys.
    pub(crate) fn reserve(&self, more: u32) {
        self.keys.reserve(more);
    }

    /// Sets how a key stands if `is_due`, given how it stood; its number in the table.
    fn change(&self, key: &IndexedKey, is_due: impl FnOnce(&Entry) -> bool) -> Option<u32> {
        let Some(tenant) = self.tenant(key.workspace) else {
            tracing::error!(key = %key.id, "a key of an unknown workspace is ignored");
            return None;
        };
        let (number, standing) = self.keys.get_or_insert(&key.digest.0);
        let _changing = lock(&self.changing);
        let known = standing.entry();
        if known.as_deref().is_none_or(is_due) {
            standing.set(EntryRef::new(Entry::new(key, tenant, known.as_deref())), key.rate_limit);
            self.count.fetch_add(usize::from(known.is_none()), Ordering::Relaxed);
        }
        Some(number)
    }

    /// How many nodes share a key's rate limit, this one included.
    pub fn set_nodes(&self, nodes: u32) {
        self.other_nodes.store(nodes.saturating_sub(1), Ordering::Relaxed);
    }

    /// How many nodes share a key's rate limit.
    pub fn nodes(&self) -> u32 {
        self.other_nodes.load(Ordering::Relaxed).saturating_add(1)
    }

    /// The key with this digest.
    pub fn get(&self, digest: &SecretDigest) -> Option<EntryRef> {
        self.keys.get(&digest.0)?.entry()
    }

    /// How many keys there are, of any status.
    pub fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// An index that is being filled anew.
#[derive(Debug)]
pub(crate) struct Refill<'a> {
    index: &'a Index,
    /// By their numbers.
    taken: Vec<bool>,
}

impl Refill<'_> {
    /// Takes a key as it is in the database.
    pub(crate) fn take(&mut self, key: &IndexedKey) {
        let Some(number) = self.index.change(key, |_whatever| true) else { return };
        let number = number as usize;
        if self.taken.len() <= number {
            self.taken.resize((number + 1).next_power_of_two(), false);
        }
        self.taken[number] = true;
    }

    /// Forgets every key that was not taken.
    pub(crate) fn finish(self) {
        let _changing = lock(&self.index.changing);
        for (number, standing) in self.index.keys.iter() {
            let is_taken = self.taken.get(number as usize).is_some_and(|taken| *taken);
            if !is_taken && standing.entry().is_some() {
                standing.clear();
                self.index.count.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }
}
