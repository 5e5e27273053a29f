//! SQLite: one file, one writer at a time.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::{ConnectOptions, ConnectionTrait, DbErr, RuntimeErr, SqliteTransactionMode, Statement, TransactionOptions};

use super::DbResult;
use super::pool::Pool;

/// How long a statement waits for another process that is writing to the same file.
const BUSY: Duration = Duration::from_secs(10);

/// How long to wait before opening a file again that is locked.
const PAUSE: Duration = Duration::from_millis(20);

/// The pools for writing, for reading, and for looking whether another process has written.
pub(super) async fn open(path: &Path) -> DbResult<(Pool, Pool, Pool)> {
    make_private(path);
    // The writer first: it makes the file and switches it to write-ahead logging.
    let write = first_pool(path).await?;
    let read = Pool::open(options(path, 8), None).await?;
    let watch = Pool::open(options(path, 1), None).await?;
    Ok((write, read, watch))
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
async fn first_pool(path: &Path) -> DbResult<Pool> {
    let mut left = BUSY;
    loop {
        match Pool::open(options(path, 1), None).await {
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
    // What cannot be made here is told by the attempt to open it.
    let _told_later = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
}

fn options(path: &Path, most: u32) -> ConnectOptions {
    let path = PathBuf::from(path);
    let mut options = ConnectOptions::new("sqlite://");
    options
        .max_connections(most)
        .min_connections(1)
        .acquire_timeout(Duration::from_secs(15))
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |options: SqliteConnectOptions| {
            options
                // Not as part of the URL, where a percent sign would mean something else.
                .filename(&path)
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                // FULL: a revocation that was answered must outlive a power cut.
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                // Rows that a thread of the driver reads ahead: with few, the two threads wake each other for each.
                .row_buffer_size(500)
                .busy_timeout(BUSY)
        });
    options
}

/// `SQLITE_BUSY`, while opening.
fn is_busy(error: &DbErr) -> bool {
    let DbErr::Conn(RuntimeErr::SqlxError(error)) = error else { return false };
    error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok()).is_some_and(|code| code & 0xff == 5)
}

/// `BUSY`, `LOCKED`, `IOERR`, `FULL`, `CANTOPEN`, in the low byte.
pub(super) fn is_outage(code: &str) -> bool {
    code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 10 | 13 | 14))
}
