//! Rows that are written as one value, or as one for each column; `copies` rows that are read by COPY.

mod copies;

use kit::clock::Time;
use kit::db::{Db, DbOptions, insert_packed};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ConnectionTrait, EntityTrait, QueryOrder, Schema};
use testkit::TestDatabase;
use uuid::Uuid;

use rows::{Column, Entity, Model};

/// A table with a column of each type.
mod rows {
    use sea_orm::entity::prelude::*;

    use kit::clock::Time;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "packed_rows")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub text: Option<String>,
        pub at: Option<Time>,
        pub parent: Option<Uuid>,
        pub small: Option<i16>,
        pub big: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// Texts with characters that mean something in SQL, in JSON or in the text of an array.
const TEXTS: [&str; 22] = [
    "",
    " ",
    "NULL",
    "null",
    "it's",
    "\"quoted\"",
    "back\\slash",
    "\\",
    "\\N",
    "\\u0000",
    "{braces}",
    "{}",
    "[1, 2]",
    "comma, and comma",
    ",",
    "line\nbreak\r\n\ttab",
    "\u{1}\u{7f}\u{feff}",
    "$1 ? %s --",
    "e\u{301} and \u{e9}",
    "漢字",
    "🛩\u{10ffff}",
    "'; DROP TABLE packed_rows; --",
];

/// A row without a missing value.
fn row(number: usize, text: &str) -> Model {
    let number = u128::try_from(number).expect("a number");
    Model {
        id: Uuid::from_u128(number),
        text: Some(text.to_owned()),
        at: Some("2026-11-23T09:30:00.000001Z".parse().expect("a time")),
        parent: Some(Uuid::from_u128(u128::MAX - number)),
        small: Some(i16::MIN),
        big: Some(i64::MAX),
    }
}

async fn with_table() -> (TestDatabase, Db) {
    let database = TestDatabase::empty().await;
    let db = Db::open(database.location(), &DbOptions::default()).await.expect("a database");
    let tx = db.begin().await.expect("a transaction");
    let table = Schema::new(tx.get_database_backend()).create_table_from_entity(Entity);
    tx.execute(&table).await.expect("a table");
    tx.commit().await.expect("a commit");
    (database, db)
}

async fn insert(db: &Db, rows: &[Model], on_conflict: Option<OnConflict>) {
    let tx = db.begin().await.expect("a transaction");
    insert_packed::<Entity>(&tx, rows, on_conflict).await.expect("inserted");
    tx.commit().await.expect("a commit");
}

async fn stored(db: &Db) -> Vec<Model> {
    Entity::find().order_by_asc(Column::Id).all(db.read()).await.expect("rows")
}

#[tokio::test]
async fn texts_are_stored_as_they_are() {
    let (_database, db) = with_table().await;
    let rows: Vec<Model> = TEXTS.iter().enumerate().map(|(number, text)| row(number, text)).collect();
    insert(&db, &rows, None).await;
    assert_eq!(stored(&db).await, rows);
}

#[tokio::test]
async fn texts_beside_missing_values_are_stored_as_they_are() {
    let (_database, db) = with_table().await;
    let mut rows: Vec<Model> = TEXTS.iter().enumerate().map(|(number, text)| row(number, text)).collect();
    let id = Uuid::from_u128(u128::MAX);
    rows.push(Model { id, text: None, at: None, parent: None, small: None, big: None });
    insert(&db, &rows, None).await;
    assert_eq!(stored(&db).await, rows);
}

#[tokio::test]
async fn times_and_numbers_are_stored_to_their_limits() {
    let (_database, db) = with_table().await;
    let times = [Time::FIRST, "9999-12-30T22:00:00Z".parse().expect("a time")];
    let mut rows = Vec::new();
    for (number, at) in times.into_iter().enumerate() {
        let (small, big) = if number == 0 { (i16::MIN, i64::MIN) } else { (i16::MAX, i64::MAX) };
        rows.push(Model { at: Some(at), small: Some(small), big: Some(big), ..row(number, "limits") });
    }
    insert(&db, &rows, None).await;
    assert_eq!(stored(&db).await, rows);
}

#[tokio::test]
async fn rows_of_several_statements_are_added_to_those_that_are_there() {
    let (_database, db) = with_table().await;
    // Of three statements, only the second one has a missing value.
    let mut rows: Vec<Model> = (0..2_500).map(|number| Model { big: Some(2), ..row(number, "many") }).collect();
    rows[1_500].text = None;
    let add = OnConflict::column(Column::Id).value(Column::Big, Expr::cust("packed_rows.big + excluded.big")).to_owned();
    insert(&db, &rows, Some(add.clone())).await;
    assert_eq!(stored(&db).await, rows);
    insert(&db, &rows, Some(add)).await;
    let doubled: Vec<Model> = rows.into_iter().map(|row| Model { big: Some(4), ..row }).collect();
    assert_eq!(stored(&db).await, doubled);
}
