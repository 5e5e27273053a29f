//! Permits of password hashes, shared out so that no caller holds them all.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use sha2::{Digest, Sha256};

use kit::http::client_ip;
use kit::lock::lock;

/// The caller that a hash is computed for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Claimant {
    /// A caller by network (the address, of IPv6 its /64) and by account (SHA-256 of the email).
    Unknown { network: IpAddr, account: [u8; 32] },
    /// A browser or an address that the account was signed in from before.
    Known([u8; 32]),
    /// The operator, on the command line.
    Operator,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Share {
    Network(IpAddr),
    Account([u8; 32]),
    Known([u8; 32]),
}

impl Claimant {
    /// Returns the caller at this address, for an account with this email; the operator if there is no address.
    pub fn of(address: Option<IpAddr>, email: &str) -> Self {
        address.map_or(Self::Operator, |address| Self::Unknown {
            network: client_ip::network(address),
            account: Sha256::digest(email).into(),
        })
    }

    fn shares(self) -> impl Iterator<Item = Share> {
        let shares = match self {
            Self::Unknown { network, account } => [Some(Share::Network(network)), Some(Share::Account(account))],
            Self::Known(mark) => [Some(Share::Known(mark)), None],
            Self::Operator => [None, None],
        };
        shares.into_iter().flatten()
    }
}

/// The bounded number of permits.
#[derive(Debug)]
pub(super) struct HashPermits {
    total: usize,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    all: usize,
    unknown: usize,
    shares: HashMap<Share, usize>,
}

/// The permit to compute one hash. Released when it is dropped.
#[derive(Debug)]
pub struct HashPermit {
    permits: Arc<HashPermits>,
    claimant: Claimant,
}

impl HashPermits {
    pub(super) fn new(total: usize) -> Self {
        Self { total, held: Mutex::default() }
    }

    /// The permits that one network, one account or one known caller may hold: a third.
    fn share(&self) -> usize {
        (self.total / 3).max(1)
    }

    /// The permits that all unknown callers together may hold: a quarter is reserved for the others.
    fn most_unknown(&self) -> usize {
        (self.total - self.total / 4).max(1)
    }

    /// Acquires a permit, if one is left for this caller.
    pub(super) fn try_acquire(self: &Arc<Self>, claimant: Claimant) -> Option<HashPermit> {
        let mut held = lock(&self.held);
        let is_unknown = matches!(claimant, Claimant::Unknown { .. });
        let has_share = |share: Share| held.shares.get(&share).is_none_or(|count| *count < self.share());
        let is_free = held.all < self.total && (!is_unknown || held.unknown < self.most_unknown());
        if !is_free || !claimant.shares().all(has_share) {
            return None;
        }
        held.all += 1;
        held.unknown += usize::from(is_unknown);
        for share in claimant.shares() {
            *held.shares.entry(share).or_default() += 1;
        }
        Some(HashPermit { permits: Arc::clone(self), claimant })
    }
}

impl Drop for HashPermit {
    fn drop(&mut self) {
        let mut held = lock(&self.permits.held);
        held.all -= 1;
        held.unknown -= usize::from(matches!(self.claimant, Claimant::Unknown { .. }));
        for share in self.claimant.shares() {
            if let Some(count) = held.shares.get_mut(&share) {
                *count -= 1;
                if *count == 0 {
                    held.shares.remove(&share);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unknown(network: u8, account: u8) -> Claimant {
        Claimant::Unknown { network: [203, 0, 113, network].into(), account: [account; 32] }
    }

    fn acquire(permits: &Arc<HashPermits>, claimants: impl IntoIterator<Item = Claimant>) -> Vec<HashPermit> {
        claimants.into_iter().filter_map(|claimant| permits.try_acquire(claimant)).collect()
    }

    #[test]
    fn one_network_and_one_account_get_a_third_each() {
        let permits = Arc::new(HashPermits::new(17));
        let of_network = acquire(&permits, (0..17).map(|account| unknown(1, account)));
        let of_account = acquire(&permits, (0..17).map(|network| unknown(100 + network, 99)));
        assert_eq!((of_network.len(), of_account.len()), (5, 5));
        drop(of_network);
        assert_eq!(acquire(&permits, (0..17).map(|account| unknown(1, account))).len(), 5);
    }

    #[test]
    fn unknown_callers_leave_permits_for_known_ones() {
        let permits = Arc::new(HashPermits::new(17));
        let guesses = acquire(&permits, (0..17).map(|number| unknown(number, number)));
        assert_eq!(guesses.len(), 13);
        let known = acquire(&permits, (0..17).map(|number| Claimant::Known([number; 32])));
        assert_eq!(known.len(), 4);
        drop((guesses, known));
        assert_eq!(acquire(&permits, (0..17).map(|_| Claimant::Known([1; 32]))).len(), 5);
        assert!(lock(&permits.held).shares.is_empty(), "released permits leave nothing behind");
    }
}
