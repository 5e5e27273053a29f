//! Rows, by the shortest way: from a file with a [`Reader`], otherwise by the driver of the engine.
//!
//! The futures are boxed: those of the driver are large and deeply nested.
//!
//! [`Reader`]: super::reader::Reader

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sea_orm::sea_query::{Asterisk, Expr, Func, Query};
use sea_orm::{
    ConnectionTrait, DbErr, EntityTrait, IdenStatic, Iterable, QuerySelect, QueryTrait, Select, SelectTwo, TryGetableMany,
};

use super::reader::{EntityRow, Pair, Reader, Row};
use super::{DbResult, Pool, Tx};

/// A pool or a transaction, to read rows from.
pub trait Source: ConnectionTrait {
    /// Returns the reader of the file, outside a transaction on SQLite.
    fn reader(&self) -> Option<&Reader>;
}

impl Source for Pool {
    fn reader(&self) -> Option<&Reader> {
        self.reader()
    }
}

impl Source for Tx {
    fn reader(&self) -> Option<&Reader> {
        None
    }
}

/// The result of a statement.
type Found<'a, T> = BoxFuture<'a, DbResult<T>>;

/// A row, and one of another table if one belongs to it.
type FoundPair<E, F> = Option<(<E as EntityTrait>::Model, Option<<F as EntityTrait>::Model>)>;

/// Returns the rows that a statement finds.
pub fn find_rows<E: EntityTrait<Model: EntityRow>>(db: &impl Source, rows: Select<E>) -> Found<'_, Vec<E::Model>> {
    require_order::<E>();
    match db.reader() {
        Some(reader) => reader.rows(rows.build(db.get_database_backend())).boxed(),
        None => rows.all(db).boxed(),
    }
}

/// Returns the first row that a statement finds.
pub fn find_row<E: EntityTrait<Model: EntityRow>>(db: &impl Source, rows: Select<E>) -> Found<'_, Option<E::Model>> {
    let rows = find_rows(db, rows.limit(1));
    async move { Ok(rows.await?.into_iter().next()) }.boxed()
}

/// Returns the first row that a statement finds, with a row of another table if one belongs to it.
pub fn find_pair<E, F>(db: &impl Source, rows: SelectTwo<E, F>) -> Found<'_, FoundPair<E, F>>
where
    E: EntityTrait<Model: EntityRow>,
    F: EntityTrait<Model: EntityRow>,
{
    require_order::<E>();
    require_order::<F>();
    let Some(reader) = db.reader() else { return rows.one(db).boxed() };
    let pairs = reader.rows(rows.limit(1).build(db.get_database_backend()));
    async move { Ok(pairs.await?.into_iter().next().map(|Pair(row, other)| (row, other))) }.boxed()
}

/// Returns the selected columns of the rows that a statement finds.
pub fn find_tuples<E, T>(db: &impl Source, rows: Select<E>) -> Found<'_, Vec<T>>
where
    E: EntityTrait,
    T: Row + TryGetableMany,
{
    match db.reader() {
        Some(reader) => reader.rows(rows.build(db.get_database_backend())).boxed(),
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

/// Counts the rows that a statement finds.
pub fn count_rows<E: EntityTrait>(db: &impl Source, rows: Select<E>) -> Found<'_, u64> {
    let count = Query::select().expr(Func::count(Expr::col(Asterisk))).from_subquery(rows.into_query(), "counted").take();
    async move {
        let number: Option<i64> = match db.reader() {
            Some(reader) => reader.rows(db.get_database_backend().build(&count)).await?.pop().map(|(number,)| number),
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
