//! Statements on a connection, which keeps them prepared.

use rusqlite::{CachedStatement, Connection};
use sea_orm::{DbErr, Statement};

use super::bind::bind;
use super::error::as_db_error;
use super::row::{Cells, Row};
use crate::db::DbResult;

/// Reads the rows of a statement.
pub(in crate::db) fn rows<R: Row>(connection: &Connection, statement: Statement) -> DbResult<Vec<R>> {
    let failed = |error| as_db_error(error, DbErr::Query);
    let mut prepared = prepared(connection, statement).map_err(failed)?;
    let (mut found, mut rows) = (prepared.raw_query(), Vec::new());
    while let Some(row) = found.next().map_err(failed)? {
        rows.push(R::read(&mut Cells::new(row))?);
    }
    Ok(rows)
}

/// Executes a statement, and returns the number of rows that it has changed.
pub(in crate::db) fn execute_statement(connection: &Connection, statement: Statement) -> DbResult<u64> {
    let changed = prepared(connection, statement).and_then(|mut prepared| prepared.raw_execute());
    changed.map(|rows| rows as u64).map_err(|error| as_db_error(error, DbErr::Exec))
}

/// Executes a statement without parameters or rows.
pub(in crate::db) fn execute(connection: &Connection, sql: &str) -> DbResult<()> {
    let executed = connection.prepare_cached(sql).and_then(|mut prepared| prepared.raw_execute());
    executed.map(|_| ()).map_err(|error| as_db_error(error, DbErr::Exec))
}

/// Executes statements without parameters, one after another, which are not kept. Returns the number of rows that the last of
/// them has changed.
pub(in crate::db) fn execute_script(connection: &Connection, sql: &str) -> DbResult<u64> {
    connection.execute_batch(sql).map_err(|error| as_db_error(error, DbErr::Exec))?;
    Ok(connection.changes())
}

fn prepared(connection: &Connection, statement: Statement) -> rusqlite::Result<CachedStatement<'_>> {
    let mut prepared = connection.prepare_cached(&statement.sql)?;
    for (place, value) in statement.values.map(|values| values.0).unwrap_or_default().into_iter().enumerate() {
        bind(&mut prepared, place + 1, value)?;
    }
    Ok(prepared)
}
