//! Cells of a row as values of the query builder, in the forms in which the asynchronous driver stores them.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use rusqlite::types::ValueRef;
use sea_orm::Value;
use sea_orm::sea_query::ArrayType;
use uuid::Uuid;

use crate::clock::Time;

/// Returns the value of a cell; `None` if the cell has no value of this type.
pub(super) fn decode(kind: &ArrayType, cell: ValueRef<'_>) -> Option<Value> {
    let value = match (kind, cell) {
        (_, ValueRef::Null) => return null(kind),
        (ArrayType::Bool, ValueRef::Integer(number)) => Value::Bool(Some(number != 0)),
        (ArrayType::SmallInt, ValueRef::Integer(number)) => Value::SmallInt(Some(number.try_into().ok()?)),
        (ArrayType::Int, ValueRef::Integer(number)) => Value::Int(Some(number.try_into().ok()?)),
        (ArrayType::BigInt, ValueRef::Integer(number)) => Value::BigInt(Some(number)),
        (ArrayType::Double, ValueRef::Real(number)) => Value::Double(Some(number)),
        (ArrayType::String, ValueRef::Text(text)) => Value::String(Some(str::from_utf8(text).ok()?.to_owned())),
        (ArrayType::Bytes, ValueRef::Blob(bytes)) => Value::Bytes(Some(bytes.to_vec())),
        (ArrayType::Uuid, ValueRef::Blob(bytes)) => Value::Uuid(Some(Uuid::from_slice(bytes).ok()?)),
        (ArrayType::Json, ValueRef::Text(text)) => Value::Json(Some(serde_json::from_slice(text).ok()?)),
        (ArrayType::ChronoDate, ValueRef::Text(text)) => Value::ChronoDate(Some(day(str::from_utf8(text).ok()?)?)),
        (ArrayType::ChronoDateTimeUtc, ValueRef::Text(text)) => {
            Value::ChronoDateTimeUtc(Some(instant(str::from_utf8(text).ok()?)?))
        }
        _ => return None,
    };
    Some(value)
}

fn null(kind: &ArrayType) -> Option<Value> {
    let value = match kind {
        ArrayType::Bool => Value::Bool(None),
        ArrayType::SmallInt => Value::SmallInt(None),
        ArrayType::Int => Value::Int(None),
        ArrayType::BigInt => Value::BigInt(None),
        ArrayType::Double => Value::Double(None),
        ArrayType::String => Value::String(None),
        ArrayType::Bytes => Value::Bytes(None),
        ArrayType::Uuid => Value::Uuid(None),
        ArrayType::Json => Value::Json(None),
        ArrayType::ChronoDate => Value::ChronoDate(None),
        ArrayType::ChronoDateTimeUtc => Value::ChronoDateTimeUtc(None),
        _ => return None,
    };
    Some(value)
}

fn day(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text, "%F").ok()
}

/// Parses an instant: as the product writes it, as RFC 3339 allows it to be read, or as SQLite's own functions write it.
fn instant(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(time) = text.parse::<Time>() {
        return DateTime::from_timestamp_micros(time.micros());
    }
    let with_offset = DateTime::parse_from_rfc3339(text).map(|time| time.to_utc());
    with_offset.or_else(|_| NaiveDateTime::parse_from_str(text, "%F %T%.f").map(|time| time.and_utc())).ok()
}
