//! Jobs that write what is held in memory: every second or two, and once more when the process stops.

use std::time::Duration;

use crate::app::App;
use crate::background::{Job, JobError};
use crate::keys::{self, Flush};

const INTERVAL: Duration = Duration::from_secs(1);

/// Writes usage counters of keys, and audit events of denied requests.
pub(super) struct UsageFlush;

impl Job for UsageFlush {
    const NAME: &'static str = "usage_flush";
    const INTERVAL: Duration = INTERVAL;

    async fn run(&self, app: &App, flush: Flush) -> Result<(), JobError> {
        if app.recorder.flush(app, flush).await { Ok(()) } else { Err(JobError::Incomplete) }
    }
}

/// Writes refused requests, and the latest requests of keys.
pub(super) struct RequestLogFlush;

impl Job for RequestLogFlush {
    const NAME: &'static str = "request_log_flush";
    const INTERVAL: Duration = Duration::from_secs(2);

    async fn run(&self, app: &App, flush: Flush) -> Result<(), JobError> {
        Ok(app.requests.flush(app, &app.recorder, flush).await?)
    }
}

/// Writes audit events of failed sign-ins.
pub(super) struct FailedSignIns;

impl Job for FailedSignIns {
    const NAME: &'static str = "failed_sign_ins";
    const INTERVAL: Duration = INTERVAL;

    async fn run(&self, app: &App, flush: Flush) -> Result<(), JobError> {
        Ok(app.sign_ins.record_failures(app, flush).await?)
    }
}

/// Writes the last uses of sessions.
pub(super) struct SessionUse;

impl Job for SessionUse {
    const NAME: &'static str = "session_use";
    const INTERVAL: Duration = INTERVAL;

    async fn run(&self, app: &App, _flush: Flush) -> Result<(), JobError> {
        Ok(app.last_seen.write(app).await?)
    }
}

/// Records that keys have expired. Each key is recorded once, whichever nodes try.
pub(super) struct KeyExpiries;

impl Job for KeyExpiries {
    const NAME: &'static str = "key_expiries";
    const INTERVAL: Duration = INTERVAL;

    async fn run(&self, app: &App, _flush: Flush) -> Result<(), JobError> {
        Ok(keys::record_expiries(app).await?)
    }
}

/// Records that pauses of keys have ended. Each is recorded once, whichever nodes try.
pub(super) struct KeyPauses;

impl Job for KeyPauses {
    const NAME: &'static str = "key_pauses";
    const INTERVAL: Duration = INTERVAL;

    async fn run(&self, app: &App, _flush: Flush) -> Result<(), JobError> {
        Ok(keys::record_ended_pauses(&app.keys).await?)
    }
}

/// Logs how many lines were left out of the log.
pub(super) struct LogSummaries;

impl Job for LogSummaries {
    const NAME: &'static str = "log_summaries";
    const INTERVAL: Duration = INTERVAL;

    async fn run(&self, app: &App, _flush: Flush) -> Result<(), JobError> {
        app.log_sampler.sum_up();
        app.connections.sum_up();
        app.config.log.sum_up();
        Ok(())
    }
}
