//! Columns with sealed secrets: key ids of rows, and sealing rows anew.

use kit::db::{Db, DbOptions};
use kit::random::Random;
use planeconnection::secret_key::{KeyUse, Resealed, Sealed, SealedColumn, SecretKeys, Use, associated};
use sea_orm::EntityTrait;
use secrecy::{ExposeSecret, SecretString};
use testkit::TestDatabase;

/// A table with sealed secrets.
mod notes {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "sealed_notes")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub secret: Option<Vec<u8>>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

struct Notes {
    db: Db,
    random: Random,
    _database: TestDatabase,
}

fn columns() -> Vec<Box<dyn Sealed>> {
    let column = SealedColumn::<notes::Entity> { column: notes::Column::Secret, associated: |row| associated("note", row.id) };
    vec![Box::new(column)]
}

fn line(seed: u64) -> String {
    SecretKeys::generate(&Random::seeded(seed)).expose_secret().to_owned()
}

/// The keys of these seeds, the first one current.
fn keys(seeds: &[u64]) -> SecretKeys {
    let lines: Vec<String> = seeds.iter().copied().map(line).collect();
    SecretKeys::parse(&SecretString::from(lines.join("\n"))).expect("keys")
}

impl Notes {
    async fn new() -> Self {
        let database = TestDatabase::empty().await;
        let bytes = database.by_engine("BLOB", "bytea");
        database.execute(&format!("CREATE TABLE sealed_notes (id INTEGER NOT NULL PRIMARY KEY, secret {bytes})")).await;
        let db = Db::open(database.location(), &DbOptions::default()).await.expect("a database");
        Self { db, random: Random::seeded(5), _database: database }
    }

    /// Stores secrets of rows `from..to`, each its own number.
    async fn fill(&self, keys: &SecretKeys, rows: std::ops::Range<i32>) {
        for id in rows {
            let secret = keys.seal(&self.random, &associated("note", id), id.to_string().as_bytes());
            self.store(id, Some(secret)).await;
        }
    }

    async fn store(&self, id: i32, secret: Option<Vec<u8>>) {
        let tx = self.db.begin().await.expect("a transaction");
        let row = notes::ActiveModel { id: sea_orm::Set(id), secret: sea_orm::Set(secret) };
        notes::Entity::insert(row).exec_without_returning(&tx).await.expect("a row");
        tx.commit().await.expect("a commit");
    }

    async fn uses(&self) -> Vec<Use> {
        KeyUse::of(&self.db, &columns()).await.expect("key ids").0
    }

    async fn reseal(&self, keys: &SecretKeys) -> Resealed {
        columns()[0].reseal(&self.db, keys, &self.random).await.expect("sealed anew")
    }

    async fn opened(&self, keys: &SecretKeys, id: i32) -> String {
        let row = notes::Entity::find_by_id(id).one(self.db.read()).await.expect("an answer").expect("a row");
        let opened = keys.open(&associated("note", id), &row.secret.expect("a secret")).expect("it opens");
        String::from_utf8(opened.expose_secret().to_vec()).expect("UTF-8")
    }
}

#[tokio::test]
async fn keys_of_rows_are_counted_by_their_envelopes() {
    let t = Notes::new().await;
    let (first, second) = (keys(&[1]), keys(&[2]));
    assert!(t.uses().await.is_empty());
    t.fill(&first, 0..3).await;
    t.fill(&second, 3..5).await;
    t.store(5, None).await;
    t.store(6, Some(b"plain text".to_vec())).await;
    let rows_of = |uses: &[Use], key| uses.iter().find(|each| each.key == key).map(|each| (each.column.clone(), each.rows));
    let uses = t.uses().await;
    let name = || "sealed_notes.secret".to_owned();
    assert_eq!(uses.len(), 3, "{uses:?}");
    assert_eq!(rows_of(&uses, Some(first.current())), Some((name(), 3)));
    assert_eq!(rows_of(&uses, Some(second.current())), Some((name(), 2)));
    assert_eq!(rows_of(&uses, None), Some((name(), 1)));
    let found = KeyUse(uses);
    let unreadable = |keys| found.unreadable(keys).map(|each| each.rows).sum::<u64>();
    assert_eq!((unreadable(None), unreadable(Some(&second)), unreadable(Some(&keys(&[2, 1])))), (6, 4, 1));
}

#[tokio::test]
async fn all_rows_are_sealed_anew_with_the_current_key() {
    let t = Notes::new().await;
    t.fill(&keys(&[1]), 0..450).await;
    t.fill(&keys(&[2]), 450..460).await;
    t.store(460, None).await;
    let both = keys(&[2, 1]);
    assert_eq!(t.reseal(&both).await, Resealed { rows: 450, unreadable: 0 });
    assert_eq!(t.uses().await, [Use { column: "sealed_notes.secret".to_owned(), key: Some(both.current()), rows: 460 }]);
    for id in [0, 199, 200, 449, 459] {
        assert_eq!(t.opened(&keys(&[2]), id).await, id.to_string());
    }
    assert_eq!(t.reseal(&both).await, Resealed::default(), "nothing is left to do");
}

#[tokio::test]
async fn rows_that_do_not_open_are_left_and_counted() {
    let t = Notes::new().await;
    t.fill(&keys(&[1]), 1..4).await;
    let moved = keys(&[1]).seal(&t.random, &associated("note", 1), b"1");
    t.store(4, Some(moved)).await;
    t.fill(&keys(&[3]), 5..6).await;
    assert_eq!(t.reseal(&keys(&[2, 1])).await, Resealed { rows: 3, unreadable: 2 });
    assert_eq!(t.opened(&keys(&[3]), 5).await, "5");
}

#[tokio::test]
async fn table_of_a_later_schema_has_no_rows_yet() {
    let database = TestDatabase::empty().await;
    let db = Db::open(database.location(), &DbOptions::default()).await.expect("a database");
    assert_eq!(KeyUse::of(&db, &columns()).await.expect("an answer"), KeyUse::default());
}
