//! The poll for commits of other processes, for calls that wait for changes.

use std::time::Duration;

use crate::app::App;
use crate::audit::feed::CommitPoll;
use crate::background::{Job, JobError};
use crate::keys::Flush;

/// Wakes the calls that wait for changes which other processes have made.
#[derive(Default)]
pub(super) struct PollCommits(CommitPoll);

impl Job for PollCommits {
    const NAME: &'static str = "poll_commits";
    const INTERVAL: Duration = Duration::from_millis(500);

    async fn run(&self, app: &App, _flush: Flush) -> Result<(), JobError> {
        Ok(self.0.run(app).await?)
    }
}
