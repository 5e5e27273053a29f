//! The two ends of a filter: a time, or a day.

use std::str::FromStr;
use std::time::Duration;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer};

use super::Time;
use super::rfc3339::{date_time, full_date};
use super::time::NotATime;

/// The reason why a text is not an end of a filter.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotABound {
    #[error("must be a day such as 2026-11-23 or a time such as 2026-11-23T09:30:00Z")]
    Malformed,
    #[error("must be a day or a time from 1970 to 9999")]
    OutOfRange,
    #[error(transparent)]
    Time(NotATime),
}

/// Parses a time, or a day as `of_day` says. An end that is later than every time is the latest time.
fn parse(text: &str, of_day: impl FnOnce(Date) -> Option<Time>) -> Result<Time, NotABound> {
    let (is_known, time) = match (full_date(text), date_time(text)) {
        (Some(date), _) => (date.year() >= 1970, of_day(date)),
        (None, Ok(micros)) => (micros >= 0, Time::from_micros(micros)),
        (None, Err(NotATime::Malformed)) => return Err(NotABound::Malformed),
        (None, Err(error)) => return Err(NotABound::Time(error)),
    };
    if is_known { Ok(time.unwrap_or(Time::LAST)) } else { Err(NotABound::OutOfRange) }
}

macro_rules! bound {
    ($(#[$doc:meta])* $name:ident, $of_day:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub struct $name(pub Time);

        impl FromStr for $name {
            type Err = NotABound;
            fn from_str(text: &str) -> Result<Self, NotABound> {
                parse(text, $of_day).map(Self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                use utoipa::openapi::schema::{ObjectBuilder, Type};
                let bound = ObjectBuilder::new().schema_type(Type::String).examples([serde_json::json!("2026-11-23")]);
                bound.pattern(Some(PATTERN)).into()
            }
        }

        impl utoipa::ToSchema for $name {}
    };
}

/// A day, or a time with an offset.
const PATTERN: &str = "^[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2}))?$";

bound! {
    /// The lower bound of a filter: a time, or the start of a day (UTC); inclusive.
    Since, Time::start_of
}
bound! {
    /// The upper bound of a filter: a time, or the last microsecond of a day (UTC); inclusive.
    Until, |day: Date| Some(Time::start_of(day.tomorrow().ok()?)?.before(Duration::from_micros(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bound_is_a_time_or_an_end_of_a_day() {
        for (text, since, until) in [
            ("2026-11-23", "2026-11-23T00:00:00Z", "2026-11-23T23:59:59.999999Z"),
            ("2026-11-23T09:30:00+01:00", "2026-11-23T08:30:00Z", "2026-11-23T08:30:00Z"),
            ("1970-01-01", "1970-01-01T00:00:00Z", "1970-01-01T23:59:59.999999Z"),
            ("9999-12-30", "9999-12-30T00:00:00Z", "9999-12-30T22:00:00Z"),
            ("9999-12-31", "9999-12-30T22:00:00Z", "9999-12-30T22:00:00Z"),
            ("9999-12-31T23:59:59Z", "9999-12-30T22:00:00Z", "9999-12-30T22:00:00Z"),
        ] {
            assert_eq!(text.parse::<Since>().map(|bound| bound.0.to_string()).as_deref(), Ok(since), "{text}");
            assert_eq!(text.parse::<Until>().map(|bound| bound.0.to_string()).as_deref(), Ok(until), "{text}");
        }
    }

    #[test]
    fn malformed_bound_is_refused_with_a_reason() {
        for (text, reason) in [
            ("2026-11-31", NotABound::Malformed),
            ("2026-1-1", NotABound::Malformed),
            ("20261123", NotABound::Malformed),
            ("2026-W48-1", NotABound::Malformed),
            ("2026-11-23T09:30:00", NotABound::Malformed),
            ("2026-11-23 ", NotABound::Malformed),
            ("10000-01-01", NotABound::Malformed),
            ("", NotABound::Malformed),
            ("1969-12-31", NotABound::OutOfRange),
            ("0001-01-01T00:00:00Z", NotABound::OutOfRange),
            ("2026-12-31T23:59:60Z", NotABound::Time(NotATime::LeapSecond)),
            ("2028-03-01T00:00:00 00:00", NotABound::Time(NotATime::LostPlus)),
        ] {
            assert_eq!(text.parse::<Since>(), Err(reason), "{text}");
            assert_eq!(text.parse::<Until>(), Err(reason), "{text}");
        }
    }
}
