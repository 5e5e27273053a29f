//! Limits of callers whose signature is not verified yet: each costs a check of a signature, and room for a large body.

use std::net::IpAddr;
use std::time::Duration;

use kit::http::intake::{BodyBudget, Held, Sender};
use kit::limit::{Limits, Rate, RateLimited};

/// The networks that are counted separately.
const NETWORKS: usize = 10_000;

/// Requests from one network whose signature is missing or wrong.
const OF_NETWORK: Rate = Rate { requests: 60, per: Duration::from_mins(1) };

/// Bytes of reports in memory; without a credential, a quarter can be used. Apart from other bodies, so that slow reports keep no one
/// from signing in.
const BODY_BYTES: usize = 32 << 20;

/// The limits of one node.
#[derive(Debug)]
pub struct ReportLimits {
    requests: Limits<IpAddr>,
    bodies: BodyBudget,
}

impl Default for ReportLimits {
    fn default() -> Self {
        Self { requests: Limits::new(OF_NETWORK, NETWORKS), bodies: BodyBudget::new(BODY_BYTES) }
    }
}

impl ReportLimits {
    pub(super) fn try_acquire(&self, network: IpAddr, ticks: Duration) -> Result<(), RateLimited> {
        self.requests.try_acquire(network, ticks).map(drop)
    }

    /// Refunds a request whose signature was right.
    pub(super) fn refund(&self, network: IpAddr) {
        self.requests.refund(&network);
    }

    /// Returns room for a report that is about to arrive.
    pub(super) fn hold(&self, sender: Sender) -> Held {
        self.bodies.hold(sender)
    }

    /// Returns the bytes of reports in memory.
    pub fn held_bytes(&self) -> usize {
        self.bodies.held()
    }
}
