//! Sending what is in the outbox.

use std::fmt::Display;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use lettre::Message;
use secrecy::ExposeSecret;

use super::model::QueuedMail;
use super::render;
use super::smtp::{Connection, MailSettings, SendError};
use super::store::{self, Ended};
use super::tables::link_context;
use crate::core::Core;
use crate::secret_key::SealError;
use kit::db::DbResult;
use kit::lock::lock;

/// The emails that one run sends at most.
const BATCH: u64 = 50;

/// The time after which a run begins no other email, so that a process that stops waits for few.
const RUN: Duration = Duration::from_secs(10);

/// The pauses after attempts of one email; the last one is repeated until its time is over.
const PAUSES: [Duration; 5] =
    [Duration::from_mins(1), Duration::from_mins(5), Duration::from_mins(15), Duration::from_hours(1), Duration::from_hours(3)];

/// The attempts of one email.
const MAX_ATTEMPTS: u32 = 20;

/// The pauses after failed connections. They count for no email.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// The outbox of this node: outcomes for the metrics, and the pause after a failed connection.
#[derive(Debug, Default)]
pub struct Outbox {
    sent: AtomicU64,
    failed: AtomicU64,
    /// Sent or not: the outcome of the attempt is unknown.
    unknown: AtomicU64,
    waiting: AtomicU64,
    pause: Mutex<Option<Pause>>,
}

/// The pause after connections that failed.
#[derive(Clone, Copy, Debug)]
struct Pause {
    length: Duration,
    /// By the clock's ticks.
    until: Duration,
}

impl Outbox {
    /// Returns the number of emails by outcome.
    pub fn outcomes(&self) -> [(&'static str, u64); 3] {
        [("sent", &self.sent), ("failed", &self.failed), ("unknown", &self.unknown)]
            .map(|(name, counter)| (name, counter.load(Ordering::Relaxed)))
    }

    /// Returns the emails that waited at the last run on this node.
    pub fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Sends what is due, and ends what is overdue.
    pub async fn run(&self, core: &Core) -> DbResult<()> {
        self.end_overdue(core).await?;
        if let Some(settings) = &core.config.mail
            && !self.is_paused(core)
        {
            self.send_due(core, settings).await?;
        }
        self.waiting.store(store::all_waiting(&core.db).await?, Ordering::Relaxed);
        Ok(())
    }

    async fn send_due(&self, core: &Core, settings: &MailSettings) -> DbResult<()> {
        let (mut open, until) = (None, core.clock.ticks() + RUN);
        for mail in store::due(&core.db, core.clock.now(), BATCH).await? {
            if core.clock.ticks() > until {
                break;
            }
            let mut connection = match open.take() {
                Some(connection) => connection,
                None => match Connection::open(settings).await {
                    Ok(connection) => connection,
                    Err(error) => {
                        self.begin_pause(core, settings, &error);
                        return Ok(());
                    }
                },
            };
            *lock(&self.pause) = None;
            if self.send(core, settings, &mut connection, &mail).await? {
                open = Some(connection);
            }
        }
        if let Some(connection) = open {
            connection.close().await;
        }
        Ok(())
    }

    /// Sends one email. Returns whether the connection can be used again.
    async fn send(&self, core: &Core, settings: &MailSettings, over: &mut Connection<'_>, mail: &QueuedMail) -> DbResult<bool> {
        // Committed before a byte is sent: if this process is killed from here on, the email is not sent again.
        let Some(claim) = store::claim(&core.db, mail.id, core.clock.now()).await? else { return Ok(true) };
        let (sent, is_usable) = match message(core, mail, settings) {
            Ok(message) => {
                let sent = over.send(&message).await;
                let is_usable = sent.is_ok();
                (sent, is_usable)
            }
            Err(error) => (Err(error), true),
        };
        match sent {
            Ok(()) => {
                // If this cannot be stored, the email ends as unknown. It is still not sent twice.
                store::set_sent(&core.db, claim, core.clock.now()).await?;
                self.sent.fetch_add(1, Ordering::Relaxed);
                tracing::info!(mail = %mail.id, kind = %mail.content.kind(), workspace = %mail.to.workspace, "an email was sent");
            }
            Err(SendError::Later(error)) if mail.attempts + 1 < MAX_ATTEMPTS => {
                let pause = PAUSES[usize::try_from(mail.attempts).unwrap_or(PAUSES.len()).min(PAUSES.len() - 1)];
                store::set_due(&core.db, claim, core.clock.now().after(pause), &error).await?;
                tracing::warn!(mail = %mail.id, kind = %mail.content.kind(), %error, retry_seconds = pause.as_secs(), "an email was not sent yet");
            }
            Err(SendError::Later(error) | SendError::Refused(error)) => {
                store::set_failed(&core.db, claim, core.clock.now(), &error).await?;
                self.failed.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(mail = %mail.id, kind = %mail.content.kind(), workspace = %mail.to.workspace, %error, "an email was not sent");
            }
            Err(SendError::Unknown(error)) => {
                store::set_failed(&core.db, claim, core.clock.now(), &error).await?;
                self.unknown.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(mail = %mail.id, kind = %mail.content.kind(), workspace = %mail.to.workspace, %error, "an email may have been sent or not, and is not sent again");
            }
        }
        Ok(is_usable)
    }

    async fn end_overdue(&self, core: &Core) -> DbResult<()> {
        for Ended { id, workspace, kind, attempts, last_error, was_sending } in
            store::end_overdue(&core.db, core.clock.now()).await?
        {
            let error = last_error.as_deref().unwrap_or("none");
            if was_sending {
                self.unknown.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(mail = %id, %kind, %workspace, attempts, "a process ended while it sent an email, which may have been sent or not, and is not sent again");
            } else {
                self.failed.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(mail = %id, %kind, %workspace, attempts, error, "an email was not sent in time");
            }
        }
        Ok(())
    }

    fn is_paused(&self, core: &Core) -> bool {
        lock(&self.pause).is_some_and(|pause| core.clock.ticks() < pause.until)
    }

    /// Begins a longer pause after another failed connection, which is logged once a pause.
    fn begin_pause(&self, core: &Core, settings: &MailSettings, error: &str) {
        let mut pause = lock(&self.pause);
        let length = pause.map_or(FIRST_PAUSE, |pause| (pause.length * 2).min(LONGEST_PAUSE));
        *pause = Some(Pause { length, until: core.clock.ticks() + length });
        tracing::warn!(server = %settings.server, error, retry_seconds = length.as_secs(), "the SMTP server cannot be reached: emails wait");
    }
}

/// Deletes emails that ended 30 days ago.
pub async fn forget_old(core: &Core) -> DbResult<()> {
    store::forget(&core.db, core.clock.now().before(Duration::from_hours(30 * 24))).await
}

fn message(core: &Core, mail: &QueuedMail, settings: &MailSettings) -> Result<Message, SendError> {
    let link = open_link(core, mail)?;
    render::message(mail, &link, &core.config.public_url, &settings.from).map_err(refused)
}

/// Opens the link of an email. An email without one has an empty link. Where a key is missing, another node may have it.
fn open_link(core: &Core, mail: &QueuedMail) -> Result<String, SendError> {
    let Some(sealed) = &mail.sealed_link else { return Ok(String::new()) };
    let keys = core.config.require_secret_keys().map_err(|missing| SendError::Later(missing.to_string()))?;
    let opened = keys.open(&link_context(mail.id), sealed).map_err(|error| match error {
        SealError::UnknownKey(_) => SendError::Later(error.to_string()),
        SealError::Malformed | SealError::Altered => refused(error),
    })?;
    str::from_utf8(opened.expose_secret()).map(str::to_owned).map_err(refused)
}

fn refused(error: impl Display) -> SendError {
    SendError::Refused(error.to_string())
}
