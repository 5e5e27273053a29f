//! Jobs that delete expired rows. A row that is deleted late has no effect: each is ignored after its expiry.

use std::time::Duration;

use crate::app::App;
use crate::background::{Job, JobError, Runs};
use crate::keys::Flush;
use crate::{audit, auth, requests, sessions};

const INTERVAL: Duration = Duration::from_mins(10);

/// Deletes expired sessions, challenges, links that reset passwords and ceremonies of passkeys, and browsers and addresses that were
/// last used long ago.
pub(super) struct ExpiredSessions;

impl Job for ExpiredSessions {
    const NAME: &'static str = "expired_sessions";
    const INTERVAL: Duration = INTERVAL;
    const RUNS: Runs = Runs::OnOneNode;

    async fn run(&self, app: &App, _flush: Flush) -> Result<(), JobError> {
        sessions::forget_expired(&app.db, app.clock.now()).await?;
        auth::forget_expired_resets(&app.db, app.clock.now()).await?;
        auth::factors::forget_old_challenges(app).await?;
        auth::passkeys::forget_expired_ceremonies(&app.db, app.clock.now()).await?;
        Ok(auth::forget_unused_callers(&app.db, app.clock.now()).await?)
    }
}

/// Deletes responses that were kept for an `Idempotency-Key` and are past their time.
pub(super) struct OldResponses;

impl Job for OldResponses {
    const NAME: &'static str = "old_idempotent_responses";
    const INTERVAL: Duration = INTERVAL;
    const RUNS: Runs = Runs::OnOneNode;

    async fn run(&self, app: &App, _flush: Flush) -> Result<(), JobError> {
        Ok(audit::forget_old_answers(&app.db, app.clock.now()).await?)
    }
}

/// Deletes refused requests and the latest requests of keys that are past their time.
pub(super) struct OldRequests;

impl Job for OldRequests {
    const NAME: &'static str = "old_requests";
    const INTERVAL: Duration = INTERVAL;
    const RUNS: Runs = Runs::OnOneNode;

    async fn run(&self, app: &App, _flush: Flush) -> Result<(), JobError> {
        Ok(requests::purge(app).await?)
    }
}
