//! Every key of every workspace in memory: the only data on the path of a verified request.
//!
//! A map from the digest of a secret to the key. Revoked and expired keys stay in it, so that the response names the reason;
//! an unknown digest is refused without a query. Changes arrive through [`Index::apply`] in any order and from several sources
//! (the call that made them, change notifications); the higher revision wins, so that a slow reader cannot reactivate a revoked
//! key. The exception is a node that rejoins after a rollback or failover of the database: it has no lease, takes every key as
//! the database has it, and drops the others (`FullReload`).
//!
//! - `verify` the path of a request, with `request` as its input; `hot_entry` what its fast path reads
//! - `entry` what handlers and refusals read; `counters` usage of a key until it is flushed
//! - `indexed_key` input from the database; `full_reload` all keys at once

mod counters;
mod entry;
mod full_reload;
mod hot_entry;
mod indexed_key;
mod request;
mod verify;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

pub use counters::{Counters, Drained, NetworkUse};
use digest_map::DigestMap;
pub use entry::{Entry, EntryRef};
pub(crate) use full_reload::FullReload;
use full_reload::ReloadProgress;
use hot_entry::HotEntry;
pub use indexed_key::IndexedKey;
use key_format::SecretDigest;
use kit::lock::lock;
pub use request::VerifyRequest;
pub use verify::{Denied, Verified};

use crate::workspaces::{Tenant, WorkspaceId};

/// All keys and workspaces.
#[derive(Debug, Default)]
pub struct Index {
    keys: DigestMap<HotEntry>,
    /// Number of keys of any status.
    count: AtomicUsize,
    /// Serialises changes of entries.
    changing: Mutex<()>,
    tenants: RwLock<HashMap<WorkspaceId, Arc<Tenant>>>,
    reload: ReloadProgress,
}

impl Index {
    /// Adds or replaces a workspace.
    pub fn apply_tenant(&self, tenant: Tenant) {
        self.tenants.write().unwrap_or_else(PoisonError::into_inner).insert(tenant.id, Arc::new(tenant));
    }

    pub fn tenant(&self, id: WorkspaceId) -> Option<Arc<Tenant>> {
        self.tenants.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    /// Returns every workspace that people work in, in a fixed order: not the sandboxes.
    pub fn tenants(&self) -> Vec<Arc<Tenant>> {
        let tenants = self.tenants.read().unwrap_or_else(PoisonError::into_inner);
        let mut tenants: Vec<_> = tenants.values().filter(|tenant| !tenant.is_sandbox()).cloned().collect();
        tenants.sort_unstable_by_key(|tenant| tenant.id);
        tenants
    }

    /// Adds or replaces a key, unless the index has a higher revision of it. A key of an unknown workspace is ignored.
    pub fn apply(&self, key: &IndexedKey) {
        if let Some(tenant) = self.tenant_of(key) {
            self.replace_if(key, tenant, |current| current.revision() <= key.revision);
        }
    }

    /// Starts to replace all keys by those of the database, `total` or about as many, regardless of revisions. Only for a node
    /// without a lease.
    pub(crate) fn full_reload(&self, total: u64) -> FullReload<'_> {
        FullReload::new(self, total)
    }

    /// Returns how much of a full reload is done, in percent; `None` if none is running.
    pub fn reload_percent(&self) -> Option<u8> {
        self.reload.percent()
    }

    /// Returns the workspace of a key that is to be applied.
    fn tenant_of(&self, key: &IndexedKey) -> Option<Arc<Tenant>> {
        let tenant = self.tenant(key.tenant());
        if tenant.is_none() {
            tracing::error!(key = %key.id, "key of an unknown workspace ignored");
        }
        tenant
    }

    /// Replaces the entry of a key if there is none or `is_due` returns true for it. Returns the key's slot number.
    fn replace_if(&self, key: &IndexedKey, tenant: Arc<Tenant>, is_due: impl FnOnce(&Entry) -> bool) -> u32 {
        let (slot, hot) = self.keys.get_or_insert(&key.digest.0);
        let _changing = lock(&self.changing);
        let current = hot.entry();
        if current.as_deref().is_none_or(is_due) {
            hot.set(EntryRef::new(Entry::new(key, tenant, current.as_deref())), key.rate_limit);
            self.count.fetch_add(usize::from(current.is_none()), Ordering::Relaxed);
        }
        slot
    }

    pub fn get(&self, digest: &SecretDigest) -> Option<EntryRef> {
        self.keys.get(&digest.0)?.entry()
    }

    /// Returns the number of keys of any status.
    pub fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
