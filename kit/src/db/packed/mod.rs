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
pub use columns::{PackedDigest, PackedTime, Packing};
pub(super) use copy_out::copy_out;
pub use insert::insert_packed;

use super::{DbResult, Pool};

/// Reads these columns of every row that `from` finds, as a sequence in this order. `from` names the table and the conditions,
/// and selects nothing.
pub async fn packed<T: DeserializeOwned>(
    db: &Pool,
    from: SelectStatement,
    columns: impl IntoIterator<Item = (impl IntoIden, Packing)>,
) -> DbResult<Vec<T>> {
    let columns: Vec<PackedColumn> = columns.into_iter().map(|(column, packing)| (Expr::col(column), packing)).collect();
    if db.get_database_backend() == DbBackend::Sqlite {
        json::rows(db, from, columns).await
    } else {
        copy::rows(db, from, columns).await
    }
}
