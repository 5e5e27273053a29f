//! Values of columns, as each engine stores them and as JSON has them.

use std::error::Error;

use jiff::civil::Date;
use jiff::{Span, Timestamp};
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};
use tokio_postgres::types::{FromSql as FromPostgres, Type};
use uuid::Uuid;

type Decoded<T> = Result<T, Box<dyn Error + Sync + Send>>;

/// The beginning of 2000, from which Postgres counts, in microseconds since 1970.
const POSTGRES_EPOCH: i64 = 946_684_800_000_000;

/// An id: the front of its kind, such as `trip_`, and a UUID.
#[derive(Clone, Copy)]
pub(super) struct Id(pub(super) &'static str, pub(super) Uuid);

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(kit::ids::text(self.0, self.1, &mut [0; 64]))
    }
}

/// An instant: a text in SQLite, microseconds in Postgres.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct At(pub(super) Timestamp);

impl At {
    pub(super) fn from_micros(micros: i64) -> Self {
        Self(Timestamp::from_microsecond(micros).expect("an instant"))
    }

    /// Returns the midnight (UTC) before the instant.
    pub(super) fn midnight(self) -> Self {
        const DAY: i64 = 86_400_000_000;
        Self::from_micros(self.0.as_microsecond() / DAY * DAY)
    }
}

impl FromSql for At {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str()?.parse().map(Self).map_err(FromSqlError::other)
    }
}

impl FromPostgres<'_> for At {
    fn from_sql(_: &Type, raw: &[u8]) -> Decoded<Self> {
        let micros = i64::from_be_bytes(raw.try_into()?);
        Ok(Self(Timestamp::from_microsecond(micros + POSTGRES_EPOCH)?))
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::TIMESTAMPTZ
    }
}

/// A day: a text in SQLite, a number of days in Postgres.
#[derive(Clone, Copy, Serialize)]
pub(super) struct Day(Date);

impl FromSql for Day {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str()?.parse().map(Self).map_err(FromSqlError::other)
    }
}

impl FromPostgres<'_> for Day {
    fn from_sql(_: &Type, raw: &[u8]) -> Decoded<Self> {
        let days = i32::from_be_bytes(raw.try_into()?);
        Ok(Self(Date::constant(2000, 1, 1).checked_add(Span::new().days(days))?))
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::DATE
    }
}

/// A value that is stored as JSON: as a text in SQLite, in Postgres after a byte with the version of its format.
pub(super) struct Json<T>(pub(super) T);

impl<T: DeserializeOwned> FromSql for Json<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        serde_json::from_slice(value.as_bytes()?).map(Self).map_err(FromSqlError::other)
    }
}

impl<T: DeserializeOwned> FromPostgres<'_> for Json<T> {
    fn from_sql(_: &Type, raw: &[u8]) -> Decoded<Self> {
        Ok(Self(serde_json::from_slice(raw.get(1..).unwrap_or_default())?))
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::JSONB
    }
}
