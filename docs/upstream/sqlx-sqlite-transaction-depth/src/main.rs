//! sqlx-sqlite 0.9.0: after SQLite has rolled a transaction back by itself, the connection's transaction depth stays at 1,
//! and after one more failure every later "committed" transaction is lost.
//!
//! SQLite rolls a whole transaction back when a statement ends in SQLITE_FULL, SQLITE_IOERR, SQLITE_NOMEM or
//! SQLITE_INTERRUPT, or by ON CONFLICT ROLLBACK, which needs no full disk and is used here.

use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{Executor, SqlitePool};

async fn open(path: &std::path::Path) -> SqlitePool {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    SqlitePoolOptions::new().max_connections(1).connect_with(options).await.expect("a database")
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let path = std::env::temp_dir().join(format!("sqlx-sqlite-transaction-depth-{}.db", std::process::id()));
    let (writer, reader) = (open(&path).await, open(&path).await);
    writer.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY); INSERT INTO rows VALUES (0)").await.expect("a table");

    // SQLite ends this transaction by itself. The driver's ROLLBACK then fails ("no transaction is active"), and the depth
    // is not brought back to 0.
    let mut first = writer.begin().await.expect("begun");
    first.execute("INSERT OR ROLLBACK INTO rows VALUES (0)").await.expect_err("a duplicate");
    drop(first);

    // The depth is 1, so this sends SAVEPOINT. Its ROLLBACK TO keeps the transaction open that the savepoint began.
    let mut second = writer.begin().await.expect("begun");
    second.execute("INSERT INTO rows VALUES (0)").await.expect_err("a duplicate");
    drop(second);

    // From here on each commit is the RELEASE of an inner savepoint.
    for id in 1..=5 {
        let mut transaction = writer.begin().await.expect("begun");
        let insert = sqlx::query("INSERT INTO rows VALUES (?)").bind(id);
        insert.execute(&mut *transaction).await.expect("inserted");
        transaction.commit().await.expect("committed");
    }

    let stored: i64 = sqlx::query_scalar("SELECT count(*) FROM rows WHERE id > 0").fetch_one(&reader).await.expect("a count");
    println!("5 transactions were committed without an error; another connection sees {stored} of them");
    for suffix in ["", "-journal"] {
        let mut file = path.clone().into_os_string();
        file.push(suffix);
        let _not_there = std::fs::remove_file(file);
    }
    std::process::exit(i32::from(stored != 5));
}
