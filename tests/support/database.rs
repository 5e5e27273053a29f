//! A database of one's own for each test: a file, or, if `TEST_POSTGRES` says where a server is, a database of it. The
//! whole suite runs on both engines: `cargo xtask test` does, one after the other.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use kit::db::{Db, DbOptions, Location, Tx};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement, TransactionTrait};
use tempfile::TempDir;

/// Where a server is, with the database that every server has.
const SERVER: &str = "TEST_POSTGRES";

/// What each new database is a copy of, once it is there.
const TEMPLATE: &str = "planeconnection_template";

/// Gone when dropped.
pub struct TestDatabase {
    folder: TempDir,
    location: Location,
    server: Option<(String, String)>,
}

impl TestDatabase {
    /// Without a schema.
    pub async fn empty() -> Self {
        match std::env::var(SERVER) {
            Ok(server) => Self::on(&server, None).await,
            Err(_) => Self::file(),
        }
    }

    /// With today's schema, where that is quicker than to make it.
    pub async fn migrated() -> Self {
        match std::env::var(SERVER) {
            Ok(server) => {
                make_template(&server).await;
                Self::on(&server, Some(TEMPLATE)).await
            }
            Err(_) => Self::file(),
        }
    }

    /// A file, on whatever the suite runs.
    pub fn file() -> Self {
        Self::within(&std::env::temp_dir())
    }

    /// A file in a folder of its own within `parent`.
    pub fn within(parent: &Path) -> Self {
        let folder = TempDir::new_in(parent).expect("a temporary folder");
        let location = Location::Sqlite(folder.path().join("plane.db"));
        Self { folder, location, server: None }
    }

    /// Without a schema, on this server.
    pub async fn at(server: &str) -> Self {
        Self::on(server, None).await
    }

    async fn on(server: &str, template: Option<&str>) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let admin = Database::connect(server).await.expect("the server");
        // A process of the same number may have left one behind.
        admin.execute_unprepared(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await.expect("a statement");
        let template = template.map(|template| format!(" TEMPLATE {template}")).unwrap_or_default();
        admin.execute_unprepared(&format!("CREATE DATABASE {name}{template}")).await.expect("a database");
        admin.close().await.expect("closed");
        let location = sibling(server, &name).parse().expect("a location");
        let folder = TempDir::new().expect("a temporary folder");
        Self { folder, location, server: Some((server.to_owned(), name)) }
    }

    pub fn location(&self) -> &Location {
        &self.location
    }

    /// Where files that belong to the test may be put.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// As `--database` takes it.
    pub fn url(&self) -> String {
        match (&self.server, &self.location) {
            (Some((server, name)), _) => sibling(server, name),
            (None, location) => location.to_string(),
        }
    }

    /// Everything that is stored, as bytes: of a file a fresh copy, in which nothing is there twice that is stored once.
    pub async fn bytes(&self) -> Vec<u8> {
        let db = Db::open(&self.location, &DbOptions::default()).await.expect("a database");
        if self.server.is_none() {
            let copy = self.folder.path().join("bytes.db");
            let _none_before = std::fs::remove_file(&copy);
            db.copy_to(&copy.to_string_lossy()).await.expect("a copy");
            return std::fs::read(copy).expect("the copy");
        }
        let mut bytes = Vec::new();
        for table in kit::db::names(&db).await.expect("the tables") {
            let rows = Statement::from_string(db.read().get_database_backend(), format!("SELECT t::text FROM {table} t"));
            for row in db.read().query_all_raw(rows).await.expect("rows") {
                bytes.extend(row.try_get_by_index::<String>(0).expect("text").into_bytes());
                bytes.push(b'\n');
            }
        }
        bytes
    }

    /// Does something behind the product's back.
    pub async fn alter(&self, sql: &str) {
        let db = Db::open(&self.location, &DbOptions::default()).await.expect("a database");
        let tx = db.begin().await.expect("a transaction");
        tx.execute_unprepared(sql).await.expect("a statement");
        tx.commit().await.expect("a commit");
    }

    /// What one engine says in other words than the other.
    pub fn either<'a>(&self, file: &'a str, server: &'a str) -> &'a str {
        if self.server.is_some() { server } else { file }
    }

    /// A new id, in SQL.
    pub fn id(&self) -> &'static str {
        self.either("randomblob(16)", "gen_random_uuid()")
    }

    /// A hash of zeros, in SQL.
    pub fn zeros(&self) -> &'static str {
        self.either("zeroblob(32)", "decode(repeat('00', 32), 'hex')")
    }

    /// From now on the database refuses to `INSERT` or `UPDATE` rows of a table of which `when` holds.
    pub async fn refuse(&self, what: &str, table: &str, when: &str) {
        let file = format!(
            "CREATE TRIGGER refuse_{table} BEFORE {what} ON {table} WHEN {when} \
             BEGIN SELECT RAISE(ABORT, 'refused by the test'); END"
        );
        let server = format!(
            "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION 'refused by the test'; END $$; \
             CREATE TRIGGER refuse_{table} BEFORE {what} ON {table} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION refuse()"
        );
        self.alter(self.either(&file, &server)).await;
    }

    /// It takes them again.
    pub async fn allow(&self, table: &str) {
        let (file, server) = (format!("DROP TRIGGER refuse_{table}"), format!("DROP TRIGGER refuse_{table} ON {table}"));
        self.alter(self.either(&file, &server)).await;
    }

    /// Keeps every other process from writing, for as long as it is not dropped or rolled back.
    pub async fn lock(&self) -> Lock {
        let Some((server, name)) = &self.server else {
            let db = Db::open(&self.location, &DbOptions::default()).await.expect("a database");
            return Lock::File(db.begin().await.expect("the lock"));
        };
        let names = kit::db::names(&Db::open(&self.location, &DbOptions::default()).await.expect("a database"))
            .await
            .expect("the tables");
        // Not by the product's own means: those see to it that nobody holds a lock for long.
        let connection = Database::connect(sibling(server, name)).await.expect("a connection");
        let held = connection.begin().await.expect("a transaction");
        held.execute_unprepared(&format!("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", names.join(", "))).await.expect("the lock");
        Lock::Server(connection, held)
    }
}

/// A lock on everything.
pub enum Lock {
    File(Tx),
    Server(DatabaseConnection, sea_orm::DatabaseTransaction),
}

impl Lock {
    pub async fn release(self) {
        match self {
            Self::File(tx) => tx.rollback().await.expect("a rollback"),
            Self::Server(_connection, tx) => tx.rollback().await.expect("a rollback"),
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let Some((server, name)) = self.server.take() else { return };
        // Of its own, as a test may end within a runtime or without one.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let admin = Database::connect(&server).await.expect("the server");
                // What cannot be dropped goes with the server.
                let _left = admin.execute_unprepared(&format!("DROP DATABASE {name} WITH (FORCE)")).await;
            });
        });
        let _left = dropping.join();
    }
}

/// Makes the template, unless another test has.
async fn make_template(server: &str) {
    let admin = Database::connect(server).await.expect("the server");
    let lock = admin.begin().await.expect("a transaction");
    lock.execute_unprepared("SELECT pg_advisory_xact_lock(1)").await.expect("the lock");
    let exists = format!("SELECT 1 FROM pg_database WHERE datname = '{TEMPLATE}'");
    let exists = lock.query_one_raw(Statement::from_string(lock.get_database_backend(), exists)).await.expect("an answer");
    if exists.is_none() {
        let unfinished = format!("{TEMPLATE}_unfinished");
        admin.execute_unprepared(&format!("DROP DATABASE IF EXISTS {unfinished}")).await.expect("a statement");
        admin.execute_unprepared(&format!("CREATE DATABASE {unfinished}")).await.expect("a database");
        let location: Location = sibling(server, &unfinished).parse().expect("a location");
        let db = Db::open(&location, &DbOptions::default()).await.expect("a database");
        db.migrate::<planeconnection::migrations::Migrations>().await.expect("a schema");
        db.close().await;
        admin.execute_unprepared(&format!("ALTER DATABASE {unfinished} RENAME TO {TEMPLATE}")).await.expect("a name");
    }
    lock.rollback().await.expect("a rollback");
}

/// The same server's database of this name.
fn sibling(server: &str, name: &str) -> String {
    let (before, _) = server.rsplit_once('/').expect("a URL that names a database");
    format!("{before}/{name}")
}
