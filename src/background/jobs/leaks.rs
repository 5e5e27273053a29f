//! The remedies of leaked keys.

use std::time::Duration;

use crate::app::App;
use crate::background::{Job, JobError, Runs};
use crate::keys::Flush;
use crate::leaks;

/// Pauses and revokes leaked keys where the report of the leak could not.
pub(super) struct LeakRemedies;

impl Job for LeakRemedies {
    const NAME: &'static str = "leak_remedies";
    const INTERVAL: Duration = Duration::from_secs(30);
    const RUNS: Runs = Runs::OnOneNode;

    async fn run(&self, app: &App, _flush: Flush) -> Result<(), JobError> {
        Ok(leaks::retry_remedies(&app.keys).await?)
    }
}
