//! Limits of sign-ins: wrong passwords by address and by email, right ones by email and by address.
//!
//! A sign-in takes a permit of every limit before its password is looked at, so that many at once are not more than one after
//! another. Afterwards it gives back what it did not use: a right password was no guess, and a wrong one opened no session.

use std::net::IpAddr;
use std::time::Duration;

use kit::limit::{Limits, Rate, RateLimited};

/// SHA-256 of an email.
pub(super) type Account = [u8; 32];

/// The caller as the limits see it: the account, and the network (of IPv6 the /64).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Source {
    pub(super) account: Account,
    pub(super) network: IpAddr,
}

/// The limit that was reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reached {
    /// Wrong passwords for this email from this network, or from this network for any email.
    Network(RateLimited),
    /// Wrong passwords for this email from anywhere.
    Account(RateLimited),
    /// Right passwords.
    Successes(RateLimited),
}

/// The most callers of each kind that are told apart.
const CALLERS: usize = 100_000;

/// The limits of one node.
#[derive(Debug)]
pub(super) struct SignInLimits {
    account_from_network: Limits<(Account, IpAddr)>,
    network: Limits<IpAddr>,
    account: Limits<Account>,
    known: Limits<(Account, [u8; 32])>,
    successes_of_account: Limits<Account>,
    successes_of_network: Limits<IpAddr>,
}

impl Default for SignInLimits {
    fn default() -> Self {
        let limit = |requests, minutes| Rate { requests, per: Duration::from_mins(minutes) };
        Self {
            account_from_network: Limits::new(limit(10, 5), CALLERS),
            network: Limits::new(limit(20, 1), CALLERS),
            account: Limits::new(limit(50, 5), CALLERS),
            known: Limits::new(limit(10, 5), CALLERS),
            successes_of_account: Limits::new(limit(30, 5), CALLERS),
            // Colleagues share an address.
            successes_of_network: Limits::new(limit(300, 5), CALLERS),
        }
    }
}

/// What a sign-in has taken.
#[derive(Debug)]
#[must_use]
pub(super) struct Permit {
    source: Source,
    /// The browser or address that the account was signed in from before, if its own limit was taken.
    known: Option<[u8; 32]>,
}

impl SignInLimits {
    /// Takes a permit for a caller who may be anyone. What is refused takes nothing: one typist whose tries are refused does not
    /// use up the tries of the others at the same address.
    pub(super) fn take(&self, source: Source, ticks: Duration) -> Result<Permit, Reached> {
        let Source { account, network } = source;
        self.take_successes(source, ticks)?;
        let give_back_successes = || self.give_back_successes(source);
        if let Err(too_soon) = self.account_from_network.take((account, network), ticks) {
            give_back_successes();
            return Err(Reached::Network(too_soon));
        }
        if let Err(too_soon) = self.network.take(network, ticks) {
            self.account_from_network.refund(&(account, network));
            give_back_successes();
            return Err(Reached::Network(too_soon));
        }
        if let Err(too_soon) = self.account.take(account, ticks) {
            self.account_from_network.refund(&(account, network));
            self.network.refund(&network);
            give_back_successes();
            return Err(Reached::Account(too_soon));
        }
        Ok(Permit { source, known: None })
    }

    /// Takes a permit for a browser or an address that the account was signed in from before.
    pub(super) fn take_known(&self, source: Source, mark: [u8; 32], ticks: Duration) -> Result<Permit, Reached> {
        self.take_successes(source, ticks)?;
        if let Err(too_soon) = self.known.take((source.account, mark), ticks) {
            self.give_back_successes(source);
            return Err(Reached::Network(too_soon));
        }
        Ok(Permit { source, known: Some(mark) })
    }

    /// The password was right: the permit counts as a success.
    pub(super) fn succeeded(&self, permit: Permit) {
        self.give_back_guess(&permit);
    }

    /// The password was wrong: the permit counts as a guess.
    pub(super) fn failed(&self, permit: Permit) {
        self.give_back_successes(permit.source);
    }

    /// No password was looked at.
    pub(super) fn unused(&self, permit: Permit) {
        self.give_back_guess(&permit);
        self.give_back_successes(permit.source);
    }

    fn take_successes(&self, Source { account, network }: Source, ticks: Duration) -> Result<(), Reached> {
        self.successes_of_account.take(account, ticks).map_err(Reached::Successes)?;
        if let Err(too_soon) = self.successes_of_network.take(network, ticks) {
            self.successes_of_account.refund(&account);
            return Err(Reached::Successes(too_soon));
        }
        Ok(())
    }

    fn give_back_successes(&self, Source { account, network }: Source) {
        self.successes_of_account.refund(&account);
        self.successes_of_network.refund(&network);
    }

    fn give_back_guess(&self, Permit { source: Source { account, network }, known }: &Permit) {
        if let Some(mark) = known {
            self.known.refund(&(*account, *mark));
            return;
        }
        self.account_from_network.refund(&(*account, *network));
        self.network.refund(network);
        self.account.refund(account);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1_000_000);

    fn source(account: u8, network: u8) -> Source {
        Source { account: [account; 32], network: [203, 0, 113, network].into() }
    }

    fn fail(limits: &SignInLimits, source: Source) -> bool {
        limits.take(source, NOW).map(|permit| limits.failed(permit)).is_ok()
    }

    #[test]
    fn refused_tries_of_one_typist_leave_those_of_colleagues() {
        let limits = SignInLimits::default();
        let counted = (0..1_000).filter(|_| fail(&limits, source(1, 1))).count();
        assert_eq!(counted, 10);
        assert!(limits.take(source(2, 1), NOW).is_ok(), "a colleague behind the same address");
        assert!(limits.take(source(1, 2), NOW).is_ok(), "the owner of the email from elsewhere");
    }

    #[test]
    fn refused_guesses_for_an_email_cost_their_address_nothing() {
        let limits = SignInLimits::default();
        for network in 1..=5 {
            assert_eq!((0..20).filter(|_| fail(&limits, source(1, network))).count(), 10);
        }
        for _ in 0..100 {
            assert!(matches!(limits.take(source(1, 6), NOW), Err(Reached::Account(_))));
        }
        assert_eq!((0..30).filter(|number| fail(&limits, source(10 + number, 6))).count(), 20);
    }

    #[test]
    fn right_passwords_count_and_wrong_ones_do_not_count_as_right() {
        let limits = SignInLimits::default();
        for _ in 0..30 {
            limits.succeeded(limits.take(source(1, 1), NOW).expect("a permit"));
        }
        assert!(matches!(limits.take(source(1, 2), NOW), Err(Reached::Successes(_))));
        assert_eq!((0..100).filter(|_| fail(&limits, source(2, 2))).count(), 10);
        limits.succeeded(limits.take(source(2, 3), NOW).expect("wrong passwords have not used it up"));
    }

    #[test]
    fn known_callers_have_a_limit_of_their_own() {
        let limits = SignInLimits::default();
        for network in 1..=50 {
            assert!(fail(&limits, source(1, network)));
        }
        assert!(matches!(limits.take(source(1, 99), NOW), Err(Reached::Account(_))));
        let known = || limits.take_known(source(1, 99), [7; 32], NOW);
        for _ in 0..20 {
            limits.succeeded(known().expect("a right password uses nothing up"));
        }
        assert_eq!((0..20).filter(|_| known().map(|permit| limits.failed(permit)).is_ok()).count(), 10);
    }

    #[test]
    fn unused_permits_leave_nothing_behind() {
        let limits = SignInLimits::default();
        for _ in 0..1_000 {
            limits.unused(limits.take(source(1, 1), NOW).expect("a permit"));
        }
    }
}
