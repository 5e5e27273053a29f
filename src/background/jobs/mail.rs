//! Sending emails, and deleting old ones.

use std::time::Duration;

use crate::app::App;
use crate::background::{Job, JobError, Runs};
use crate::keys::Flush;
use crate::mail;

/// Sends the emails of the outbox. On every node, as the one that has run longest may be of the version before or know no server:
/// each email is claimed before it is sent.
#[derive(Debug)]
pub struct SendMail;

impl Job for SendMail {
    const NAME: &'static str = "send_mail";
    const INTERVAL: Duration = Duration::from_secs(2);

    async fn run(&self, app: &App, _flush: Flush) -> Result<(), JobError> {
        Ok(app.outbox.run(app).await?)
    }
}

/// Deletes emails that ended long ago.
pub(super) struct OldMail;

impl Job for OldMail {
    const NAME: &'static str = "old_mail";
    const INTERVAL: Duration = Duration::from_mins(10);
    const RUNS: Runs = Runs::OnOneNode;

    async fn run(&self, app: &App, _flush: Flush) -> Result<(), JobError> {
        Ok(mail::forget_old(app).await?)
    }
}
