//! Reads by COPY from Postgres that end half-way.

use kit::db::{Db, DbOptions, DbResult, Packing, is_unavailable, packed};
use sea_orm::sea_query::Query;
use sea_orm::{
    ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend, Statement, TransactionTrait, TryGetable,
};
use testkit::TestDatabase;

/// A view whose rows fill many packets. The row in the middle waits for a lock.
const VIEW: &str = "CREATE VIEW halting AS SELECT number, CASE number WHEN 2500 THEN pg_advisory_xact_lock_shared(7)::text \
                    ELSE repeat('x', 1000) END AS text FROM generate_series(1, 5000) AS number";

/// Locks out the view's row in the middle until the end of the transaction.
const LOCK: &str = "SELECT pg_advisory_xact_lock(7)";

/// Finds the process of the COPY that waits for the lock.
const WAITING: &str = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'";

/// A database with the view, and with one connection for reads.
struct Halting {
    db: Db,
    /// Connections of the test.
    server: DatabaseConnection,
    lock: DatabaseTransaction,
    _database: TestDatabase,
}

impl Halting {
    /// Returns `None` on SQLite, which has no COPY.
    async fn new() -> Option<Self> {
        let database = TestDatabase::empty().await;
        let options = DbOptions { connections: 2, ..DbOptions::default() };
        let db = Db::open(database.location(), &options).await.expect("a database");
        if db.read().get_database_backend() != DbBackend::Postgres {
            return None;
        }
        database.execute(VIEW).await;
        let server = Database::connect(database.url()).await.expect("the server");
        let lock = server.begin().await.expect("a transaction");
        lock.execute_unprepared(LOCK).await.expect("the lock");
        Some(Self { db, server, lock, _database: database })
    }

    /// Waits until the COPY has sent its first half. Returns its process.
    async fn halted(&self) -> i32 {
        let waiting = async {
            loop {
                if let Some(process) = first(&self.server, WAITING).await {
                    break process;
                }
            }
        };
        tokio::time::timeout(testkit::DEADLINE, waiting).await.expect("the COPY waits")
    }

    /// Asserts that the process serves no further statement, and that rows can be read as before.
    async fn reads_without(self, process: i32) {
        self.lock.rollback().await.expect("a rollback");
        let serving: Option<i32> = first(self.db.read(), "SELECT pg_backend_pid()").await;
        assert!(serving.is_some_and(|serving| serving != process), "the connection has rows of the COPY to read");
        let all: Vec<i64> = (1..=5_000).collect();
        assert!(numbers(&self.db).await.expect("rows") == all, "all rows are read, in their order");
    }
}

/// Returns the first value of a statement.
async fn first<T: TryGetable>(db: &impl ConnectionTrait, sql: &str) -> Option<T> {
    let statement = Statement::from_string(DbBackend::Postgres, sql);
    let row = db.query_one_raw(statement).await.expect("a response")?;
    Some(row.try_get_by_index(0).expect("a value"))
}

/// Reads the numbers of all rows of the view.
async fn numbers(db: &Db) -> DbResult<Vec<i64>> {
    let from = Query::select().from("halting").take();
    let rows: Vec<(i64, String)> = packed(db.read(), from, [("number", Packing::Integer), ("text", Packing::Text)]).await?;
    Ok(rows.into_iter().map(|(number, _)| number).collect())
}

#[tokio::test]
async fn connection_of_a_cancelled_copy_is_not_used_again() {
    let Some(halting) = Halting::new().await else { return };
    let db = halting.db.clone();
    let copying = tokio::spawn(async move { numbers(&db).await });
    let process = halting.halted().await;
    copying.abort();
    assert!(copying.await.expect_err("no rows").is_cancelled());
    halting.reads_without(process).await;
}

#[tokio::test]
async fn copy_that_loses_its_connection_returns_no_part_of_the_rows() {
    let Some(halting) = Halting::new().await else { return };
    let db = halting.db.clone();
    let copying = tokio::spawn(async move { numbers(&db).await });
    let process = halting.halted().await;
    let ended: Option<bool> = first(&halting.server, &format!("SELECT pg_terminate_backend({process})")).await;
    assert_eq!(ended, Some(true));
    let error = copying.await.expect("an end").expect_err("a part is not all of them");
    assert!(is_unavailable(&error), "{error}");
    halting.reads_without(process).await;
}
