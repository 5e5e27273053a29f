//! The characters of a key that are shown after its creation.

use std::fmt;

use serde::{Serialize, Serializer};

use super::Kind;

/// The prefix, the four characters after it and the last four: `pck_Ab3d…Xy9z`, `pck_test_Ab3d…Xy9z`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hint {
    kind: Kind,
    ends: [u8; 8],
}

impl Hint {
    /// Returns the hint of a presented key. Question marks replace the characters of anything that is too short to be one.
    pub fn of(key: &[u8]) -> Self {
        let found = Kind::of(key);
        let kind = found.unwrap_or(Kind::Live);
        let body = if found.is_some() { &key[kind.prefix().len()..] } else { &[] };
        let is_printable = |end: &[u8; 4]| end.iter().all(u8::is_ascii_alphanumeric);
        let ends = body.first_chunk::<4>().zip(body.last_chunk::<4>());
        let (first, last) = ends.filter(|(first, last)| is_printable(first) && is_printable(last)).unwrap_or((b"????", b"????"));
        let mut hint = [0; 8];
        hint[..4].copy_from_slice(first);
        hint[4..].copy_from_slice(last);
        Self { kind, ends: hint }
    }

    /// Writes into `buffer` without the formatting machinery: a response to every request may contain a hint.
    fn text(self, buffer: &mut [u8; LONGEST]) -> &str {
        let template = match self.kind {
            Kind::Live => TEMPLATE,
            Kind::Test => TEST_TEMPLATE,
        };
        let text = &mut buffer[..template.len()];
        text.copy_from_slice(template.as_bytes());
        text[self.kind.prefix().len()..][..4].copy_from_slice(&self.ends[..4]);
        text[template.len() - 4..].copy_from_slice(&self.ends[4..]);
        str::from_utf8(text).unwrap_or(template)
    }
}

const TEMPLATE: &str = "pck_????…????";
const TEST_TEMPLATE: &str = "pck_test_????…????";

/// Bytes of the longest hint.
const LONGEST: usize = TEST_TEMPLATE.len();

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text(&mut [0; LONGEST]))
    }
}

impl Serialize for Hint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text(&mut [0; LONGEST]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{any_key, key};

    #[test]
    fn hint_is_prefix_and_four_characters_of_each_end() {
        let secret = key(1);
        let text = secret.expose();
        assert_eq!(secret.hint(), format!("pck_{}…{}", &text[4..8], &text[38..]));
        let secret = any_key(1);
        let text = secret.expose();
        assert_eq!(secret.hint(), format!("pck_test_{}…{}", &text[9..13], &text[43..]));
    }

    #[test]
    fn hint_of_malformed_key_shows_nothing() {
        for text in ["", "pck_", "pck_abc", "other_abcdefgh", "pck_äöüäöü"] {
            assert_eq!(Hint::of(text.as_bytes()).to_string(), TEMPLATE, "{text}");
        }
        for text in ["pck_test_", "pck_test_abc", "pck_test_äöüäöü"] {
            assert_eq!(Hint::of(text.as_bytes()).to_string(), TEST_TEMPLATE, "{text}");
        }
    }
}
