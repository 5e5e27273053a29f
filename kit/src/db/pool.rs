//! A connection pool with statement timeouts.
//!
//! Connections stay open when the network to a database is cut, and a statement on one of them would wait for TCP's
//! retransmission timeout of a quarter of an hour. Here a statement has a timeout of seconds, and exceeding it counts as an
//! outage ([`super::is_unavailable`]). If no other statement was answered in that time, all connections of the pool are
//! replaced, as they share the network path.

use std::collections::HashSet;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use futures_util::TryFutureExt;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult,
    QueryResult, RuntimeErr, Statement, TransactionOptions, TransactionTrait,
};
use sea_orm_migration::async_trait::async_trait;
use serde::de::DeserializeOwned;
use tokio::task::JoinError;

use super::DbResult;
use super::packed::{BinaryRows, copy_out};
use super::reader::Reader;
use super::storage::Storage;
use super::write_connection::{Turn, Turns};
use crate::clock::Clock;
use crate::lock::lock;

/// The time in which connections are tried before use after an error, in ticks.
const RECENT: u64 = 1_000_000;

/// The connections of one process for requests.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RequestConnections {
    pub read: u32,
    pub write: u32,
}

/// Connections, made as they are needed. Cheap to clone.
#[derive(Clone)]
pub struct Pool(Arc<Shared>);

struct Shared {
    options: ConnectOptions,
    /// The time limit of a statement, the wait for a connection included.
    bound: Option<Duration>,
    storage: Storage,
    discards: Discards,
    current: RwLock<Generation>,
    /// Of the pool for reads from a file.
    reader: Option<Reader>,
    /// Of the pool for writes to a file: its statements take turns with other writers.
    turns: Option<Turns>,
}

/// The connections to close instead of using them again. Shared with the pool's hooks; cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Discards(Arc<Marks>);

#[derive(Debug, Default)]
struct Marks {
    /// The only connection of a pool that has one.
    only: AtomicBool,
    /// Backends of a server, by process id.
    backends: Mutex<HashSet<i32>>,
    /// The time of the last error, in ticks; zero if there was none.
    failed: AtomicU64,
}

impl Discards {
    fn mark(&self, backend: Option<i32>) {
        match backend {
            Some(backend) => drop(lock(&self.0.backends).insert(backend)),
            None => self.0.only.store(true, Ordering::Release),
        }
    }

    /// Takes back the mark of the only connection; true if there was one.
    pub(super) fn take_only(&self) -> bool {
        self.0.only.swap(false, Ordering::AcqRel)
    }

    /// Takes back the mark of a backend; true if there was one.
    pub(super) fn take_backend(&self, backend: i32) -> bool {
        lock(&self.0.backends).remove(&backend)
    }

    /// Returns whether a statement has failed lately.
    pub(super) fn has_recent_error(&self) -> bool {
        let failed = self.0.failed.load(Ordering::Relaxed);
        failed != 0 && now().saturating_sub(failed) < RECENT
    }

    /// Returns whether no backend is marked.
    pub(super) fn has_no_backends(&self) -> bool {
        lock(&self.0.backends).is_empty()
    }
}

/// A statement that has not succeeded yet: dropped before it did, by an error or by a caller who went away, it marks its
/// connection.
struct Unfinished<'a> {
    discards: &'a Discards,
    backend: Option<i32>,
    is_finished: bool,
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if !self.is_finished {
            self.discards.mark(self.backend);
        }
    }
}

/// The connections of a pool, and how many times they have been replaced.
#[derive(Clone)]
pub(super) struct Generation {
    number: u64,
    connections: DatabaseConnection,
    /// The time of the last answer of any of them, in ticks.
    answered: Arc<AtomicU64>,
}

impl Generation {
    fn new(number: u64, connections: DatabaseConnection) -> Self {
        Self { number, connections, answered: Arc::default() }
    }
}

impl fmt::Debug for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Generation").field("number", &self.number).finish_non_exhaustive()
    }
}

/// A time to compare with another of this process; never zero.
fn now() -> u64 {
    u64::try_from(Clock::System.ticks().as_micros()).unwrap_or(u64::MAX)
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The options know the password.
        f.debug_struct("Pool").field("bound", &self.0.bound).finish_non_exhaustive()
    }
}

impl Pool {
    pub(super) async fn open(
        options: ConnectOptions,
        bound: Option<Duration>,
        storage: &Storage,
        discards: &Discards,
    ) -> DbResult<Self> {
        let connections = Database::connect(options.clone()).await?;
        let (storage, discards) = (storage.clone(), discards.clone());
        let current = RwLock::new(Generation::new(0, connections));
        Ok(Self(Arc::new(Shared { options, bound, storage, discards, current, reader: None, turns: None })))
    }

    /// Returns the reader of the file, if these connections are for reads from one.
    pub(super) fn reader(&self) -> Option<&Reader> {
        self.0.reader.as_ref()
    }

    /// Returns a handle on the same connections with a reader for their file.
    pub(super) fn with_reader(&self, reader: Reader) -> Self {
        let Shared { options, bound, storage, discards, .. } = &*self.0;
        let (options, storage, discards) = (options.clone(), storage.clone(), discards.clone());
        let current = RwLock::new(self.current());
        Self(Arc::new(Shared { options, bound: *bound, storage, discards, current, reader: Some(reader), turns: None }))
    }

    /// Returns a handle on the same connections whose statements take turns.
    pub(super) fn with_turns(&self, turns: Turns) -> Self {
        let Shared { options, bound, storage, discards, .. } = &*self.0;
        let (options, storage, discards) = (options.clone(), storage.clone(), discards.clone());
        let current = RwLock::new(self.current());
        Self(Arc::new(Shared { options, bound: *bound, storage, discards, current, reader: None, turns: Some(turns) }))
    }

    /// Waits for its turn, if this pool takes turns with other writers.
    async fn turn(&self) -> DbResult<Option<Turn>> {
        match &self.0.turns {
            Some(turns) => turns.next().await.map(Some),
            None => Ok(None),
        }
    }

    /// Begins a transaction on a connection of its own, and returns it with its turn, if it has one.
    ///
    /// BEGIN runs in a task of its own: if the caller is cancelled while it runs, as when a client disconnects, the driver
    /// would return a connection inside an open transaction to the pool.
    pub(super) async fn begin(&self, options: TransactionOptions) -> DbResult<(DatabaseTransaction, Option<Turn>, Generation)> {
        let turn = self.turn().await?;
        let (on, connections) = self.connections();
        let begun = with_turn(turn, async move { connections.begin_with_options(options).await });
        let (transaction, turn) = self.bounded(&on, begun).await.inspect_err(|error| self.mark_after(error))?;
        Ok((transaction, turn, on))
    }

    /// Returns a handle on the same connections without a time limit, for long-running work.
    pub(super) fn without_timeout(&self) -> Self {
        let Shared { options, storage, discards, .. } = &*self.0;
        let (options, storage, discards) = (options.clone(), storage.clone(), discards.clone());
        let (current, reader, turns) = (RwLock::new(self.current()), self.0.reader.clone(), self.0.turns.clone());
        Self(Arc::new(Shared { options, bound: None, storage, discards, current, reader, turns }))
    }

    /// Reads the rows of a statement `COPY … TO STDOUT (FORMAT binary)`. Only of a server.
    pub(super) async fn copy_out<T: DeserializeOwned>(&self, statement: &str, rows: BinaryRows<T>) -> DbResult<Vec<T>> {
        let on = self.current();
        // In memory of its own: the driver's part is large, and few statements have it.
        let copied = Box::pin(copy_out(on.connections.get_postgres_connection_pool(), statement, rows));
        self.bounded(&on, copied).await.inspect_err(|error| self.mark_after(error))
    }

    /// Closes every connection, after what is running on them.
    pub(super) async fn close(&self) -> DbResult<()> {
        if let Some(reader) = &self.0.reader {
            reader.close().await;
        }
        self.current().connections.close().await
    }

    pub(super) fn storage(&self) -> &Storage {
        &self.0.storage
    }

    fn connections(&self) -> (Generation, DatabaseConnection) {
        let on = self.current();
        let connections = on.connections.clone();
        (on, connections)
    }

    fn current(&self) -> Generation {
        self.0.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Marks the connection of a failed statement to be discarded, in a pool of one connection. A timeout while waiting for
    /// the connection is not its fault.
    fn mark_after(&self, error: &DbErr) {
        if !matches!(error, DbErr::ConnectionAcquire(_)) {
            self.0.discards.mark(None);
        }
    }

    /// Runs a statement outside a transaction.
    ///
    /// Unlike [`super::Db::begin`], it opens no connection to another file that has replaced the one at the path: when it
    /// closed, such a connection would checkpoint the write-ahead log into that file and delete the log.
    async fn single<T: Send + 'static>(
        &self,
        on: &Generation,
        statement: impl Future<Output = DbResult<T>> + Send + 'static,
    ) -> DbResult<T> {
        let turn = self.turn().await?;
        self.0.storage.require_same_file()?;
        let answer = match turn {
            None => self.bounded(on, statement).await,
            Some(turn) => self.bounded(on, with_turn(turn, statement).map_ok(|(answer, _)| answer)).await,
        };
        answer.inspect_err(|error| self.mark_after(error))
    }

    async fn bounded<T>(&self, on: &Generation, statement: impl Future<Output = DbResult<T>>) -> DbResult<T> {
        self.in_time(on, statement).await.inspect_err(|error| {
            self.0.discards.0.failed.store(now(), Ordering::Relaxed);
            self.0.storage.health().observe(error);
        })
    }

    async fn in_time<T>(&self, on: &Generation, statement: impl Future<Output = DbResult<T>>) -> DbResult<T> {
        let Some(bound) = self.0.bound else { return statement.await };
        let begun = now();
        match tokio::time::timeout(bound, statement).await {
            Ok(Err(DbErr::ConnectionAcquire(error))) => {
                self.replace_if_silent(on, begun).await?;
                Err(DbErr::ConnectionAcquire(error))
            }
            Ok(answer) => {
                on.answered.store(now(), Ordering::Relaxed);
                answer
            }
            Err(_) => {
                self.replace_if_silent(on, begun).await?;
                Err(DbErr::Conn(RuntimeErr::Internal("the database did not answer in time".to_owned())))
            }
        }
    }

    /// Replaces the connections, unless another statement was answered since: then the server is only slow.
    async fn replace_if_silent(&self, on: &Generation, since: u64) -> DbResult<()> {
        if on.answered.load(Ordering::Relaxed) > since { Ok(()) } else { self.replace(on.number).await }
    }

    /// Replaces all connections, unless another task has already done so.
    async fn replace(&self, generation: u64) -> DbResult<()> {
        // Connects lazily, so that this does not wait.
        let connections = Database::connect(self.0.options.clone().connect_lazy(true).clone()).await?;
        let mut current = self.0.current.write().unwrap_or_else(PoisonError::into_inner);
        if current.number == generation {
            *current = Generation::new(generation + 1, connections);
        }
        Ok(())
    }
}

#[async_trait]
impl ConnectionTrait for Pool {
    fn get_database_backend(&self) -> DbBackend {
        self.current().connections.get_database_backend()
    }
    async fn execute_raw(&self, statement: Statement) -> DbResult<ExecResult> {
        let (on, connections) = self.connections();
        self.single(&on, async move { connections.execute_raw(statement).await }).await
    }
    async fn execute_unprepared(&self, sql: &str) -> DbResult<ExecResult> {
        let (on, connections) = self.connections();
        let sql = sql.to_owned();
        self.single(&on, async move { connections.execute_unprepared(&sql).await }).await
    }
    async fn query_one_raw(&self, statement: Statement) -> DbResult<Option<QueryResult>> {
        let (on, connections) = self.connections();
        self.single(&on, async move { connections.query_one_raw(statement).await }).await
    }
    async fn query_all_raw(&self, statement: Statement) -> DbResult<Vec<QueryResult>> {
        let (on, connections) = self.connections();
        self.single(&on, async move { connections.query_all_raw(statement).await }).await
    }
}

/// Runs a statement in a task of its own, which has the turn until the driver has answered, also if the caller goes away.
async fn with_turn<T: Send + 'static, O: Send + 'static>(
    turn: O,
    statement: impl Future<Output = DbResult<T>> + Send + 'static,
) -> DbResult<(T, O)> {
    let ended = |error: JoinError| DbErr::Conn(RuntimeErr::Internal(error.to_string()));
    tokio::spawn(async move { Ok((statement.await?, turn)) }).await.map_err(ended)?
}

/// Runs a statement of a transaction; unless it succeeds, the transaction's connection is closed at its end.
pub(super) async fn finishing<T>(
    pool: &Pool,
    on: &Generation,
    backend: Option<i32>,
    statement: impl Future<Output = DbResult<T>>,
) -> DbResult<T> {
    let mut unfinished = Unfinished { discards: &pool.0.discards, backend, is_finished: false };
    let answer = pool.bounded(on, statement).await;
    unfinished.is_finished = answer.is_ok();
    answer
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::poll;
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn statement_has_its_turn_until_the_driver_has_answered() {
        let turns = Turns::new(Duration::from_mins(1));
        let (answer, answered) = oneshot::channel::<&str>();
        let turn = turns.next().await.expect("a turn");
        let statement = with_turn(turn, async move { Ok(answered.await.expect("an answer")) });
        tokio::time::timeout(Duration::from_millis(1), statement).await.expect_err("no answer yet");
        let mut next = pin!(turns.next());
        assert!(poll!(&mut next).is_pending(), "its caller has gone away, and the driver has not answered");
        answer.send("done").expect("a task waits");
        next.await.expect("a turn");
    }
}
