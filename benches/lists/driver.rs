//! The bare drivers: rusqlite on one connection, tokio-postgres on as many as the product uses for one workspace.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hint::black_box;
use std::time::SystemTime;

use futures_util::future::join_all;
use rusqlite::params_from_iter;
use rusqlite::types::FromSql;
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::types::{FromSqlOwned, ToSql};
use tokio_postgres::{Client, NoTls, Statement};
use uuid::Uuid;

use crate::AT_ONCE;
use crate::calls::Call;
use crate::fields::At;

/// Connections to Postgres. The product has twelve for reads by default, and one workspace may use half of them.
const CONNECTIONS: u32 = 6;

/// Statements that a connection to SQLite keeps prepared: all of the bench.
const STATEMENTS: usize = 128;

/// A parameter of a statement.
#[derive(Clone)]
pub(super) enum Value {
    Id(Uuid),
    Small(i16),
    Number(i64),
    /// An instant, in the form of either engine.
    Time(String, SystemTime),
}

impl Value {
    pub(super) fn time(at: At) -> Self {
        // As the product writes it: with an offset.
        let text = at.0.to_string().replace('Z', "+00:00");
        Self::Time(text, at.0.try_into().expect("a time of the system"))
    }

    fn for_sqlite(&self) -> &dyn rusqlite::ToSql {
        match self {
            Self::Id(id) => id,
            Self::Small(number) => number,
            Self::Number(number) => number,
            Self::Time(text, _) => text,
        }
    }

    fn for_postgres(&self) -> &(dyn ToSql + Sync) {
        match self {
            Self::Id(id) => id,
            Self::Small(number) => number,
            Self::Number(number) => number,
            Self::Time(_, time) => time,
        }
    }
}

/// A type of a column that both drivers decode.
pub(super) trait Column: FromSql + FromSqlOwned {}

impl<T: FromSql + FromSqlOwned> Column for T {}

/// A row of either driver.
pub(super) trait Row {
    /// Decodes the column with this index.
    fn column<T: Column>(&self, index: usize) -> T;
}

impl Row for rusqlite::Row<'_> {
    fn column<T: Column>(&self, index: usize) -> T {
        self.get(index).expect("a column of this type")
    }
}

impl Row for tokio_postgres::Row {
    fn column<T: Column>(&self, index: usize) -> T {
        self.get(index)
    }
}

pub(super) trait FromRow {
    fn from_row(row: &impl Row) -> Self;
}

/// A connection of a driver, which keeps statements prepared.
pub(super) trait Driver {
    async fn rows<T: FromRow>(&self, sql: &str, values: &[Value]) -> Vec<T>;
}

struct Sqlite(rusqlite::Connection);

impl Driver for Sqlite {
    async fn rows<T: FromRow>(&self, sql: &str, values: &[Value]) -> Vec<T> {
        let mut statement = self.0.prepare_cached(sql).expect("a statement");
        let values = params_from_iter(values.iter().map(Value::for_sqlite));
        let rows = statement.query_map(values, |row| Ok(T::from_row(row))).expect("rows");
        rows.map(|row| row.expect("a row")).collect()
    }
}

struct Postgres {
    client: Client,
    statements: RefCell<HashMap<String, Statement>>,
}

impl Postgres {
    async fn prepared(&self, sql: &str) -> Statement {
        let known = self.statements.borrow().get(sql).cloned();
        if let Some(statement) = known {
            return statement;
        }
        let statement = self.client.prepare(sql).await.expect("a statement");
        self.statements.borrow_mut().insert(sql.to_owned(), statement.clone());
        statement
    }
}

impl Driver for Postgres {
    async fn rows<T: FromRow>(&self, sql: &str, values: &[Value]) -> Vec<T> {
        let statement = self.prepared(sql).await;
        let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(Value::for_postgres).collect();
        let rows = self.client.query(&statement, &values).await.expect("rows");
        rows.iter().map(T::from_row).collect()
    }
}

/// The bare driver of an engine, with its connections and a runtime of one thread.
pub(super) struct Bare {
    runtime: Runtime,
    connections: Connections,
}

enum Connections {
    Sqlite(Sqlite),
    Postgres(Vec<Postgres>),
}

impl Bare {
    pub(super) fn open(url: &str) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let connections = if let Some(path) = url.strip_prefix("sqlite://") {
            let connection = rusqlite::Connection::open(path).expect("a database");
            connection.set_prepared_statement_cache_capacity(STATEMENTS);
            Connections::Sqlite(Sqlite(connection))
        } else {
            let connect = |_| {
                let (client, connection) = runtime.block_on(tokio_postgres::connect(url, NoTls)).expect("a connection");
                // It ends with its client.
                runtime.spawn(connection);
                Postgres { client, statements: RefCell::default() }
            };
            Connections::Postgres((0..CONNECTIONS).map(connect).collect())
        };
        Self { runtime, connections }
    }

    /// The process of Postgres that serves a connection.
    pub(super) fn backend(&self) -> Option<u32> {
        let Connections::Postgres(connections) = &self.connections else { return None };
        let row = self.runtime.block_on(connections[0].client.query_one("SELECT pg_backend_pid()", &[])).expect("a process");
        u32::try_from(row.get::<_, i32>(0)).ok()
    }

    /// Returns the body of the response to a call.
    pub(super) fn body(&self, call: &Call) -> Vec<u8> {
        self.runtime.block_on(async {
            match &self.connections {
                Connections::Sqlite(connection) => call.body(connection).await,
                Connections::Postgres(connections) => call.body(&connections[0]).await,
            }
        })
    }

    /// Answers as many calls as are in flight at a time, over all connections at once.
    pub(super) fn burst(&self, call: &Call) {
        self.runtime.block_on(async {
            match &self.connections {
                Connections::Sqlite(connection) => repeat(connection, call, AT_ONCE).await,
                Connections::Postgres(connections) => {
                    join_all(connections.iter().map(|connection| repeat(connection, call, AT_ONCE / CONNECTIONS))).await;
                }
            }
        });
    }
}

async fn repeat(driver: &impl Driver, call: &Call, times: u32) {
    for _ in 0..times {
        black_box(call.body(driver).await);
    }
}
