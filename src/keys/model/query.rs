//! A query on a workspace's keys: filter, search and order.

use super::{KeyFilter, KeyId, Only, Status};
use key_format::{PREFIX, SecretDigest, TEST_PREFIX, digest_of};
use kit::text::folded;

/// A filter on keys and their order. The default lists all keys, the newest first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct KeyQuery {
    pub status: Option<Status>,
    pub search: KeySearch,
    pub only: Only,
    pub order: KeyOrder,
}

impl From<&KeyFilter> for KeyQuery {
    fn from(filter: &KeyFilter) -> Self {
        let search = filter.search.as_deref().map_or(KeySearch::Anything, KeySearch::parse);
        Self { status: filter.status, search, only: Only::from(filter), order: KeyOrder::default() }
    }
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum KeySearch {
    #[default]
    Anything,
    /// A part of the name, in whatever case, or of the hint.
    Text(String),
    /// The digest of a whole secret.
    Secret(SecretDigest),
    /// The keys that a search in memory has found.
    Keys(Vec<KeyId>),
}

impl KeySearch {
    /// Parses a search text. A whole secret becomes its digest, so that no query contains a secret.
    pub(in crate::keys) fn parse(text: &str) -> Self {
        match (text.trim(), digest_of(text.trim().as_bytes())) {
            (_, Ok(digest)) => Self::Secret(digest),
            (text, _) if folded(text).is_empty() => Self::Anything,
            (text, Err(_)) => Self::Text(text.to_owned()),
        }
    }
}

/// The least number of characters by which a hint is found: the random ones of its start or its end.
const MIN_OF_HINT: usize = 4;

/// Returns the part of a hint that a search text may be: `pck_` and more, or at least four characters of a hint. Fewer would find
/// keys by chance, and the prefix alone finds every key.
pub(in crate::keys) fn part_of_hint(text: &str) -> Option<String> {
    let part = text.replace("...", "…");
    let is_of_hint = part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '…'));
    let is_prefix = [PREFIX, TEST_PREFIX].iter().any(|prefix| part.eq_ignore_ascii_case(prefix));
    (is_of_hint && !is_prefix && part.chars().count() >= MIN_OF_HINT).then_some(part)
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
    pub paused: u64,
    pub expired: u64,
    pub revoked: u64,
}

impl StatusCounts {
    /// Returns the number of keys of one status, or of all.
    pub fn of(&self, status: Option<Status>) -> u64 {
        match status {
            None => self.active + self.paused + self.expired + self.revoked,
            Some(Status::Active) => self.active,
            Some(Status::Paused) => self.paused,
            Some(Status::Expired) => self.expired,
            Some(Status::Revoked) => self.revoked,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hint_is_searched_only_for_a_part_of_it() {
        for part in [
            "pck_A",
            "pck_Ab3d",
            "PCK_ab3d",
            "Ab3d",
            "Xy9z",
            "…Xy9z",
            "pck_Ab3d…Xy9z",
            "ck_A",
            "d…Xy",
            "pck_test_A",
            "PCK_TEST_ab3d",
        ] {
            assert_eq!(part_of_hint(part).as_deref(), Some(part));
        }
        assert_eq!(part_of_hint("pck_Ab3d...Xy9z").as_deref(), Some("pck_Ab3d…Xy9z"));
        for other in
            ["_", "pc", "ck", "k_", "…", "...", "pck_", "PCK_", "pck_test_", "pck", "a", "Ab3", "fleet sync", "Zürich", "a-bc"]
        {
            assert_eq!(part_of_hint(other), None, "{other}");
        }
    }

    #[test]
    fn search_for_nothing_that_can_be_seen_finds_everything() {
        for text in ["", "  ", "\u{200b}", "\u{2800}"] {
            assert_eq!(KeySearch::parse(text), KeySearch::Anything, "{text:?}");
        }
    }
}
