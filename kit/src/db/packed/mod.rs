//! Many rows as few values, for reading and writing very many: a driver takes longer to hand over a row, column by column,
//! than the database takes to find it or to write it.
//!
//! - here reading, from either engine; `columns` types of columns to read; `insert` writing
//! - `copy` rows from Postgres, by COPY; `copy_out` its run on a connection, `binary` its binary format
//! - `json` rows from SQLite: one JSON text, and columns of bytes apart from it

mod binary;
mod columns;
mod copy;
mod copy_out;
mod insert;
mod json;

use sea_orm::sea_query::{Expr, IntoIden, SelectStatement};
use sea_orm::{ConnectionTrait, DbBackend};
use serde::de::DeserializeOwned;

pub(super) use binary::BinaryRows;
use columns::PackedColumn;
pub use columns::{ExactTime, PackedDigest, PackedTime, Packing};
pub(super) use copy_out::copy_out;
pub use insert::insert_packed;
use json::JsonRows;

use super::{DbResult, Pool};

/// Rows that were read. Those of SQLite are still to be decoded: a caller can do so on another
/// thread while the next rows are read.
pub struct PackedRows<T>(Rows<T>);

enum Rows<T> {
    Json(JsonRows),
    Decoded(Vec<T>),
}

impl<T: DeserializeOwned> PackedRows<T> {
    /// Decodes what has not been decoded. Fails if a value is not of its type; a fault of the database is found by reading.
    pub fn decode(self) -> DbResult<Vec<T>> {
        match self.0 {
            Rows::Json(rows) => rows.decode(),
            Rows::Decoded(rows) => Ok(rows),
        }
    }
}

/// Reads these columns of every row that `from` finds, as a sequence in this order. `from` names the table and the conditions,
/// and selects nothing. On Postgres, values of the conditions are part of the statement's text.
pub async fn packed<T: DeserializeOwned>(
    db: &Pool,
    from: SelectStatement,
    columns: impl IntoIterator<Item = (impl IntoIden, Packing)>,
) -> DbResult<Vec<T>> {
    packed_rows(db, from, columns).await?.decode()
}

/// Reads rows as [`packed`] does, to be decoded by the caller.
pub async fn packed_rows<T: DeserializeOwned>(
    db: &Pool,
    from: SelectStatement,
    columns: impl IntoIterator<Item = (impl IntoIden, Packing)>,
) -> DbResult<PackedRows<T>> {
    let columns: Vec<PackedColumn> = columns.into_iter().map(|(column, packing)| (Expr::col(column), packing)).collect();
    let rows = if db.get_database_backend() == DbBackend::Sqlite {
        Rows::Json(json::rows(db, from, columns).await?)
    } else {
        Rows::Decoded(copy::rows(db, from, columns).await?)
    };
    Ok(PackedRows(rows))
}
