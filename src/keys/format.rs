//! What a key looks like: `pck_`, 32 random base62 characters, 6 base62 characters of CRC-32 over what precedes.
//!
//! 32 characters of base62 are 190 bits, so a plain SHA-256 is a safe way to store one: there is nothing to guess.
//! The checksum refuses a typo without a look-up, and spares secret scanners false hits:
//! `\bpck_[0-9A-Za-z]{38}\b`.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

use kit::random::{BASE62, Random};

/// What every key begins with.
pub const PREFIX: &str = "pck_";
const RANDOM: usize = 32;
const CHECKSUM: usize = 6;
/// Characters of a whole key.
pub const LENGTH: usize = PREFIX.len() + RANDOM + CHECKSUM;

/// A whole key in clear text: shown once, never stored, mute in `Debug`.
#[derive(Clone)]
pub struct PlainSecret(SecretString);

/// SHA-256 of a whole key: what is stored, and what the index is looked up by.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecretDigest(pub [u8; 32]);

/// The text is not a key: wrong length, prefix, alphabet or checksum.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not an API key")]
pub struct NotAKey;

impl PlainSecret {
    /// Draws a new key.
    pub fn generate(random: &Random) -> Self {
        let mut text = String::with_capacity(LENGTH);
        text.push_str(PREFIX);
        text.push_str(&random.base62(RANDOM));
        text.extend(checksum(text.as_bytes()).map(char::from));
        Self(text.into())
    }

    /// The text, for the one answer that shows it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// What is stored of it.
    pub fn digest(&self) -> SecretDigest {
        SecretDigest(Sha256::digest(self.expose()).into())
    }

    /// What is shown of it afterwards: `pck_Ab3d…Xy9z`.
    pub fn hint(&self) -> String {
        Hint::of(self.expose().as_bytes()).to_string()
    }
}

impl fmt::Debug for PlainSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainSecret(pck_…)")
    }
}

impl fmt::Debug for SecretDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretDigest(…)")
    }
}

/// The digest of a presented key, or that it cannot be one. Allocates nothing.
pub fn digest_of(presented: &[u8]) -> Result<SecretDigest, NotAKey> {
    let body = presented.strip_prefix(PREFIX.as_bytes()).ok_or(NotAKey)?;
    if presented.len() != LENGTH || !body.iter().all(u8::is_ascii_alphanumeric) {
        return Err(NotAKey);
    }
    let (covered, sum) = presented.split_at(LENGTH - CHECKSUM);
    if checksum(covered) == sum { digest_unchecked(presented) } else { Err(NotAKey) }
}

/// The same of anything that begins like a key and is as long: for whoever knows every key there is, so that nothing
/// depends on it. Neither alphabet nor checksum are looked at, which takes longer than the digest.
#[inline]
pub fn digest_unchecked(presented: &[u8]) -> Result<SecretDigest, NotAKey> {
    // An array, so that the length is known when this is compiled.
    let claimed: &[u8; LENGTH] = presented.try_into().map_err(|_| NotAKey)?;
    if claimed.starts_with(PREFIX.as_bytes()) { Ok(SecretDigest(Sha256::digest(claimed).into())) } else { Err(NotAKey) }
}

/// Six base62 digits of the CRC-32 (IEEE 802.3) of `covered`, most significant first.
fn checksum(covered: &[u8]) -> [u8; CHECKSUM] {
    let mut rest = crc32fast::hash(covered);
    let mut digits = [b'0'; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[(rest % 62) as usize];
        rest /= 62;
    }
    digits
}

/// What is shown of a key: the four characters after the prefix and the last four.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hint([u8; 8]);

impl Hint {
    /// Of a key, as whoever has verified it knows; what is too short to be one shows nothing.
    pub fn of(key: &[u8]) -> Self {
        let body = key.strip_prefix(PREFIX.as_bytes()).unwrap_or_default();
        let is_shown = |end: &[u8; 4]| end.iter().all(u8::is_ascii_alphanumeric);
        let ends = body.first_chunk::<4>().zip(body.last_chunk::<4>()).filter(|(first, last)| is_shown(first) && is_shown(last));
        let (first, last) = ends.unwrap_or((b"????", b"????"));
        let mut hint = [0; 8];
        hint[..4].copy_from_slice(first);
        hint[4..].copy_from_slice(last);
        Self(hint)
    }

    /// As it is shown. By hand, as `whoami` says it with every request.
    fn text(self, room: &mut [u8; HINT.len()]) -> &str {
        room.copy_from_slice(HINT.as_bytes());
        room[PREFIX.len()..][..4].copy_from_slice(&self.0[..4]);
        room[HINT.len() - 4..].copy_from_slice(&self.0[4..]);
        str::from_utf8(room).unwrap_or(HINT)
    }
}

/// The form of a hint.
const HINT: &str = "pck_????…????";

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text(&mut [0; HINT.len()]))
    }
}

impl Serialize for Hint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text(&mut [0; HINT.len()]))
    }
}

/// The first thing in `text` that has the form of a key, whether or not its checksum fits.
pub fn find(text: &str) -> Option<&str> {
    let boundary = |byte: Option<&u8>| byte.is_none_or(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_');
    text.match_indices(PREFIX).find_map(|(start, _)| {
        let candidate = text.get(start..start + LENGTH)?;
        let alone = boundary(start.checked_sub(1).map(|before| &text.as_bytes()[before]))
            && boundary(text.as_bytes().get(start + LENGTH));
        let all = candidate[PREFIX.len()..].bytes().all(|byte| byte.is_ascii_alphanumeric());
        (alone && all).then_some(candidate)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::secret;
    use proptest::prelude::*;

    fn new_key(seed: u64) -> String {
        PlainSecret::generate(&Random::seeded(seed)).expose().to_owned()
    }

    proptest! {
        #[test]
        fn a_new_key_is_accepted_and_has_the_published_form(seed: u64) {
            let secret = new_key(seed);
            prop_assert!(digest_of(secret.as_bytes()).is_ok());
            prop_assert_eq!(secret.len(), 42);
            let query = format!("key={secret}&x=1");
            prop_assert_eq!(find(&query), Some(secret.as_str()));
            prop_assert_eq!(secret::find(&query), Some(secret.as_str()));
        }

        #[test]
        fn any_bytes_are_a_key_of_the_published_form_or_none(bytes in prop_oneof![proptest::collection::vec(any::<u8>(), 0..100), "pck_[0-9A-Za-z]{30,45}".prop_map(String::into_bytes)]) {
            let is_key = digest_of(&bytes).is_ok();
            let found = str::from_utf8(&bytes).ok().and_then(find);
            prop_assert!(!is_key || bytes.len() == 42 && found.map(str::as_bytes) == Some(&bytes));
        }

        #[test]
        fn a_key_is_found_at_any_boundary_and_scrubbed_everywhere(seed: u64, before in "\\PC{0,40}", after in "\\PC{0,40}") {
            let secret = new_key(seed);
            let (apart, within) = (format!("{before} {secret}&{after}"), format!("{before}{secret}{after}"));
            prop_assert!(find(&apart).is_some());
            prop_assert!(!secret::scrub(&within).contains(&secret));
        }

        #[test]
        fn every_change_of_one_character_is_refused(seed: u64) {
            let secret = new_key(seed).into_bytes();
            for place in 0..secret.len() {
                for other in (0..=255).filter(|other| *other != secret[place]) {
                    let mut changed = secret.clone();
                    changed[place] = other;
                    prop_assert_eq!(digest_of(&changed), Err(NotAKey));
                }
            }
        }

        #[test]
        fn every_transposition_of_neighbours_is_refused(seed: u64) {
            let secret = new_key(seed).into_bytes();
            for place in (1..secret.len()).filter(|place| secret[*place] != secret[*place - 1]) {
                let mut changed = secret.clone();
                changed.swap(place, place - 1);
                prop_assert_eq!(digest_of(&changed), Err(NotAKey));
            }
        }

        #[test]
        fn nothing_else_is_accepted(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            prop_assert_eq!(digest_of(&bytes), Err(NotAKey));
        }
    }

    #[test]
    fn the_hint_is_the_prefix_and_four_characters_at_each_end() {
        let secret = PlainSecret::generate(&Random::seeded(1));
        let text = secret.expose();
        assert_eq!(secret.hint(), format!("pck_{}…{}", &text[4..8], &text[38..]));
    }

    #[test]
    fn debug_shows_neither_the_secret_nor_its_digest() {
        let secret = PlainSecret::generate(&Random::seeded(2));
        assert_eq!(format!("{secret:?} {:?}", secret.digest()), "PlainSecret(pck_…) SecretDigest(…)");
    }
}
