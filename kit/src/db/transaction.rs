//! Write transactions.

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, ExecResult, QueryResult, Statement, TransactionOptions};
use sea_orm_migration::async_trait::async_trait;

use super::DbResult;
use super::group::Member;
use super::pool::{Generation, Pool, finishing};

/// A write transaction; dropped without a commit, it is rolled back.
#[derive(Debug)]
pub struct Tx(Kind);

#[derive(Debug)]
enum Kind {
    /// Alone on its connection.
    Alone(Alone),
    /// One of several that are committed together.
    Member(Member),
}

#[derive(Debug)]
struct Alone {
    inner: DatabaseTransaction,
    pool: Pool,
    on: Generation,
    /// The server's process, to recognise the connection by.
    backend: Option<i32>,
}

impl Alone {
    async fn commit(self) -> DbResult<()> {
        let Self { inner, pool, on, backend } = self;
        finishing(&pool, &on, backend, inner.commit()).await?;
        Ok(pool.storage().require_same_file()?)
    }

    async fn rollback(self) -> DbResult<()> {
        let Self { inner, pool, on, backend } = self;
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
        let (inner, on) = pool.begin(options).await?;
        Ok(Self(Kind::Alone(Alone { inner, pool, on, backend: None })))
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

    async fn run<T>(&self, statement: impl Future<Output = DbResult<T>>) -> DbResult<T> {
        match &self.0 {
            Kind::Alone(Alone { pool, on, backend, .. }) => finishing(pool, on, *backend, statement).await,
            Kind::Member(member) => member.run(statement).await,
        }
    }

    /// For migrations, which know this type only.
    pub(super) fn inner(&self) -> &DatabaseTransaction {
        match &self.0 {
            Kind::Alone(alone) => &alone.inner,
            Kind::Member(member) => member.transaction(),
        }
    }
}

#[async_trait]
impl ConnectionTrait for Tx {
    fn get_database_backend(&self) -> DbBackend {
        self.inner().get_database_backend()
    }
    async fn execute_raw(&self, statement: Statement) -> DbResult<ExecResult> {
        self.run(self.inner().execute_raw(statement)).await
    }
    async fn execute_unprepared(&self, sql: &str) -> DbResult<ExecResult> {
        self.run(self.inner().execute_unprepared(sql)).await
    }
    async fn query_one_raw(&self, statement: Statement) -> DbResult<Option<QueryResult>> {
        self.run(self.inner().query_one_raw(statement)).await
    }
    async fn query_all_raw(&self, statement: Statement) -> DbResult<Vec<QueryResult>> {
        self.run(self.inner().query_all_raw(statement)).await
    }
}
