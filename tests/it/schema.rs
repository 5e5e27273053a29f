//! Migration of a database that is in use.

use kit::db::{Db, DbOptions, names};
use sea_orm_migration::prelude::*;
use testkit::TestDatabase;

/// A migration that creates the table of its name.
struct Creates(&'static str);

impl MigrationName for Creates {
    fn name(&self) -> &str {
        self.0
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Creates {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let id = ColumnDef::new("id").integer().primary_key().take();
        manager.create_table(Table::create().table(self.0).col(id).take()).await
    }
}

struct Older;

impl MigratorTrait for Older {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(Creates("one"))]
    }
}

/// A version whose last migration fails: its table exists.
struct Newer;

impl MigratorTrait for Newer {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(Creates("one")), Box::new(Creates("two")), Box::new(Creates("taken"))]
    }
}

#[tokio::test]
async fn migrations_of_a_server_in_use_are_committed_one_by_one() {
    let database = TestDatabase::empty().await;
    let db = Db::open(database.location(), &DbOptions::default()).await.expect("a database");
    db.migrate::<Older>().await.expect("a schema");
    database.execute("CREATE TABLE taken (id integer)").await;
    db.migrate::<Newer>().await.expect_err("a table that exists");
    let has_second = names(&db).await.expect("the tables").iter().any(|name| name == "two");
    assert_eq!(has_second, database.by_engine("all or none", "one by one") == "one by one");
    database.execute("DROP TABLE taken").await;
    db.migrate::<Newer>().await.expect("a schema");
    db.migrate::<Newer>().await.expect("nothing to do");
}
