//! The database as another program finds it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, QueryResult, Statement};
use tempfile::TempDir;

/// The stored part of the writes of a trial.
#[derive(Debug, Default)]
pub struct Stored {
    /// Names, and whether the key is revoked.
    pub keys: BTreeMap<String, bool>,
    /// The version in the notes of each external id.
    pub trips: BTreeMap<String, u64>,
    /// Reports, invoices and posted trips, counted by their text.
    pub texts: BTreeMap<String, u64>,
    /// Violations of the integrity of the database.
    pub faults: Vec<String>,
}

/// Tables whose rows each have one event that says that they were made.
const MADE: [(&str, &str); 4] =
    [("api_keys", "api_key.created"), ("trips", "trip.created"), ("reports", "report.created"), ("invoices", "invoice.created")];

impl Stored {
    /// Reads a copy of the file on the disk, since opening the file itself would repair it.
    pub async fn in_file(path: &Path) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let copy = folder.path().join("copy.db");
        for end in ["", "-wal"] {
            let of = |path: &Path| PathBuf::from(format!("{}{end}", path.display()));
            match std::fs::copy(of(path), of(&copy)) {
                Ok(_) => {}
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => panic!("{}{end} cannot be copied: {error}", path.display()),
            }
        }
        let connection = Database::connect(format!("sqlite://{}?mode=rwc", copy.display())).await.expect("a database");
        let mut stored = if texts(&connection, "SELECT name FROM sqlite_master WHERE name = 'api_keys'").await.is_empty() {
            Self { faults: vec!["there are no tables".to_owned()], ..Self::default() }
        } else {
            Self::of(&connection).await
        };
        let integrity = texts(&connection, "PRAGMA integrity_check").await;
        if integrity != ["ok"] {
            stored.faults.push(format!("the file is damaged: {integrity:?}"));
        }
        if !rows(&connection, "PRAGMA foreign_key_check").await.is_empty() {
            stored.faults.push("a row refers to one that is not there".to_owned());
        }
        connection.close().await.expect("closed");
        stored
    }

    /// Reads a database on a server.
    pub async fn on_server(url: &str) -> Self {
        let connection = Database::connect(url).await.expect("the server");
        let stored = Self::of(&connection).await;
        connection.close().await.expect("closed");
        stored
    }

    async fn of(db: &DatabaseConnection) -> Self {
        let mut stored = Self::default();
        for row in rows(db, "SELECT name, revoked_at IS NOT NULL FROM api_keys").await {
            if stored.keys.insert(text(&row, 0), row.try_get_by_index(1).expect("a flag")).is_some() {
                stored.faults.push(format!("two keys are called {}", text(&row, 0)));
            }
        }
        for row in rows(db, "SELECT external_id, notes FROM trips WHERE external_id IS NOT NULL").await {
            let (external_id, notes) = (text(&row, 0), text(&row, 1));
            let version = notes.strip_prefix('v').and_then(|rest| rest.split(' ').next()?.parse().ok());
            match version {
                Some(version) => drop(stored.trips.insert(external_id, version)),
                None => *stored.texts.entry(external_id).or_default() += 1,
            }
        }
        for query in ["SELECT title FROM reports", "SELECT external_id FROM invoices"] {
            for text in texts(db, query).await {
                *stored.texts.entry(text).or_default() += 1;
            }
        }
        for (table, action) in MADE {
            let made = count(db, table).await;
            let recorded = count(db, &format!("audit_events WHERE action = '{action}'")).await;
            if made != recorded {
                stored.faults.push(format!("{table} has {made} rows, and {action} is recorded {recorded} times"));
            }
        }
        let revoked = count(db, "api_keys WHERE revoked_at IS NOT NULL").await;
        let recorded = count(db, "audit_events WHERE action = 'api_key.revoked'").await;
        if revoked != recorded {
            stored.faults.push(format!("{revoked} keys are revoked, and that is recorded {recorded} times"));
        }
        stored
    }
}

async fn rows(db: &DatabaseConnection, sql: &str) -> Vec<QueryResult> {
    db.query_all_raw(Statement::from_string(db.get_database_backend(), sql))
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
}

async fn texts(db: &DatabaseConnection, sql: &str) -> Vec<String> {
    rows(db, sql).await.iter().map(|row| text(row, 0)).collect()
}

async fn count(db: &DatabaseConnection, of: &str) -> i64 {
    let rows = rows(db, &format!("SELECT count(*) FROM {of}")).await;
    rows[0].try_get_by_index(0).expect("a number")
}

fn text(row: &QueryResult, index: usize) -> String {
    row.try_get_by_index(index).expect("text")
}
