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
    /// A time, to be read as [`PackedTime`].
    Time,
    /// A UUID, never null.
    Uuid,
    /// A UUID or null.
    OptionalUuid,
    /// 32 bytes, never null, to be read as [`PackedDigest`].
    Digest,
    /// JSON.
    Json,
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
