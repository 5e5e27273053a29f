//! Instants, to the microsecond.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use sea_orm::sea_query::{self, ArrayType, ColumnType, Nullable, ValueTypeErr};
use sea_orm::{ColIdx, DbErr, QueryResult, TryGetError, TryGetable, Value};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::rfc3339::date_time;

/// An instant, to the microsecond; on the wire RFC 3339 in UTC with `Z`.
///
/// Only instants from 1970 to 9999 exist, so that every one has a four-digit year.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Time(Timestamp);

/// The reason why a text is not an instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotATime {
    #[error("must be a time by RFC 3339 such as 2026-11-23T09:30:00Z or 2026-11-23T10:30:00+01:00")]
    Malformed,
    #[error("leap seconds cannot be stored: write second 59, or the start of the next minute")]
    LeapSecond,
    /// The `+` of an offset has become a blank.
    #[error("must have + or - before the offset, not a blank; in a URL, write %2B for +")]
    LostPlus,
    #[error("must be a time from 1970-01-01T00:00:00Z to 9999-12-30T22:00:00Z")]
    OutOfRange,
}

const LAST_SECOND: i64 = 253_402_207_200; // 9999-12-30T22:00:00Z, the last that every time zone can show

impl Time {
    /// From microseconds since 1970; `None` outside 1970–9999.
    pub fn from_micros(micros: i64) -> Option<Self> {
        // Looked at first: the library allocates to say what is wrong with a number.
        let is_known = (0..=LAST_SECOND * 1_000_000).contains(&micros);
        is_known.then(|| Timestamp::from_microsecond(micros).ok()).flatten().map(Self)
    }

    /// Returns the microseconds since 1970.
    pub fn micros(self) -> i64 {
        self.0.as_microsecond()
    }

    /// Midnight UTC at the start of `date`; `None` outside 1970–9999.
    pub fn start_of(date: Date) -> Option<Self> {
        let midnight = date.to_zoned_datetime(jiff::tz::TimeZone::UTC).ok()?;
        Self::from_micros(midnight.timestamp().as_microsecond())
    }

    /// The first instant of `date` in `zone`; `None` outside 1970–9999.
    pub fn start_of_in(date: Date, zone: &jiff::tz::TimeZone) -> Option<Self> {
        let midnight = date.to_zoned_datetime(zone.clone()).ok()?;
        Self::from_micros(midnight.timestamp().as_microsecond())
    }

    /// The UTC calendar day this instant falls on.
    pub fn date(self) -> Date {
        self.0.to_zoned_datetime(jiff::tz::TimeZone::UTC).date()
    }

    /// Converts to calendar date and time of day in `zone`.
    pub fn in_zone(self, zone: &jiff::tz::TimeZone) -> jiff::ZonedDateTime {
        self.0.to_zoned_datetime(zone.clone())
    }

    /// The start of the hour this instant falls in.
    #[must_use]
    pub fn hour(self) -> Self {
        const HOUR: i64 = 3_600_000_000;
        Self::from_micros(self.micros() / HOUR * HOUR).unwrap_or(self)
    }

    /// This much later, stopping at the last instant there is.
    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        let micros = i64::try_from(wait.as_micros()).unwrap_or(i64::MAX);
        Self::from_micros(self.micros().saturating_add(micros)).unwrap_or(Self::LAST)
    }

    /// Adds calendar years, up to the last instant that can be represented; a leap day becomes 28 February.
    #[must_use]
    pub fn after_years(self, years: i16) -> Self {
        let later = self.0.to_zoned_datetime(jiff::tz::TimeZone::UTC).checked_add(jiff::Span::new().years(years));
        later.ok().and_then(|later| Self::from_micros(later.timestamp().as_microsecond())).unwrap_or(Self::LAST)
    }

    /// This much earlier, stopping at 1970.
    #[must_use]
    pub fn before(self, wait: Duration) -> Self {
        let micros = i64::try_from(wait.as_micros()).unwrap_or(i64::MAX);
        Self::from_micros(self.micros().saturating_sub(micros)).unwrap_or(Self::FIRST)
    }

    /// Returns the time passed since `earlier`; zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.micros() - earlier.micros()).unwrap_or(0))
    }

    /// The earliest instant: 1970-01-01T00:00:00Z.
    pub const FIRST: Self = Self(Timestamp::UNIX_EPOCH);
    /// The latest instant: 9999-12-30T22:00:00Z.
    pub const LAST: Self = Self(Timestamp::constant(LAST_SECOND, 0));
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Time {
    type Err = NotATime;
    fn from_str(text: &str) -> Result<Self, NotATime> {
        Self::from_micros(date_time(text)?).ok_or(NotATime::OutOfRange)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl utoipa::PartialSchema for Time {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("RFC 3339, from 1970-01-01T00:00:00Z to 9999-12-30T22:00:00Z; in responses in UTC with `Z`"))
            .examples([serde_json::json!("2026-11-23T09:30:00Z")])
            .into()
    }
}

impl utoipa::ToSchema for Time {}

// The column type is SeaORM's UTC instant: `timestamptz` on Postgres; on SQLite text that sorts as time.

impl From<Time> for Value {
    fn from(time: Time) -> Self {
        chrono::DateTime::from_timestamp_micros(time.micros()).into()
    }
}

impl TryGetable for Time {
    fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
        let stored = chrono::DateTime::<chrono::Utc>::try_get_by(row, index)?;
        Self::from_micros(stored.timestamp_micros())
            .ok_or_else(|| TryGetError::DbErr(DbErr::Type(format!("a time out of range: {stored}"))))
    }
}

impl sea_query::ValueType for Time {
    fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
        let stored = <chrono::DateTime<chrono::Utc> as sea_query::ValueType>::try_from(value)?;
        Self::from_micros(stored.timestamp_micros()).ok_or(ValueTypeErr)
    }
    fn type_name() -> String {
        "Time".to_owned()
    }
    fn array_type() -> ArrayType {
        ArrayType::ChronoDateTimeUtc
    }
    fn column_type() -> ColumnType {
        ColumnType::TimestampWithTimeZone
    }
}

impl sea_orm::TryFromU64 for Time {
    fn try_from_u64(_: u64) -> Result<Self, DbErr> {
        Err(DbErr::ConvertFromU64("Time"))
    }
}

impl Nullable for Time {
    fn null() -> Value {
        Value::ChronoDateTimeUtc(None)
    }
}
