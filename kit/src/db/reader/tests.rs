use std::sync::mpsc;

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, IdenStatic, IntoActiveModel, Iterable, QueryOrder, Statement, Value};

use super::*;
use crate::clock::Time;
use crate::db::{Db, DbOptions, Fault, Location, Tx, find_row, rows_of};
use entry::{Column, Entity, Model};

mod entry {
    use sea_orm::entity::prelude::*;

    use crate::clock::Time;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "entries")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub number: i64,
        pub half: i32,
        pub small: Option<i16>,
        pub flag: bool,
        pub share: Option<f64>,
        pub name: Option<String>,
        pub digest: Option<Vec<u8>>,
        pub list: Option<Json>,
        pub day: Option<chrono::NaiveDate>,
        pub at: Time,
        pub until: Option<Time>,
    }

    crate::row!(Model { id, number, half, small, flag, share, name, digest, list, day, at, until });

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

const TABLE: &str = "CREATE TABLE entries (id BLOB PRIMARY KEY, number INTEGER, half INTEGER, small INTEGER, flag BOOLEAN,
    share REAL, name TEXT, digest BLOB, list TEXT, day TEXT, at TEXT, until TEXT)";

fn time(text: &str) -> Time {
    text.parse().expect("a time")
}

fn full() -> Model {
    Model {
        id: uuid::Uuid::from_u128(7),
        number: i64::MIN,
        half: -3,
        small: Some(12),
        flag: true,
        share: Some(0.1),
        name: Some("a \"name\" \u{2708}".to_owned()),
        digest: Some(vec![0, 255, 7]),
        list: Some(serde_json::json!({ "b": [1, null], "a": "\u{e9}" })),
        day: NaiveDate::from_ymd_opt(2026, 11, 23),
        at: time("2026-11-23T09:30:00.000001Z"),
        until: Some(time("1970-01-01T00:00:00Z")),
    }
}

fn bare() -> Model {
    Model {
        id: uuid::Uuid::from_u128(8),
        number: 0,
        half: i32::MAX,
        small: None,
        flag: false,
        share: None,
        name: None,
        digest: None,
        list: None,
        day: None,
        at: time("9999-12-30T21:59:59.5Z"),
        until: None,
    }
}

async fn with_rows(rows: &[Model]) -> (tempfile::TempDir, Db) {
    let folder = tempfile::tempdir().expect("a folder");
    let location = Location::Sqlite(folder.path().join("r.db"));
    let db = Db::open(&location, &DbOptions::default()).await.expect("a database");
    let tx = db.begin().await.expect("begun");
    tx.execute_unprepared(TABLE).await.expect("created");
    for row in rows {
        insert(&tx, row.clone()).await;
    }
    tx.commit().await.expect("committed");
    (folder, db)
}

async fn insert(tx: &Tx, row: Model) {
    Entity::insert(row.into_active_model()).exec_without_returning(tx).await.expect("inserted");
}

fn reader(db: &Db) -> Reader {
    db.read().reader().expect("a reader").clone()
}

#[tokio::test]
async fn rows_are_those_that_the_asynchronous_driver_reads() {
    let (_folder, db) = with_rows(&[full(), bare()]).await;
    let rows = rows_of(db.read(), Entity::find().order_by_asc(Column::Id)).await.expect("rows");
    assert_eq!(rows, Entity::find().order_by_asc(Column::Id).all(db.read()).await.expect("rows"));
    assert_eq!(rows, [full(), bare()]);
}

#[tokio::test]
async fn rows_are_stored_as_the_asynchronous_driver_stores_them() {
    let (_folder, db) = with_rows(&[full(), bare()]).await;
    let columns = Column::iter().map(|column| format!("quote({})", column.as_str())).collect::<Vec<_>>().join(" || ' ' || ");
    let stored = || async {
        let sql = format!("SELECT {columns} FROM entries ORDER BY id");
        let rows = db.read().query_all_raw(Statement::from_string(DbBackend::Sqlite, sql)).await.expect("rows");
        rows.iter().map(|row| row.try_get_by_index::<String>(0).expect("a text")).collect::<Vec<_>>()
    };
    let by_synchronous = stored().await;
    let tx = db.begin_without_timeout().await.expect("begun");
    tx.driver().expect("the asynchronous driver");
    Entity::delete_many().exec(&tx).await.expect("deleted");
    for row in [full(), bare()] {
        insert(&tx, row).await;
    }
    tx.commit().await.expect("committed");
    assert_eq!(stored().await, by_synchronous);
}

#[tokio::test]
async fn rows_are_found_by_values_of_each_type() {
    use sea_orm::{ColumnTrait, QueryFilter};
    let (_folder, db) = with_rows(&[full(), bare()]).await;
    let row = full();
    for (column, value) in [
        (Column::Id, Value::from(row.id)),
        (Column::Number, row.number.into()),
        (Column::Half, row.half.into()),
        (Column::Small, row.small.into()),
        (Column::Flag, row.flag.into()),
        (Column::Share, row.share.into()),
        (Column::Name, row.name.clone().into()),
        (Column::Digest, row.digest.clone().into()),
        (Column::List, row.list.clone().into()),
        (Column::Day, row.day.into()),
        (Column::At, row.at.into()),
    ] {
        let found = find_row(db.read(), Entity::find().filter(column.eq(value))).await.expect("a row");
        assert_eq!(found.as_ref(), Some(&row), "by {column:?}");
    }
}

#[tokio::test]
async fn cell_of_another_type_is_an_error() {
    let (_folder, db) = with_rows(&[full()]).await;
    for change in ["number = 'a'", "half = 2147483648", "id = x'00'", "name = x'ff'", "list = '{'", "at = 'now'", "flag = NULL"] {
        let tx = db.begin().await.expect("begun");
        tx.execute_unprepared("DELETE FROM entries").await.expect("deleted");
        insert(&tx, full()).await;
        tx.execute_unprepared(&format!("UPDATE entries SET {change}")).await.expect("changed");
        tx.commit().await.expect("committed");
        let error = rows_of(db.read(), Entity::find()).await.expect_err(change);
        assert!(matches!(error, DbErr::Type(_)), "{change}: {error}");
    }
}

#[tokio::test]
async fn change_is_read_as_soon_as_it_is_committed() {
    let (_folder, db) = with_rows(&[full()]).await;
    assert_eq!(rows_of(db.read(), Entity::find()).await.expect("rows").len(), 1);
    let tx = db.begin().await.expect("begun");
    insert(&tx, bare()).await;
    assert_eq!(rows_of(db.read(), Entity::find()).await.expect("rows").len(), 1);
    tx.commit().await.expect("committed");
    assert_eq!(rows_of(db.read(), Entity::find()).await.expect("rows").len(), 2);
}

#[tokio::test]
async fn reader_cannot_write() {
    let (_folder, db) = with_rows(&[full()]).await;
    let write = |connection: &Connection| connection.execute("DELETE FROM entries", []).map_err(|e| as_db_error(e, DbErr::Query));
    reader(&db).run(write).await.expect_err("read-only");
    assert_eq!(rows_of(db.read(), Entity::find()).await.expect("rows"), [full()]);
}

#[tokio::test]
async fn dropped_caller_gives_its_connection_back() {
    let (_folder, db) = with_rows(&[]).await;
    let reader = reader(&db);
    let (begun, has_begun) = mpsc::channel();
    let (end, ends) = mpsc::channel::<()>();
    let running = tokio::spawn({
        let reader = reader.clone();
        async move {
            reader
                .run(move |_| {
                    begun.send(()).expect("a test that waits");
                    Ok(ends.recv().is_ok())
                })
                .await
        }
    });
    tokio::task::spawn_blocking(move || has_begun.recv()).await.expect("joined").expect("begun");
    running.abort();
    assert!(running.await.expect_err("aborted").is_cancelled());
    end.send(()).expect("a running read");
    // Every connection is closed once what was running has ended.
    reader.close().await;
    let error = reader.run(|_| Ok(())).await.expect_err("closed");
    assert!(matches!(error, DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed)), "{error}");
}

#[tokio::test]
async fn dropped_caller_interrupts_its_statement() {
    let (_folder, db) = with_rows(&[]).await;
    let reader = reader(&db);
    let (begun, has_begun) = mpsc::channel();
    let running = tokio::spawn({
        let reader = reader.clone();
        async move {
            let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";
            reader
                .run(move |connection| {
                    let failed = |error| as_db_error(error, DbErr::Query);
                    let mut statement = connection.prepare(endless).map_err(failed)?;
                    let mut rows = statement.query([]).map_err(failed)?;
                    rows.next().map_err(failed)?;
                    begun.send(()).expect("a test that waits");
                    while rows.next().map_err(failed)?.is_some() {}
                    Ok(())
                })
                .await
        }
    });
    tokio::task::spawn_blocking(move || has_begun.recv()).await.expect("joined").expect("begun");
    running.abort();
    assert!(running.await.expect_err("aborted").is_cancelled());
    reader.close().await;
}

#[tokio::test]
async fn connection_with_an_error_is_closed() {
    let (_folder, db) = with_rows(&[]).await;
    let reader = reader(&db);
    let mark = |connection: &Connection| {
        connection.pragma_update(None, "cache_size", 123).map_err(|error| as_db_error(error, DbErr::Query))
    };
    let is_marked = |connection: &Connection| {
        let size = Statement::from_string(DbBackend::Sqlite, "PRAGMA cache_size");
        Ok(rows::<(i64,)>(connection, size)? == [(123,)])
    };
    reader.run(mark).await.expect("marked");
    assert!(reader.run(is_marked).await.expect("read"));
    reader.run(|_| Err::<(), _>(DbErr::Custom("broken".to_owned()))).await.expect_err("broken");
    assert!(!reader.run(is_marked).await.expect("read"));
}

#[tokio::test]
async fn panic_of_a_read_is_an_error() {
    let (_folder, db) = with_rows(&[full()]).await;
    reader(&db).run(|_| if true { panic!("a fault in a row") } else { Ok(()) }).await.expect_err("a panic");
    assert_eq!(rows_of(db.read(), Entity::find()).await.expect("rows"), [full()]);
}

#[tokio::test]
async fn replaced_file_is_not_read() {
    let (folder, db) = with_rows(&[full()]).await;
    rows_of(db.read(), Entity::find()).await.expect("rows");
    std::fs::remove_file(folder.path().join("r.db")).expect("removed");
    std::fs::write(folder.path().join("r.db"), "").expect("written");
    let error = rows_of(db.read(), Entity::find()).await.expect_err("another file");
    assert_eq!(Fault::of(&error), Some(Fault::Replaced), "{error}");
}
