//! Form of API keys.
//!
//! A key is `pck_`, 32 random base62 characters, and 6 base62 characters of the CRC-32 of all characters before them. A test key
//! begins with `pck_test_` instead.
//!
//! 190 random bits cannot be guessed, so a plain SHA-256 is a safe way to store a key: slow hashes protect passwords, which
//! people choose. The checksum refuses typing errors without a look-up, and lets secret scanners that match
//! `\bpck_(test_)?[0-9A-Za-z]{38}\b` rule out false hits.
//!
//! ```
//! # fn fill(bytes: &mut [u8]) { bytes.iter_mut().zip(1..).for_each(|(byte, number)| *byte = number) }
//! let secret = key_format::PlainSecret::generate(fill); // `fill` must be the operating system's generator
//! let stored = secret.digest();
//!
//! let presented = secret.expose().as_bytes();
//! assert_eq!(key_format::digest_of(presented), Ok(stored));
//! assert!(!key_format::scrub(&format!("key={}", secret.expose())).contains(secret.expose()));
//! ```
//!
//! - `hint` the characters of a key that are shown after its creation
//! - `scan` a finder of keys, and of tokens of the same family, in any text
//! - `stream` a finder of keys in a stream of any length

mod hint;
mod scan;
mod stream;

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

pub use hint::Hint;
pub use scan::{FAMILY, find_escaped, find_key, find_secret, is_encoded_too_often, may_contain_secret, scrub};
pub use stream::{FoundKey, KeyFinder};

/// The first characters of every key.
pub const PREFIX: &str = "pck_";

/// The first characters of every test key.
pub const TEST_PREFIX: &str = "pck_test_";

/// Random characters after the prefix.
const RANDOM: usize = 32;

/// Characters of the checksum.
const CHECKSUM: usize = 6;

/// Characters of a live key.
pub const LENGTH: usize = PREFIX.len() + RANDOM + CHECKSUM;

/// Characters of a test key: the most that a key has.
pub const TEST_LENGTH: usize = TEST_PREFIX.len() + RANDOM + CHECKSUM;

/// The kind of a key, which its prefix says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Live,
    Test,
}

impl Kind {
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Live => PREFIX,
            Self::Test => TEST_PREFIX,
        }
    }

    /// Returns the number of characters of a key of this kind.
    pub const fn length(self) -> usize {
        match self {
            Self::Live => LENGTH,
            Self::Test => TEST_LENGTH,
        }
    }

    /// Returns the kind of the key that begins `text`, by its prefix. No character after `pck_` of a live key is an underscore.
    fn of(text: &[u8]) -> Option<Self> {
        if text.starts_with(TEST_PREFIX.as_bytes()) {
            Some(Self::Test)
        } else {
            text.starts_with(PREFIX.as_bytes()).then_some(Self::Live)
        }
    }
}

/// The digits of base62: 0–9, A–Z, a–z.
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A key in clear text: shown once, never stored, hidden in `Debug`.
#[derive(Clone)]
pub struct PlainSecret(SecretString);

/// SHA-256 of a key: the form in which it is stored and looked up.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecretDigest(pub [u8; 32]);

/// Error of a text that is not a key: wrong length, prefix, alphabet or checksum.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not an API key")]
pub struct NotAKey;

impl PlainSecret {
    /// Generates a live key from `fill`, which fills a buffer with bytes of a cryptographically secure generator.
    pub fn generate(fill: impl FnMut(&mut [u8])) -> Self {
        Self::generate_kind(Kind::Live, fill)
    }

    /// Generates a key of this kind from `fill`, which fills a buffer with bytes of a cryptographically secure generator.
    pub fn generate_kind(kind: Kind, mut fill: impl FnMut(&mut [u8])) -> Self {
        let random_end = kind.length() - CHECKSUM;
        let mut text = String::with_capacity(kind.length());
        text.push_str(kind.prefix());
        while text.len() < random_end {
            let mut drawn = [0; 32];
            fill(&mut drawn);
            // Bytes of 248 (4 × 62) and more are dropped: they would favour the first digits.
            let fair = drawn.iter().filter(|&&byte| byte < 248).map(|byte| char::from(BASE62[usize::from(byte % 62)]));
            text.extend(fair.take(random_end - text.len()));
        }
        text.extend(checksum(text.as_bytes()).map(char::from));
        Self(text.into())
    }

    /// The text, for the one response that shows it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    pub fn digest(&self) -> SecretDigest {
        SecretDigest(Sha256::digest(self.expose()).into())
    }

    /// The hint that is shown later: `pck_Ab3d…Xy9z`.
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

/// Returns the digest of a presented key after checking prefix, length, alphabet and checksum. Allocates nothing.
pub fn digest_of(presented: &[u8]) -> Result<SecretDigest, NotAKey> {
    let kind = Kind::of(presented).ok_or(NotAKey)?;
    if presented.len() != kind.length() || !presented[kind.prefix().len()..].iter().all(u8::is_ascii_alphanumeric) {
        return Err(NotAKey);
    }
    let (covered, sum) = presented.split_at(presented.len() - CHECKSUM);
    if checksum(covered) == sum { digest_unchecked(presented) } else { Err(NotAKey) }
}

/// Returns the digest of a presented key after checking prefix and length only. For look-ups in a complete index, where an
/// invalid key is unknown anyway: alphabet and checksum take longer to check than the digest takes to compute.
#[inline]
pub fn digest_unchecked(presented: &[u8]) -> Result<SecretDigest, NotAKey> {
    // An array, so that the compiler knows the length.
    let Ok(claimed) = <&[u8; LENGTH]>::try_from(presented) else { return digest_of_test(presented) };
    if claimed.starts_with(PREFIX.as_bytes()) { Ok(SecretDigest(Sha256::digest(claimed).into())) } else { Err(NotAKey) }
}

/// Returns the digest of a presented test key. Apart from the path of live keys, which are most.
#[cold]
#[inline(never)]
fn digest_of_test(presented: &[u8]) -> Result<SecretDigest, NotAKey> {
    let claimed: &[u8; TEST_LENGTH] = presented.try_into().map_err(|_| NotAKey)?;
    if claimed.starts_with(TEST_PREFIX.as_bytes()) { Ok(SecretDigest(Sha256::digest(claimed).into())) } else { Err(NotAKey) }
}

/// Returns the first characters of `text` that have the length of a key of the kind that its prefix says, or all of it.
pub fn leading_key(text: &str) -> &str {
    Kind::of(text.as_bytes()).and_then(|kind| text.get(..kind.length())).unwrap_or(text)
}

/// Returns six base62 digits of the CRC-32 (IEEE 802.3) of `covered`, most significant first.
fn checksum(covered: &[u8]) -> [u8; CHECKSUM] {
    let mut rest = crc32fast::hash(covered);
    let mut digits = [b'0'; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[(rest % 62) as usize];
        rest /= 62;
    }
    digits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;

    pub(crate) fn key(seed: u64) -> PlainSecret {
        let mut rng = StdRng::seed_from_u64(seed);
        PlainSecret::generate(|bytes| rng.fill_bytes(bytes))
    }

    /// A live key or a test key.
    pub(crate) fn any_key(seed: u64) -> PlainSecret {
        let mut rng = StdRng::seed_from_u64(seed);
        let kind = if seed & 1 == 0 { Kind::Live } else { Kind::Test };
        PlainSecret::generate_kind(kind, |bytes| rng.fill_bytes(bytes))
    }

    fn text(seed: u64) -> String {
        any_key(seed).expose().to_owned()
    }

    proptest! {
        #[test]
        fn generated_key_is_valid_and_has_the_published_form(seed: u64) {
            let secret = text(seed);
            prop_assert!(digest_of(secret.as_bytes()).is_ok());
            prop_assert_eq!(digest_unchecked(secret.as_bytes()), digest_of(secret.as_bytes()));
            prop_assert_eq!(secret.len(), if secret.starts_with("pck_test_") { 47 } else { 42 });
            let longer = format!("{secret}abc");
            prop_assert_eq!(leading_key(&longer), secret.as_str());
            let query = format!("key={secret}&x=1");
            prop_assert_eq!(find_key(&query), Some(secret.as_str()));
            prop_assert_eq!(find_secret(&query), Some(secret.as_str()));
        }

        #[test]
        fn valid_bytes_have_the_published_form(bytes in prop_oneof![proptest::collection::vec(any::<u8>(), 0..100), "pck_(test_)?[0-9A-Za-z]{30,45}".prop_map(String::into_bytes)]) {
            let is_key = digest_of(&bytes).is_ok();
            let found = str::from_utf8(&bytes).ok().and_then(find_key);
            prop_assert!(!is_key || [42, 47].contains(&bytes.len()) && found.map(str::as_bytes) == Some(&bytes));
        }

        #[test]
        fn every_changed_character_is_refused(seed: u64) {
            let secret = text(seed).into_bytes();
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
            let secret = text(seed).into_bytes();
            for place in (1..secret.len()).filter(|place| secret[*place] != secret[*place - 1]) {
                let mut changed = secret.clone();
                changed.swap(place, place - 1);
                prop_assert_eq!(digest_of(&changed), Err(NotAKey));
            }
        }

        #[test]
        fn random_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            prop_assert_eq!(digest_of(&bytes), Err(NotAKey));
        }
    }

    #[test]
    fn prefix_of_the_other_kind_makes_no_key() {
        let (live, test) = (key(4).expose().to_owned(), any_key(5).expose().to_owned());
        for other in [live.replace(PREFIX, TEST_PREFIX), test.replace(TEST_PREFIX, PREFIX)] {
            assert_eq!(digest_of(other.as_bytes()), Err(NotAKey), "{other}");
        }
    }

    #[test]
    fn debug_hides_secret_and_digest() {
        let secret = key(2);
        assert_eq!(format!("{secret:?} {:?}", secret.digest()), "PlainSecret(pck_…) SecretDigest(…)");
    }
}
