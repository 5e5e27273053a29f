//! SQLite: one file, one writer at a time.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sea_orm::sqlx::Connection as _;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::{ConnectOptions, ConnectionTrait, DbErr, RuntimeErr, SqliteTransactionMode, Statement, TransactionOptions};

use super::blocking::Blocking;
use super::pool::{Discards, Pool};
use super::reader::{Reader, Settings};
use super::storage::Storage;
use super::write_connection::{Turns, WriteConnection};
use super::{DbResult, RequestConnections};

/// The time that a statement waits for another process that is writing to the same file.
const BUSY: Duration = Duration::from_secs(10);

/// The longest wait of a read for a connection, and of a write for its turn.
pub(super) const ACQUIRE: Duration = Duration::from_secs(15);

/// The pause before opening a locked file again.
const PAUSE: Duration = Duration::from_millis(20);

/// The pools of a file.
pub(super) struct Pools {
    /// Writes by the asynchronous driver, which take turns with those of `connection`.
    pub(super) write: Pool,
    pub(super) connection: WriteConnection,
    pub(super) read: Pool,
    /// For what keeps the lease: it looks whether another process has written, and reads back what this one wrote.
    pub(super) lease_read: Pool,
    /// Never used: see [`super::Db`].
    pub(super) anchor: Pool,
}

/// The connections for requests. A file has one for writes: these are the writers that queue for it, in order and across
/// workspaces, since only those can share a commit.
pub(super) const SHARES: RequestConnections = RequestConnections { read: 8, write: 32 };

/// Opens the pools of a file.
pub(super) async fn open(path: &Path, storage: &Storage, blocking: Blocking) -> DbResult<Pools> {
    make_private(path);
    // The writer first: it switches the file to write-ahead logging.
    let turns = Turns::new(ACQUIRE);
    let write = first_pool(path, storage).await?.with_turns(turns.clone());
    let connection = WriteConnection::new(path, storage, BUSY, turns, blocking);
    let settings = Settings { connections: SHARES.read, wait: ACQUIRE, busy: BUSY };
    let read = pool(path, SHARES.read, storage).await?.with_reader(Reader::new(path, storage, settings));
    let lease_read = pool(path, 1, storage).await?;
    let anchor = pool(path, 1, storage).await?;
    // Both the file and its write-ahead log are there by now.
    storage.require_same_file()?;
    Ok(Pools { write, connection, read, lease_read, anchor })
}

async fn pool(path: &Path, most: u32, storage: &Storage) -> DbResult<Pool> {
    let discards = Discards::default();
    Pool::open(options(path, most, storage, &discards), None, storage, &discards).await
}

/// A write that cannot fail halfway because another got ahead.
pub(super) fn immediate() -> TransactionOptions {
    TransactionOptions { sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate), ..Default::default() }
}

/// A number that changes whenever another connection, of this process or of another, has committed.
pub(super) async fn version(watch: &Pool) -> DbResult<i64> {
    let row = watch.query_one_raw(Statement::from_string(watch.get_database_backend(), "PRAGMA data_version")).await?;
    row.map_or(Ok(0), |row| row.try_get_by_index(0))
}

/// Writes a consistent copy to `target`, which must not exist, while others go on reading and writing.
pub(super) async fn copy_to(read: &Pool, target: &str) -> DbResult<()> {
    let statement = Statement::from_sql_and_values(read.get_database_backend(), "VACUUM INTO ?", [target.into()]);
    read.execute_raw(statement).await.map(|_| ())
}

/// Two processes that switch a new file to write-ahead logging at once are in each other's way, whatever the busy
/// timeout: SQLite tells the second at once that the file is locked.
async fn first_pool(path: &Path, storage: &Storage) -> DbResult<Pool> {
    let mut left = BUSY;
    loop {
        match pool(path, 1, storage).await {
            Err(error) if is_busy(&error) && !left.is_zero() => {
                left = left.saturating_sub(PAUSE);
                tokio::time::sleep(PAUSE).await;
            }
            done => return done,
        }
    }
}

/// Makes the file readable by its owner alone, if there is none yet; SQLite gives its companions the same mode.
fn make_private(path: &Path) {
    use std::os::unix::fs::OpenOptionsExt;
    // A failure is reported by the attempt to open the file.
    let _reported_later = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
}

fn options(path: &Path, most: u32, storage: &Storage, discards: &Discards) -> ConnectOptions {
    let (path, storage, discards) = (PathBuf::from(path), storage.clone(), discards.clone());
    let mut options = ConnectOptions::new("sqlite://");
    options
        .max_connections(most)
        .min_connections(1)
        .acquire_timeout(ACQUIRE)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |options: SqliteConnectOptions| {
            options
                // Not as part of the URL, where a percent sign would mean something else.
                .filename(&path)
                // A connection that replaces another must not make a new database where the file was deleted.
                .create_if_missing(false)
                .journal_mode(SqliteJournalMode::Wal)
                // FULL: a revocation that was answered must outlive a power cut.
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                // Rows that a thread of the driver reads ahead: with few, the two threads wake each other for each.
                .row_buffer_size(500)
                .busy_timeout(BUSY)
        })
        .map_sqlx_sqlite_pool_opts(move |options| {
            let (storage, before, after) = (storage.clone(), discards.clone(), discards.clone());
            options
                .after_connect(move |_, _| {
                    let same = storage.require_same_file();
                    Box::pin(async move { Ok(same?) })
                })
                .before_acquire(move |connection, _| {
                    let is_clean = !before.take_only() && !connection.is_in_transaction();
                    Box::pin(async move { Ok(is_clean) })
                })
                .after_release(move |connection, _| {
                    let is_marked = after.take_only();
                    Box::pin(async move {
                        if connection.is_in_transaction() {
                            // A rollback may be queued; it is done once this is answered.
                            connection.ping().await?;
                        }
                        Ok(!is_marked && !connection.is_in_transaction())
                    })
                })
        });
    options
}

/// Returns whether opening failed with `SQLITE_BUSY`.
fn is_busy(error: &DbErr) -> bool {
    let DbErr::Conn(RuntimeErr::SqlxError(error)) = error else { return false };
    error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok()).is_some_and(|code| code & 0xff == 5)
}
