//! Writing very many rows, as one text.

use sea_orm::sea_query::{BinOper, ColumnType, Expr, ExprTrait, Func, OnConflict, Query, SimpleExpr};
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, Iterable, ModelTrait, Value};
use serde::{Serialize, Serializer};

use crate::db::DbResult;

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
