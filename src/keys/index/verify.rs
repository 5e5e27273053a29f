//! Verification: header bytes → form and checksum → SHA-256 → map → revoked? expired? address? limit? scope?
//! No allocation, no lock that a writer can hold, no I/O.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::{Entry, Index};
use crate::keys::format::digest_of;
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
    Revoked(Arc<Entry>),
    /// Past its expiry.
    Expired(Arc<Entry>),
    /// From an address that is not on its list.
    Address(Arc<Entry>),
    /// Too many requests.
    Limited(Arc<Entry>, TooSoon),
    /// Without the scope.
    Scope(Arc<Entry>, Scope),
}

impl Index {
    /// The key `presented`, if it opens what is asked for.
    pub fn verify(&self, presented: &[u8], ask: Ask) -> Result<Arc<Entry>, Refusal> {
        let digest = digest_of(presented).map_err(|_| Refusal::Invalid)?;
        let keys = self.keys.pin();
        self.admit(keys.get(&digest).ok_or(Refusal::Invalid)?, ask)
    }

    /// The key, if it opens what is asked for.
    pub fn admit(&self, entry: &Arc<Entry>, ask: Ask) -> Result<Arc<Entry>, Refusal> {
        if entry.is_revoked {
            return Err(Refusal::Revoked(Arc::clone(entry)));
        }
        if entry.expires_at.is_some_and(|expiry| expiry <= ask.now) {
            return Err(Refusal::Expired(Arc::clone(entry)));
        }
        if entry.allowlist.as_ref().is_some_and(|list| !list.admits(ask.address)) {
            return Err(Refusal::Address(Arc::clone(entry)));
        }
        if let Some(limit) = entry.rate_limit
            && let Err(too_soon) = entry.live.limiter.take(limit.rate().share(self.nodes()), ask.ticks)
        {
            return Err(Refusal::Limited(Arc::clone(entry), TooSoon { rate: limit.rate(), ..too_soon }));
        }
        match ask.scope {
            Some(scope) if !entry.scopes.cover(scope) => Err(Refusal::Scope(Arc::clone(entry), scope)),
            _ => Ok(Arc::clone(entry)),
        }
    }
}
