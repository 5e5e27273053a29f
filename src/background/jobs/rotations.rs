//! The end of rotations.

use std::time::Duration;

use crate::app::App;
use crate::background::{Job, JobError};
use crate::keys::{self, Flush};

/// Revokes old keys at the end of their rotation. On every node, as the one that has run longest may be of the version before; each
/// key is revoked once, whichever nodes try.
pub(super) struct EndedRotations;

impl Job for EndedRotations {
    const NAME: &'static str = "ended_rotations";
    const INTERVAL: Duration = Duration::from_secs(1);

    async fn run(&self, app: &App, _flush: Flush) -> Result<(), JobError> {
        match keys::end_rotations(&app.keys).await {
            Ok(()) => Ok(()),
            Err(keys::Error::Db(error)) => Err(error.into()),
            Err(error) => {
                tracing::warn!(%error, "could not revoke a key at the end of its rotation");
                Err(JobError::Incomplete)
            }
        }
    }
}
