//! Verification: header bytes → SHA-256 → table → does the key stand open? limit? What does not stand open is asked of the
//! entry, which says why not: revoked? expired? address? limit? scope?
//! [`Index::verify`] allocates nothing, takes no lock that a writer can hold, and asks nobody. What it admits it lends; who
//! wants to keep it takes a counted reference ([`Verified::entry`]).

use std::net::IpAddr;
use std::time::Duration;

use super::entry::{Entry, EntryRef};
use super::standing::Standing;
use super::{Index, IndexedKey};
use crate::keys::model::RateLimit;
use crate::scopes::Scope;
use key_format::digest_unchecked;
use kit::clock::Time;
use kit::limit::RateLimited;

/// What is asked of a key.
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    /// The scope the request needs, if any.
    pub scope: Option<Scope>,
    /// Where it comes from, in canonical form.
    pub address: IpAddr,
    /// When it came in, by the wall clock: for expiry.
    pub now: Time,
    /// The same by a clock that only goes forward: for the limit.
    pub ticks: Duration,
}

/// Why not.
#[derive(Clone, Debug)]
pub enum Refusal {
    /// Not a key, or of no workspace.
    Invalid,
    /// Revoked.
    Revoked(EntryRef),
    /// Past its expiry.
    Expired(EntryRef),
    /// From an address that is not on its list.
    Address(EntryRef),
    /// Too many requests.
    Limited(EntryRef, RateLimited),
    /// Without the scope.
    Scope(EntryRef, Scope),
}

/// A key that opens what was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Verified<'a>(&'a Standing);

impl Verified<'_> {
    /// What there is to tell of it; none if it was forgotten in the meantime.
    pub fn entry(self) -> Option<EntryRef> {
        self.0.entry()
    }
}

impl Index {
    /// The key `presented`, if it opens what is asked for.
    pub fn verify(&self, presented: &[u8], ask: Ask) -> Result<Verified<'_>, Refusal> {
        // The checksum is for whoever has no table: here it would cost more than it spares.
        let digest = digest_unchecked(presented).map_err(|_| Refusal::Invalid)?;
        let standing = self.keys.get(&digest.0).ok_or(Refusal::Invalid)?;
        if standing.opens(&ask) {
            self.take(standing, standing.limit(), ask).or_else(|too_soon| limited(standing.entry(), too_soon))?;
        } else {
            let entry = standing.entry().ok_or(Refusal::Invalid)?;
            self.admit(standing, &entry, standing.limit(), ask)?;
        }
        Ok(Verified(standing))
    }

    /// The same for a key as the database has it, whatever is known of it here.
    pub fn verify_as(&self, key: &IndexedKey, ask: Ask) -> Result<EntryRef, Refusal> {
        let tenant = self.tenant(key.workspace).ok_or(Refusal::Invalid)?;
        let (_, standing) = self.keys.get_or_insert(&key.digest.0);
        let known = standing.entry();
        // Made where they stay: this entry is gone with the request.
        if let Some(known) = &known {
            known.counters();
        }
        let entry = EntryRef::new(Entry::new(key, tenant, known.as_deref()));
        self.admit(standing, &entry, key.rate_limit, ask)?;
        Ok(entry)
    }

    fn admit(&self, standing: &Standing, entry: &EntryRef, limit: Option<RateLimit>, ask: Ask) -> Result<(), Refusal> {
        if entry.is_revoked() {
            return Err(Refusal::Revoked(entry.clone()));
        }
        if entry.is_expired(ask.now) {
            return Err(Refusal::Expired(entry.clone()));
        }
        if !entry.admits(ask.address) {
            return Err(Refusal::Address(entry.clone()));
        }
        self.take(standing, limit, ask).or_else(|too_soon| limited(Some(entry.clone()), too_soon))?;
        match ask.scope {
            Some(scope) if !entry.scopes().cover(scope) => Err(Refusal::Scope(entry.clone(), scope)),
            _ => Ok(()),
        }
    }

    /// Takes one request off this node's share of the key's limit.
    fn take(&self, standing: &Standing, limit: Option<RateLimit>, ask: Ask) -> Result<(), RateLimited> {
        let Some(limit) = limit else { return Ok(()) };
        let taken = standing.limiter.take(limit.rate().share(self.nodes()), ask.ticks);
        taken.map(|_left| ()).map_err(|too_soon| RateLimited { rate: limit.rate(), ..too_soon })
    }
}

fn limited(entry: Option<EntryRef>, too_soon: RateLimited) -> Result<(), Refusal> {
    Err(entry.map_or(Refusal::Invalid, |entry| Refusal::Limited(entry, too_soon)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::keys::model::{Allowlist, KeyId};
    use crate::scopes::{Module, Permissions};
    use crate::workspaces::{Tenant, WorkspaceId};
    use key_format::PlainSecret;
    use kit::random::Random;

    type Change = fn(&mut IndexedKey);

    const NOW: &str = "2026-11-23T09:30:00Z";

    fn now() -> Time {
        NOW.parse().expect("a time")
    }

    fn ask() -> Ask {
        let ticks = Duration::from_hours(1);
        Ask { scope: Some(Scope::read(Module::Trips)), address: [203, 0, 113, 7].into(), now: now(), ticks }
    }

    /// An index with one key, as it may be used for trips, but for what `change` does to it.
    fn index(change: impl FnOnce(&mut IndexedKey)) -> (Index, PlainSecret, IndexedKey) {
        let (index, random) = (Index::default(), Random::seeded(7));
        let workspace = WorkspaceId::new(now(), &random);
        index.apply_tenant(Tenant { id: workspace, slug: "skyline".into(), name: "Skyline".into(), timezone: "UTC".into() });
        let secret = PlainSecret::generate(|bytes| random.fill(bytes));
        let mut facts = IndexedKey {
            id: KeyId::new(now(), &random),
            workspace,
            digest: secret.digest(),
            name: "Fleet website".to_owned(),
            scopes: Permissions::ReadOnly.preset().unwrap_or_default(),
            allowlist: Allowlist::default(),
            rate_limit: Some(RateLimit::USUAL),
            expires_at: Some(now().after(Duration::from_micros(1_500))),
            is_revoked: false,
            revision: 1,
        };
        change(&mut facts);
        index.apply(&facts);
        (index, secret, facts)
    }

    fn allocations(index: &Index, presented: &[u8], ask: Ask) -> u64 {
        allocation_counter::measure(|| drop(index.verify(presented, ask))).count_total
    }

    #[test]
    fn no_verification_allocates_whether_it_admits_or_refuses() {
        let (admitting, secret, _) = index(|_| {});
        let random = Random::seeded(8);
        let unknown = PlainSecret::generate(|bytes| random.fill(bytes));
        let (bad_scope, late) = (Scope::read(Module::Audit), now().after(Duration::from_hours(1)));
        for (what, presented, ask) in [
            ("good", secret.expose(), ask()),
            ("out of scope", secret.expose(), Ask { scope: Some(bad_scope), ..ask() }),
            ("expired", secret.expose(), Ask { now: late, ..ask() }),
            ("unknown", unknown.expose(), ask()),
            ("no key", "pck_no", ask()),
        ] {
            // The first look at an entry makes this thread known to whoever may replace it.
            drop(admitting.verify(presented.as_bytes(), ask));
            assert_eq!(allocations(&admitting, presented.as_bytes(), ask), 0, "{what}");
        }
        let refused: [(&str, Change); 3] = [
            ("revoked", |facts| facts.is_revoked = true),
            ("limited", |facts| facts.rate_limit = Some(RateLimit { requests: 1, per_seconds: 3_600 })),
            ("elsewhere", |facts| facts.allowlist = Allowlist::parse(&["192.0.2.0/24".to_owned()]).expect("a block")),
        ];
        for (what, change) in refused {
            let (index, ..) = index(change);
            drop(index.verify(secret.expose().as_bytes(), ask()));
            assert!(index.verify(secret.expose().as_bytes(), ask()).is_err(), "{what}");
            assert_eq!(allocations(&index, secret.expose().as_bytes(), ask()), 0, "{what}");
        }
    }

    #[test]
    fn a_key_expires_to_the_microsecond() {
        let (index, secret, facts) = index(|_| {});
        let expiry = facts.expires_at.expect("it expires");
        for early in [1_500, 1_000, 501, 500, 1] {
            let ask = Ask { now: expiry.before(Duration::from_micros(early)), ..ask() };
            assert!(index.verify(secret.expose().as_bytes(), ask).is_ok(), "{early} µs before");
        }
        for late in [0, 1, 499, 1_000] {
            let ask = Ask { now: expiry.after(Duration::from_micros(late)), ..ask() };
            assert!(matches!(index.verify(secret.expose().as_bytes(), ask), Err(Refusal::Expired(_))), "{late} µs after");
        }
    }

    #[test]
    fn a_revoked_key_stays_so_whatever_is_heard_of_it_later() {
        let (index, secret, facts) = index(|_| {});
        index.apply(&IndexedKey { is_revoked: true, revision: 3, ..facts.clone() });
        index.apply(&IndexedKey { revision: 2, ..facts });
        assert!(matches!(index.verify(secret.expose().as_bytes(), ask()), Err(Refusal::Revoked(_))));
    }

    #[test]
    fn a_key_that_an_index_filled_anew_does_not_take_is_unknown_and_can_come_back() {
        let (index, secret, facts) = index(|_| {});
        index.refill().finish();
        assert!(matches!(index.verify(secret.expose().as_bytes(), ask()), Err(Refusal::Invalid)));
        assert_eq!((index.len(), index.get(&facts.digest).is_none()), (0, true));
        let mut refill = index.refill();
        refill.take(&IndexedKey { revision: 0, ..facts });
        refill.finish();
        assert!(index.verify(secret.expose().as_bytes(), ask()).is_ok());
        assert_eq!(index.len(), 1);
    }

    #[test]
    fn requests_are_counted_in_one_place_whether_memory_was_trusted_or_not() {
        let (index, secret, facts) = index(|_| {});
        let first = index.verify_as(&facts, ask()).expect("admitted").counters();
        let second = index.verify_as(&facts, ask()).expect("admitted").counters();
        index.apply(&IndexedKey { revision: 2, ..facts });
        let third = index.verify(secret.expose().as_bytes(), ask()).expect("admitted").entry().expect("an entry").counters();
        assert!(triomphe::Arc::ptr_eq(&first, &second) && triomphe::Arc::ptr_eq(&first, &third));
    }

    #[test]
    fn every_scope_is_open_or_not_as_the_entry_says() {
        for granted in Scope::all() {
            let (index, secret, facts) =
                index(|facts| (facts.scopes, facts.rate_limit) = ([granted].into_iter().collect(), None));
            for needed in Scope::all().map(Some).chain([None]) {
                let is_ok = index.verify(secret.expose().as_bytes(), Ask { scope: needed, ..ask() }).is_ok();
                assert_eq!(is_ok, needed.is_none_or(|needed| facts.scopes.cover(needed)), "{granted}, {needed:?}");
            }
        }
    }

    #[test]
    fn a_changed_limit_begins_anew_and_an_unchanged_one_does_not() {
        let few = RateLimit { requests: 1, per_seconds: 3_600 };
        let (index, secret, facts) = index(|facts| facts.rate_limit = Some(few));
        let verify = || index.verify(secret.expose().as_bytes(), ask()).is_ok();
        assert!(verify() && !verify());
        index.apply(&IndexedKey { name: "Renamed".to_owned(), revision: 2, ..facts.clone() });
        assert!(!verify());
        index.apply(&IndexedKey { rate_limit: Some(RateLimit { requests: 2, ..few }), revision: 3, ..facts });
        assert!(verify() && verify() && !verify());
    }
}
