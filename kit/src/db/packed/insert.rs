//! Writing many rows as one value, or as one value for each column.

use sea_orm::sea_query::{ArrayType, BinOper, ColumnType, Expr, ExprTrait, Func, OnConflict, Query, SelectStatement, SimpleExpr};
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, Iterable, ModelTrait, Value};
use serde::{Serialize, Serializer};

use crate::db::DbResult;

/// Rows in one statement, which must not take longer than a statement may.
const AT_ONCE: usize = 1_024;

/// Inserts rows, in this order, so that two processes that write the same rows wait for one another and not in a circle;
/// `on_conflict` says what becomes of one that is there, if one may be. Columns are texts, UUIDs, times and signed integers of 16
/// or 64 bits; one of another type is an error.
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
    let unpacked = if is_sqlite { from_json::<E>(rows)? } else { from_arrays::<E>(rows)? };
    let mut insert = Query::insert();
    insert.into_table(E::default()).columns(E::Column::iter());
    insert.select_from(unpacked).map_err(|error| DbErr::Type(error.to_string()))?;
    if let Some(on_conflict) = on_conflict {
        insert.on_conflict(on_conflict);
    }
    db.execute(&insert).await.map(|_| ())
}

/// Selects rows, on Postgres, from an array for each column: Postgres takes about five times as long to read them from JSON.
fn from_arrays<E: EntityTrait>(rows: &[E::Model]) -> DbResult<SelectStatement> {
    let mut unpacked = Query::select();
    for column in E::Column::iter() {
        let cells = rows.iter().map(|row| row.get(column)).collect();
        // In a select list, unlike in FROM, the rows are not stored before they are read.
        unpacked.expr(Func::cust("unnest").arg(array(cells, column.def().get_column_type())?));
    }
    Ok(unpacked)
}

/// Returns an array of a column: a typed one, or as text if there is a NULL.
fn array(cells: Vec<Value>, of: &ColumnType) -> DbResult<SimpleExpr> {
    let mut types = cells.iter().map(array_type);
    if let Some(first) = types.next().flatten()
        && types.all(|other| other.as_ref() == Some(&first))
    {
        return Ok(Expr::val(Value::Array(first, Some(Box::new(cells)))));
    }
    let elements: Vec<String> = cells.iter().map(element).collect::<DbResult<_>>()?;
    Ok(Expr::val(format!("{{{}}}", elements.join(","))).cast_as(match of {
        ColumnType::Uuid => "uuid[]",
        ColumnType::TimestampWithTimeZone => "timestamptz[]",
        ColumnType::SmallInteger => "smallint[]",
        ColumnType::BigInteger => "bigint[]",
        _ => "text[]",
    }))
}

/// Returns the type of an array that may contain a value. NULL has none: the driver panics on an array that contains it.
fn array_type(value: &Value) -> Option<ArrayType> {
    match value {
        Value::SmallInt(Some(_)) => Some(ArrayType::SmallInt),
        Value::BigInt(Some(_)) => Some(ArrayType::BigInt),
        Value::String(Some(_)) => Some(ArrayType::String),
        Value::Uuid(Some(_)) => Some(ArrayType::Uuid),
        Value::ChronoDateTimeUtc(Some(_)) => Some(ArrayType::ChronoDateTimeUtc),
        _ => None,
    }
}

/// Returns a value as it is written in the text of an array.
fn element(value: &Value) -> DbResult<String> {
    let element = match value {
        Value::SmallInt(number) => number.map(|number| number.to_string()),
        Value::BigInt(number) => number.map(|number| number.to_string()),
        Value::String(text) => text.as_ref().map(|text| format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\""))),
        Value::Uuid(id) => id.map(|id| id.to_string()),
        Value::ChronoDateTimeUtc(time) => time.map(time_text),
        other => return Err(not_packable(other)),
    };
    Ok(element.unwrap_or_else(|| "NULL".to_owned()))
}

/// Selects rows, on SQLite, from a text of JSON.
fn from_json<E: EntityTrait>(rows: &[E::Model]) -> DbResult<SelectStatement> {
    let rows: Vec<Row<'_, E::Model>> = rows.iter().map(Row).collect();
    let text = serde_json::to_string(&rows).map_err(|error| DbErr::Json(error.to_string()))?;
    let columns = E::Column::iter().zip(0_i32..).map(|(column, place)| unpack(place, column.def().get_column_type()));
    let mut unpacked = Query::select();
    unpacked.exprs(columns).from_function(Func::cust("json_each").arg(Expr::val(text)), "packed");
    // Without a condition, ON CONFLICT would be taken for the beginning of a join.
    unpacked.and_where(Expr::Constant(true.into()));
    Ok(unpacked)
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
            Value::ChronoDateTimeUtc(time) => time.map(time_text).serialize(serializer),
            other => Err(serde::ser::Error::custom(not_packable(other))),
        }
    }
}

/// Returns a time as the driver writes it where it is text.
fn time_text(time: chrono::DateTime<chrono::Utc>) -> String {
    time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, false)
}

fn not_packable(value: &Value) -> DbErr {
    DbErr::Type(format!("{value:?} cannot be packed"))
}

/// The column at a place of a row of JSON.
fn unpack(place: i32, of: &ColumnType) -> SimpleExpr {
    let cell = Expr::col(("packed", "value")).binary(BinOper::Custom("->>"), Expr::Constant(place.into()));
    if matches!(of, ColumnType::Uuid) { Func::cust("unhex").arg(cell).into() } else { cell }
}
