//! One key in memory, as it was last changed.

use std::sync::Arc;

use arc_swap::ArcSwapAny;
use compact_str::CompactString;

use super::counters::Counters;
use super::facts::IndexedKey;
use crate::keys::model::{Allowlist, KeyId};
use crate::scopes::{Module, Scopes};
use crate::workspaces::Tenant;
use kit::clock::Time;

/// An entry, shared: without the count of weak references that the standard library's keeps.
pub type EntryRef = triomphe::Arc<Entry>;

/// What is told of a key once it is admitted, and why it is not. A change makes another entry; the counters go on.
///
/// There are as many as keys, and memory is mostly made of them: every field is as small as it can be. The hint is not
/// among them, as whoever presents a key presents what a hint is made of.
#[derive(Debug)]
pub struct Entry {
    pub id: KeyId,
    pub tenant: Arc<Tenant>,
    pub name: CompactString,
    pub allowlist: Option<Box<Allowlist>>,
    /// From the high bits: the revision, whether it is revoked, the scopes.
    word: u64,
    /// Microseconds since 1970, or [`NEVER`].
    expiry: i64,
    /// There are some once the key has been used.
    counters: Shared<Counters>,
}

/// Something that can be replaced while others read it, or that is not there yet.
pub(super) type Shared<T> = ArcSwapAny<Option<triomphe::Arc<T>>>;

const NEVER: i64 = i64::MAX;

/// Where they are in an entry's word. Scopes take 12 bits, and 48 bits of revisions last for 8,900 years of a thousand changes
/// a second.
const REVOKED: u32 = 12;
const REVISION: u32 = 16;
const _: () = assert!(Module::ALL.len() * 2 <= REVOKED as usize, "a scope has the place of what says whether a key is revoked");

impl Entry {
    pub(super) fn new(key: &IndexedKey, tenant: Arc<Tenant>, before: Option<&Self>) -> Self {
        Self {
            id: key.id,
            tenant,
            name: CompactString::new(&key.name),
            allowlist: (!key.allowlist.blocks().is_empty()).then(|| Box::new(key.allowlist.clone())),
            word: key.revision.cast_unsigned().min(u64::MAX >> REVISION) << REVISION
                | u64::from(key.is_revoked) << REVOKED
                | u64::from(key.scopes.bits()),
            expiry: key.expires_at.map_or(NEVER, Time::micros),
            counters: Shared::new(before.and_then(|before| before.counters.load_full())),
        }
    }

    /// How many changes of keys there had been when this was true.
    pub fn revision(&self) -> i64 {
        (self.word >> REVISION).cast_signed()
    }

    /// Whether the key is revoked.
    pub fn is_revoked(&self) -> bool {
        self.word >> REVOKED & 1 == 1
    }

    /// What the key opens.
    pub fn scopes(&self) -> Scopes {
        let [low, high, ..] = self.word.to_le_bytes();
        Scopes::from_bits(u16::from_le_bytes([low, high]))
    }

    /// When the key stops working.
    pub fn expires_at(&self) -> Option<Time> {
        Time::from_micros(self.expiry)
    }

    /// Whether it has.
    pub fn is_expired(&self, now: Time) -> bool {
        self.expiry <= now.micros()
    }

    /// Whether it may be used from there.
    pub(super) fn admits(&self, address: std::net::IpAddr) -> bool {
        self.allowlist.as_ref().is_none_or(|list| list.admits(address))
    }

    /// Counts a request, and not who holds the counters meanwhile: there, processors that admit the same key would wait for one
    /// another once more.
    pub fn count<T>(&self, request: impl FnOnce(&Counters) -> T) -> T {
        match &*self.counters.load() {
            Some(counters) => request(counters),
            None => request(&self.counters()),
        }
    }

    /// What was counted for this key.
    pub fn counters(&self) -> triomphe::Arc<Counters> {
        if let Some(counters) = self.counters.load_full() {
            return counters;
        }
        let fresh = triomphe::Arc::new(Counters::default());
        // Whoever was quicker has made the one that counts.
        let others = self.counters.compare_and_swap(&None::<triomphe::Arc<Counters>>, Some(fresh.clone()));
        (*others).clone().unwrap_or(fresh)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_as_small_as_the_memory_that_is_promised_for_a_key_asks_for() {
        assert!(size_of::<Entry>() <= 80, "{}", size_of::<Entry>());
    }
}
