//! Versions of resources: entity tags (RFC 9110, 8.8.3), made of the data alone, so that they are the same on every node.

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::coding::uncoded_tag;
use super::envelope::Envelope;

/// Hexadecimal digits of SHA-256 in a tag: 128 bits, since callers choose the content.
const DIGITS: usize = 32;

/// A strong entity tag: the hash of a body. If some members of the data change by themselves, the hash of the data without them
/// and `-` come before it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct EntityTag {
    text: String,
    has_parts: bool,
}

impl EntityTag {
    /// The tag of data, with members that change by themselves.
    pub(super) fn of<T: Serialize>(data: &T, by_use: &[&str]) -> serde_json::Result<Self> {
        Self::of_body(&serde_json::to_vec(&Envelope::new(data))?, data, by_use)
    }

    /// The tag of data whose body is written.
    pub(super) fn of_body<T: Serialize>(body: &[u8], data: &T, by_use: &[&str]) -> serde_json::Result<Self> {
        let whole = digits(body);
        if by_use.is_empty() {
            return Ok(Self { text: whole, has_parts: false });
        }
        let mut state = serde_json::to_value(data)?;
        if let Value::Object(members) = &mut state {
            members.retain(|name, _| !by_use.contains(&name.as_str()));
        }
        Ok(Self { text: format!("{}-{whole}", digits(&serde_json::to_vec(&state)?)), has_parts: true })
    }

    /// The tag without quotes.
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the tag without quotes.
    pub(super) fn into_string(self) -> String {
        self.text
    }

    /// Returns whether a tag without quotes is of a version that differs from this one at most in members that change by
    /// themselves, whichever content coding the tag is of.
    pub(super) fn is(&self, tag: &str) -> bool {
        let tag = uncoded_tag(tag);
        if self.has_parts { state(tag).is_some() && state(tag) == state(&self.text) } else { tag == self.text }
    }
}

/// The part of a tag that a write has to know.
fn state(tag: &str) -> Option<&str> {
    tag.split_once('-').map(|(state, _)| state)
}

fn digits(content: &[u8]) -> String {
    let mut digits = hex::encode(Sha256::digest(content));
    digits.truncate(DIGITS);
    digits
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::http::coding::Coding;

    #[test]
    fn every_change_is_another_version() {
        let tag = |data: Value| EntityTag::of(&data, &[]).expect("JSON");
        let (one, two) = (tag(json!({ "a": 1 })), tag(json!({ "a": 2 })));
        assert_ne!(one, two);
        assert!(one.is(one.as_str()) && !one.is(two.as_str()) && !one.is(""));
        assert!(one.is(&Coding::Gzip.tag(one.as_str())));
        assert_eq!(one.as_str().len(), DIGITS);
    }

    #[test]
    fn change_by_use_is_another_version_to_readers_only() {
        let tag = |name, used| EntityTag::of(&json!({ "name": name, "used": used }), &["used"]).expect("JSON");
        let (first, used, renamed) = (tag("A", 1), tag("A", 2), tag("B", 1));
        assert_ne!(first.as_str(), used.as_str());
        assert!(used.is(first.as_str()) && !renamed.is(first.as_str()));
        assert!(!first.is("") && !first.is("-") && !first.is(&first.as_str()[..DIGITS]));
    }
}
