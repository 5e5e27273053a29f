//! Limits of ceremonies that are started without a credential: each stores a row.

use std::net::IpAddr;
use std::time::Duration;

use kit::limit::{Gcra, Limits, Rate, RateLimited};

/// The networks that are counted separately.
const NETWORKS: usize = 100_000;

/// Ceremonies from one network. Colleagues share an address, and every sign-in page starts one.
const OF_NETWORK: Rate = Rate { requests: 300, per: Duration::from_mins(5) };

/// Ceremonies on one node: with their lifetime, and the interval of the job that deletes expired ones, the bound on their rows.
const OF_NODE: Rate = Rate { requests: 300, per: Duration::from_secs(6) };

/// The limits of one node.
#[derive(Debug)]
pub(in crate::auth) struct CeremonyLimits {
    of_network: Limits<IpAddr>,
    of_node: Gcra,
}

impl Default for CeremonyLimits {
    fn default() -> Self {
        Self { of_network: Limits::new(OF_NETWORK, NETWORKS), of_node: Gcra::default() }
    }
}

impl CeremonyLimits {
    /// Counts a ceremony that a caller from this network starts.
    pub(super) fn try_acquire(&self, network: IpAddr, ticks: Duration) -> Result<(), RateLimited> {
        self.of_network.try_acquire(network, ticks)?;
        if let Err(limited) = self.of_node.try_acquire(OF_NODE, ticks) {
            self.of_network.refund(&network);
            return Err(limited);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ceremonies_are_limited_by_network_and_for_the_node() {
        let (limits, mut now) = (CeremonyLimits::default(), Duration::from_secs(1_000_000));
        let network = |last: u8| IpAddr::from([203, 0, 113, last]);
        let started = |last: u8, now| (0..1_000).filter(|_| limits.try_acquire(network(last), now).is_ok()).count();
        assert_eq!(started(1, now), 300);
        assert_eq!(started(2, now), 0, "the node has a limit as well");
        now += Duration::from_secs(6);
        assert_eq!(started(1, now), 6, "one network does not use up what the node allows");
        assert_eq!(started(2, now), 294, "what the node refused was not counted");
    }
}
