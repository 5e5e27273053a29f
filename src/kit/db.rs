//! The database: one handle over the engines, and the only place that knows which engine it is.
//!
//! Reads and writes have separate pools. On SQLite the write pool is one connection, so that writers queue in
//! memory, in order, rather than by polling the file's lock; every write transaction begins IMMEDIATE.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sea_orm::sea_query::{BinOper, Expr, ExprTrait, Func, SimpleExpr};
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ColumnTrait, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbErr, EntityTrait,
    PaginatorTrait, QuerySelect, RuntimeErr, Select, SqlErr, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};

use super::http::{Page, Paging};

/// What a store answers.
pub type DbResult<T> = Result<T, DbErr>;

/// What an [`DbErr::AccessDenied`] says of someone who may no longer write: signed out or removed meanwhile.
pub const LOST_SESSION: &str = "session";
/// The same: given another role meanwhile.
pub const LOST_ROLE: &str = "role";

/// How long a statement waits for another process that is writing to the same file.
const BUSY: Duration = Duration::from_secs(10);

/// How long to wait before opening a file again that is locked.
const PAUSE: Duration = Duration::from_millis(20);

/// Where the data is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A file.
    Sqlite(PathBuf),
}

/// The text names no database this build can open.
#[derive(Debug, thiserror::Error)]
pub enum NotALocation {
    /// `postgres://…`, which this version cannot open yet.
    #[error("Postgres is not supported yet: give a file, such as sqlite://planeconnection.db")]
    Postgres,
    /// Anything else.
    #[error("expected sqlite://FILE, for example sqlite://planeconnection.db or sqlite:///var/lib/planeconnection.db")]
    Unknown,
}

impl FromStr for Location {
    type Err = NotALocation;
    fn from_str(text: &str) -> Result<Self, NotALocation> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Err(NotALocation::Postgres);
        }
        match text.strip_prefix("sqlite://") {
            Some(path) if !path.is_empty() && !path.contains('?') => Ok(Self::Sqlite(path.into())),
            _ => Err(NotALocation::Unknown),
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Sqlite(path) = self;
        write!(f, "sqlite://{}", path.display())
    }
}

/// A handle on the database, cheap to clone.
#[derive(Clone, Debug)]
pub struct Db {
    read: DatabaseConnection,
    write: DatabaseConnection,
    watch: DatabaseConnection,
}

impl Db {
    /// Opens the database, and creates the file if there is none.
    pub async fn open(location: &Location) -> DbResult<Self> {
        let Location::Sqlite(path) = location;
        make_private(path);
        // The writer first: it makes the file and switches it to write-ahead logging.
        let write = first_pool(path).await?;
        let read = pool(path, 8).await?;
        let watch = pool(path, 1).await?;
        Ok(Self { read, write, watch })
    }

    /// For queries outside a transaction.
    pub fn read(&self) -> &DatabaseConnection {
        &self.read
    }

    /// Begins a write transaction; dropped without a commit, it is rolled back.
    pub async fn begin(&self) -> DbResult<DatabaseTransaction> {
        let immediate =
            TransactionOptions { sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate), ..Default::default() };
        self.write.begin_with_options(immediate).await
    }

    /// A number that changes whenever another connection, of this process or of another, has committed.
    pub async fn version(&self) -> DbResult<i64> {
        let row = self
            .watch
            .query_one_raw(sea_orm::Statement::from_string(self.watch.get_database_backend(), "PRAGMA data_version"))
            .await?;
        row.map_or(Ok(0), |row| row.try_get_by_index(0))
    }

    /// Writes a consistent copy to `target`, which must not exist, while others go on reading and writing.
    pub async fn copy_to(&self, target: &str) -> DbResult<()> {
        let statement =
            sea_orm::Statement::from_sql_and_values(self.read.get_database_backend(), "VACUUM INTO ?", [target.into()]);
        self.read.execute_raw(statement).await.map(|_| ())
    }

    /// Closes every connection, after what is running on them.
    pub async fn close(self) {
        for pool in [self.read, self.watch, self.write] {
            if let Err(error) = pool.close().await {
                tracing::warn!(%error, "the database did not close cleanly");
            }
        }
    }
}

/// Two processes that switch a new file to write-ahead logging at once are in each other's way, whatever the busy
/// timeout: SQLite tells the second at once that the file is locked.
async fn first_pool(path: &Path) -> DbResult<DatabaseConnection> {
    let mut left = BUSY;
    loop {
        match pool(path, 1).await {
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

async fn pool(path: &Path, most: u32) -> DbResult<DatabaseConnection> {
    let path = path.to_owned();
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
                .busy_timeout(BUSY)
        });
    Database::connect(options).await
}

/// One page of what `matching` finds, in its order, and how much it finds in all.
pub async fn page<E, T>(
    db: &impl ConnectionTrait,
    matching: Select<E>,
    paging: Paging,
    row: impl Fn(E::Model) -> DbResult<T>,
) -> DbResult<Page<T>>
where
    E: EntityTrait<Model: Send + Sync>,
{
    let total = matching.clone().count(db).await?;
    let rows = matching.offset(paging.offset()).limit(paging.limit()).all(db).await?;
    Ok(Page::new(rows.into_iter().map(row).collect::<DbResult<_>>()?, total, paging))
}

/// The column contains the text, in whatever case. Both sides are put in lower case by the database: what it folds
/// (SQLite: A to Z only) it folds alike.
pub fn contains(column: impl ColumnTrait, text: &str) -> SimpleExpr {
    let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    let pattern = Expr::expr(Func::lower(Expr::val(format!("%{escaped}%"))));
    Expr::expr(Func::lower(column.into_expr()))
        .binary(BinOper::Like, pattern.binary(BinOper::Escape, Expr::Constant('\\'.into())))
}

/// The row breaks a rule that only one row may have.
pub fn is_duplicate(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
}

/// `SQLITE_BUSY`, while opening.
fn is_busy(error: &DbErr) -> bool {
    let DbErr::Conn(RuntimeErr::SqlxError(error)) = error else { return false };
    error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok()).is_some_and(|code| code & 0xff == 5)
}

/// The database cannot be reached or is too busy, as opposed to having refused the statement.
pub fn is_unavailable(error: &DbErr) -> bool {
    match error {
        DbErr::Conn(_) | DbErr::ConnectionAcquire(_) => true,
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => {
            use sea_orm::sqlx::Error;
            match &**error {
                Error::Io(_) | Error::PoolTimedOut | Error::PoolClosed | Error::WorkerCrashed => true,
                // SQLITE_BUSY, SQLITE_LOCKED, SQLITE_IOERR, SQLITE_FULL, SQLITE_CANTOPEN in the low byte
                Error::Database(error) => error
                    .code()
                    .and_then(|code| code.parse::<u32>().ok())
                    .is_some_and(|code| matches!(code & 0xff, 5 | 6 | 10 | 13 | 14)),
                _ => false,
            }
        }
        _ => false,
    }
}
