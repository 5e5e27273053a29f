//! Cursors: the place where a walk through a list continues.
//!
//! A cursor contains the [`Position`] of the last row of a response, and not a number of rows: whatever is inserted, changed or
//! deleted meanwhile, the next response begins with the row after it. A walk is exact in an order of values that never change,
//! which is the order of each list unless the caller chooses another.

use std::fmt;

use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::clock::Time;

/// The position of a row in its list, by the values that the list is sorted by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Position {
    /// The number that a list is sorted by: microseconds since 1970, or a sequence.
    order: i64,
    /// The id, for rows with the same number.
    id: Uuid,
}

impl Position {
    /// The position in a list that is sorted by a time, such as that of creation, then by id.
    pub fn timed(at: Time, id: Uuid) -> Self {
        Self { order: at.micros(), id }
    }

    /// The position in a list that is sorted by a sequence without repetitions.
    pub fn numbered(sequence: i64) -> Self {
        Self { order: sequence, id: Uuid::nil() }
    }

    /// Returns time and id.
    pub fn as_timed(self) -> (Time, Uuid) {
        (Time::from_micros(self.order).unwrap_or(Time::FIRST), self.id)
    }

    pub fn sequence(self) -> i64 {
        self.order
    }

    /// The position in a list that is sorted by a rank, then by id.
    pub fn ranked(rank: i64, id: Uuid) -> Self {
        Self { order: rank, id }
    }

    /// Returns rank and id.
    pub fn as_ranked(self) -> (i64, Uuid) {
        (self.order, self.id)
    }
}

/// The list that a cursor belongs to: its path and filters, as a group of callers sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ListIdentity {
    group: Uuid,
    list: [u8; 8],
}

impl ListIdentity {
    /// The identity of the list at `path` with these filters, whose order does not matter.
    pub fn new(group: Uuid, path: &str, filters: &[(impl AsRef<str>, impl AsRef<str>)]) -> Self {
        let mut filters: Vec<_> = filters.iter().map(|(name, value)| (name.as_ref(), value.as_ref())).collect();
        filters.sort_unstable();
        let mut hash = Sha256::new();
        for part in std::iter::once(path).chain(filters.into_iter().flat_map(|(name, value)| [name, value])) {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self { group, list: array(&hash.finalize(), 0) }
    }
}

/// A position in one list; on the wire 96 hexadecimal digits.
///
/// The end is a checksum over the rest and the group of callers. It needs no key: a query never reads beyond the group's own
/// rows, so a forged cursor is worth no more than a genuine one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cursor {
    position: Position,
    of: ListIdentity,
}

/// The text is not a cursor of this list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BadCursor {
    /// Not a cursor, or one of another group of callers.
    Malformed,
    /// A cursor of another list, or of the list with other filters.
    OtherList,
}

/// The format of a cursor: version, list, order, id, checksum.
const VERSION: u8 = 1;
const LENGTH: usize = 48;
const CHECKED: usize = 33;

impl Cursor {
    pub fn new(of: ListIdentity, position: Position) -> Self {
        Self { position, of }
    }

    /// Reads the position from a cursor of this list.
    pub fn parse(text: &str, of: ListIdentity) -> Result<Position, BadCursor> {
        // One text for one cursor.
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(BadCursor::Malformed);
        }
        let mut bytes = [0; LENGTH];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| BadCursor::Malformed)?;
        let (content, sum) = bytes.split_at(CHECKED);
        if content[0] != VERSION || sum != checksum(of.group, content) {
            return Err(BadCursor::Malformed);
        }
        if content[1..9] != of.list {
            return Err(BadCursor::OtherList);
        }
        Ok(Position { order: i64::from_be_bytes(array(content, 9)), id: Uuid::from_bytes(array(content, 17)) })
    }
}

fn checksum(group: Uuid, content: &[u8]) -> [u8; LENGTH - CHECKED] {
    let hash = Sha256::new().chain_update("list cursor").chain_update(group).chain_update(content).finalize();
    array(&hash, 0)
}

/// The bytes from `start` on; zeros beyond the end.
fn array<const N: usize>(bytes: &[u8], start: usize) -> [u8; N] {
    std::array::from_fn(|at| bytes.get(start + at).copied().unwrap_or_default())
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [0; LENGTH];
        bytes[0] = VERSION;
        bytes[1..9].copy_from_slice(&self.of.list);
        bytes[9..17].copy_from_slice(&self.position.order.to_be_bytes());
        bytes[17..CHECKED].copy_from_slice(self.position.id.as_bytes());
        let sum = checksum(self.of.group, &bytes[..CHECKED]);
        bytes[CHECKED..].copy_from_slice(&sum);
        f.write_str(&hex::encode(bytes))
    }
}

impl Serialize for Cursor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DIGITS: usize = 2 * LENGTH;

    fn list(group: u128, filters: &[(&str, &str)]) -> ListIdentity {
        ListIdentity::new(Uuid::from_u128(group), "/trips", filters)
    }

    proptest! {
        #[test]
        fn cursor_round_trips(order: i64, id: u128, group: u128) {
            let (of, position) = (list(group, &[("status", "draft")]), Position { order, id: Uuid::from_u128(id) });
            let text = Cursor::new(of, position).to_string();
            prop_assert_eq!(text.len(), DIGITS);
            prop_assert_eq!(Cursor::parse(&text, of), Ok(position));
        }

        #[test]
        fn altered_cursor_is_malformed(order: i64, id: u128, at in 0..DIGITS, digit in "[0-9a-fA-F]") {
            let of = list(7, &[]);
            let text = Cursor::new(of, Position { order, id: Uuid::from_u128(id) }).to_string();
            let mut altered = text.clone();
            altered.replace_range(at..=at, &digit);
            prop_assume!(altered != text);
            prop_assert_eq!(Cursor::parse(&altered, of), Err(BadCursor::Malformed));
        }

        #[test]
        fn arbitrary_text_is_malformed(text in ".{0,120}") {
            prop_assert_eq!(Cursor::parse(&text, list(7, &[])), Err(BadCursor::Malformed));
        }
    }

    #[test]
    fn cursor_belongs_to_one_list_with_its_filters() {
        let of = list(7, &[("status", "draft"), ("trip_type", "owner")]);
        let text = Cursor::new(of, Position::numbered(3)).to_string();
        let reordered = list(7, &[("trip_type", "owner"), ("status", "draft")]);
        assert_eq!(Cursor::parse(&text, reordered), Ok(Position::numbered(3)));
        for other in [
            list(7, &[]),
            list(7, &[("status", "draft")]),
            list(7, &[("status", "draft"), ("trip_type", "ownerx")]),
            list(7, &[("status", "drafttrip_type"), ("owner", "")]),
            ListIdentity::new(Uuid::from_u128(7), "/invoices", &[("status", "draft"), ("trip_type", "owner")]),
        ] {
            assert_eq!(Cursor::parse(&text, other), Err(BadCursor::OtherList));
        }
        let foreign = list(8, &[("status", "draft"), ("trip_type", "owner")]);
        assert_eq!(Cursor::parse(&text, foreign), Err(BadCursor::Malformed));
    }
}
