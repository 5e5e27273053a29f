//! Rate limit of a key.

use serde::{Deserialize, Serialize};

use kit::http::FieldErrors;
use kit::limit::Rate;

/// Maximum number of requests in a time window.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RateLimit {
    /// 1 to 1,000,000; also the size of a burst.
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub requests: u32,
    /// Length of the window in seconds, 1 to 86,400.
    #[schema(minimum = 1, maximum = 86_400)]
    pub per_seconds: u32,
}

impl RateLimit {
    /// Limit of a key without an explicit one: 600 requests per minute.
    pub const DEFAULT: Self = Self { requests: 600, per_seconds: 60 };

    pub fn rate(self) -> Rate {
        Rate { requests: self.requests, per: std::time::Duration::from_secs(self.per_seconds.into()) }
    }

    pub(super) fn check(self, faults: &mut FieldErrors) {
        faults.require((1..=1_000_000).contains(&self.requests), "rateLimit.requests", "Give 1 to 1,000,000 requests.");
        faults.require((1..=86_400).contains(&self.per_seconds), "rateLimit.perSeconds", "Give 1 to 86,400 seconds.");
    }
}
