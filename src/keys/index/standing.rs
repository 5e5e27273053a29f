//! What a request asks of a key first: may it pass?

use std::sync::atomic::{AtomicU64, Ordering};

use super::counters::place;
use super::entry::{Entry, EntryRef, Shared};
use super::verify::Ask;
use crate::keys::model::RateLimit;
use crate::scopes::Scope;
use kit::limit::Gcra;

/// How a key stands. It takes 32 bytes, next to its digest: most requests look at nothing else of a key.
///
/// A word that allows can allow on its own. One that does not allow refuses nobody: the entry is asked then, in which
/// everything is exact.
#[derive(Debug, Default)]
pub(super) struct Standing {
    /// From the high bits: until which millisecond, and which places of scopes are open. Zero opens nothing.
    open: AtomicU64,
    /// Requests in the high half, and in how many seconds in the low; zero for no limit.
    limit: AtomicU64,
    pub(super) limiter: Gcra,
    /// None before the key is there, and after the database has forgotten it.
    entry: Shared<Entry>,
}

/// Milliseconds to the year 9999 take 48 bits; the bits for what is open have the other 16.
const EXPIRY: u32 = 16;
const FOREVER: u64 = u64::MAX >> EXPIRY;

impl Standing {
    /// Whether it is certain that the key opens what is asked for, but for its limit.
    #[inline]
    pub(super) fn opens(&self, ask: &Ask) -> bool {
        let open = self.open.load(Ordering::Acquire);
        open >> place(ask.scope) & 1 == 1 && open >> EXPIRY > millis(ask.now.micros())
    }

    /// The key's limit.
    #[inline]
    pub(super) fn limit(&self) -> Option<RateLimit> {
        match self.limit.load(Ordering::Relaxed) {
            0 => None,
            limit => Some(RateLimit { requests: high(limit), per_seconds: low(limit) }),
        }
    }

    pub(super) fn entry(&self) -> Option<EntryRef> {
        self.entry.load_full()
    }

    /// Takes an entry and a limit for what is true now.
    pub(super) fn set(&self, entry: EntryRef, limit: Option<RateLimit>) {
        let open = open(&entry);
        self.entry.store(Some(entry));
        if self.limit() != limit {
            self.limit.store(
                limit.map_or(0, |limit| u64::from(limit.requests) << 32 | u64::from(limit.per_seconds)),
                Ordering::Relaxed,
            );
            // What was used up of another limit says nothing about this one.
            self.limiter.reset();
        }
        // Last: whoever finds nothing open here any more finds the entry that says why.
        self.open.store(open, Ordering::Release);
    }

    /// Forgets the key.
    pub(super) fn clear(&self) {
        self.open.store(0, Ordering::Release);
        self.entry.store(None);
    }
}

/// What is open whatever the address and the rest of the millisecond.
fn open(entry: &Entry) -> u64 {
    if entry.is_revoked() || entry.allowlist.is_some() {
        return 0;
    }
    let scopes = entry.scopes();
    let covered = Scope::all().filter(|scope| scopes.cover(*scope)).map(Some).chain([None]);
    let places = covered.fold(0, |places, scope| places | 1 << place(scope));
    entry.expires_at().map_or(FOREVER, |expiry| millis(expiry.micros())) << EXPIRY | places
}

#[inline]
fn millis(micros: i64) -> u64 {
    micros.unsigned_abs() / 1_000
}

#[expect(clippy::cast_possible_truncation, reason = "half of it is what is wanted")]
const fn low(word: u64) -> u32 {
    word as u32
}

const fn high(word: u64) -> u32 {
    low(word >> 32)
}
