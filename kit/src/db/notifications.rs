//! How a process hears that another has committed something.
//!
//! On a file, by looking at a number that SQLite keeps for that. On a server by NOTIFY, sent in the transaction that makes
//! the change. A notification may be lost, and a pooler that shares connections passes none on: whether they arrive is
//! tried out all the time, and while they do not, whoever waits looks more often instead. Nothing depends on a notification but time.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sea_orm::sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use sea_orm::{ConnectionTrait, Statement};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::postgres::named;
use super::{Db, DbResult, Engine, Pool, Tx, sqlite};
use crate::random::Random;

/// Where changes are announced. One word, so that what is sent is what is listened to whatever the quoting.
const CHANNEL: &str = "planeconnection";

/// What announces a change; anything else is a trial.
const CHANGE: &str = "change";

/// How often a file is looked at.
const GLANCE: Duration = Duration::from_millis(20);

/// How often to look while no notifications arrive.
const DEAF: Duration = Duration::from_millis(50);

/// How often it is tried whether notifications arrive, and how long one may take.
const TRIAL: Duration = Duration::from_secs(5);
const ON_ITS_WAY: Duration = Duration::from_secs(1);

/// How long to wait before trying again where none arrived: a trial behind a pooler may be heard by somebody else.
const ONCE_MORE: Duration = Duration::from_mins(5);

/// Someone who waits for news.
#[derive(Debug)]
pub struct ChangeNotifications(Source);

#[derive(Debug)]
enum Source {
    File { watch: Pool, seen: Option<i64> },
    Server { change: Arc<Notify>, hears: Arc<AtomicBool>, ear: JoinHandle<()> },
}

impl Drop for ChangeNotifications {
    fn drop(&mut self) {
        if let Source::Server { ear, .. } = &self.0 {
            ear.abort();
        }
    }
}

impl Tx {
    /// Tells other processes, when this commits, that there is something to read.
    pub async fn announce(&self) -> DbResult<()> {
        match self.get_database_backend() {
            // Whoever looks at the file sees that it has changed.
            sea_orm::DbBackend::Sqlite => Ok(()),
            _ => notify(self, CHANNEL, CHANGE).await,
        }
    }
}

async fn notify(db: &impl ConnectionTrait, channel: &str, what: &str) -> DbResult<()> {
    let values = [channel.into(), what.into()];
    let notify = Statement::from_sql_and_values(db.get_database_backend(), "SELECT pg_notify($1, $2)", values);
    db.execute_raw(notify).await.map(|_| ())
}

impl Db {
    /// Begins to listen.
    pub fn news(&self) -> ChangeNotifications {
        ChangeNotifications(match &self.engine {
            Engine::Sqlite => Source::File { watch: self.lease_read.clone(), seen: None },
            Engine::Postgres(server) => {
                let (change, hears) = (Arc::<Notify>::default(), Arc::<AtomicBool>::default());
                let ear = Ear {
                    server: server.ear.clone(),
                    lease_pools: self.lease_write.clone(),
                    change: change.clone(),
                    hears: hears.clone(),
                };
                Source::Server { change, hears, ear: tokio::spawn(ear.listen()) }
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
                    sleep(GLANCE.min(longest)).await;
                    let version = sqlite::version(watch).await.ok();
                    if std::mem::replace(seen, version) != version {
                        return;
                    }
                }
            }
            Source::Server { change, hears, .. } => {
                let longest = if hears.load(Ordering::Relaxed) { longest } else { longest.min(DEAF) };
                // Nothing was heard in time: then it is time to look.
                let _unheard = timeout(longest, change.notified()).await;
            }
        }
    }

    /// Whether a change of another process is heard of at once, rather than at the next look.
    pub fn is_prompt(&self) -> bool {
        match &self.0 {
            Source::File { .. } => true,
            Source::Server { hears, .. } => hears.load(Ordering::Relaxed),
        }
    }
}

/// A connection of its own that listens.
struct Ear {
    server: PgConnectOptions,
    lease_pools: Pool,
    change: Arc<Notify>,
    hears: Arc<AtomicBool>,
}

/// Why an ear does not listen any more.
enum Deaf {
    /// The connection is lost, or silent.
    Lost(Option<sea_orm::sqlx::Error>),
    /// Nothing that was sent ever arrived.
    FromBirth,
}

impl From<sea_orm::sqlx::Error> for Deaf {
    fn from(error: sea_orm::sqlx::Error) -> Self {
        Self::Lost(Some(error))
    }
}

impl Ear {
    async fn listen(self) {
        let mut is_told = false;
        loop {
            let Err(deaf) = self.listen_while_it_works().await;
            let heard_before = self.hears.swap(false, Ordering::Relaxed);
            // What was announced meanwhile was not heard.
            self.change.notify_one();
            match deaf {
                Deaf::Lost(error) if heard_before => {
                    let error = error.as_ref().map(tracing::field::display);
                    tracing::warn!(error, "notifications do not arrive any more; looking for changes instead");
                }
                Deaf::Lost(_) => {}
                Deaf::FromBirth => {
                    if !std::mem::replace(&mut is_told, true) {
                        tracing::warn!(
                            "notifications of the database do not arrive, as behind a pooler that shares connections; looking \
                             for changes every {} ms instead. A direct connection for them: --database-notifications",
                            DEAF.as_millis()
                        );
                    }
                    sleep(ONCE_MORE).await;
                }
            }
            sleep(TRIAL).await;
        }
    }

    async fn listen_while_it_works(&self) -> Result<Infallible, Deaf> {
        let one = PgPoolOptions::new().max_connections(1).acquire_timeout(TRIAL);
        let mut listener = PgListener::connect_with(&one.connect_lazy_with(named(&self.server))).await?;
        timeout(2 * TRIAL, self.try_out(&mut listener)).await.map_err(|_| Deaf::Lost(None))??;
        timeout(TRIAL, listener.listen(CHANNEL)).await.map_err(|_| Deaf::Lost(None))??;
        loop {
            // A failed attempt is a trial that was not heard.
            let _unsent = notify(&self.lease_pools, CHANNEL, "trial").await;
            let until = Instant::now() + ON_ITS_WAY;
            if !self.hear_until(&mut listener, until).await? {
                return Err(Deaf::Lost(None));
            }
            self.hears.store(true, Ordering::Relaxed);
            self.hear_until(&mut listener, until + TRIAL).await?;
        }
    }

    /// On a channel of its own: a connection that a pooler hands on to others must not be left listening to what will be
    /// sent again, which whoever gets it does not expect.
    async fn try_out(&self, listener: &mut PgListener) -> Result<(), Deaf> {
        let channel = format!("{CHANNEL}_{}", Random::System.base62(12));
        listener.listen(&channel).await?;
        notify(&self.lease_pools, &channel, "trial").await.map_err(|_| Deaf::Lost(None))?;
        if !self.hear_until(listener, Instant::now() + ON_ITS_WAY).await? {
            return Err(Deaf::FromBirth);
        }
        listener.unlisten(&channel).await?;
        Ok(())
    }

    /// Passes on what comes until then; whether anything came.
    async fn hear_until(&self, listener: &mut PgListener, until: Instant) -> Result<bool, Deaf> {
        let mut has_heard = false;
        while let Ok(notification) = timeout_at(until, listener.try_recv()).await {
            let Some(notification) = notification? else { return Err(Deaf::Lost(None)) };
            has_heard = true;
            if notification.payload() == CHANGE {
                self.change.notify_one();
            }
        }
        Ok(has_heard)
    }
}
