//! [`Entry`]: one key in memory as of its last change.

use std::sync::Arc;

use arc_swap::ArcSwapAny;
use compact_str::CompactString;
use kit::clock::Time;

use super::counters::Counters;
use super::indexed_key::IndexedKey;
use crate::keys::model::{Allowlist, KeyId, PauseEnd};
use crate::scopes::{Module, Scopes};
use crate::workspaces::{Tenant, WorkspaceId};

/// A shared entry. Unlike the standard library's `Arc`, triomphe's has no count of weak references: eight bytes less per key.
pub type EntryRef = triomphe::Arc<Entry>;

/// Per-key data for handlers and refusals. A change of the key makes a new entry with the same counters.
///
/// Memory is mostly entries, one per key, so every field is as small as possible. There is no hint: it can be derived from the
/// presented key.
#[derive(Debug)]
pub struct Entry {
    pub id: KeyId,
    /// The workspace whose data requests with the key read and write: of a test key the sandbox.
    pub tenant: Arc<Tenant>,
    pub name: CompactString,
    restrictions: Option<Box<Restrictions>>,
    /// From the high bits: revision, revoked flag, scopes.
    word: u64,
    /// Microseconds since 1970, or [`NEVER`].
    expiry: i64,
    /// Allocated when the key is first used.
    counters: Shared<Counters>,
}

/// Conditions that most keys do not have.
#[derive(Debug)]
struct Restrictions {
    allowlist: Allowlist,
    pause: Option<PauseEnd>,
}

impl Restrictions {
    fn of(key: &IndexedKey) -> Option<Box<Self>> {
        let is_restricted = key.pause.is_some() || !key.allowlist.blocks().is_empty();
        is_restricted.then(|| Box::new(Self { allowlist: key.allowlist.clone(), pause: key.pause }))
    }
}

/// A value that is replaced atomically while others read it; initially none.
pub(super) type Shared<T> = ArcSwapAny<Option<triomphe::Arc<T>>>;

const NEVER: i64 = i64::MAX;

/// Positions in an entry's word. Scopes take 12 bits. 48 bits of revisions last for 8,900 years of a thousand changes per second.
const REVOKED: u32 = 12;
const REVISION: u32 = 16;
const _: () = assert!(Module::ALL.len() * 2 <= REVOKED as usize, "scopes overlap the revoked flag");

impl Entry {
    pub(super) fn new(key: &IndexedKey, tenant: Arc<Tenant>, previous: Option<&Self>) -> Self {
        Self {
            id: key.id,
            tenant,
            name: key.name.clone(),
            restrictions: Restrictions::of(key),
            word: key.revision.cast_unsigned().min(u64::MAX >> REVISION) << REVISION
                | u64::from(key.is_revoked) << REVOKED
                | u64::from(key.scopes.bits()),
            expiry: key.expires_at.map_or(NEVER, Time::micros),
            counters: Shared::new(previous.and_then(|previous| previous.counters.load_full())),
        }
    }

    /// Returns the workspace that the key belongs to, also that of a test key: usage, denials and events are recorded there.
    pub fn workspace(&self) -> WorkspaceId {
        self.tenant.owner
    }

    pub fn is_test(&self) -> bool {
        self.tenant.is_sandbox()
    }

    /// The revision of the key's last change: revisions count the changes of all keys.
    pub fn revision(&self) -> i64 {
        (self.word >> REVISION).cast_signed()
    }

    pub fn is_revoked(&self) -> bool {
        self.word >> REVOKED & 1 == 1
    }

    pub fn scopes(&self) -> Scopes {
        let [low, high, ..] = self.word.to_le_bytes();
        Scopes::from_bits(u16::from_le_bytes([low, high]))
    }

    pub fn expires_at(&self) -> Option<Time> {
        Time::from_micros(self.expiry)
    }

    pub fn is_expired(&self, now: Time) -> bool {
        self.expiry <= now.micros()
    }

    /// Returns whether the key has an allow-list or a pause, even one that is over: then the fast path must not allow it.
    pub(super) fn is_restricted(&self) -> bool {
        self.restrictions.is_some()
    }

    pub fn is_paused(&self, now: Time) -> bool {
        self.restrictions.as_ref().and_then(|restrictions| restrictions.pause).is_some_and(|end| !end.is_over(now))
    }

    /// The allow-list; `None` if it is empty and the key is not paused.
    pub fn allowlist(&self) -> Option<&Allowlist> {
        self.restrictions.as_ref().map(|restrictions| &restrictions.allowlist)
    }

    pub(super) fn admits(&self, address: std::net::IpAddr) -> bool {
        self.restrictions.as_ref().is_none_or(|restrictions| restrictions.allowlist.admits(address))
    }

    /// Borrows the counters instead of cloning the `Arc`: a shared reference count is contended between cores.
    pub fn with_counters<T>(&self, count: impl FnOnce(&Counters) -> T) -> T {
        match &*self.counters.load() {
            Some(counters) => count(counters),
            None => count(&self.counters()),
        }
    }

    /// Returns the counters, which are allocated by the first call.
    pub fn counters(&self) -> triomphe::Arc<Counters> {
        if let Some(counters) = self.counters.load_full() {
            return counters;
        }
        let fresh = triomphe::Arc::new(Counters::default());
        // Of concurrent first calls, one wins; the others use its counters.
        let winner = self.counters.compare_and_swap(&None::<triomphe::Arc<Counters>>, Some(fresh.clone()));
        (*winner).clone().unwrap_or(fresh)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entry_fits_the_documented_memory_per_key() {
        assert!(size_of::<Entry>() <= 80, "{}", size_of::<Entry>());
    }
}
