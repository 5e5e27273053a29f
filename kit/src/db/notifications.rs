//! Change notifications: learning that another process has committed something.
//!
//! On SQLite by polling the file's `data_version`. On Postgres by LISTEN/NOTIFY, sent in the transaction that makes the
//! change. A notification may be lost, and a pooler that shares connections delivers none: a periodic probe finds out whether
//! they arrive, and while they do not, waiters poll at a shorter interval. Notifications only save time; correctness does
//! not depend on them.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sea_orm::sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use sea_orm::{ConnectionTrait, Statement};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::postgres::without_statement_log;
use super::{Db, DbResult, Engine, Pool, Tx, sqlite};
use crate::random::Random;

/// A notification channel. One lower-case word, so that LISTEN and NOTIFY agree with or without quotes.
#[derive(Clone, Copy, Debug)]
pub struct Channel(pub &'static str);

/// The payload of a change; every other payload is a probe.
const CHANGE: &str = "change";

/// The polling interval of a file.
const SQLITE_POLL: Duration = Duration::from_millis(20);

/// The polling interval while no notifications arrive.
const FALLBACK_POLL: Duration = Duration::from_millis(50);

/// The interval between probes, and the timeout of one.
const PROBE_INTERVAL: Duration = Duration::from_secs(5);
const PROBE_TIMEOUT: Duration = Duration::from_secs(1);

/// The pause before another probe where none arrived: behind a pooler, another client's connection may receive it.
const RETRY_AFTER: Duration = Duration::from_mins(5);

/// A subscription to changes that other processes commit.
#[derive(Debug)]
pub struct ChangeNotifications(Source);

#[derive(Debug)]
enum Source {
    File { watch: Pool, seen: Option<i64> },
    Server { change: Arc<Notify>, is_live: Arc<AtomicBool>, ear: JoinHandle<()> },
}

impl Drop for ChangeNotifications {
    fn drop(&mut self) {
        if let Source::Server { ear, .. } = &self.0 {
            ear.abort();
        }
    }
}

impl Tx {
    /// Notifies the subscribers of a channel in other processes of a change, when this transaction commits.
    pub async fn announce(&self, channel: Channel) -> DbResult<()> {
        match self.get_database_backend() {
            // Pollers see the new `data_version` of the file.
            sea_orm::DbBackend::Sqlite => Ok(()),
            _ => notify(self, channel.0, CHANGE).await,
        }
    }
}

async fn notify(db: &impl ConnectionTrait, channel: &str, what: &str) -> DbResult<()> {
    let values = [channel.into(), what.into()];
    let notify = Statement::from_sql_and_values(db.get_database_backend(), "SELECT pg_notify($1, $2)", values);
    db.execute_raw(notify).await.map(|_| ())
}

impl Db {
    /// Subscribes to changes that other processes announce on a channel.
    pub fn change_notifications(&self, channel: Channel) -> ChangeNotifications {
        ChangeNotifications(match &self.engine {
            Engine::Sqlite(..) => Source::File { watch: self.lease_read.clone(), seen: None },
            Engine::Postgres(server) => {
                let (change, is_live) = (Arc::<Notify>::default(), Arc::<AtomicBool>::default());
                let ear = PgListenerTask {
                    server: server.ear.clone(),
                    channel,
                    lease_pools: self.lease_write.clone(),
                    change: change.clone(),
                    is_live: is_live.clone(),
                };
                Source::Server { change, is_live, ear: tokio::spawn(ear.listen()) }
            }
        })
    }
}

impl ChangeNotifications {
    /// Returns when another process may have committed something, and in any case after `longest`.
    pub async fn wait(&mut self, longest: Duration) {
        match &mut self.0 {
            Source::File { watch, seen } => {
                let until = Instant::now() + longest;
                while Instant::now() < until {
                    sleep(SQLITE_POLL.min(longest)).await;
                    let version = sqlite::version(watch).await.ok();
                    if std::mem::replace(seen, version) != version {
                        return;
                    }
                }
            }
            Source::Server { change, is_live, .. } => {
                let longest = if is_live.load(Ordering::Relaxed) { longest } else { longest.min(FALLBACK_POLL) };
                // Nothing was heard in time: then it is time to look.
                let _unheard = timeout(longest, change.notified()).await;
            }
        }
    }

    /// Returns whether changes by other processes arrive as notifications, rather than at the next poll.
    pub fn are_live(&self) -> bool {
        match &self.0 {
            Source::File { .. } => true,
            Source::Server { is_live, .. } => is_live.load(Ordering::Relaxed),
        }
    }
}

/// A connection of its own that listens.
struct PgListenerTask {
    server: PgConnectOptions,
    channel: Channel,
    lease_pools: Pool,
    change: Arc<Notify>,
    is_live: Arc<AtomicBool>,
}

/// The reason why listening ended.
enum ListenError {
    /// The connection is lost, or silent.
    Lost(Option<sea_orm::sqlx::Error>),
    /// Nothing that was sent ever arrived.
    NeverDelivered,
}

impl From<sea_orm::sqlx::Error> for ListenError {
    fn from(error: sea_orm::sqlx::Error) -> Self {
        Self::Lost(Some(error))
    }
}

impl PgListenerTask {
    async fn listen(self) {
        let mut is_logged = false;
        loop {
            let Err(ended) = self.listen_until_error().await;
            let was_live = self.is_live.swap(false, Ordering::Relaxed);
            // Notifications sent meanwhile are lost: look once.
            self.change.notify_one();
            match ended {
                ListenError::Lost(error) if was_live => {
                    let error = error.as_ref().map(tracing::field::display);
                    tracing::warn!(error, "notifications no longer arrive: polling instead");
                }
                ListenError::Lost(_) => {}
                ListenError::NeverDelivered => {
                    if !std::mem::replace(&mut is_logged, true) {
                        tracing::warn!(
                            "notifications do not arrive, as behind a pooler that shares connections: polling every {} ms instead; \
                             give a direct connection with --database-notifications",
                            FALLBACK_POLL.as_millis()
                        );
                    }
                    sleep(RETRY_AFTER).await;
                }
            }
            sleep(PROBE_INTERVAL).await;
        }
    }

    async fn listen_until_error(&self) -> Result<Infallible, ListenError> {
        let one = PgPoolOptions::new().max_connections(1).acquire_timeout(PROBE_INTERVAL);
        let mut listener = PgListener::connect_with(&one.connect_lazy_with(without_statement_log(&self.server))).await?;
        timeout(2 * PROBE_INTERVAL, self.probe(&mut listener)).await.map_err(|_| ListenError::Lost(None))??;
        timeout(PROBE_INTERVAL, listener.listen(self.channel.0)).await.map_err(|_| ListenError::Lost(None))??;
        loop {
            // A probe that cannot be sent counts as one that did not arrive.
            let _unsent = notify(&self.lease_pools, self.channel.0, "probe").await;
            let until = Instant::now() + PROBE_TIMEOUT;
            if !self.receive_until(&mut listener, until).await? {
                return Err(ListenError::Lost(None));
            }
            self.is_live.store(true, Ordering::Relaxed);
            self.receive_until(&mut listener, until + PROBE_INTERVAL).await?;
        }
    }

    /// Sends a probe to a channel of its own and waits for it: behind a pooler, the next client of the connection must not
    /// receive notifications of the regular channel.
    async fn probe(&self, listener: &mut PgListener) -> Result<(), ListenError> {
        let channel = format!("{}_{}", self.channel.0, Random::System.base62(12));
        listener.listen(&channel).await?;
        notify(&self.lease_pools, &channel, "probe").await.map_err(|_| ListenError::Lost(None))?;
        if !self.receive_until(listener, Instant::now() + PROBE_TIMEOUT).await? {
            return Err(ListenError::NeverDelivered);
        }
        listener.unlisten(&channel).await?;
        Ok(())
    }

    /// Forwards notifications until `until`; returns whether any arrived.
    async fn receive_until(&self, listener: &mut PgListener, until: Instant) -> Result<bool, ListenError> {
        let mut has_received = false;
        while let Ok(notification) = timeout_at(until, listener.try_recv()).await {
            let Some(notification) = notification? else { return Err(ListenError::Lost(None)) };
            has_received = true;
            if notification.payload() == CHANGE {
                self.change.notify_one();
            }
        }
        Ok(has_received)
    }
}
