//! The time from which audit events carry the proof of identity of their actor.

use std::time::Duration;

use crate::app::App;
use crate::background::{Job, JobError};
use crate::keys::Flush;
use crate::{audit, cluster};

/// Watches for nodes of the version before, which could not verify such events. On every node, as the one that has run longest may be
/// of that version.
pub(super) struct EventAuthentication;

impl Job for EventAuthentication {
    const NAME: &'static str = "event_authentication";
    const INTERVAL: Duration = Duration::from_mins(1);

    async fn run(&self, app: &App, _flush: Flush) -> Result<(), JobError> {
        let older = cluster::last_lease_of_older_log_format(app.db.read()).await?;
        Ok(audit::watch_older_nodes(app, older).await?)
    }
}
