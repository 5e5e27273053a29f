//! Settings of a node's delivery of webhooks.

use std::time::Duration;

use kit::http::outbound::{AllowedRanges, CertificateDer};

/// The settings of a node's delivery. All nodes should have the same.
#[derive(Clone, Debug)]
pub struct WebhookSettings {
    /// Ranges of addresses that endpoints may have besides the internet.
    pub allowed: AllowedRanges,
    /// Certificate authorities besides the system's.
    pub roots: Vec<CertificateDer<'static>>,
    /// The waits before each attempt of a delivery with the standard schedule.
    pub schedule: Vec<Duration>,
    /// The time without a success after which an endpoint is disabled.
    pub disable_after: Duration,
    /// The time for which deliveries and attempts are kept.
    pub retention: Duration,
}

impl Default for WebhookSettings {
    fn default() -> Self {
        let minutes = [0, 1, 5, 30, 120];
        Self {
            allowed: AllowedRanges::default(),
            roots: Vec::new(),
            schedule: minutes.map(Duration::from_mins).to_vec(),
            disable_after: Duration::from_hours(5 * 24),
            retention: Duration::from_hours(30 * 24),
        }
    }
}
