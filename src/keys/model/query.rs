//! A query on a workspace's keys: filter, search and order.

use super::{KeyFilter, Status};
use key_format::{SecretDigest, digest_of};

/// A filter on keys and their order. The default lists all keys, the newest first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct KeyQuery {
    pub status: Option<Status>,
    pub search: KeySearch,
    pub order: KeyOrder,
}

impl From<&KeyFilter> for KeyQuery {
    fn from(filter: &KeyFilter) -> Self {
        let search = filter.search.as_deref().map_or(KeySearch::Anything, KeySearch::parse);
        Self { status: filter.status, search, order: KeyOrder::default() }
    }
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum KeySearch {
    #[default]
    Anything,
    /// A part of the name or of the hint.
    Text(String),
    /// The digest of a whole secret.
    Secret(SecretDigest),
}

impl KeySearch {
    /// Parses a search text. A whole secret becomes its digest, so that no query contains a secret.
    pub(in crate::keys) fn parse(text: &str) -> Self {
        match (text.trim(), digest_of(text.trim().as_bytes())) {
            ("", _) => Self::Anything,
            (_, Ok(digest)) => Self::Secret(digest),
            (text, Err(_)) => Self::Text(text.to_owned()),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeySort {
    Name,
    Created,
    /// A key that was never used comes before any time.
    LastUsed,
    /// A key that never expires comes after any time.
    Expires,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyOrder {
    Ascending(KeySort),
    Descending(KeySort),
}

impl Default for KeyOrder {
    fn default() -> Self {
        Self::Descending(KeySort::Created)
    }
}

/// The number of keys of each status.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct StatusCounts {
    pub active: u64,
    pub expired: u64,
    pub revoked: u64,
}

impl StatusCounts {
    /// Returns the number of keys of one status, or of all.
    pub fn of(&self, status: Option<Status>) -> u64 {
        match status {
            None => self.active + self.expired + self.revoked,
            Some(Status::Active) => self.active,
            Some(Status::Expired) => self.expired,
            Some(Status::Revoked) => self.revoked,
        }
    }
}
