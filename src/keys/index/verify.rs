//! Verification: header bytes → SHA-256 → table → does the key stand open? limit? What does not stand open is asked of the
//! entry, which says why not: revoked? expired? address? limit? scope?
//! No allocation, no lock that a writer can hold, no I/O.

use std::net::IpAddr;
use std::time::Duration;

use super::entry::{Entry, EntryRef};
use super::standing::Standing;
use super::{Index, Key};
use crate::keys::format::digest_of_claimed;
use crate::keys::model::RateLimit;
use crate::keys::scope::Scope;
use crate::kit::clock::Time;
use crate::kit::limit::TooSoon;

/// What is asked of a key.
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    /// The scope the request needs, if any.
    pub scope: Option<Scope>,
    /// Where it comes from, in canonical form.
    pub address: IpAddr,
    /// The wall clock, for expiry.
    pub now: Time,
    /// A clock that only goes forward, for the limit.
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
    Limited(EntryRef, TooSoon),
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
        let digest = digest_of_claimed(presented).map_err(|_| Refusal::Invalid)?;
        let standing = self.keys.get(&digest).ok_or(Refusal::Invalid)?;
        if standing.opens(&ask) {
            self.take(standing, standing.limit(), ask).or_else(|too_soon| limited(standing.entry(), too_soon))?;
        } else {
            let entry = standing.entry().ok_or(Refusal::Invalid)?;
            self.admit(standing, &entry, standing.limit(), ask)?;
        }
        Ok(Verified(standing))
    }

    /// The same for a key as the database has it, whatever is known of it here.
    pub fn verify_as(&self, key: &Key, ask: Ask) -> Result<EntryRef, Refusal> {
        let tenant = self.tenant(key.workspace).ok_or(Refusal::Invalid)?;
        let (_, standing) = self.keys.get_or_insert(&key.digest);
        let entry = EntryRef::new(Entry::new(key, tenant, standing.entry().as_deref()));
        self.admit(standing, &entry, key.rate_limit, ask)?;
        Ok(entry)
    }

    fn admit(&self, standing: &Standing, entry: &EntryRef, limit: Option<RateLimit>, ask: Ask) -> Result<(), Refusal> {
        if entry.is_revoked {
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
            Some(scope) if !entry.scopes.cover(scope) => Err(Refusal::Scope(entry.clone(), scope)),
            _ => Ok(()),
        }
    }

    /// Takes one request off this node's share of the key's limit.
    fn take(&self, standing: &Standing, limit: Option<RateLimit>, ask: Ask) -> Result<(), TooSoon> {
        let Some(limit) = limit else { return Ok(()) };
        let taken = standing.limiter.take(limit.rate().share(self.nodes()), ask.ticks);
        taken.map(|_left| ()).map_err(|too_soon| TooSoon { rate: limit.rate(), ..too_soon })
    }
}

fn limited(entry: Option<EntryRef>, too_soon: TooSoon) -> Result<(), Refusal> {
    Err(entry.map_or(Refusal::Invalid, |entry| Refusal::Limited(entry, too_soon)))
}
