//! One database for each test: a SQLite file, or a database on the Postgres server that `TEST_POSTGRES` names.
//! `cargo xtask test` runs the suite on one engine after the other.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use kit::db::{Db, DbOptions, Location, Tx};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement, TransactionTrait};
use sea_orm_migration::MigratorTrait;
use tempfile::TempDir;

/// The environment variable with the URL of a server's database `postgres`.
const SERVER: &str = "TEST_POSTGRES";

/// The database with a migrated schema that new ones are copies of.
const TEMPLATE: &str = "planeconnection_template";

/// A database that is removed when dropped.
pub struct TestDatabase {
    folder: TempDir,
    location: Location,
    /// The server's URL and the name of the database, on Postgres.
    server: Option<(String, String)>,
}

impl TestDatabase {
    /// A database without a schema, on the engine of the suite.
    pub async fn empty() -> Self {
        match std::env::var(SERVER) {
            Ok(server) => Self::create(&server, None).await,
            Err(_) => Self::in_file(),
        }
    }

    /// A database on the engine of the suite: on Postgres a copy of one with the schema of `M`, which is quicker than a
    /// migration; on SQLite a file without a schema.
    pub async fn migrated<M: MigratorTrait>() -> Self {
        match std::env::var(SERVER) {
            Ok(server) => {
                create_template::<M>(&server).await;
                Self::create(&server, Some(TEMPLATE)).await
            }
            Err(_) => Self::in_file(),
        }
    }

    /// A file, on any engine of the suite.
    pub fn in_file() -> Self {
        Self::in_folder(&std::env::temp_dir())
    }

    /// A file in a new folder within `parent`.
    pub fn in_folder(parent: &Path) -> Self {
        let folder = TempDir::new_in(parent).expect("a temporary folder");
        let location = Location::Sqlite(folder.path().join("plane.db"));
        Self { folder, location, server: None }
    }

    /// A database without a schema, on this server.
    pub async fn on_server(server: &str) -> Self {
        Self::create(server, None).await
    }

    async fn create(server: &str, template: Option<&str>) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let admin = Database::connect(server).await.expect("the server");
        // An earlier process with this id may have left one behind.
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

    /// A folder for files of the test.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The database as `--database` takes it.
    pub fn url(&self) -> String {
        match (&self.server, &self.location) {
            (Some((server, name)), _) => sibling(server, name),
            (None, location) => location.to_string(),
        }
    }

    /// Everything that is stored, as bytes. A file is copied first: the copy holds no remains of deleted rows.
    pub async fn dump(&self) -> Vec<u8> {
        let db = Db::open(&self.location, &DbOptions::default()).await.expect("a database");
        if self.server.is_none() {
            let copy = self.folder.path().join("bytes.db");
            let _absent = std::fs::remove_file(&copy);
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

    /// Executes SQL behind the product's back.
    pub async fn execute(&self, sql: &str) {
        let db = Db::open(&self.location, &DbOptions::default()).await.expect("a database");
        let tx = db.begin().await.expect("a transaction");
        tx.execute_unprepared(sql).await.expect("a statement");
        tx.commit().await.expect("a commit");
    }

    /// Returns the text for the engine of this database.
    pub fn by_engine<'a>(&self, sqlite: &'a str, postgres: &'a str) -> &'a str {
        if self.server.is_some() { postgres } else { sqlite }
    }

    /// An SQL expression for a new id.
    pub fn new_id_sql(&self) -> &'static str {
        self.by_engine("randomblob(16)", "gen_random_uuid()")
    }

    /// An SQL expression for a hash of zeros.
    pub fn zero_hash_sql(&self) -> &'static str {
        self.by_engine("zeroblob(32)", "decode(repeat('00', 32), 'hex')")
    }

    /// Makes the database reject a statement (`INSERT`, `UPDATE`) on rows of a table for which `when` holds.
    pub async fn reject_writes(&self, statement: &str, table: &str, when: &str) {
        let sqlite = format!(
            "CREATE TRIGGER refuse_{table} BEFORE {statement} ON {table} WHEN {when} \
             BEGIN SELECT RAISE(ABORT, 'refused by the test'); END"
        );
        let postgres = format!(
            "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION 'refused by the test'; END $$; \
             CREATE TRIGGER refuse_{table} BEFORE {statement} ON {table} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION refuse()"
        );
        self.execute(self.by_engine(&sqlite, &postgres)).await;
    }

    /// Accepts the statements again that [`Self::reject_writes`] rejected.
    pub async fn accept_writes(&self, table: &str) {
        let (sqlite, postgres) = (format!("DROP TRIGGER refuse_{table}"), format!("DROP TRIGGER refuse_{table} ON {table}"));
        self.execute(self.by_engine(&sqlite, &postgres)).await;
    }

    /// Keeps every other process from writing until the lock is released or dropped.
    pub async fn lock_writes(&self) -> WriteLock {
        let Some((server, name)) = &self.server else {
            let db = Db::open(&self.location, &DbOptions::default()).await.expect("a database");
            return WriteLock::File(db.begin().await.expect("the lock"));
        };
        let names = kit::db::names(&Db::open(&self.location, &DbOptions::default()).await.expect("a database"))
            .await
            .expect("the tables");
        // On a plain connection: the product's transactions have timeouts.
        let connection = Database::connect(sibling(server, name)).await.expect("a connection");
        let held = connection.begin().await.expect("a transaction");
        held.execute_unprepared(&format!("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", names.join(", "))).await.expect("the lock");
        WriteLock::Server(connection, held)
    }
}

/// A lock on all tables.
pub enum WriteLock {
    File(Tx),
    Server(DatabaseConnection, sea_orm::DatabaseTransaction),
}

impl WriteLock {
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
        // In a thread, since a test may end inside a runtime, where another cannot block.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let admin = Database::connect(&server).await.expect("the server");
                // A database that cannot be dropped is removed with the server.
                let _left = admin.execute_unprepared(&format!("DROP DATABASE {name} WITH (FORCE)")).await;
            });
        });
        let _left = dropping.join();
    }
}

/// Creates the template, unless another test has. It gets its name when it is complete.
async fn create_template<M: MigratorTrait>(server: &str) {
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
        db.migrate::<M>().await.expect("a schema");
        db.close().await;
        admin.execute_unprepared(&format!("ALTER DATABASE {unfinished} RENAME TO {TEMPLATE}")).await.expect("a name");
    }
    lock.rollback().await.expect("a rollback");
}

/// The URL of another database of a server.
fn sibling(server: &str, name: &str) -> String {
    let (before, _) = server.rsplit_once('/').expect("a URL that names a database");
    format!("{before}/{name}")
}
