//! Rows, by the shortest way: from a file by the synchronous driver, otherwise by the driver of the engine.
//!
//! The futures are boxed: those of the driver are large and deeply nested.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use rusqlite::Connection;
use sea_orm::sea_query::{Asterisk, Expr, Func, Query};
use sea_orm::{
    ConnectionTrait, DbErr, EntityTrait, IdenStatic, Iterable, QuerySelect, QueryTrait, Select, SelectTwo, Statement,
    TryGetableMany,
};

use super::group::Member;
use super::reader::{EntityRow, Pair, Reader, Row, rows};
use super::{DbResult, Pool, Tx};

/// A pool or a transaction, to read rows from.
pub trait Source: ConnectionTrait {
    /// Returns the connections to the file on SQLite.
    fn file(&self) -> Option<File<'_>>;
}

/// The connection to a file, or the connections, by the synchronous driver.
#[derive(Clone, Copy)]
pub enum File<'a> {
    Outside(&'a Reader),
    Inside(&'a Member),
}

impl File<'_> {
    /// Runs `read` with a connection.
    pub(super) async fn run<T: Send + 'static>(
        self,
        read: impl FnOnce(&Connection) -> DbResult<T> + Send + 'static,
    ) -> DbResult<T> {
        match self {
            Self::Outside(reader) => reader.run(read).await,
            Self::Inside(member) => member.run(read).await,
        }
    }

    async fn rows<R: Row>(self, statement: Statement) -> DbResult<Vec<R>> {
        self.run(move |connection| rows(connection, statement)).await
    }
}

impl Source for Pool {
    fn file(&self) -> Option<File<'_>> {
        self.reader().map(File::Outside)
    }
}

impl Source for Tx {
    fn file(&self) -> Option<File<'_>> {
        self.member().map(File::Inside)
    }
}

/// The result of a statement.
type Found<'a, T> = BoxFuture<'a, DbResult<T>>;

/// A row, and one of another table if one belongs to it.
type FoundPair<E, F> = (<E as EntityTrait>::Model, Option<<F as EntityTrait>::Model>);

/// Returns the rows that a statement finds.
pub fn find_rows<E: EntityTrait<Model: EntityRow>>(db: &impl Source, rows: Select<E>) -> Found<'_, Vec<E::Model>> {
    require_order::<E>();
    match db.file() {
        Some(file) => file.rows(rows.build(db.get_database_backend())).boxed(),
        None => rows.all(db).boxed(),
    }
}

/// Returns the first row that a statement finds.
pub fn find_row<E: EntityTrait<Model: EntityRow>>(db: &impl Source, rows: Select<E>) -> Found<'_, Option<E::Model>> {
    let rows = find_rows(db, rows.limit(1));
    async move { Ok(rows.await?.into_iter().next()) }.boxed()
}

/// Returns the rows that a statement finds, each with a row of another table if one belongs to it.
pub fn find_pairs<E, F>(db: &impl Source, rows: SelectTwo<E, F>) -> Found<'_, Vec<FoundPair<E, F>>>
where
    E: EntityTrait<Model: EntityRow>,
    F: EntityTrait<Model: EntityRow>,
{
    require_order::<E>();
    require_order::<F>();
    let Some(file) = db.file() else { return rows.all(db).boxed() };
    let pairs = file.rows(rows.build(db.get_database_backend()));
    async move { Ok(pairs.await?.into_iter().map(|Pair(row, other)| (row, other)).collect()) }.boxed()
}

/// Returns the first row that a statement finds, with a row of another table if one belongs to it.
pub fn find_pair<E, F>(db: &impl Source, rows: SelectTwo<E, F>) -> Found<'_, Option<FoundPair<E, F>>>
where
    E: EntityTrait<Model: EntityRow>,
    F: EntityTrait<Model: EntityRow>,
{
    let pairs = find_pairs(db, rows.limit(1));
    async move { Ok(pairs.await?.into_iter().next()) }.boxed()
}

/// Returns the selected columns of the rows that a statement finds.
pub fn find_tuples<E, T>(db: &impl Source, rows: Select<E>) -> Found<'_, Vec<T>>
where
    E: EntityTrait,
    T: Row + TryGetableMany,
{
    match db.file() {
        Some(file) => file.rows(rows.build(db.get_database_backend())).boxed(),
        None => rows.into_tuple().all(db).boxed(),
    }
}

/// Returns the selected columns of the first row that a statement finds.
pub fn find_tuple<E, T>(db: &impl Source, rows: Select<E>) -> Found<'_, Option<T>>
where
    E: EntityTrait,
    T: Row + TryGetableMany,
{
    let rows = find_tuples(db, rows.limit(1));
    async move { Ok(rows.await?.into_iter().next()) }.boxed()
}

/// Returns the columns of the rows that any other statement returns, such as the rows that it has changed.
pub fn rows_of_statement<T: Row + TryGetableMany>(db: &impl Source, statement: Statement) -> Found<'_, Vec<T>> {
    let Some(file) = db.file() else {
        let rows = async move {
            let rows = db.query_all_raw(statement).await?;
            rows.iter().map(|row| T::try_get_many_by_index(row).map_err(DbErr::from)).collect()
        };
        return rows.boxed();
    };
    file.rows(statement).boxed()
}

/// Counts the rows that a statement finds.
pub fn count_rows<E: EntityTrait>(db: &impl Source, rows: Select<E>) -> Found<'_, u64> {
    let count = Query::select().expr(Func::count(Expr::col(Asterisk))).from_subquery(rows.into_query(), "counted").take();
    async move {
        let number: Option<i64> = match db.file() {
            Some(file) => file.rows(db.get_database_backend().build(&count)).await?.pop().map(|(number,)| number),
            None => db.query_one(&count).await?.map(|row| row.try_get_by_index(0)).transpose()?,
        };
        number.map(i64::unsigned_abs).ok_or_else(|| DbErr::RecordNotFound("the number of rows".to_owned()))
    }
    .boxed()
}

/// Panics in a debug build unless a row is read in the order in which its columns are selected.
fn require_order<E: EntityTrait<Model: EntityRow>>() {
    debug_assert!(
        E::Column::iter().map(|column| column.as_str()).eq(E::Model::COLUMNS.iter().copied()),
        "columns are read in the order of the entity"
    );
}
