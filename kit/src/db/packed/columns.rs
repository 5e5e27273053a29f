//! [`Packing`]: types of columns to read, and the values that differ by engine.

use std::fmt;

use sea_orm::sea_query::SimpleExpr;
use sea_orm::{ColIdx, DbErr, QueryResult, TryGetError, TryGetable};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

use crate::clock::Time;

/// The type of a column, which decides how it is packed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Packing {
    /// A whole number.
    Integer,
    /// A text.
    Text,
    /// A time, to be read as [`PackedTime`] or [`ExactTime`].
    Time,
    /// A UUID, never null.
    Uuid,
    /// A UUID or null.
    OptionalUuid,
    /// 32 bytes, never null, to be read as [`PackedDigest`].
    Digest,
    /// JSON.
    Json,
    /// JSON, to be read as the text that is stored. Postgres stores no text: its own is given without blanks between tokens.
    JsonText,
}

/// A column to read.
pub(super) type PackedColumn = (SimpleExpr, Packing);

/// A time: from Postgres as microseconds since 1970, from SQLite as a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PackedTime(pub Time);

impl<'de> Deserialize<'de> for PackedTime {
    fn deserialize<D: Deserializer<'de>>(packed: D) -> Result<Self, D::Error> {
        packed.deserialize_any(TimeVisitor)
    }
}

struct TimeVisitor;

impl Visitor<'_> for TimeVisitor {
    type Value = PackedTime;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time")
    }

    fn visit_i64<E: Error>(self, micros: i64) -> Result<PackedTime, E> {
        Time::from_micros(micros).map(PackedTime).ok_or_else(|| E::custom("a time out of range"))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<PackedTime, E> {
        text.parse().map(PackedTime).map_err(E::custom)
    }
}

/// A time as [`PackedTime`] reads it. A text of SQLite that is not the one that a query writes for the time is an error.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ExactTime(pub Time);

impl<'de> Deserialize<'de> for ExactTime {
    fn deserialize<D: Deserializer<'de>>(packed: D) -> Result<Self, D::Error> {
        packed.deserialize_any(ExactTimeVisitor)
    }
}

struct ExactTimeVisitor;

impl Visitor<'_> for ExactTimeVisitor {
    type Value = ExactTime;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time as a query writes it")
    }

    fn visit_i64<E: Error>(self, micros: i64) -> Result<ExactTime, E> {
        TimeVisitor.visit_i64(micros).map(|PackedTime(time)| ExactTime(time))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<ExactTime, E> {
        let PackedTime(time) = TimeVisitor.visit_str(text)?;
        if is_as_written(text, time) { Ok(ExactTime(time)) } else { Err(E::custom("a time in another form")) }
    }
}

/// Returns whether `text`, which is read as `time`, is the one that a query writes for it: `2026-11-23T09:30:00.500+00:00`, with
/// no digit of the fraction, three or six.
fn is_as_written(text: &str, time: Time) -> bool {
    let length = match time.micros() % 1_000_000 {
        0 => 25,
        micros if micros % 1_000 == 0 => 29,
        _ => 32,
    };
    text.len() == length && text.as_bytes()[10] == b'T' && text.ends_with("+00:00")
}

/// 32 bytes, in a packed row or in one that is read by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PackedDigest(pub [u8; 32]);

impl<'de> Deserialize<'de> for PackedDigest {
    fn deserialize<D: Deserializer<'de>>(packed: D) -> Result<Self, D::Error> {
        packed.deserialize_bytes(DigestVisitor)
    }
}

struct DigestVisitor;

impl Visitor<'_> for DigestVisitor {
    type Value = PackedDigest;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("32 bytes")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<PackedDigest, E> {
        bytes.try_into().map(PackedDigest).map_err(|_| E::invalid_length(bytes.len(), &self))
    }
}

impl TryGetable for PackedDigest {
    fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
        let bytes = Vec::<u8>::try_get_by(row, index)?;
        let other_length = |bytes: Vec<u8>| TryGetError::DbErr(DbErr::Type(format!("a digest of {} bytes", bytes.len())));
        bytes.try_into().map(Self).map_err(other_length)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::de::IntoDeserializer;
    use serde::de::value::{Error, StrDeserializer};

    use super::*;

    fn read(text: &str) -> Result<ExactTime, Error> {
        let text: StrDeserializer<'_, Error> = text.into_deserializer();
        ExactTime::deserialize(text)
    }

    /// Returns the text that a query writes to SQLite.
    fn written(time: Time) -> String {
        let time = chrono::DateTime::from_timestamp_micros(time.micros()).expect("a time");
        time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, false)
    }

    #[test]
    fn time_in_another_form_is_an_error() {
        for text in [
            "2026-11-23T09:30:00Z",
            "2026-11-23t09:30:00+00:00",
            "2026-11-23T09:30:00-00:00",
            "2026-11-23T10:30:00+01:00",
            "2026-11-23T09:30:00.5+00:00",
            "2026-11-23T09:30:00.000+00:00",
            "2026-11-23T09:30:00.500000+00:00",
            "2026-11-23T09:30:00.0000001+00:00",
            "2026-11-23 09:30:00+00:00",
            "",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn exact_time_is_read_as_it_was_written(seconds in 0..253_402_207_200_i64, micros in 0..1_000_000_i64) {
            for micros in [0, micros / 1_000 * 1_000, micros] {
                let time = Time::from_micros(seconds * 1_000_000 + micros).expect("a time");
                prop_assert_eq!(read(&written(time)), Ok(ExactTime(time)));
            }
        }
    }
}
