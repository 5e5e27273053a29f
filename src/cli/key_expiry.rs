//! The flags for the expiry of a key.

use std::time::Duration;

use super::output::{self, Failure};
use kit::clock::Time;

/// The expiry of a key: one of three flags. A flag that an environment variable sets to false is not set.
#[derive(clap::Args)]
pub(super) struct Expiry {
    /// Expire after this time: 90d, 12h, 30m
    #[arg(long, env = "PLANECONNECTION_EXPIRES_IN", value_parser = output::duration, value_name = "TIME")]
    expires_in: Option<Duration>,
    /// Expire at this time, such as 2027-01-31T00:00:00Z
    #[arg(long, env = "PLANECONNECTION_EXPIRES_AT", value_name = "TIME")]
    expires_at: Option<Time>,
    /// Never expire; an expiry is recommended
    #[arg(long, env = "PLANECONNECTION_NO_EXPIRATION", value_parser = output::switch)]
    no_expiration: bool,
}

impl Expiry {
    /// Returns the chosen expiry: `None` if no flag is set, `Some(None)` for a key that never expires.
    pub(super) fn chosen(&self, now: Time) -> Result<Option<Option<Time>>, Failure> {
        match (self.expires_in.map(|wait| now.after(wait)), self.expires_at, self.no_expiration) {
            (None, None, false) => Ok(None),
            (None, None, true) => Ok(Some(None)),
            (Some(time), None, false) | (None, Some(time), false) => Ok(Some(Some(time))),
            _ => Err(Failure::usage("choose one of --expires-in, --expires-at and --no-expiration")),
        }
    }
}
