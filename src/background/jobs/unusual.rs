//! The search for unusual activity of keys.

use std::time::Duration;

use crate::app::App;
use crate::background::{Job, JobError, Runs};
use crate::keys::{Flush, UnusualWatch};

/// Compares the use of keys with their past. What an earlier run has read of the hour is kept in memory.
#[derive(Default)]
pub(super) struct UnusualActivity(UnusualWatch);

impl Job for UnusualActivity {
    const NAME: &'static str = "unusual_activity";
    const INTERVAL: Duration = Duration::from_secs(30);
    const RUNS: Runs = Runs::OnOneNode;

    async fn run(&self, app: &App, _flush: Flush) -> Result<(), JobError> {
        Ok(self.0.run(app, &app.index).await?)
    }
}
