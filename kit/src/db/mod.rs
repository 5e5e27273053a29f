//! The database: one handle over the engines, and the only place that knows which engine it is.
//!
//! Reads and writes have separate pools. On SQLite the write pool is one connection, so that writers queue in
//! memory, in order, rather than by polling the file's lock; every write transaction begins IMMEDIATE. Those that queue share a
//! commit.
//!
//! - `location` the argument of `--database`; `pool` connections with a bound; `transaction` writes; `group` their group commit on
//!   SQLite, `write_connection` the connection for them, `blocking` threads that may wait for the disk
//! - `sqlite`, `postgres` each engine's options and error codes; `migrate` the schema, once
//! - `storage` the state of the disk: `fault` errors that mean that nothing can be stored, `health` the fault that lasts, `space` the watermark, `file` the file's identity
//! - `derived` columns that the code derives; `search` rows that contain a text; `list` parts of lists; `packed` very many rows at
//!   once; `find` rows, by `reader` from SQLite without the asynchronous driver; `notifications` changes by
//!   other processes; `update` one row; `result` of a store; `error` kinds of errors; `copy` every row from one database to another

mod blocking;
mod copy;
mod derived;
mod error;
mod fault;
mod file;
mod find;
mod group;
mod health;
mod joined;
mod list;
mod location;
mod migrate;
mod notifications;
mod packed;
mod pool;
mod postgres;
mod reader;
mod result;
mod search;
mod space;
mod sqlite;
mod storage;
#[cfg(test)]
mod tests;
mod transaction;
mod update;
mod write_connection;

use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::time::Duration;

use futures_util::FutureExt;

use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::{ConnectionTrait, DbErr, RuntimeErr, Statement};

pub use copy::{Table, names, table};
pub use derived::{Derived, refresh};
pub use error::{is_blocked, is_duplicate, is_orphan, is_unavailable, is_unknown_host, is_unstorable, may_open_later};
pub use fault::{Fault, WritesRefused, is_reported};
pub use find::{Source, count_rows, find_pair, find_pairs, find_row, find_rows, find_tuple, find_tuples, rows_of_statement};
pub use group::{GroupCommits, settled};
pub use health::Health;
pub use list::{Direction, Sorted, newest, page, rows_of, sorted_page};
pub use location::{Location, NotALocation, Transport};
pub use notifications::{ChangeNotifications, Channel};
pub use packed::{ExactTime, PackedDigest, PackedRows, PackedTime, Packing, insert_packed, packed, packed_rows};
pub use pool::{Pool, RequestConnections};
pub use reader::{Cells, EntityRow, Row};
pub use result::DbResult;
pub use search::contains;
pub use space::{FreeSpace, MinFreeSpace, NotSpace};
pub use storage::Storage;
pub use transaction::Tx;
pub use update::update_row;

use blocking::{Blocking, BlockingRuntime};
use group::{Position, Writers};

use super::clock::{Clock, Time};

/// The time limit for closing one pool.
const CLOSING: Duration = Duration::from_secs(2);

/// The default number of connections of one node for requests.
pub const USUAL_CONNECTIONS: u32 = 16;

/// A handle on the database, cheap to clone.
#[derive(Clone, Debug)]
pub struct Db {
    engine: Engine,
    read: Pool,
    write: Pool,
    /// For the lease, so that it never queues behind requests: to write, and to read back over another connection.
    lease_write: Pool,
    lease_read: Pool,
    /// A connection to a file that is never used, so that it never fails and another is never the last: SQLite deletes the
    /// write-ahead log with the last connection, and a new log is not the one that was opened ([`Fault::Replaced`]).
    anchor: Option<Pool>,
    storage: Storage,
}

/// The pair of pools for leases: see [`Db::lease_pools`].
#[derive(Clone, Copy, Debug)]
pub struct LeasePools<'a> {
    pub read: &'a Pool,
    pub write: &'a Pool,
}

#[derive(Clone, Debug)]
enum Engine {
    /// With the queue of writers for the one write connection, and the threads of requests that write.
    Sqlite(Writers, Blocking),
    Postgres(Box<Server>),
}

/// The connection settings of a Postgres server.
#[derive(Clone, Debug)]
struct Server {
    /// The address to listen on for notifications: a connection that no pooler shares.
    ear: PgConnectOptions,
}

/// The settings of a database.
#[derive(Clone, Debug)]
pub struct DbOptions {
    /// Connections of this process to a server for requests; it takes up to three more for itself.
    pub connections: u32,
    /// The address of a server for notifications, if the location leads to a pooler that passes none on.
    pub notifications: Option<Location>,
    /// The least free space beside a file for data writes.
    pub min_free_space: MinFreeSpace,
    /// The name of this program in the server's list of connections.
    pub application: &'static str,
    /// True for threads of their own for requests that write to a file ([`Db::run_write`]).
    pub write_threads: bool,
}

impl Default for DbOptions {
    fn default() -> Self {
        Self {
            connections: USUAL_CONNECTIONS,
            notifications: None,
            min_free_space: MinFreeSpace::default(),
            application: env!("CARGO_PKG_NAME"),
            write_threads: false,
        }
    }
}

impl Db {
    /// Opens the database, and creates the file if there is none.
    pub async fn open(location: &Location, options: &DbOptions) -> DbResult<Self> {
        match location {
            Location::Sqlite(path) => Self::open_file(path, options).await,
            Location::Postgres(_) => {
                let unknown = || DbErr::Conn(RuntimeErr::Internal(location::NotALocation::Postgres.to_string()));
                let named = |location: &Location| Some(location.postgres()?.application_name(options.application));
                let server = named(location).ok_or_else(unknown)?;
                let storage = Storage::server();
                let postgres::Pools { write, read, lease_write, lease_read } =
                    postgres::open(&server, options.connections, &storage).await?;
                let ear = options.notifications.as_ref().and_then(named).unwrap_or(server);
                Ok(Self {
                    engine: Engine::Postgres(Server { ear }.into()),
                    read,
                    write,
                    lease_write,
                    lease_read,
                    anchor: None,
                    storage,
                })
            }
        }
    }

    async fn open_file(path: &Path, options: &DbOptions) -> DbResult<Self> {
        let storage = Storage::file(path, options.min_free_space);
        let threads = options.write_threads.then(BlockingRuntime::start).transpose();
        let threads = threads.map_err(|error| DbErr::Conn(RuntimeErr::Internal(error.to_string())))?;
        let blocking = Blocking::new(threads);
        let sqlite::Pools { write, connection, read, lease_read, anchor } =
            sqlite::open(path, &storage, blocking.clone()).await?;
        // A file has one writer, whatever is written.
        let lease_write = write.clone();
        let engine = Engine::Sqlite(Writers::new(connection), blocking);
        Ok(Self { engine, read, write, lease_write, lease_read, anchor: Some(anchor), storage })
    }

    /// For queries outside a transaction.
    pub fn read(&self) -> &Pool {
        &self.read
    }

    /// Returns the sizes of the pools for requests, of a database at `location` with these options.
    pub fn request_connections(location: &Location, options: &DbOptions) -> RequestConnections {
        match location {
            Location::Sqlite(_) => sqlite::SHARES,
            Location::Postgres(_) => postgres::shares(options.connections),
        }
    }

    /// The storage's health and free space.
    pub fn storage(&self) -> &Storage {
        &self.storage
    }

    /// For the single statements that keep a node's lease: they do not wait behind requests for a connection. The two are
    /// different connections, so that what one wrote can be read back over the other.
    pub fn lease_pools(&self) -> LeasePools<'_> {
        LeasePools { read: &self.lease_read, write: &self.lease_write }
    }

    /// Begins a write transaction; dropped without a commit, it is rolled back.
    ///
    /// Fails with [`WritesRefused`] while the storage has a fault or too little free space.
    pub async fn begin(&self) -> DbResult<Tx> {
        self.storage.require_for_data()?;
        self.begin_as(Position::Any).await
    }

    /// Begins a write transaction that is tried whatever the state of the storage: one that takes access away, or frees space.
    /// It shares its commit with no other one.
    pub async fn begin_essential(&self) -> DbResult<Tx> {
        self.begin_as(Position::Only).await
    }

    async fn begin_as(&self, position: Position) -> DbResult<Tx> {
        self.storage.require_same_file()?;
        match &self.engine {
            Engine::Sqlite(writers, _) => Box::pin(writers.begin(position)).await.map(Tx::from),
            Engine::Postgres(_) => postgres::begin(&self.write).await,
        }
    }

    /// Runs a request that writes, where its transactions take the least time: on SQLite, on the threads for that, if there are
    /// any. Dropped, it ends at its next wait. Fails if it panics.
    pub async fn run_write<T: Send + 'static>(&self, request: impl Future<Output = T> + Send + 'static) -> Result<T, Panicked> {
        if let Engine::Sqlite(_, blocking) = &self.engine
            && let Some(threads) = blocking.threads()
        {
            return threads.run(request).await.map_err(|_| Panicked);
        }
        AssertUnwindSafe(request).catch_unwind().await.map_err(|_| Panicked)
    }

    /// Returns how many transactions have shared how many commits; `None` on a server, which groups them itself.
    pub fn group_commits(&self) -> Option<GroupCommits> {
        match &self.engine {
            Engine::Sqlite(writers, _) => Some(writers.commits()),
            Engine::Postgres(_) => None,
        }
    }

    /// Fails if the database file was deleted or replaced since it was opened.
    pub fn require_same_file(&self) -> DbResult<()> {
        Ok(self.storage.require_same_file()?)
    }

    /// Gives the write-ahead log of a file back to the file system, which makes room on a full disk. A server does so by itself.
    pub async fn reclaim_log(&self) -> DbResult<()> {
        match self.engine {
            Engine::Sqlite(..) => self.write.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await.map(|_| ()),
            Engine::Postgres(_) => Ok(()),
        }
    }

    /// The time by the clock that all nodes share, where they share one: the server's. `None` for a file, whose nodes are
    /// on one machine.
    pub async fn time(&self) -> DbResult<Option<Time>> {
        if self.engine.has_clock() { read_time(&self.lease_read).await.map(Some) } else { Ok(None) }
    }

    /// `clock`, or the server's if that is the machine's and there is a server.
    pub async fn clock(&self, clock: Clock) -> DbResult<Clock> {
        match (clock, self.engine.has_clock()) {
            (Clock::System, true) => Ok(Clock::shared(read_time(&self.read).await?)),
            (clock, _) => Ok(clock),
        }
    }

    /// Returns the bytes that the database takes: the file with its write-ahead log, or the database on the server.
    pub async fn size(&self) -> DbResult<u64> {
        if let Some(bytes) = self.storage.file_bytes() {
            return Ok(bytes);
        }
        let statement = Statement::from_string(self.read.get_database_backend(), "SELECT pg_database_size(current_database())");
        let row = self.read.query_one_raw(statement).await?;
        let bytes: i64 = row.map_or(Ok(0), |row| row.try_get_by_index(0))?;
        Ok(u64::try_from(bytes).unwrap_or(0))
    }

    /// Writes a consistent copy to `target`, which must not exist, while others go on reading and writing. Only of a file:
    /// a server has means of its own.
    pub async fn copy_to(&self, target: &str) -> DbResult<()> {
        sqlite::copy_to(&self.read, target).await
    }

    /// Closes every connection, after what is running on them.
    pub async fn close(self) {
        if let Engine::Sqlite(writers, _) = &self.engine {
            closed(writers.close()).await;
        }
        for pool in [self.read, self.lease_read, self.lease_write, self.write].into_iter().chain(self.anchor) {
            closed(pool.close()).await;
        }
    }
}

/// Waits for connections to be closed, for a limited time.
async fn closed(closing: impl Future<Output = DbResult<()>>) {
    match tokio::time::timeout(CLOSING, closing).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "the database did not close cleanly"),
        Err(_) => tracing::warn!("the database does not answer: connections to it are left as they are"),
    }
}

/// A request has panicked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Panicked;

impl Engine {
    /// Returns whether the engine has a clock of its own, apart from this machine's.
    const fn has_clock(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }
}

async fn read_time(pool: &Pool) -> DbResult<Time> {
    let now = Statement::from_string(pool.get_database_backend(), "SELECT clock_timestamp()");
    let row = pool.query_one_raw(now).await?.ok_or_else(|| DbErr::RecordNotFound("the time".to_owned()))?;
    row.try_get_by_index(0)
}

/// Rows in parts to insert, as many in each as a power of two: every number of rows is a statement of its own, which each
/// connection keeps prepared, and of these there are eleven. SQLite binds at most 32,766 values: room for 31 columns.
pub fn in_powers<T>(rows: Vec<T>) -> impl Iterator<Item = Vec<T>> {
    let (mut left, mut rows) = (rows.len(), rows.into_iter());
    std::iter::from_fn(move || {
        let length = 1 << left.min(1_024).checked_ilog2()?;
        left -= length;
        Some(rows.by_ref().take(length).collect())
    })
}

/// Values for `IN (…)`, the last one repeated up to a power of two: every number of values is a statement of its own, as with
/// [`in_powers`].
pub fn padded<T: Clone>(mut values: Vec<T>) -> Vec<T> {
    if let Some(last) = values.last().cloned() {
        values.resize(values.len().next_power_of_two(), last);
    }
    values
}
