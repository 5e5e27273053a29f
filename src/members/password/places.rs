//! Places in which password hashes wait for their turn, shared out so that no caller takes them all.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use sha2::{Digest, Sha256};

use kit::http::client;
use kit::lock::lock;

/// The caller that a hash is computed for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Claimant {
    /// A caller who may be anyone. The address counts, of IPv6 its /64, and so does the account: SHA-256 of the email.
    Unknown {
        /// The network.
        network: IpAddr,
        /// The account.
        account: [u8; 32],
    },
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
    /// The caller at this address, for an account with this email; the operator if there is no address.
    pub fn of(address: Option<IpAddr>, email: &str) -> Self {
        address.map_or(Self::Operator, |address| Self::Unknown {
            network: client::network(address),
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

/// A bounded number of places.
#[derive(Debug)]
pub(super) struct Places {
    total: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    unknown: usize,
    shares: HashMap<Share, usize>,
}

/// A place that is taken; free again when it is dropped.
#[derive(Debug)]
pub struct Place {
    places: Arc<Places>,
    claimant: Claimant,
}

impl Places {
    pub(super) fn new(total: usize) -> Self {
        Self { total, taken: Mutex::default() }
    }

    /// The most places of one network, one account or one known caller: a third.
    fn share(&self) -> usize {
        (self.total / 3).max(1)
    }

    /// The most places of all unknown callers together: a quarter is kept for the others.
    fn most_unknown(&self) -> usize {
        (self.total - self.total / 4).max(1)
    }

    /// Takes a place, if there is one for this caller.
    pub(super) fn take(self: &Arc<Self>, claimant: Claimant) -> Option<Place> {
        let mut taken = lock(&self.taken);
        let is_unknown = matches!(claimant, Claimant::Unknown { .. });
        let has_share = |share: Share| taken.shares.get(&share).is_none_or(|count| *count < self.share());
        let is_free = taken.all < self.total && (!is_unknown || taken.unknown < self.most_unknown());
        if !is_free || !claimant.shares().all(has_share) {
            return None;
        }
        taken.all += 1;
        taken.unknown += usize::from(is_unknown);
        for share in claimant.shares() {
            *taken.shares.entry(share).or_default() += 1;
        }
        Some(Place { places: Arc::clone(self), claimant })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = lock(&self.places.taken);
        taken.all -= 1;
        taken.unknown -= usize::from(matches!(self.claimant, Claimant::Unknown { .. }));
        for share in self.claimant.shares() {
            if let Some(count) = taken.shares.get_mut(&share) {
                *count -= 1;
                if *count == 0 {
                    taken.shares.remove(&share);
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

    fn take(places: &Arc<Places>, claimants: impl IntoIterator<Item = Claimant>) -> Vec<Place> {
        claimants.into_iter().filter_map(|claimant| places.take(claimant)).collect()
    }

    #[test]
    fn one_network_and_one_account_take_a_third_each() {
        let places = Arc::new(Places::new(17));
        let of_network = take(&places, (0..17).map(|account| unknown(1, account)));
        let of_account = take(&places, (0..17).map(|network| unknown(100 + network, 99)));
        assert_eq!((of_network.len(), of_account.len()), (5, 5));
        drop(of_network);
        assert_eq!(take(&places, (0..17).map(|account| unknown(1, account))).len(), 5);
    }

    #[test]
    fn unknown_callers_leave_places_to_known_ones() {
        let places = Arc::new(Places::new(17));
        let guesses = take(&places, (0..17).map(|number| unknown(number, number)));
        assert_eq!(guesses.len(), 13);
        let known = take(&places, (0..17).map(|number| Claimant::Known([number; 32])));
        assert_eq!(known.len(), 4);
        drop((guesses, known));
        assert_eq!(take(&places, (0..17).map(|_| Claimant::Known([1; 32]))).len(), 5);
        assert!(lock(&places.taken).shares.is_empty(), "what is free leaves nothing behind");
    }
}
