//! Jobs for findings: checks of keys that depend on their usage, dismissals that have ended, and weekly digests.

use std::time::Duration;

use crate::app::App;
use crate::background::{Job, JobError, Runs};
use crate::keys::Flush;
use crate::{findings, keys};

/// Looks again at keys whose time has come.
pub(super) struct KeyChecks;

impl Job for KeyChecks {
    const NAME: &'static str = "key_checks";
    const INTERVAL: Duration = Duration::from_secs(30);
    const RUNS: Runs = Runs::OnOneNode;

    async fn run(&self, app: &App, _flush: Flush) -> Result<(), JobError> {
        Ok(keys::hygiene::review(app).await?)
    }
}

/// Deletes dismissals that have ended. One that is deleted late has no effect.
pub(super) struct OldDismissals;

impl Job for OldDismissals {
    const NAME: &'static str = "old_dismissals";
    const INTERVAL: Duration = Duration::from_hours(1);
    const RUNS: Runs = Runs::OnOneNode;

    async fn run(&self, app: &App, _flush: Flush) -> Result<(), JobError> {
        Ok(findings::forget_ended(&app.db, app.clock.now()).await?)
    }
}

/// Sends the digests of findings that are due. Each is sent once, whichever nodes try.
pub(super) struct WeeklyDigests;

impl Job for WeeklyDigests {
    const NAME: &'static str = "weekly_digests";
    const INTERVAL: Duration = Duration::from_mins(1);
    const RUNS: Runs = Runs::OnOneNode;

    async fn run(&self, app: &App, _flush: Flush) -> Result<(), JobError> {
        Ok(findings::send_digests(app.into(), &app.index.tenants()).await?)
    }
}
