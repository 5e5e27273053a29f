//! Parameters of statements, in the form in which the asynchronous driver stores values.

use chrono::SecondsFormat;
use rusqlite::{Error, Result, Statement};
use sea_orm::Value;

/// Binds a value to the parameter at `place`, the first of which is 1.
pub(super) fn bind(statement: &mut Statement<'_>, place: usize, value: Value) -> Result<()> {
    match value {
        Value::Bool(value) => statement.raw_bind_parameter(place, value),
        Value::SmallInt(value) => statement.raw_bind_parameter(place, value),
        Value::Int(value) => statement.raw_bind_parameter(place, value),
        Value::BigInt(value) => statement.raw_bind_parameter(place, value),
        Value::Unsigned(value) => statement.raw_bind_parameter(place, value),
        Value::BigUnsigned(value) => {
            let value = value.map(i64::try_from).transpose().map_err(|error| Error::ToSqlConversionFailure(error.into()))?;
            statement.raw_bind_parameter(place, value)
        }
        Value::Double(value) => statement.raw_bind_parameter(place, value),
        Value::String(value) => statement.raw_bind_parameter(place, value),
        Value::Bytes(value) => statement.raw_bind_parameter(place, value),
        Value::Uuid(value) => statement.raw_bind_parameter(place, value.map(uuid::Uuid::into_bytes)),
        Value::ChronoDate(value) => statement.raw_bind_parameter(place, value.map(|day| day.to_string())),
        Value::ChronoDateTimeUtc(value) => {
            statement.raw_bind_parameter(place, value.map(|time| time.to_rfc3339_opts(SecondsFormat::AutoSi, false)))
        }
        Value::Json(value) => statement.raw_bind_parameter(place, value.map(|value| value.to_string())),
        other => Err(Error::ToSqlConversionFailure(format!("no form for a parameter such as {other:?}").into())),
    }
}
