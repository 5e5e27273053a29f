//! The characters of a key that are shown after its creation.

use std::fmt;

use serde::{Serialize, Serializer};

use super::PREFIX;

/// The four characters after the prefix and the last four: `pck_Ab3d…Xy9z`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hint([u8; 8]);

impl Hint {
    /// Returns the hint of a presented key. Question marks replace the characters of anything that is too short to be one.
    pub fn of(key: &[u8]) -> Self {
        let body = key.strip_prefix(PREFIX.as_bytes()).unwrap_or_default();
        let is_printable = |end: &[u8; 4]| end.iter().all(u8::is_ascii_alphanumeric);
        let ends = body.first_chunk::<4>().zip(body.last_chunk::<4>());
        let (first, last) = ends.filter(|(first, last)| is_printable(first) && is_printable(last)).unwrap_or((b"????", b"????"));
        let mut hint = [0; 8];
        hint[..4].copy_from_slice(first);
        hint[4..].copy_from_slice(last);
        Self(hint)
    }

    /// Writes into `buffer` without the formatting machinery: a response to every request may contain a hint.
    fn text(self, buffer: &mut [u8; TEMPLATE.len()]) -> &str {
        buffer.copy_from_slice(TEMPLATE.as_bytes());
        buffer[PREFIX.len()..][..4].copy_from_slice(&self.0[..4]);
        buffer[TEMPLATE.len() - 4..].copy_from_slice(&self.0[4..]);
        str::from_utf8(buffer).unwrap_or(TEMPLATE)
    }
}

const TEMPLATE: &str = "pck_????…????";

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text(&mut [0; TEMPLATE.len()]))
    }
}

impl Serialize for Hint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text(&mut [0; TEMPLATE.len()]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::key;

    #[test]
    fn hint_is_prefix_and_four_characters_of_each_end() {
        let secret = key(1);
        let text = secret.expose();
        assert_eq!(secret.hint(), format!("pck_{}…{}", &text[4..8], &text[38..]));
    }

    #[test]
    fn hint_of_malformed_key_shows_nothing() {
        for text in ["", "pck_", "pck_abc", "other_abcdefgh", "pck_äöüäöü"] {
            assert_eq!(Hint::of(text.as_bytes()).to_string(), TEMPLATE, "{text}");
        }
    }
}
