//! The two ends of a filter: a time, or a day.

use std::time::Duration;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer};

use super::Time;

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
