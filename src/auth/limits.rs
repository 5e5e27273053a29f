//! Rate limits of sign-ins: wrong passwords by address and by email, right ones by email and by address.
//!
//! A sign-in acquires a permit of every limit before its password is checked, so that concurrent attempts are no more than
//! consecutive ones. Afterwards it refunds what it did not use: a right password was no guess, and a wrong one opened no session.

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

/// The limit that was reached by a sign-in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reached {
    /// Wrong passwords for this email from this network, or from this network for any email.
    Network(RateLimited),
    /// Wrong passwords for this email from anywhere.
    Account(RateLimited),
    /// Sign-ins with the right password for this email from this network, or from this network for any email.
    Successes(RateLimited),
}

/// The callers of each kind that are counted separately.
const CALLERS: usize = 100_000;

/// The limits of one node.
#[derive(Debug)]
pub(super) struct SignInLimits {
    account_from_network: Limits<(Account, IpAddr)>,
    network: Limits<IpAddr>,
    account: Limits<Account>,
    known: Limits<(Account, [u8; 32])>,
    /// By network too: another workspace may have made a member of this email, whose password somebody else knows.
    successes_of_account: Limits<(Account, IpAddr)>,
    successes_of_network: Limits<IpAddr>,
    successes_of_known: Limits<(Account, [u8; 32])>,
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
            successes_of_known: Limits::new(limit(30, 5), CALLERS),
        }
    }
}

/// The permits of all limits that one sign-in holds.
#[derive(Debug)]
#[must_use]
pub(super) struct Permit {
    source: Source,
    /// The fingerprint of a known caller, if the attempt counts towards its own limit.
    known: Option<[u8; 32]>,
}

/// The permits of a sign-in that names no email.
#[derive(Debug)]
#[must_use]
pub(super) struct NetworkPermit(IpAddr);

impl SignInLimits {
    /// Acquires a permit for an unknown caller. A refused attempt counts towards no limit: it does not use up the attempts of
    /// others at the same address.
    pub(super) fn try_acquire(&self, source: Source, ticks: Duration) -> Result<Permit, Reached> {
        let Source { account, network } = source;
        self.acquire_success(source, ticks)?;
        let refund_success = || self.refund_success(&Permit { source, known: None });
        if let Err(limited) = self.account_from_network.try_acquire((account, network), ticks) {
            refund_success();
            return Err(Reached::Network(limited));
        }
        if let Err(limited) = self.network.try_acquire(network, ticks) {
            self.account_from_network.refund(&(account, network));
            refund_success();
            return Err(Reached::Network(limited));
        }
        if let Err(limited) = self.account.try_acquire(account, ticks) {
            self.account_from_network.refund(&(account, network));
            self.network.refund(&network);
            refund_success();
            return Err(Reached::Account(limited));
        }
        Ok(Permit { source, known: None })
    }

    /// Acquires a permit for a browser or an address that the account was signed in from before.
    pub(super) fn try_acquire_known(&self, source: Source, fingerprint: [u8; 32], ticks: Duration) -> Result<Permit, Reached> {
        let permit = Permit { source, known: Some(fingerprint) };
        let caller = (source.account, fingerprint);
        self.successes_of_known.try_acquire(caller, ticks).map_err(Reached::Successes)?;
        if let Err(limited) = self.known.try_acquire(caller, ticks) {
            self.refund_success(&permit);
            return Err(Reached::Network(limited));
        }
        Ok(permit)
    }

    /// Acquires a permit for a sign-in that names no email: within the limits of its network.
    pub(super) fn try_acquire_network(&self, network: IpAddr, ticks: Duration) -> Result<NetworkPermit, Reached> {
        self.successes_of_network.try_acquire(network, ticks).map_err(Reached::Successes)?;
        if let Err(limited) = self.network.try_acquire(network, ticks) {
            self.successes_of_network.refund(&network);
            return Err(Reached::Network(limited));
        }
        Ok(NetworkPermit(network))
    }

    /// Counts the permit as a success.
    pub(super) fn network_succeeded(&self, NetworkPermit(network): NetworkPermit) {
        self.network.refund(&network);
    }

    /// Counts the permit as a failure.
    pub(super) fn network_failed(&self, NetworkPermit(network): NetworkPermit) {
        self.successes_of_network.refund(&network);
    }

    /// Refunds the permit: nothing was checked.
    pub(super) fn network_unused(&self, NetworkPermit(network): NetworkPermit) {
        self.network.refund(&network);
        self.successes_of_network.refund(&network);
    }

    /// Counts the permit as a success: the password was right.
    pub(super) fn succeeded(&self, permit: Permit) {
        self.refund_guess(&permit);
    }

    /// Counts the permit as a guess: the password was wrong.
    pub(super) fn failed(&self, permit: Permit) {
        self.refund_success(&permit);
    }

    /// Refunds the permit: no password was checked.
    pub(super) fn unused(&self, permit: Permit) {
        self.refund_guess(&permit);
        self.refund_success(&permit);
    }

    fn acquire_success(&self, Source { account, network }: Source, ticks: Duration) -> Result<(), Reached> {
        self.successes_of_account.try_acquire((account, network), ticks).map_err(Reached::Successes)?;
        if let Err(limited) = self.successes_of_network.try_acquire(network, ticks) {
            self.successes_of_account.refund(&(account, network));
            return Err(Reached::Successes(limited));
        }
        Ok(())
    }

    fn refund_success(&self, Permit { source: Source { account, network }, known }: &Permit) {
        if let Some(fingerprint) = known {
            self.successes_of_known.refund(&(*account, *fingerprint));
            return;
        }
        self.successes_of_account.refund(&(*account, *network));
        self.successes_of_network.refund(network);
    }

    fn refund_guess(&self, Permit { source: Source { account, network }, known }: &Permit) {
        if let Some(fingerprint) = known {
            self.known.refund(&(*account, *fingerprint));
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
        limits.try_acquire(source, NOW).map(|permit| limits.failed(permit)).is_ok()
    }

    #[test]
    fn refused_attempts_do_not_use_up_those_of_colleagues() {
        let limits = SignInLimits::default();
        let counted = (0..1_000).filter(|_| fail(&limits, source(1, 1))).count();
        assert_eq!(counted, 10);
        assert!(limits.try_acquire(source(2, 1), NOW).is_ok(), "a colleague behind the same address");
        assert!(limits.try_acquire(source(1, 2), NOW).is_ok(), "the owner of the email from elsewhere");
    }

    #[test]
    fn refused_guesses_for_an_email_do_not_count_towards_their_address() {
        let limits = SignInLimits::default();
        for network in 1..=5 {
            assert_eq!((0..20).filter(|_| fail(&limits, source(1, network))).count(), 10);
        }
        for _ in 0..100 {
            assert!(matches!(limits.try_acquire(source(1, 6), NOW), Err(Reached::Account(_))));
        }
        assert_eq!((0..30).filter(|number| fail(&limits, source(10 + number, 6))).count(), 20);
    }

    #[test]
    fn right_passwords_count_as_successes_and_wrong_ones_do_not() {
        let limits = SignInLimits::default();
        for _ in 0..30 {
            limits.succeeded(limits.try_acquire(source(1, 1), NOW).expect("a permit"));
        }
        assert!(matches!(limits.try_acquire(source(1, 1), NOW), Err(Reached::Successes(_))));
        assert_eq!((0..100).filter(|_| fail(&limits, source(2, 2))).count(), 10);
        limits.succeeded(limits.try_acquire(source(2, 3), NOW).expect("wrong passwords have not used it up"));
    }

    #[test]
    fn known_callers_have_their_own_limit() {
        let limits = SignInLimits::default();
        for network in 1..=50 {
            assert!(fail(&limits, source(1, network)));
        }
        assert!(matches!(limits.try_acquire(source(1, 99), NOW), Err(Reached::Account(_))));
        let known = || limits.try_acquire_known(source(1, 99), [7; 32], NOW);
        for _ in 0..20 {
            limits.succeeded(known().expect("a right password uses nothing up"));
        }
        assert_eq!((0..20).filter(|_| known().map(|permit| limits.failed(permit)).is_ok()).count(), 10);
    }

    #[test]
    fn right_passwords_of_others_for_this_email_limit_neither_other_networks_nor_known_browsers() {
        let limits = SignInLimits::default();
        for _ in 0..30 {
            limits.succeeded(limits.try_acquire(source(1, 1), NOW).expect("a permit"));
        }
        assert!(limits.try_acquire(source(1, 99), NOW).is_ok(), "from elsewhere");
        assert!(matches!(limits.try_acquire(source(1, 1), NOW), Err(Reached::Successes(_))));
        let known = || limits.try_acquire_known(source(1, 1), [7; 32], NOW);
        for _ in 0..30 {
            limits.succeeded(known().expect("a permit"));
        }
        assert!(matches!(known(), Err(Reached::Successes(_))));
    }

    #[test]
    fn sign_ins_without_an_email_share_the_limits_of_their_network() {
        let (limits, network) = (SignInLimits::default(), IpAddr::from([203, 0, 113, 1]));
        for _ in 0..100 {
            limits.network_succeeded(limits.try_acquire_network(network, NOW).expect("a permit"));
            limits.network_unused(limits.try_acquire_network(network, NOW).expect("a permit"));
        }
        for account in 1..=10 {
            assert!(fail(&limits, source(account, 1)));
        }
        let failed = || limits.try_acquire_network(network, NOW).map(|permit| limits.network_failed(permit));
        assert_eq!((0..100).filter(|_| failed().is_ok()).count(), 10);
        assert!(matches!(failed(), Err(Reached::Network(_))));
        assert!(!fail(&limits, source(20, 1)), "wrong passwords have the same limit");
    }

    #[test]
    fn unused_permits_are_refunded() {
        let limits = SignInLimits::default();
        for _ in 0..1_000 {
            limits.unused(limits.try_acquire(source(1, 1), NOW).expect("a permit"));
        }
    }
}
