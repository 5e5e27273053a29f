//! Many rows as one value, for reading very many: a driver takes longer to hand over a row, column by column, than the
//! database takes to find it.

use sea_orm::sea_query::{Expr, ExprTrait, Func, IntoIden, SelectStatement, SimpleExpr};
use sea_orm::{ConnectionTrait, DbBackend, DbErr};
use serde::de::DeserializeOwned;

use super::DbResult;

/// How a column is packed.
#[derive(Clone, Copy, Debug)]
pub enum Packing {
    /// As the JSON it most resembles.
    Plain,
    /// A UUID, as text.
    Uuid,
    /// Bytes, in hexadecimal.
    Bytes,
    /// JSON, as it is.
    Json,
}

/// What `from` finds, of every row these columns in this order. `from` names the table and the conditions, and selects
/// nothing.
pub async fn packed<T: DeserializeOwned>(
    db: &impl ConnectionTrait,
    mut from: SelectStatement,
    columns: impl IntoIterator<Item = (impl IntoIden, Packing)>,
) -> DbResult<Vec<T>> {
    let is_sqlite = db.get_database_backend() == DbBackend::Sqlite;
    let (array, group) = if is_sqlite { ("json_array", "json_group_array") } else { ("json_build_array", "json_agg") };
    let columns = columns.into_iter().map(|(column, packing)| pack(Expr::col(column), packing, is_sqlite));
    let rows = Func::cust(group).arg(Func::cust(array).args(columns));
    from.expr(if is_sqlite { rows.into() } else { SimpleExpr::from(rows).cast_as("text") });
    let Some(row) = db.query_one(&from).await? else { return Ok(Vec::new()) };
    // Postgres makes nothing of no rows.
    let text: Option<String> = row.try_get_by_index(0)?;
    text.map_or(Ok(Vec::new()), |text| serde_json::from_str(&text).map_err(|error| DbErr::Json(error.to_string())))
}

fn pack(column: SimpleExpr, packing: Packing, is_sqlite: bool) -> SimpleExpr {
    match (packing, is_sqlite) {
        (Packing::Uuid | Packing::Bytes, true) => Func::cust("hex").arg(column).into(),
        (Packing::Bytes, false) => Func::cust("encode").arg(column).arg("hex").into(),
        (Packing::Json, true) => Func::cust("json").arg(column).into(),
        (Packing::Plain, _) | (Packing::Uuid | Packing::Json, false) => column,
    }
}
