//! Limits of callers whose signature is not verified yet: each costs a check of a signature.

use std::net::IpAddr;
use std::time::Duration;

use kit::limit::{Limits, Rate, RateLimited};

/// The networks that are counted separately.
const NETWORKS: usize = 10_000;

/// Requests from one network whose signature is missing or wrong.
const OF_NETWORK: Rate = Rate { requests: 60, per: Duration::from_mins(1) };

/// The limits of one node.
#[derive(Debug)]
pub struct ReportLimits(Limits<IpAddr>);

impl Default for ReportLimits {
    fn default() -> Self {
        Self(Limits::new(OF_NETWORK, NETWORKS))
    }
}

impl ReportLimits {
    pub(super) fn try_acquire(&self, network: IpAddr, ticks: Duration) -> Result<(), RateLimited> {
        self.0.try_acquire(network, ticks).map(drop)
    }

    /// Refunds a request whose signature was right.
    pub(super) fn refund(&self, network: IpAddr) {
        self.0.refund(&network);
    }
}
