//! [`HotEntry`]: the data of a key that the fast path of a verification reads.

use std::sync::atomic::{AtomicU64, Ordering};

use kit::limit::Gcra;

use super::counters::scope_slot;
use super::entry::{Entry, EntryRef, Shared};
use super::request::VerifyRequest;
use crate::keys::model::RateLimit;
use crate::scopes::Scope;

/// Rate limit and fast-path conditions of a key. It takes 32 bytes, one cache line together with the digest; most requests read
/// nothing else of a key.
///
/// The fast path only allows. A request that it does not allow is decided by the [`Entry`], where all data is exact.
#[derive(Debug, Default)]
pub(super) struct HotEntry {
    /// From the high bits: expiry in milliseconds, and one bit per scope slot that is allowed. Zero allows nothing.
    allowed: AtomicU64,
    /// Requests in the high half and seconds in the low half; zero for no limit.
    limit: AtomicU64,
    pub(super) limiter: Gcra,
    /// None before the key is applied, and after a full reload without it.
    entry: Shared<Entry>,
}

/// Milliseconds up to the year 9999 take 48 bits; scope slots have the other 16.
const EXPIRY_SHIFT: u32 = 16;
const NO_EXPIRY: u64 = u64::MAX >> EXPIRY_SHIFT;

impl HotEntry {
    /// True if expiry, scope and address all pass; the rate limit is not checked.
    #[inline]
    pub(super) fn fast_path_allows(&self, request: &VerifyRequest) -> bool {
        let allowed = self.allowed.load(Ordering::Acquire);
        allowed >> scope_slot(request.scope) & 1 == 1 && allowed >> EXPIRY_SHIFT > millis(request.now.micros())
    }

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

    pub(super) fn set(&self, entry: EntryRef, limit: Option<RateLimit>) {
        let allowed = allowed(&entry);
        self.entry.store(Some(entry));
        if self.limit() != limit {
            self.limit.store(
                limit.map_or(0, |limit| u64::from(limit.requests) << 32 | u64::from(limit.per_seconds)),
                Ordering::Relaxed,
            );
            // Requests counted against another limit say nothing about this one.
            self.limiter.reset();
        }
        // Last: a request that is no longer allowed here finds the entry that has the reason.
        self.allowed.store(allowed, Ordering::Release);
    }

    pub(super) fn clear(&self) {
        self.allowed.store(0, Ordering::Release);
        self.entry.store(None);
    }
}

/// Packs the conditions under which a key is allowed from any address and in any microsecond of the current millisecond.
fn allowed(entry: &Entry) -> u64 {
    if entry.is_revoked() || entry.is_restricted() {
        return 0;
    }
    let scopes = entry.scopes();
    let covered = Scope::all().filter(|scope| scopes.cover(*scope)).map(Some).chain([None]);
    let slots = covered.fold(0, |slots, scope| slots | 1 << scope_slot(scope));
    entry.expires_at().map_or(NO_EXPIRY, |expiry| millis(expiry.micros())) << EXPIRY_SHIFT | slots
}

#[inline]
fn millis(micros: i64) -> u64 {
    micros.unsigned_abs() / 1_000
}

#[expect(clippy::cast_possible_truncation, reason = "only the low half is used")]
const fn low(word: u64) -> u32 {
    word as u32
}

const fn high(word: u64) -> u32 {
    low(word >> 32)
}
