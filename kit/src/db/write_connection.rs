//! The connection that writes to a file, without the asynchronous driver.
//!
//! The connection is opened when it is needed, and closed after an error. Its transactions take turns with one another, and with
//! the statements by which the asynchronous driver writes ([`Turns`]).

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, TryLockError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr};
use tokio::runtime::Handle;
use tokio::sync::OwnedMutexGuard;

use super::DbResult;
use super::blocking::Blocking;
use super::reader::{as_db_error, execute};
use super::storage::Storage;
use crate::lock::lock;

/// The statements that the connection keeps prepared.
const STATEMENTS: usize = 200;

/// The turns of the writers of a file, first come, first served: SQLite has one at a time. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Turns {
    turn: Arc<tokio::sync::Mutex<()>>,
    /// The longest wait for a turn.
    wait: Duration,
}

/// A turn to write.
pub(super) type Turn = OwnedMutexGuard<()>;

impl Turns {
    pub(super) fn new(wait: Duration) -> Self {
        Self { turn: Arc::default(), wait }
    }

    /// Waits for a turn. Fails if that takes too long.
    pub(super) async fn next(&self) -> DbResult<Turn> {
        let turn = tokio::time::timeout(self.wait, Arc::clone(&self.turn).lock_owned()).await;
        turn.map_err(|_| DbErr::ConnectionAcquire(ConnAcquireErr::Timeout))
    }
}

/// The connection that writes to a file. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct WriteConnection(Arc<Shared>);

struct Shared {
    path: PathBuf,
    storage: Storage,
    /// The time that a statement waits for another process that has locked the file.
    busy: Duration,
    turns: Turns,
    blocking: Blocking,
    /// Kept open between two transactions.
    idle: Mutex<Option<Connection>>,
    is_closed: AtomicBool,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteConnection").field("path", &self.path).finish_non_exhaustive()
    }
}

impl WriteConnection {
    /// Returns the connection to this file. Another one must have opened it before.
    pub(super) fn new(path: &Path, storage: &Storage, busy: Duration, turns: Turns, blocking: Blocking) -> Self {
        let (path, storage, idle) = (path.to_owned(), storage.clone(), Mutex::default());
        Self(Arc::new(Shared { path, storage, busy, turns, blocking, idle, is_closed: AtomicBool::new(false) }))
    }

    pub(super) fn storage(&self) -> &Storage {
        &self.0.storage
    }

    /// Closes the connection after the transaction that is open. No other one begins.
    pub(super) async fn close(&self) -> DbResult<()> {
        self.0.is_closed.store(true, Ordering::Release);
        let turn = self.0.turns.next().await?;
        let shared = Arc::clone(&self.0);
        let close = move || {
            drop(lock(&shared.idle).take());
            drop(turn);
            Ok(())
        };
        self.0.blocking.run(close).await
    }

    /// Begins a transaction that no statement of another writer can fail.
    pub(super) async fn begin(&self) -> DbResult<OpenTransaction> {
        let turn = self.0.turns.next().await?;
        if self.0.is_closed.load(Ordering::Acquire) {
            return Err(DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed));
        }
        let (shared, handle) = (Arc::clone(&self.0), Handle::current());
        let begun = self.0.blocking.run(move || {
            let idle = lock(&shared.idle).take();
            let connection = idle.map_or_else(|| shared.connect(), Ok)?;
            execute(&connection, "BEGIN IMMEDIATE")?;
            let (connection, storage) = (Mutex::new(Some(connection)), shared.storage.clone());
            let active = Active { connection, has_failed: AtomicBool::new(false), storage };
            Ok(OpenTransaction { active: Arc::new(active), owner: Some(Owner { shared, turn, handle }) })
        });
        begun.await.inspect_err(|error| self.0.storage.health().observe(error))
    }
}

impl Shared {
    fn connect(&self) -> DbResult<Connection> {
        // Used by one thread at a time, so that SQLite needs no mutex of its own.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_EXRESCODE;
        let opening = |error| as_db_error(error, DbErr::Conn);
        let connection = Connection::open_with_flags(&self.path, flags).map_err(opening)?;
        // Before it opens the write-ahead log of another file.
        self.storage.require_same_file()?;
        connection.busy_timeout(self.busy).map_err(opening)?;
        // FULL: a revocation that was answered must outlive a power cut. Journals of savepoints in memory: writing them to a
        // temporary file took a fifth of the time of a transaction.
        let settings = "PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY";
        connection.execute_batch(settings).map_err(opening)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        self.storage.require_same_file()?;
        Ok(connection)
    }
}

/// A transaction that is open. Dropped, it is rolled back before the next one begins.
#[derive(Debug)]
pub(super) struct OpenTransaction {
    active: Arc<Active>,
    /// `None` once it has ended.
    owner: Option<Owner>,
}

/// The connection of an open transaction.
#[derive(Debug)]
struct Active {
    /// `None` once the transaction has ended.
    connection: Mutex<Option<Connection>>,
    /// True once a statement has failed: SQLite may have ended the transaction, and the connection is not used again.
    has_failed: AtomicBool,
    storage: Storage,
}

#[derive(Debug)]
struct Owner {
    shared: Arc<Shared>,
    turn: Turn,
    handle: Handle,
}

impl OpenTransaction {
    /// Runs `work` with the connection of the transaction. If the caller is dropped before it has begun, it does not run.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> DbResult<T> + Send + 'static,
    ) -> DbResult<T> {
        let Some(owner) = &self.owner else { return Err(ended()) };
        let (active, caller) = (Arc::clone(&self.active), Arc::new(()));
        let waits = Arc::downgrade(&caller);
        let result = self.active.run(&owner.shared.blocking, move || {
            let connection = lock(&active.connection);
            match &*connection {
                // Otherwise what the caller has begun may be undone already, and the next member has its turn.
                Some(connection) if waits.strong_count() > 0 => active.noted(work(connection)),
                _ => Err(ended()),
            }
        });
        let result = result.await;
        drop(caller);
        result
    }

    /// Commits. If that fails, it is not known whether the transaction was committed.
    pub(super) async fn commit(self) -> DbResult<()> {
        self.end("COMMIT").await
    }

    /// Rolls back.
    pub(super) async fn rollback(self) -> DbResult<()> {
        self.end("ROLLBACK").await
    }

    async fn end(mut self, sql: &'static str) -> DbResult<()> {
        let Some(owner) = self.owner.take() else { return Err(ended()) };
        let (active, blocking) = (Arc::clone(&self.active), owner.shared.blocking.clone());
        self.active.run(&blocking, move || active.end(owner, sql)).await
    }
}

impl Drop for OpenTransaction {
    fn drop(&mut self) {
        if let Some(owner) = self.owner.take() {
            let active = Arc::clone(&self.active);
            let (blocking, handle) = (owner.shared.blocking.clone(), owner.handle.clone());
            let is_in_use = active.is_in_use();
            blocking.run_detached(&handle, is_in_use, move || {
                // A connection that does not roll back is closed, which rolls back as well.
                let _closed = active.end(owner, "ROLLBACK");
            });
        }
    }
}

impl Active {
    /// Runs `work`, which locks the connection.
    async fn run<T: Send + 'static>(
        &self,
        blocking: &Blocking,
        work: impl FnOnce() -> DbResult<T> + Send + 'static,
    ) -> DbResult<T> {
        if self.is_in_use() { blocking.run_apart(work).await } else { blocking.run(work).await }
    }

    /// Returns whether a statement runs whose caller has gone away. What comes next must not wait for it in place.
    fn is_in_use(&self) -> bool {
        matches!(self.connection.try_lock(), Err(TryLockError::WouldBlock))
    }

    /// Notes an error of a statement.
    fn noted<T>(&self, result: DbResult<T>) -> DbResult<T> {
        result.inspect_err(|error| {
            self.has_failed.store(true, Ordering::Release);
            self.storage.health().observe(error);
        })
    }

    /// Ends the transaction, after the statement that runs, and then the turn.
    fn end(&self, Owner { shared, turn, handle: _ }: Owner, sql: &str) -> DbResult<()> {
        let connection = lock(&self.connection).take();
        let ended = connection.ok_or_else(ended).and_then(|connection| {
            self.noted(execute(&connection, sql))?;
            Ok(connection)
        });
        let ended = ended.map(|connection| {
            if !self.has_failed.load(Ordering::Acquire) && connection.is_autocommit() {
                *lock(&shared.idle) = Some(connection);
            }
        });
        drop(turn);
        ended
    }
}

fn ended() -> DbErr {
    DbErr::Conn(RuntimeErr::Internal("the transaction has ended".to_owned()))
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::mpsc;

    use futures_util::poll;
    use tokio::runtime::Builder;
    use tokio::task::spawn_blocking;

    use super::*;
    use crate::db::Db;
    use crate::db::tests::{stored, with_table};

    /// Another write connection to the file of `db`.
    fn connection(folder: &Path, db: &Db) -> WriteConnection {
        let wait = Duration::from_secs(1);
        WriteConnection::new(&folder.join("p.db"), db.storage(), wait, Turns::new(wait), Blocking::default())
    }

    #[test]
    fn statement_whose_caller_goes_away_before_it_begins_does_not_run() {
        let runtime = Builder::new_current_thread().enable_all().max_blocking_threads(1).build().expect("a runtime");
        runtime.block_on(async {
            let (folder, db) = with_table().await;
            let connection = connection(folder.path(), &db);
            let tx = connection.begin().await.expect("begun");
            let (release, occupied) = mpsc::channel::<()>();
            let occupied = spawn_blocking(move || occupied.recv());
            {
                let mut late = pin!(tx.run(|connection| execute(connection, "INSERT INTO rows VALUES (1)")));
                assert!(poll!(&mut late).is_pending(), "no thread is free");
            }
            drop(release);
            occupied.await.expect("released").expect_err("by the end of the channel");
            tx.commit().await.expect("committed");
            assert_eq!(stored(&db).await, 1);
        });
    }

    #[tokio::test]
    async fn no_transaction_begins_on_a_closed_connection() {
        let (folder, db) = with_table().await;
        let connection = connection(folder.path(), &db);
        drop(connection.begin().await.expect("begun"));
        connection.close().await.expect("closed");
        let refused = connection.begin().await.expect_err("it is closed");
        assert!(matches!(refused, DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed)), "{refused}");
    }
}
