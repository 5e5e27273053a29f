//! Write transactions.

use std::sync::atomic::{AtomicBool, Ordering};

use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, MockDatabase, MockDatabaseTrait, MockExecResult,
    QueryResult, RuntimeErr, Statement, TransactionOptions,
};
use sea_orm_migration::async_trait::async_trait;

use super::DbResult;
use super::group::Member;
use super::joined::joined;
use super::pool::{Generation, Pool, finishing};
use super::reader::{execute_script, execute_statement};
use super::write_connection::Turn;

/// A write transaction; dropped without a commit, it is rolled back.
#[derive(Debug)]
pub struct Tx(Kind);

#[derive(Debug)]
enum Kind {
    /// Alone on its connection, by the asynchronous driver.
    Alone(Alone),
    /// One of several on SQLite that are committed together, by the synchronous driver.
    Member(Member),
}

#[derive(Debug)]
struct Alone {
    inner: DatabaseTransaction,
    pool: Pool,
    on: Generation,
    /// The server's process, to recognise the connection by.
    backend: Option<i32>,
    /// True once a statement has failed: Postgres answers COMMIT without an error then, and rolls back.
    has_failed: AtomicBool,
    /// The turn at a file; dropped after the transaction, as fields are dropped in their order.
    _turn: Option<Turn>,
}

impl Alone {
    async fn commit(self) -> DbResult<()> {
        let Self { inner, pool, on, backend, has_failed, _turn } = self;
        if has_failed.into_inner() {
            return Err(DbErr::Query(RuntimeErr::Internal("a statement of the transaction has failed".to_owned())));
        }
        finishing(&pool, &on, backend, inner.commit()).await?;
        Ok(pool.storage().require_same_file()?)
    }

    async fn rollback(self) -> DbResult<()> {
        let Self { inner, pool, on, backend, has_failed: _, _turn } = self;
        finishing(&pool, &on, backend, inner.rollback()).await
    }
}

impl From<Member> for Tx {
    fn from(member: Member) -> Self {
        Self(Kind::Member(member))
    }
}

impl Tx {
    /// Begins a transaction that shares its commit with no other.
    pub(super) async fn alone(pool: Pool, options: TransactionOptions) -> DbResult<Self> {
        let (inner, turn, on) = pool.begin(options).await?;
        Ok(Self(Kind::Alone(Alone { inner, pool, on, backend: None, has_failed: AtomicBool::new(false), _turn: turn })))
    }

    /// Drops `permit` if writers take turns at the connection, as on SQLite: the holder of the permit that comes next queues for
    /// its turn, and may then share the commit. Returns it if every writer has a connection.
    pub fn hand_on<P>(&self, permit: P) -> Option<P> {
        match &self.0 {
            Kind::Alone(_) => Some(permit),
            Kind::Member(_) => None,
        }
    }

    /// Commits. After an outage here it is not known whether it was committed; nor, if the database file is another by now.
    pub async fn commit(self) -> DbResult<()> {
        match self.0 {
            Kind::Alone(alone) => alone.commit().await,
            Kind::Member(member) => member.commit().await,
        }
    }

    pub async fn rollback(self) -> DbResult<()> {
        match self.0 {
            Kind::Alone(alone) => alone.rollback().await,
            Kind::Member(member) => member.rollback().await,
        }
    }

    /// Names the server's process that runs this transaction.
    pub(super) fn set_backend(&mut self, process: i32) {
        if let Kind::Alone(Alone { backend, .. }) = &mut self.0 {
            *backend = Some(process);
        }
    }

    /// Returns the transaction if it is one of several on SQLite.
    pub(super) fn member(&self) -> Option<&Member> {
        match &self.0 {
            Kind::Alone(_) => None,
            Kind::Member(member) => Some(member),
        }
    }

    /// Returns the transaction of the asynchronous driver, for migrations, which know that type only.
    pub(super) fn driver(&self) -> DbResult<&DatabaseTransaction> {
        match &self.0 {
            Kind::Alone(alone) => Ok(&alone.inner),
            Kind::Member(_) => Err(not_by_driver()),
        }
    }

    /// Executes statements that change different tables, in any order, and returns the number of rows that they have changed. If
    /// one fails, the transaction has to end.
    pub async fn execute_together(&self, statements: Vec<Statement>) -> DbResult<u64> {
        match &self.0 {
            Kind::Alone(alone) if alone.inner.get_database_backend() == DbBackend::Postgres => {
                let row = self.query_one_raw(joined(statements)).await?;
                let changed: i64 = row.ok_or_else(|| DbErr::RecordNotFound("changed rows".to_owned()))?.try_get_by_index(0)?;
                Ok(changed.cast_unsigned())
            }
            Kind::Alone(_) => {
                let mut changed = 0;
                for statement in statements {
                    changed += self.execute_raw(statement).await?.rows_affected();
                }
                Ok(changed)
            }
            Kind::Member(member) => {
                let execute = |connection: &_| statements.into_iter().map(|one| execute_statement(connection, one)).sum();
                member.run(execute).await
            }
        }
    }
}

impl Alone {
    async fn run<T>(&self, statement: impl Future<Output = DbResult<T>>) -> DbResult<T> {
        let result = finishing(&self.pool, &self.on, self.backend, statement).await;
        result.inspect_err(|_| self.has_failed.store(true, Ordering::Release))
    }
}

/// Rows in a transaction on SQLite are read by their places ([`super::find_rows`]), which SeaORM's type for them does not allow.
fn not_by_driver() -> DbErr {
    DbErr::Query(RuntimeErr::Internal("in a transaction on SQLite, rows are read by the functions of kit::db".to_owned()))
}

/// Returns the result of a statement in SeaORM's type, of which only its test double can be made elsewhere.
fn changed(rows_affected: u64) -> DbResult<ExecResult> {
    let results = [MockExecResult { last_insert_id: 0, rows_affected }];
    let statement = Statement::from_string(DbBackend::Sqlite, String::new());
    MockDatabase::new(DbBackend::Sqlite).append_exec_results(results).execute(0, statement)
}

#[async_trait]
impl ConnectionTrait for Tx {
    fn get_database_backend(&self) -> DbBackend {
        match &self.0 {
            Kind::Alone(alone) => alone.inner.get_database_backend(),
            Kind::Member(_) => DbBackend::Sqlite,
        }
    }
    async fn execute_raw(&self, statement: Statement) -> DbResult<ExecResult> {
        match &self.0 {
            Kind::Alone(alone) => alone.run(alone.inner.execute_raw(statement)).await,
            Kind::Member(member) => changed(member.run(move |connection| execute_statement(connection, statement)).await?),
        }
    }
    async fn execute_unprepared(&self, sql: &str) -> DbResult<ExecResult> {
        match &self.0 {
            Kind::Alone(alone) => alone.run(alone.inner.execute_unprepared(sql)).await,
            Kind::Member(member) => {
                let sql = sql.to_owned();
                changed(member.run(move |connection| execute_script(connection, &sql)).await?)
            }
        }
    }
    async fn query_one_raw(&self, statement: Statement) -> DbResult<Option<QueryResult>> {
        match &self.0 {
            Kind::Alone(alone) => alone.run(alone.inner.query_one_raw(statement)).await,
            Kind::Member(_) => Err(not_by_driver()),
        }
    }
    async fn query_all_raw(&self, statement: Statement) -> DbResult<Vec<QueryResult>> {
        match &self.0 {
            Kind::Alone(alone) => alone.run(alone.inner.query_all_raw(statement)).await,
            Kind::Member(_) => Err(not_by_driver()),
        }
    }
}
