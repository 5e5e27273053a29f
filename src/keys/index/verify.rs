//! Verification: header bytes → SHA-256 → hot entry → rate limit. A request that the fast path does not allow is decided by the
//! entry, which has the reason: revoked, expired, paused, address, rate limit, scope.
//!
//! [`Index::verify`] allocates nothing, takes no lock that a writer can hold, and waits for nothing. It lends the verified key;
//! a caller that keeps it clones a reference ([`Verified::entry`]).

use key_format::digest_unchecked;
use kit::limit::{LimitState, RateLimited};

use super::entry::{Entry, EntryRef};
use super::hot_entry::HotEntry;
use super::request::VerifyRequest;
use super::{Index, IndexedKey};
use crate::keys::denial::DenialReason;
use crate::keys::model::RateLimit;

/// Denial of a request with a key.
#[derive(Clone, Debug)]
pub struct Denied {
    /// None if the secret is malformed or unknown.
    pub entry: Option<EntryRef>,
    pub reason: DenialReason<RateLimited>,
}

impl Denied {
    /// Denial of a malformed or unknown key.
    pub const INVALID: Self = Self { entry: None, reason: DenialReason::Invalid };

    pub fn new(entry: EntryRef, reason: DenialReason<RateLimited>) -> Self {
        Self { entry: Some(entry), reason }
    }
}

/// A verified key, borrowed from the index.
#[derive(Clone, Copy, Debug)]
pub struct Verified<'a>(&'a HotEntry);

impl Verified<'_> {
    /// Returns the entry; `None` if a full reload has removed the key since.
    pub fn entry(self) -> Option<EntryRef> {
        self.0.entry()
    }

    /// Returns the rest of the key's rate limit on this node, after the request; `None` if it has none.
    pub fn limit(self, request: VerifyRequest) -> Option<LimitState> {
        limit_state(self.0, request)
    }
}

impl Index {
    /// Verifies a presented key, and counts the request against the key's rate limit.
    pub fn verify(&self, presented: &[u8], request: VerifyRequest) -> Result<Verified<'_>, Denied> {
        // Without the checksum: here it would cost more than the look-up that it saves.
        let digest = digest_unchecked(presented).map_err(|_| Denied::INVALID)?;
        let hot = self.keys.get(&digest.0).ok_or(Denied::INVALID)?;
        if hot.fast_path_allows(&request) {
            check_rate_limit(hot, hot.limit(), request).or_else(|limited| rate_limited(hot.entry(), limited))?;
        } else {
            let entry = hot.entry().ok_or(Denied::INVALID)?;
            check(hot, &entry, hot.limit(), request)?;
        }
        Ok(Verified(hot))
    }

    /// Returns the rest of the rate limit of a key that was verified as the database has it.
    pub fn limit_of(&self, key: &IndexedKey, request: VerifyRequest) -> Option<LimitState> {
        limit_state(self.keys.get(&key.digest.0)?, request)
    }

    /// Verifies a key as the database has it, regardless of the entry in the index. Usage and rate limit are counted in the index
    /// all the same.
    pub fn verify_loaded(&self, key: &IndexedKey, request: VerifyRequest) -> Result<EntryRef, Denied> {
        let tenant = self.tenant(key.tenant()).ok_or(Denied::INVALID)?;
        let (_, hot) = self.keys.get_or_insert(&key.digest.0);
        let indexed = hot.entry();
        // The counters must belong to the entry that stays: the one made below is dropped with the request.
        if let Some(indexed) = &indexed {
            indexed.counters();
        }
        let entry = EntryRef::new(Entry::new(key, tenant, indexed.as_deref()));
        check(hot, &entry, key.rate_limit, request)?;
        Ok(entry)
    }
}

fn check(hot: &HotEntry, entry: &EntryRef, limit: Option<RateLimit>, request: VerifyRequest) -> Result<(), Denied> {
    let denied = |reason| Err(Denied::new(entry.clone(), reason));
    if entry.is_revoked() {
        return denied(DenialReason::Revoked);
    }
    if entry.is_expired(request.now) {
        return denied(DenialReason::Expired);
    }
    if entry.is_paused(request.now) {
        return denied(DenialReason::Paused);
    }
    if !entry.admits(request.address) {
        return denied(DenialReason::AddressNotAllowed);
    }
    check_rate_limit(hot, limit, request).or_else(|limited| rate_limited(Some(entry.clone()), limited))?;
    match request.scope {
        Some(scope) if !entry.scopes().cover(scope) => denied(DenialReason::ScopeRequired(scope)),
        _ => Ok(()),
    }
}

/// Counts one request against this node's share of the key's rate limit.
fn check_rate_limit(hot: &HotEntry, limit: Option<RateLimit>, request: VerifyRequest) -> Result<(), RateLimited> {
    let Some(limit) = limit else { return Ok(()) };
    let permit = hot.limiter.try_acquire(limit.rate().share(request.nodes), request.ticks);
    permit.map(|_| ()).map_err(|limited| RateLimited { rate: limit.rate(), ..limited })
}

fn limit_state(hot: &HotEntry, request: VerifyRequest) -> Option<LimitState> {
    let rate = hot.limit()?.rate();
    Some(LimitState { rate, ..hot.limiter.state(rate.share(request.nodes), request.ticks) })
}

fn rate_limited(entry: Option<EntryRef>, limited: RateLimited) -> Result<(), Denied> {
    Err(entry.map_or(Denied::INVALID, |entry| Denied::new(entry, DenialReason::RateLimited(limited))))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use key_format::PlainSecret;
    use kit::clock::Time;
    use kit::random::Random;

    use super::*;
    use crate::keys::model::{Allowlist, KeyId, PauseEnd};
    use crate::scopes::{Module, Scope};
    use crate::workspaces::{Tenant, WorkspaceId};

    type Change = fn(&mut IndexedKey);

    const NOW: &str = "2026-11-23T09:30:00Z";

    fn now() -> Time {
        NOW.parse().expect("a time")
    }

    fn request() -> VerifyRequest {
        let ticks = Duration::from_hours(1);
        VerifyRequest { scope: Some(Scope::read(Module::Trips)), address: [203, 0, 113, 7].into(), now: now(), ticks, nodes: 1 }
    }

    fn generate(random: &Random) -> PlainSecret {
        PlainSecret::generate(|bytes| random.fill(bytes))
    }

    /// An index with one key that may read trips, after `change`.
    fn index(change: impl FnOnce(&mut IndexedKey)) -> (Index, PlainSecret, IndexedKey) {
        let (index, random) = (Index::default(), Random::seeded(7));
        let workspace = WorkspaceId::new(now(), &random);
        let tenant =
            Tenant { id: workspace, owner: workspace, slug: "skyline".into(), name: "Skyline".into(), timezone: "UTC".into() };
        index.apply_tenant(tenant);
        let secret = generate(&random);
        let mut key = IndexedKey {
            rate_limit: Some(RateLimit::DEFAULT),
            expires_at: Some(now().after(Duration::from_micros(1_500))),
            ..IndexedKey::example(KeyId::new(now(), &random), workspace, secret.digest())
        };
        change(&mut key);
        index.apply(&key);
        (index, secret, key)
    }

    fn allocations(index: &Index, presented: &[u8], request: VerifyRequest) -> u64 {
        allocation_counter::measure(|| drop(index.verify(presented, request))).count_total
    }

    fn reason(index: &Index, secret: &PlainSecret, request: VerifyRequest) -> Option<DenialReason> {
        index.verify(secret.expose().as_bytes(), request).err().map(|denied| denied.reason.without_limit())
    }

    #[test]
    fn verification_never_allocates() {
        let (admitting, secret, _) = index(|_| {});
        let unknown = generate(&Random::seeded(8));
        let (bad_scope, late) = (Scope::read(Module::Audit), now().after(Duration::from_hours(1)));
        for (what, presented, request) in [
            ("good", secret.expose(), request()),
            ("out of scope", secret.expose(), VerifyRequest { scope: Some(bad_scope), ..request() }),
            ("expired", secret.expose(), VerifyRequest { now: late, ..request() }),
            ("unknown", unknown.expose(), request()),
            ("malformed", "pck_no", request()),
        ] {
            // The first read of an entry by a thread registers the thread with arc-swap, which allocates.
            drop(admitting.verify(presented.as_bytes(), request));
            assert_eq!(allocations(&admitting, presented.as_bytes(), request), 0, "{what}");
        }
        let refused: [(&str, Change); 4] = [
            ("revoked", |key| key.is_revoked = true),
            ("paused", |key| key.pause = Some(PauseEnd::Resumed)),
            ("limited", |key| key.rate_limit = Some(RateLimit { requests: 1, per_seconds: 3_600 })),
            ("address", |key| key.allowlist = Allowlist::parse(&["192.0.2.0/24".to_owned()]).expect("a block")),
        ];
        for (what, change) in refused {
            let (index, ..) = index(change);
            drop(index.verify(secret.expose().as_bytes(), request()));
            assert!(index.verify(secret.expose().as_bytes(), request()).is_err(), "{what}");
            assert_eq!(allocations(&index, secret.expose().as_bytes(), request()), 0, "{what}");
        }
    }

    #[test]
    fn key_expires_to_the_microsecond() {
        let (index, secret, key) = index(|_| {});
        let expiry = key.expires_at.expect("it expires");
        for early in [1_500, 1_000, 501, 500, 1] {
            let request = VerifyRequest { now: expiry.before(Duration::from_micros(early)), ..request() };
            assert_eq!(reason(&index, &secret, request), None, "{early} µs before");
        }
        for late in [0, 1, 499, 1_000] {
            let request = VerifyRequest { now: expiry.after(Duration::from_micros(late)), ..request() };
            assert_eq!(reason(&index, &secret, request), Some(DenialReason::Expired), "{late} µs after");
        }
    }

    #[test]
    fn pause_ends_to_the_microsecond_without_a_change_of_the_entry() {
        let until = now().after(Duration::from_micros(1_500));
        let (index, secret, key) = index(|key| (key.pause, key.expires_at) = (Some(PauseEnd::At(until)), None));
        for early in [1_500, 1_000, 501, 500, 1] {
            let request = VerifyRequest { now: until.before(Duration::from_micros(early)), ..request() };
            assert_eq!(reason(&index, &secret, request), Some(DenialReason::Paused), "{early} µs before");
        }
        for late in [0, 1, 499, 1_000] {
            let request = VerifyRequest { now: until.after(Duration::from_micros(late)), ..request() };
            assert_eq!(reason(&index, &secret, request), None, "{late} µs after");
        }
        let later = VerifyRequest { now: now().after(Duration::from_hours(100_000)), ..request() };
        index.apply(&IndexedKey { pause: Some(PauseEnd::Resumed), revision: 2, ..key.clone() });
        assert_eq!(reason(&index, &secret, later), Some(DenialReason::Paused), "it has no end");
        index.apply(&IndexedKey { pause: None, revision: 3, ..key });
        assert_eq!(reason(&index, &secret, later), None, "resumed");
    }

    #[test]
    fn revocation_and_expiry_come_before_a_pause_and_a_pause_before_the_address() {
        let paused = |change: Change| {
            let (index, secret, _) = index(|key| {
                (key.pause, key.expires_at) = (Some(PauseEnd::Resumed), None);
                change(key);
            });
            reason(&index, &secret, request())
        };
        assert_eq!(paused(|key| key.is_revoked = true), Some(DenialReason::Revoked));
        assert_eq!(paused(|key| key.expires_at = Some(now())), Some(DenialReason::Expired));
        let elsewhere: Change = |key| key.allowlist = Allowlist::parse(&["192.0.2.0/24".to_owned()]).expect("a block");
        assert_eq!(paused(elsewhere), Some(DenialReason::Paused));
    }

    #[test]
    fn lower_revision_does_not_reactivate_a_revoked_key() {
        let (index, secret, key) = index(|_| {});
        index.apply(&IndexedKey { is_revoked: true, revision: 3, ..key.clone() });
        index.apply(&IndexedKey { revision: 2, ..key });
        assert_eq!(reason(&index, &secret, request()), Some(DenialReason::Revoked));
    }

    #[test]
    fn full_reload_removes_missing_keys_and_restores_them_at_any_revision() {
        let (index, secret, key) = index(|_| {});
        index.full_reload(0).finish();
        assert_eq!(reason(&index, &secret, request()), Some(DenialReason::Invalid));
        assert_eq!((index.len(), index.get(&key.digest).is_none()), (0, true));
        let mut reload = index.full_reload(1);
        reload.insert(&[IndexedKey { revision: 0, ..key }]);
        reload.finish();
        assert_eq!(reason(&index, &secret, request()), None);
        assert_eq!(index.len(), 1);
    }

    #[test]
    fn indexed_and_loaded_keys_share_their_counters() {
        let (index, secret, key) = index(|_| {});
        let first = index.verify_loaded(&key, request()).expect("admitted").counters();
        let second = index.verify_loaded(&key, request()).expect("admitted").counters();
        index.apply(&IndexedKey { revision: 2, ..key });
        let third = index.verify(secret.expose().as_bytes(), request()).expect("admitted").entry().expect("an entry").counters();
        assert!(triomphe::Arc::ptr_eq(&first, &second) && triomphe::Arc::ptr_eq(&first, &third));
    }

    #[test]
    fn fast_path_and_entry_agree_on_every_scope() {
        for granted in Scope::all() {
            let (index, secret, key) = index(|key| (key.scopes, key.rate_limit) = ([granted].into_iter().collect(), None));
            for needed in Scope::all().map(Some).chain([None]) {
                let is_ok = index.verify(secret.expose().as_bytes(), VerifyRequest { scope: needed, ..request() }).is_ok();
                assert_eq!(is_ok, needed.is_none_or(|needed| key.scopes.cover(needed)), "{granted}, {needed:?}");
            }
        }
    }

    #[test]
    fn only_a_changed_rate_limit_resets_the_limiter() {
        let few = RateLimit { requests: 1, per_seconds: 3_600 };
        let (index, secret, key) = index(|key| key.rate_limit = Some(few));
        let verify = || index.verify(secret.expose().as_bytes(), request()).is_ok();
        assert!(verify() && !verify());
        index.apply(&IndexedKey { name: "Renamed".into(), revision: 2, ..key.clone() });
        assert!(!verify());
        index.apply(&IndexedKey { rate_limit: Some(RateLimit { requests: 2, ..few }), revision: 3, ..key });
        assert!(verify() && verify() && !verify());
    }
}
