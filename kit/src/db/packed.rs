//! Many rows as one value, for reading and writing very many: a driver takes longer to hand over a row, column by column,
//! than the database takes to find it or to write it.

use sea_orm::sea_query::{BinOper, ColumnType, Expr, ExprTrait, Func, IntoIden, OnConflict, Query, SelectStatement, SimpleExpr};
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, Iterable, ModelTrait, Value};
use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};

use super::DbResult;

/// The packing of a column.
#[derive(Clone, Copy, Debug)]
pub enum Packing {
    /// As the JSON it most resembles.
    Plain,
    /// A UUID, as text.
    Uuid,
    /// Bytes, packed as hexadecimal digits.
    Bytes,
    /// JSON, as it is.
    Json,
}

/// Reads these columns of every row that `from` finds, in this order, as one text per row. `from` names the table and the
/// conditions, and selects nothing.
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

/// Rows in one statement, which must not take longer than a statement may.
const AT_ONCE: usize = 1_024;

/// Inserts rows, in this order, so that two processes that write the same rows wait for one another and not in a circle;
/// `on_conflict` says what becomes of one that is there, if one may be. Columns are texts, UUIDs, times and signed integers;
/// one of another type is an error.
pub async fn insert_packed<E>(db: &impl ConnectionTrait, rows: &[E::Model], on_conflict: Option<OnConflict>) -> DbResult<()>
where
    E: EntityTrait<Model: Sync>,
{
    for rows in rows.chunks(AT_ONCE) {
        insert_some::<E>(db, rows, on_conflict.clone()).await?;
    }
    Ok(())
}

async fn insert_some<E>(db: &impl ConnectionTrait, rows: &[E::Model], on_conflict: Option<OnConflict>) -> DbResult<()>
where
    E: EntityTrait<Model: Sync>,
{
    let is_sqlite = db.get_database_backend() == DbBackend::Sqlite;
    let rows: Vec<Row<'_, E::Model>> = rows.iter().map(Row).collect();
    let text = Expr::val(serde_json::to_string(&rows).map_err(|error| DbErr::Json(error.to_string()))?);
    let elements =
        if is_sqlite { Func::cust("json_each").arg(text) } else { Func::cust("jsonb_array_elements").arg(text.cast_as("jsonb")) };
    let columns = E::Column::iter().zip(0_i32..).map(|(column, place)| unpack(place, column.def().get_column_type(), is_sqlite));
    let mut unpacked = Query::select();
    // SQLite would take ON CONFLICT for the beginning of a join if there were no condition.
    unpacked.exprs(columns).from_function(elements, "packed").and_where(Expr::Constant(true.into()));
    let mut insert = Query::insert();
    insert.into_table(E::default()).columns(E::Column::iter());
    insert.select_from(unpacked).map_err(|error| DbErr::Type(error.to_string()))?;
    if let Some(on_conflict) = on_conflict {
        insert.on_conflict(on_conflict);
    }
    db.execute(&insert).await.map(|_| ())
}

/// A row as an array of its columns, in their order.
struct Row<'a, M>(&'a M);

impl<M: ModelTrait> Serialize for Row<'_, M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(<M::Entity as EntityTrait>::Column::iter().map(|column| Cell(self.0.get(column))))
    }
}

struct Cell(Value);

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Value::SmallInt(number) => number.serialize(serializer),
            Value::BigInt(number) => number.serialize(serializer),
            Value::String(text) => text.serialize(serializer),
            Value::Uuid(id) => id.map(uuid::Uuid::simple).serialize(serializer),
            // As the driver writes it where it is text.
            Value::ChronoDateTimeUtc(time) => {
                time.map(|time| time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, false)).serialize(serializer)
            }
            other => Err(serde::ser::Error::custom(format!("{other:?} cannot be packed"))),
        }
    }
}

/// The column at a place of a row.
fn unpack(place: i32, of: &ColumnType, is_sqlite: bool) -> SimpleExpr {
    let cell = Expr::col(("packed", "value")).binary(BinOper::Custom("->>"), Expr::Constant(place.into()));
    match (of, is_sqlite) {
        (ColumnType::Uuid, true) => Func::cust("unhex").arg(cell).into(),
        (ColumnType::Uuid, false) => cell.cast_as("uuid"),
        (ColumnType::TimestampWithTimeZone, false) => cell.cast_as("timestamptz"),
        (ColumnType::SmallInteger, false) => cell.cast_as("smallint"),
        (ColumnType::BigInteger, false) => cell.cast_as("bigint"),
        _ => cell,
    }
}
