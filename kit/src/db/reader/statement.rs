//! The rows of a statement.

use rusqlite::Connection;
use sea_orm::{DbErr, Statement};

use super::bind::bind;
use super::error::as_db_error;
use super::row::{Cells, Row};
use crate::db::DbResult;

/// Reads the rows of a statement, which the connection keeps prepared.
pub(in crate::db) fn rows<R: Row>(connection: &Connection, statement: Statement) -> DbResult<Vec<R>> {
    let failed = |error| as_db_error(error, DbErr::Query);
    let mut prepared = connection.prepare_cached(&statement.sql).map_err(failed)?;
    for (place, value) in statement.values.map(|values| values.0).unwrap_or_default().into_iter().enumerate() {
        bind(&mut prepared, place + 1, value).map_err(failed)?;
    }
    let (mut found, mut rows) = (prepared.raw_query(), Vec::new());
    while let Some(row) = found.next().map_err(failed)? {
        rows.push(R::read(&mut Cells::new(row))?);
    }
    Ok(rows)
}
