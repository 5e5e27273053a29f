//! Transactions that end in an error, and files that are not what they were.

use std::path::Path;

use sea_orm::{ConnectionTrait, Statement};
use tempfile::TempDir;

use super::{Db, DbOptions, Fault, Location, WritesRefused};

async fn open(folder: &Path) -> Db {
    let location = Location::Sqlite(folder.join("p.db"));
    Db::open(&location, &DbOptions::default()).await.expect("a database")
}

pub(super) async fn with_table() -> (TempDir, Db) {
    let folder = tempfile::tempdir().expect("a folder");
    let db = open(folder.path()).await;
    let tx = db.begin().await.expect("begun");
    tx.execute_unprepared("CREATE TABLE rows (id INTEGER PRIMARY KEY)").await.expect("a table");
    tx.execute_unprepared("INSERT INTO rows VALUES (0)").await.expect("a row");
    tx.commit().await.expect("committed");
    (folder, db)
}

pub(super) async fn insert(db: &Db, id: u32) {
    let tx = db.begin().await.expect("begun");
    tx.execute_unprepared(&format!("INSERT INTO rows VALUES ({id})")).await.expect("inserted");
    tx.commit().await.expect("committed");
}

/// Counts rows over another connection than the one that writes.
pub(super) async fn stored(db: &Db) -> i64 {
    let count = Statement::from_string(db.read().get_database_backend(), "SELECT count(*) FROM rows");
    let row = db.read().query_one_raw(count).await.expect("counted").expect("a row");
    row.try_get_by_index(0).expect("a number")
}

#[tokio::test]
async fn what_is_committed_after_transactions_that_sqlite_rolled_back_by_itself_is_stored() {
    let (_folder, db) = with_table().await;
    // As a full disk does: SQLite ends the transaction, and the driver does not notice.
    for failing in ["INSERT OR ROLLBACK INTO rows VALUES (0)", "INSERT INTO rows VALUES (0)"] {
        let tx = db.begin().await.expect("begun");
        tx.execute_unprepared(failing).await.expect_err("a duplicate");
        drop(tx);
    }
    for id in 1..=5 {
        insert(&db, id).await;
    }
    assert_eq!(stored(&db).await, 6);
}

#[tokio::test]
async fn a_transaction_that_failed_leaves_nothing_and_ends_its_connection() {
    let (_folder, db) = with_table().await;
    let mark = "CREATE TEMP TABLE this_connection (id INTEGER)";
    let tx = db.begin().await.expect("begun");
    tx.execute_unprepared(mark).await.expect("a table of this connection");
    tx.commit().await.expect("committed");
    let tx = db.begin().await.expect("begun");
    tx.execute_unprepared("INSERT INTO rows VALUES (7)").await.expect("inserted");
    tx.execute_unprepared("INSERT INTO rows VALUES (0)").await.expect_err("a duplicate");
    drop(tx);
    let tx = db.begin().await.expect("begun");
    tx.execute_unprepared(mark).await.expect("another connection, which has no such table");
    drop(tx);
    assert_eq!(stored(&db).await, 1);
}

#[tokio::test]
async fn a_transaction_that_is_dropped_is_rolled_back_and_its_connection_goes_on() {
    let (_folder, db) = with_table().await;
    for id in 1..=3 {
        let tx = db.begin().await.expect("begun");
        tx.execute_unprepared(&format!("INSERT INTO rows VALUES ({id})")).await.expect("inserted");
        drop(tx);
    }
    insert(&db, 9).await;
    assert_eq!(stored(&db).await, 2);
}

#[tokio::test]
async fn nothing_is_written_to_a_file_that_was_deleted() {
    let (folder, db) = with_table().await;
    std::fs::rename(folder.path().join("p.db"), folder.path().join("aside.db")).expect("moved");
    let refused = db.begin_essential().await.expect_err("the file is gone");
    assert_eq!(WritesRefused::find(&refused), Some(WritesRefused::Fault(Fault::Replaced)));
    assert_eq!(db.storage().health().fault(), Some(Fault::Replaced));
    assert!(!folder.path().join("p.db").exists(), "no other database was made in its place");
    std::fs::rename(folder.path().join("aside.db"), folder.path().join("p.db")).expect("moved back");
    db.storage().health().recovered();
    insert(&db, 1).await;
    assert_eq!(stored(&db).await, 2);
}

#[tokio::test]
async fn a_commit_to_a_file_that_was_deleted_meanwhile_is_not_confirmed() {
    let (folder, db) = with_table().await;
    let tx = db.begin().await.expect("begun");
    tx.execute_unprepared("INSERT INTO rows VALUES (1)").await.expect("inserted");
    std::fs::remove_file(folder.path().join("p.db")).expect("deleted");
    tx.commit().await.expect_err("the file is gone");
}

#[tokio::test]
async fn a_full_database_refuses_writes_until_a_probe_and_then_stores_again() {
    let (_folder, db) = with_table().await;
    let pages = |most: u32| format!("PRAGMA max_page_count = {most}");
    let tx = db.begin().await.expect("begun");
    tx.execute_unprepared(&pages(4)).await.expect("a limit, as a full disk is one");
    let full = tx.execute_unprepared("CREATE TABLE more AS SELECT randomblob(100000) AS blob").await.expect_err("full");
    assert_eq!(Fault::of(&full), Some(Fault::DiskFull));
    drop(tx);
    let refused = db.begin().await.expect_err("the disk is full");
    assert_eq!(WritesRefused::find(&refused), Some(WritesRefused::Fault(Fault::DiskFull)));
    // What takes access away is tried all the same, over a new connection, which has no limit.
    let tx = db.begin_essential().await.expect("begun");
    tx.execute_unprepared("INSERT INTO rows VALUES (1)").await.expect("inserted");
    tx.commit().await.expect("committed");
    assert_eq!(stored(&db).await, 2);
}
