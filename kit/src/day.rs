//! Calendar days, for what is due on a day rather than at an instant.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use chrono::{Datelike, NaiveDate};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use sea_orm::sea_query::{self, ArrayType, ColumnType, Nullable, ValueTypeErr};
use sea_orm::{ColIdx, DbErr, QueryResult, TryGetError, TryGetable, Value};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::clock::Time;
use super::clock::rfc3339::full_date;

/// A day of the calendar, 1970 to 9999; on the wire `YYYY-MM-DD`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Day(Date);

/// The text is not a day this product can hold.
#[derive(Debug, thiserror::Error)]
#[error("must be a day from 1970-01-01 to 9999-12-31, such as 2026-11-23")]
pub struct NotADay;

impl Day {
    const FIRST: Date = Date::constant(1970, 1, 1);

    /// The UTC day `time` falls on.
    pub fn of(time: Time) -> Self {
        Self(time.date())
    }

    /// Returns the first instant of the day in `zone`.
    pub fn begins_in(self, zone: &TimeZone) -> Time {
        Time::start_of_in(self.0, zone).unwrap_or(if self.0 == Self::FIRST { Time::FIRST } else { Time::LAST })
    }

    /// Returns the instant at which a clock in `zone` shows this full hour of the day.
    pub fn at_hour(self, hour: i8, zone: &TimeZone) -> Time {
        let at = self.0.at(hour.clamp(0, 23), 0, 0, 0).to_zoned_datetime(zone.clone()).ok();
        at.and_then(|at| Time::from_micros(at.timestamp().as_microsecond())).unwrap_or_else(|| self.begins_in(zone))
    }

    /// Returns the Monday of the week of the day.
    #[must_use]
    pub fn monday(self) -> Self {
        self.plus(-i32::from(self.0.weekday().to_monday_zero_offset()))
    }

    /// Returns the last instant of the day in `zone`.
    pub fn ends_in(self, zone: &TimeZone) -> Time {
        let next = self.0.tomorrow().ok().and_then(|next| Time::start_of_in(next, zone));
        next.map_or(Time::LAST, |next| next.before(Duration::from_micros(1)))
    }

    /// Returns the latest date on Earth at `time`: that of the time zones fourteen hours east of Greenwich.
    pub fn latest(time: Time) -> Self {
        Self::of(time.after(Duration::from_hours(14)))
    }

    pub fn date(self) -> Date {
        self.0
    }

    pub fn year(self) -> i16 {
        self.0.year()
    }

    /// Formats the day as “23 Nov 2026”.
    pub fn in_words(self) -> String {
        self.0.strftime("%-d %b %Y").to_string()
    }

    /// Formats the day as “23 Nov”.
    pub fn without_year(self) -> String {
        self.0.strftime("%-d %b").to_string()
    }

    /// Formats the day as “Monday, 23 November 2026”.
    pub fn with_weekday(self) -> String {
        self.0.strftime("%A, %-d %B %Y").to_string()
    }

    /// The day `time` falls on in `zone`.
    pub fn in_zone(time: Time, zone: &TimeZone) -> Self {
        Self(time.in_zone(zone).date().max(Self::FIRST))
    }

    /// The last second of this day in `zone`: what holds until then still shows this day.
    pub fn last_second(self, zone: &TimeZone) -> Time {
        let last = self.0.at(23, 59, 59, 0).to_zoned_datetime(zone.clone()).ok();
        last.and_then(|last| Time::from_micros(last.timestamp().as_microsecond())).unwrap_or(Time::LAST)
    }

    /// The day after, stopping at the last there is.
    #[must_use]
    pub fn tomorrow(self) -> Self {
        self.plus(1)
    }

    /// So many days later (or earlier), stopping at the first and the last there is.
    #[must_use]
    pub fn plus(self, days: i32) -> Self {
        let moved = self.0.saturating_add(jiff::Span::new().days(days.clamp(-3_000_000, 3_000_000)));
        Self(moved.clamp(Self::FIRST, Date::MAX))
    }
}

impl TryFrom<Date> for Day {
    type Error = NotADay;
    fn try_from(date: Date) -> Result<Self, NotADay> {
        if date >= Self::FIRST { Ok(Self(date)) } else { Err(NotADay) }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Day {
    type Err = NotADay;
    fn from_str(text: &str) -> Result<Self, NotADay> {
        full_date(text).ok_or(NotADay)?.try_into()
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl utoipa::PartialSchema for Day {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
            .description(Some("A day, 1970 to 9999"))
            .examples([serde_json::json!("2026-11-23")])
            .into()
    }
}

impl utoipa::ToSchema for Day {}

// The column type is `date`; on SQLite text that sorts as days.

impl From<Day> for NaiveDate {
    fn from(Day(date): Day) -> Self {
        let [month, day] = [date.month(), date.day()].map(|part| u32::from(part.unsigned_abs()));
        Self::from_ymd_opt(date.year().into(), month, day).unwrap_or_default()
    }
}

impl TryFrom<NaiveDate> for Day {
    type Error = NotADay;
    fn try_from(stored: NaiveDate) -> Result<Self, NotADay> {
        let year = i16::try_from(stored.year()).map_err(|_| NotADay)?;
        let [month, day] = [stored.month(), stored.day()].map(i8::try_from);
        Date::new(year, month.map_err(|_| NotADay)?, day.map_err(|_| NotADay)?).map_err(|_| NotADay)?.try_into()
    }
}

impl From<Day> for Value {
    fn from(day: Day) -> Self {
        NaiveDate::from(day).into()
    }
}

impl TryGetable for Day {
    fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
        let stored = NaiveDate::try_get_by(row, index)?;
        stored.try_into().map_err(|_| TryGetError::DbErr(DbErr::Type(format!("a day out of range: {stored}"))))
    }
}

impl sea_query::ValueType for Day {
    fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
        let stored = <NaiveDate as sea_query::ValueType>::try_from(value)?;
        stored.try_into().map_err(|_| ValueTypeErr)
    }
    fn type_name() -> String {
        "Day".to_owned()
    }
    fn array_type() -> ArrayType {
        ArrayType::ChronoDate
    }
    fn column_type() -> ColumnType {
        ColumnType::Date
    }
}

impl sea_orm::TryFromU64 for Day {
    fn try_from_u64(_: u64) -> Result<Self, DbErr> {
        Err(DbErr::ConvertFromU64("Day"))
    }
}

impl Nullable for Day {
    fn null() -> Value {
        Value::ChronoDate(None)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_a_day_is_a_day() {
        for wrong in [
            "2026-11-31",
            "2026-1-1",
            "20261123",
            "2026-11-23T00:00",
            "2026-W48-1",
            "2026-11-3 ",
            "２026-11-2",
            "1969-12-31",
            "-02026-01-01",
            "",
            "tomorrow",
        ] {
            assert!(wrong.parse::<Day>().is_err(), "{wrong}");
        }
        assert_eq!("2028-02-29".parse::<Day>().map(Day::tomorrow).map(|day| day.to_string()).ok().as_deref(), Some("2028-03-01"));
    }

    #[test]
    fn a_day_begins_at_midnight_where_it_is() {
        let begins = |day: &str, zone: &str| {
            let zone = TimeZone::get(zone).expect("a zone");
            day.parse::<Day>().expect("a day").begins_in(&zone).to_string()
        };
        assert_eq!(begins("2026-11-23", "Europe/Zurich"), "2026-11-22T23:00:00Z");
        assert_eq!(begins("2026-03-29", "Europe/Zurich"), "2026-03-28T23:00:00Z");
        // The clocks went forward at midnight: the day began at one o'clock.
        assert_eq!(begins("2018-11-04", "America/Sao_Paulo"), "2018-11-04T03:00:00Z");
        assert_eq!(begins("1970-01-01", "Asia/Tokyo"), "1970-01-01T00:00:00Z");
        assert_eq!(begins("9999-12-31", "America/Lima"), Time::LAST.to_string());
    }

    #[test]
    fn a_day_ends_when_it_does_where_it_is_meant() {
        let zurich = TimeZone::get("Europe/Zurich").expect("a zone");
        let ends = |text: &str| text.parse::<Day>().expect("a day").last_second(&zurich).to_string();
        assert_eq!([ends("2026-11-23"), ends("2027-07-01")], ["2026-11-23T22:59:59Z", "2027-07-01T21:59:59Z"]);
        let late = "2026-11-23T23:30:00Z".parse().expect("a time");
        assert_eq!(Day::in_zone(late, &zurich).to_string(), "2026-11-24");
        assert_eq!("9999-12-31".parse::<Day>().map(|day| day.last_second(&zurich)).ok(), Some(Time::LAST));
    }

    proptest! {
        #[test]
        fn a_day_comes_back_from_the_database_as_it_went(days in 0..2_932_896_i32) {
            let day = Day::of(Time::FIRST).plus(days);
            prop_assert_eq!(Day::try_from(NaiveDate::from(day)).ok(), Some(day));
            prop_assert_eq!(day.to_string().parse::<Day>().ok(), Some(day));
        }
    }
}
