//! The run of a COPY on a connection.

use futures_util::TryStreamExt;
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::{self, PgPool, Postgres};
use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr};
use serde::de::DeserializeOwned;

use super::binary::BinaryRows;
use crate::db::DbResult;

/// Runs a statement `COPY … TO STDOUT (FORMAT binary)` and decodes its rows while they arrive.
pub(in crate::db) async fn copy_out<T: DeserializeOwned>(
    pool: &PgPool,
    statement: &str,
    mut rows: BinaryRows<T>,
) -> DbResult<Vec<T>> {
    let connection = pool.acquire().await.map_err(not_acquired)?;
    let mut copying = Copying { connection, is_finished: false };
    let mut parts = copying.connection.copy_out_raw(statement).await.map_err(failed)?;
    while let Some(part) = parts.try_next().await.map_err(failed)? {
        rows.push(&part)?;
    }
    drop(parts);
    copying.is_finished = true;
    rows.finish()
}

/// A connection with a COPY. Dropped before the end of the COPY, by an error or by a caller who went away, it is closed: the
/// driver would take the rows that are left for the answer to the next statement.
struct Copying {
    connection: PoolConnection<Postgres>,
    is_finished: bool,
}

impl Drop for Copying {
    fn drop(&mut self) {
        if !self.is_finished {
            self.connection.close_on_drop();
        }
    }
}

fn not_acquired(error: sqlx::Error) -> DbErr {
    match error {
        sqlx::Error::PoolTimedOut => DbErr::ConnectionAcquire(ConnAcquireErr::Timeout),
        sqlx::Error::PoolClosed => DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed),
        error => DbErr::Conn(RuntimeErr::SqlxError(error.into())),
    }
}

fn failed(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
}
