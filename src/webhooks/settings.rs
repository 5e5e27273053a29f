//! Settings of a node's delivery of webhooks.

use std::net::SocketAddr;
use std::time::Duration;

use kit::http::outbound::{AllowedRanges, CertificateDer};

/// The settings of a node's delivery. All nodes should have the same.
#[derive(Clone, Debug)]
pub struct WebhookSettings {
    /// Ranges of addresses that endpoints may have besides the internet.
    pub allowed: AllowedRanges,
    /// Certificate authorities besides the system's.
    pub roots: Vec<CertificateDer<'static>>,
    /// The DNS server to ask, in place of those of `/etc/resolv.conf`.
    pub dns_server: Option<SocketAddr>,
    /// The waits before each attempt of a delivery with the standard schedule.
    pub schedule: Vec<Duration>,
    /// The time without a success after which an endpoint is disabled.
    pub disable_after: Duration,
    /// The time for which deliveries and attempts are kept.
    pub retention: Duration,
}

/// The time for which the events of an endpoint that is off are kept at least.
const BACKLOG: Duration = Duration::from_hours(30 * 24);

impl WebhookSettings {
    /// The time for which events, and deliveries that are not at their end, are kept: as long as `recover` and a backlog reach
    /// back.
    pub fn kept(&self) -> Duration {
        self.retention.max(BACKLOG)
    }

    /// The time without a success after which administrators are warned: a day before an endpoint is disabled, or half the time.
    pub fn warn_after(&self) -> Duration {
        self.disable_after.saturating_sub(Duration::from_hours(24)).max(self.disable_after / 2)
    }
}

impl Default for WebhookSettings {
    fn default() -> Self {
        let minutes = [0, 1, 5, 30, 120];
        Self {
            allowed: AllowedRanges::default(),
            roots: Vec::new(),
            dns_server: None,
            schedule: minutes.map(Duration::from_mins).to_vec(),
            disable_after: Duration::from_hours(5 * 24),
            retention: Duration::from_hours(30 * 24),
        }
    }
}
