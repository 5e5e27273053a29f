//! Time: instants in UTC to the microsecond, and the clock that hands them out.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use sea_orm::sea_query::{self, ArrayType, ColumnType, Nullable, ValueTypeErr};
use sea_orm::{ColIdx, DbErr, QueryResult, TryGetError, TryGetable, Value};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An instant, to the microsecond; on the wire RFC 3339 in UTC with `Z`.
///
/// Only instants from 1970 to 9999 exist, so that every one has a four-digit year.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Time(Timestamp);

/// The text is not an instant this product can hold.
#[derive(Debug, thiserror::Error)]
#[error("expected a time such as 2026-11-23T09:30:00Z")]
pub struct NotATime;

const LAST_SECOND: i64 = 253_402_207_200; // 9999-12-30T22:00:00Z, the last that every time zone can show

impl Time {
    /// From microseconds since 1970; `None` outside 1970–9999.
    pub fn from_micros(micros: i64) -> Option<Self> {
        let known = (0..=LAST_SECOND * 1_000_000).contains(&micros);
        let timestamp = Timestamp::from_microsecond(micros).ok()?;
        known.then_some(Self(timestamp))
    }

    /// Microseconds since 1970.
    pub fn micros(self) -> i64 {
        self.0.as_microsecond()
    }

    /// Midnight UTC at the start of `date`; `None` outside 1970–9999.
    pub fn start_of(date: Date) -> Option<Self> {
        let midnight = date.to_zoned_datetime(jiff::tz::TimeZone::UTC).ok()?;
        Self::from_micros(midnight.timestamp().as_microsecond())
    }

    /// The UTC calendar day this instant falls on.
    pub fn date(self) -> Date {
        self.0.to_zoned_datetime(jiff::tz::TimeZone::UTC).date()
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

    /// The same moment so many calendar years later, stopping at the last instant there is; a leap day becomes 28 February.
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

    /// How long after `earlier` this is; zero if it is not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.micros() - earlier.micros()).unwrap_or(0))
    }

    /// 1970-01-01T00:00:00Z.
    pub const FIRST: Self = Self(Timestamp::UNIX_EPOCH);
    /// 9999-12-30T22:00:00Z.
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
        let timestamp: Timestamp = text.parse().map_err(|_| NotATime)?;
        Self::from_micros(timestamp.as_microsecond()).ok_or(NotATime)
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
            .description(Some("RFC 3339, UTC, years 1970 to 9999"))
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

/// Where the time comes from: the system, or a test.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The machine's clocks.
    #[default]
    System,
    /// Microseconds since 1970, set by a test; both clocks move together.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands still at `time` until [`Clock::advance`].
    pub fn manual(time: Time) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(time.micros())))
    }

    /// The wall clock.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads it")]
    pub fn now(&self) -> Time {
        let micros = match self {
            Self::System => Timestamp::now().as_microsecond(),
            Self::Manual(micros) => micros.load(Ordering::Relaxed),
        };
        Time::from_micros(micros).unwrap_or(Time::FIRST)
    }

    /// Time that only goes forward and goes on while the machine is suspended (`CLOCK_BOOTTIME` on Linux).
    pub fn ticks(&self) -> Duration {
        match self {
            Self::System => boot_time(),
            Self::Manual(micros) => Duration::from_micros(u64::try_from(micros.load(Ordering::Relaxed)).unwrap_or(0)),
        }
    }

    /// Moves a manual clock forward; the system's cannot be moved.
    pub fn advance(&self, by: Duration) {
        if let Self::Manual(micros) = self {
            micros.fetch_add(i64::try_from(by.as_micros()).unwrap_or(0), Ordering::Relaxed);
        }
    }
}

#[cfg(target_os = "linux")]
fn boot_time() -> Duration {
    clock_time(rustix::time::ClockId::Boottime)
}

#[cfg(not(target_os = "linux"))]
fn boot_time() -> Duration {
    clock_time(rustix::time::ClockId::Monotonic)
}

fn clock_time(clock: rustix::time::ClockId) -> Duration {
    let time = rustix::time::clock_gettime(clock);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

macro_rules! bound {
    ($(#[$doc:meta])* $name:ident, $of_day:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub struct $name(pub Time);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                let day = text.parse::<Date>().ok().filter(|_| text.len() == 10).and_then($of_day);
                let wrong = || serde::de::Error::custom("expected a day such as 2026-11-23 or a time such as 2026-11-23T09:30:00Z");
                day.or_else(|| text.parse().ok()).map(Self).ok_or_else(wrong)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                use utoipa::openapi::schema::{ObjectBuilder, Type};
                let bound = ObjectBuilder::new().schema_type(Type::String).examples([serde_json::json!("2026-11-23")]);
                bound.pattern(Some(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}.*)?$")).into()
            }
        }

        impl utoipa::ToSchema for $name {}
    };
}

bound! {
    /// The lower bound of a filter: a time, or the start of a day (UTC); inclusive.
    Since, Time::start_of
}
bound! {
    /// The upper bound of a filter: a time, or the last microsecond of a day (UTC); inclusive.
    Until, |day: Date| Some(Time::start_of(day.tomorrow().ok()?)?.before(Duration::from_micros(1)))
}
