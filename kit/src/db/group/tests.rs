//! Transactions that share a commit.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};
use tokio::task::JoinHandle;

use super::open::MOST;
use super::{Writers, settled};
use crate::db::tests::{insert, stored, with_table};
use crate::db::{Db, DbResult, Engine, Fault, Tx, rows_of_statement};

fn writers(db: &Db) -> &Writers {
    match &db.engine {
        Engine::Sqlite(writers, _) => writers,
        Engine::Postgres(_) => panic!("a server"),
    }
}

async fn begun_with(db: &Db, id: u32) -> Tx {
    let tx = db.begin().await.expect("begun");
    add(&tx, id).await;
    tx
}

async fn add(tx: &Tx, id: u32) {
    tx.execute_unprepared(&format!("INSERT INTO rows VALUES ({id})")).await.expect("inserted");
}

/// Waits until this many writers queue behind the one that has its turn.
async fn waiting(db: &Db, count: usize) {
    while writers(db).waiting() < count {
        tokio::task::yield_now().await;
    }
}

/// Begins a transaction in a task, and returns once that waits for its turn.
async fn next(db: &Db) -> JoinHandle<DbResult<Tx>> {
    let next = tokio::spawn({
        let db = db.clone();
        async move { db.begin().await }
    });
    waiting(db, 1).await;
    next
}

/// Commits `tx` while another writer waits, and returns the transaction of that one and the commit, which is under way.
async fn followed(db: &Db, tx: Tx) -> (Tx, JoinHandle<DbResult<()>>) {
    let next = next(db).await;
    let commit = tokio::spawn(tx.commit());
    (next.await.expect("a task").expect("begun"), commit)
}

/// True once a future that is not polled meanwhile can go on.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

/// Polls a future that has to wait, once.
fn start<F: Future>(future: Pin<&mut F>) -> Arc<Woken> {
    let woken = Arc::<Woken>::default();
    let waker = Waker::from(Arc::clone(&woken));
    assert!(future.poll(&mut Context::from_waker(&waker)).is_pending(), "it waits");
    woken
}

/// Makes SQLite fail as it does on a full disk.
async fn fill(tx: &Tx) {
    tx.execute_unprepared("PRAGMA max_page_count = 4").await.expect("a limit");
    let full = tx.execute_unprepared("CREATE TABLE more AS SELECT randomblob(100000) AS blob").await.expect_err("full");
    assert_eq!(Fault::of(&full), Some(Fault::DiskFull));
}

#[tokio::test]
async fn no_member_is_answered_or_seen_before_all_are_stored() {
    let (_folder, db) = with_table().await;
    let first = begun_with(&db, 1).await;
    let (second, commit) = followed(&db, first).await;
    add(&second, 2).await;
    assert_eq!((commit.is_finished(), stored(&db).await), (false, 1));
    second.commit().await.expect("committed");
    commit.await.expect("a task").expect("committed");
    assert_eq!(stored(&db).await, 3);
}

#[tokio::test]
async fn members_share_a_commit() {
    let (_folder, db) = with_table().await;
    let before = db.group_commits().expect("a file");
    let first = begun_with(&db, 1).await;
    let (second, commit) = followed(&db, first).await;
    let (third, other) = followed(&db, second).await;
    third.commit().await.expect("committed");
    for commit in [commit, other] {
        commit.await.expect("a task").expect("committed");
    }
    let after = db.group_commits().expect("a file");
    assert_eq!((after.groups - before.groups, after.transactions - before.transactions), (1, 3));
}

#[tokio::test]
async fn lone_writer_is_committed_at_once() {
    let (_folder, db) = with_table().await;
    let before = db.group_commits().expect("a file");
    insert(&db, 1).await;
    insert(&db, 2).await;
    let after = db.group_commits().expect("a file");
    assert_eq!((after.groups - before.groups, after.transactions - before.transactions), (2, 2));
}

#[tokio::test]
async fn later_member_sees_the_changes_of_an_earlier_one() {
    let (_folder, db) = with_table().await;
    let first = begun_with(&db, 1).await;
    let (second, commit) = followed(&db, first).await;
    second.execute_unprepared("INSERT INTO rows SELECT max(id) + 1 FROM rows").await.expect("inserted");
    second.execute_unprepared("INSERT INTO rows VALUES (2)").await.expect_err("a duplicate");
    drop(second);
    commit.await.expect("a task").expect("committed");
}

#[tokio::test]
async fn member_that_breaks_a_constraint_leaves_the_others() {
    let (_folder, db) = with_table().await;
    let first = begun_with(&db, 1).await;
    let (second, commit) = followed(&db, first).await;
    add(&second, 2).await;
    second.execute_unprepared("INSERT INTO rows VALUES (0)").await.expect_err("a duplicate");
    second.execute_unprepared("INSERT INTO rows VALUES (3)").await.expect_err("a statement has failed before");
    second.commit().await.expect_err("a statement has failed");
    commit.await.expect("a task").expect("committed");
    assert_eq!(stored(&db).await, 2);
}

#[tokio::test]
async fn member_that_cannot_decode_a_cell_leaves_the_others() {
    let (_folder, db) = with_table().await;
    let first = begun_with(&db, 1).await;
    let (second, commit) = followed(&db, first).await;
    add(&second, 2).await;
    let numbers = Statement::from_string(DbBackend::Sqlite, "SELECT id FROM rows");
    let error = rows_of_statement::<(String,)>(&second, numbers).await.expect_err("a number is no text");
    assert!(matches!(error, DbErr::Type(_)), "{error}");
    drop(second);
    commit.await.expect("a task").expect("committed");
    assert_eq!(stored(&db).await, 2);
}

#[tokio::test]
async fn member_that_is_dropped_leaves_the_others() {
    let (_folder, db) = with_table().await;
    let first = begun_with(&db, 1).await;
    let (second, commit) = followed(&db, first).await;
    add(&second, 2).await;
    let next = next(&db).await;
    drop(second);
    let third = next.await.expect("a task").expect("begun");
    add(&third, 3).await;
    third.commit().await.expect("committed");
    commit.await.expect("a task").expect("committed");
    assert_eq!(stored(&db).await, 3);
}

#[tokio::test]
async fn member_that_panics_leaves_the_others() {
    let (_folder, db) = with_table().await;
    let first = begun_with(&db, 1).await;
    let (second, commit) = followed(&db, first).await;
    add(&second, 2).await;
    let panicked = tokio::spawn(async move {
        let _second = second;
        panic!("in a transaction");
    });
    assert!(panicked.await.expect_err("a panic").is_panic());
    commit.await.expect("a task").expect("committed");
    assert_eq!(stored(&db).await, 2);
}

#[tokio::test]
async fn nothing_of_a_group_is_stored_if_the_storage_fails() {
    let (_folder, db) = with_table().await;
    let first = begun_with(&db, 1).await;
    let (second, commit) = followed(&db, first).await;
    fill(&second).await;
    drop(second);
    let failed = commit.await.expect("a task").expect_err("rolled back");
    assert!(crate::db::is_unavailable(&failed), "{failed}");
    assert_eq!(stored(&db).await, 1);
}

#[tokio::test]
async fn nothing_of_a_group_is_stored_if_sqlite_rolls_it_back_by_itself() {
    let (_folder, db) = with_table().await;
    let first = begun_with(&db, 1).await;
    let (second, commit) = followed(&db, first).await;
    second.execute_unprepared("INSERT OR ROLLBACK INTO rows VALUES (0)").await.expect_err("a duplicate");
    second.execute_unprepared("INSERT INTO rows VALUES (2)").await.expect_err("it would be stored by itself");
    drop(second);
    commit.await.expect("a task").expect_err("rolled back");
    assert_eq!(stored(&db).await, 1);
    insert(&db, 4).await;
    assert_eq!(stored(&db).await, 2);
}

#[tokio::test]
async fn member_whose_caller_goes_away_is_stored_with_the_others() {
    let (_folder, db) = with_table().await;
    let first = begun_with(&db, 1).await;
    let (second, commit) = followed(&db, first).await;
    commit.abort();
    assert!(commit.await.expect_err("aborted").is_cancelled());
    second.commit().await.expect("committed");
    assert_eq!(stored(&db).await, 2);
}

#[tokio::test]
async fn group_ends_if_the_writer_that_was_to_join_goes_away() {
    let (_folder, db) = with_table().await;
    let first = begun_with(&db, 1).await;
    let commit = {
        let mut next = pin!(db.begin());
        let woken = start(next.as_mut());
        let commit = tokio::spawn(first.commit());
        // It is given its turn, and never takes it.
        while !woken.0.load(Ordering::Acquire) {
            tokio::task::yield_now().await;
        }
        commit
    };
    commit.await.expect("a task").expect("committed");
    assert_eq!(stored(&db).await, 2);
}

#[tokio::test]
async fn more_writers_than_a_group_may_have_make_several() {
    let (_folder, db) = with_table().await;
    let before = db.group_commits().expect("a file");
    let first = begun_with(&db, 1).await;
    let ids = 2..=u32::try_from(MOST).expect("few") + 1;
    let others: Vec<_> = ids
        .map(|id| {
            let db = db.clone();
            tokio::spawn(async move { insert(&db, id).await })
        })
        .collect();
    waiting(&db, others.len()).await;
    first.commit().await.expect("committed");
    for other in others {
        other.await.expect("committed");
    }
    let after = db.group_commits().expect("a file");
    assert!(after.groups - before.groups >= 2);
    assert_eq!(after.transactions - before.transactions, MOST as u64 + 1);
}

#[tokio::test]
async fn essential_transaction_waits_for_no_later_one() {
    let (_folder, db) = with_table().await;
    let essential = db.begin_essential().await.expect("begun");
    add(&essential, 1).await;
    let mut next = pin!(db.begin());
    start(next.as_mut());
    essential.commit().await.expect("committed, while another writer has not begun");
    assert_eq!(stored(&db).await, 2);
}

#[tokio::test]
async fn single_statement_waits_for_the_end_of_the_group() {
    let (_folder, db) = with_table().await;
    let first = begun_with(&db, 1).await;
    let mut single = pin!(db.lease_pools().write.execute_unprepared("INSERT INTO rows VALUES (9)"));
    let woken = start(single.as_mut());
    let (second, commit) = followed(&db, first).await;
    assert!(!woken.0.load(Ordering::Acquire), "the group is open");
    second.rollback().await.expect("rolled back");
    commit.await.expect("a task").expect("committed");
    single.await.expect("inserted");
    assert_eq!(stored(&db).await, 3);
}

#[tokio::test]
async fn answer_that_tells_of_an_earlier_member_fails_with_it() {
    let (_folder, db) = with_table().await;
    let first = begun_with(&db, 1).await;
    let (second, commit) = followed(&db, first).await;
    let next = next(&db).await;
    let answer = tokio::spawn(settled(async move { drop(second) }));
    let third = next.await.expect("a task").expect("begun");
    fill(&third).await;
    drop(third);
    commit.await.expect("a task").expect_err("rolled back");
    answer.await.expect("a task").expect_err("what it tells of is not stored");
}
