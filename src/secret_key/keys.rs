//! [`SecretKeys`]: XChaCha20-Poly1305, whose nonces are long enough to be random, in an envelope that names its key.
//!
//! Envelope: version (1 byte), key id (8), nonce (24), ciphertext with its tag. Version and key id are authenticated too.

use std::fmt::{self, Display};

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use data_encoding::BASE64;
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use sha2::{Digest, Sha256};

use super::error::{NotKeys, SealError};
use kit::random::Random;

const VERSION: u8 = 1;
const KEY: usize = 32;
const KEY_ID: usize = 8;
const NONCE: usize = 24;

/// The bytes before the nonce.
pub(super) const HEAD: usize = 1 + KEY_ID;

/// The most keys in a file: the current one, and old ones for reading.
pub(super) const MAX_KEYS: usize = 16;

/// Separates ids of keys from other digests of them.
const ID_LABEL: &[u8] = b"planeconnection secret key id\0";

/// The id of a key, derived from it: it identifies the key, and reveals nothing of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; KEY_ID]);

impl KeyId {
    /// Returns the id in an envelope, or in the first bytes of one.
    pub(super) fn in_envelope(bytes: &[u8]) -> Option<Self> {
        let (version, rest) = bytes.split_first()?;
        let id = rest.first_chunk::<KEY_ID>()?;
        (*version == VERSION).then_some(Self(*id))
    }

    /// Returns the first bytes of every envelope that this key seals.
    pub(super) fn head(self) -> Vec<u8> {
        [&[VERSION], &self.0[..]].concat()
    }
}

impl Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// The data that a sealed secret is bound to: its purpose, and the id of its row.
pub fn associated(purpose: &'static str, row: impl Display) -> Vec<u8> {
    format!("{purpose}\0{row}").into_bytes()
}

/// The current key, which seals and opens, and old ones, which open.
pub struct SecretKeys {
    current: Key,
    old: Vec<Key>,
}

struct Key {
    id: KeyId,
    /// Its line in the file, from 1.
    line: usize,
    /// Zeroes the key when it is dropped.
    cipher: XChaCha20Poly1305,
}

impl fmt::Debug for SecretKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.ids().map(|(id, _)| id)).finish()
    }
}

impl SecretKeys {
    /// Generates a key, as a line of a file.
    pub fn generate(random: &Random) -> SecretString {
        let bytes = SecretSlice::from(random.bytes::<KEY>().to_vec());
        BASE64.encode(bytes.expose_secret()).into()
    }

    /// Parses the lines of a file: the current key, then old ones. Empty lines, and those that begin with `#`, are skipped.
    pub fn parse(text: &SecretString) -> Result<Self, NotKeys> {
        let lines = text.expose_secret().lines().map(str::trim).enumerate();
        let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let mut keys = lines.map(|(at, line)| Key::parse(line, at + 1).ok_or(NotKeys::Line(at + 1)));
        let current = keys.next().ok_or(NotKeys::Empty)??;
        let old = keys.take(MAX_KEYS).collect::<Result<Vec<_>, _>>()?;
        if old.len() == MAX_KEYS { Err(NotKeys::TooMany) } else { Ok(Self { current, old }) }
    }

    /// Returns the id of the key that seals.
    pub fn current(&self) -> KeyId {
        self.current.id
    }

    /// Returns the ids of all keys with their lines in the file, the current one first.
    pub fn ids(&self) -> impl Iterator<Item = (KeyId, usize)> {
        self.all().map(|key| (key.id, key.line))
    }

    fn all(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.current).chain(&self.old)
    }

    /// Seals a secret with the current key.
    ///
    /// # Panics
    /// If the secret is longer than 256 GiB, the limit of the cipher.
    pub fn seal(&self, random: &Random, associated: &[u8], plain: &[u8]) -> Vec<u8> {
        let (nonce, head) = (random.bytes::<NONCE>(), self.current.id.head());
        let payload = Payload { msg: plain, aad: &[&head, associated].concat() };
        let sealed = self.current.cipher.encrypt(&nonce.into(), payload).expect("a secret is shorter than 256 GiB");
        [&head, &nonce[..], &sealed].concat()
    }

    /// Opens a sealed secret, with the key that it names.
    pub fn open(&self, associated: &[u8], sealed: &[u8]) -> Result<SecretSlice<u8>, SealError> {
        let id = KeyId::in_envelope(sealed).ok_or(SealError::Malformed)?;
        let (head, rest) = sealed.split_at(HEAD);
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE>().ok_or(SealError::Malformed)?;
        let key = self.all().find(|key| key.id == id).ok_or(SealError::UnknownKey(id))?;
        let payload = Payload { msg: ciphertext, aad: &[head, associated].concat() };
        key.cipher.decrypt(&(*nonce).into(), payload).map(SecretSlice::from).map_err(|_| SealError::Altered)
    }
}

impl Key {
    fn parse(text: &str, line: usize) -> Option<Self> {
        let bytes = SecretSlice::from(BASE64.decode(text.as_bytes()).ok()?);
        let cipher = XChaCha20Poly1305::new_from_slice(bytes.expose_secret()).ok()?;
        let digest = Sha256::new().chain_update(ID_LABEL).chain_update(bytes.expose_secret()).finalize();
        Some(Self { id: KeyId(*digest.first_chunk()?), line, cipher })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(seed: u64) -> String {
        SecretKeys::generate(&Random::seeded(seed)).expose_secret().to_owned()
    }

    fn keys(text: &str) -> SecretKeys {
        SecretKeys::parse(&text.into()).expect("keys")
    }

    #[test]
    fn sealed_secret_opens_with_its_key_and_row_only() {
        let (random, both) = (Random::seeded(9), keys(&format!("{}\n{}\n", line(1), line(2))));
        let (first, second) = (keys(&line(1)), keys(&line(2)));
        let totp = associated("totp", "user_1");
        let sealed = second.seal(&random, &totp, b"secret");
        assert_eq!(both.open(&totp, &sealed).expect("it opens").expose_secret(), b"secret");
        assert_eq!(first.open(&totp, &sealed).err(), Some(SealError::UnknownKey(second.current())));
        for other in [associated("totp", "user_2"), associated("webhook", "user_1"), Vec::new()] {
            assert_eq!(second.open(&other, &sealed).err(), Some(SealError::Altered));
        }
        assert_ne!(second.seal(&random, &totp, b"secret"), sealed, "each nonce is new");
        assert!(!sealed.windows(6).any(|window| window == b"secret"));
    }

    #[test]
    fn current_key_seals_and_is_the_first_line() {
        let both = keys(&format!("# made in November\n\n  {}\r\n{}", line(1), line(2)));
        assert_eq!(both.current(), keys(&line(1)).current());
        assert_eq!(both.ids().map(|(_, line)| line).collect::<Vec<_>>(), [3, 4]);
        let sealed = both.seal(&Random::seeded(1), b"", b"");
        assert_eq!(KeyId::in_envelope(&sealed), Some(both.current()));
    }

    #[test]
    fn text_without_keys_is_refused_and_not_repeated() {
        let short = BASE64.encode(&[7; 31]);
        for text in ["", "\n# only a comment\n"] {
            assert_eq!(SecretKeys::parse(&text.into()).err(), Some(NotKeys::Empty));
        }
        for text in [short.as_str(), "Zm9v", &line(1)[..43], &format!("{} {}", line(1), line(2))] {
            let refused = SecretKeys::parse(&format!("{}\n{text}", line(3)).into()).expect_err("it is refused");
            assert_eq!(refused, NotKeys::Line(2));
            assert!(!refused.to_string().contains(text));
        }
        let many = |count: u64| SecretString::from((0..count).map(|seed| line(seed) + "\n").collect::<String>());
        assert!(SecretKeys::parse(&many(16)).is_ok());
        assert_eq!(SecretKeys::parse(&many(17)).err(), Some(NotKeys::TooMany));
    }

    #[test]
    fn debug_shows_ids_only() {
        let keys = keys(&line(1));
        assert_eq!(format!("{keys:?}"), format!("[KeyId({})]", keys.current()));
    }

    /// The test vector of the draft of XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03, A.3.1).
    #[test]
    fn cipher_agrees_with_the_published_vector() {
        let key = hex::decode("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f").expect("hex");
        let nonce: [u8; NONCE] =
            hex::decode("404142434445464748494a4b4c4d4e4f5051525354555657").expect("hex").try_into().expect("24 bytes");
        let aad = hex::decode("50515253c0c1c2c3c4c5c6c7").expect("hex");
        let plain =
            b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.";
        let key = Key::parse(&BASE64.encode(&key), 1).expect("a key");
        let sealed = key.cipher.encrypt(&nonce.into(), Payload { msg: plain, aad: &aad }).expect("it seals");
        assert_eq!(hex::encode(&sealed[plain.len()..]), "c0875924c1c7987947deafd8780acf49");
        assert!(hex::encode(&sealed).starts_with("bd6d179d3e83d43b9576579493c0e939"));
    }

    proptest! {
        #[test]
        fn altered_envelope_does_not_open(plain: Vec<u8>, at: prop::sample::Index, bit in 0..8_u8) {
            let keys = keys(&line(1));
            let mut sealed = keys.seal(&Random::seeded(2), b"row", &plain);
            let opened = keys.open(b"row", &sealed).expect("it opens");
            prop_assert_eq!(opened.expose_secret(), &plain);
            let at = at.index(sealed.len());
            sealed[at] ^= 1 << bit;
            prop_assert!(keys.open(b"row", &sealed).is_err());
            prop_assert!(keys.open(b"row", &sealed[..at]).is_err());
        }
    }
}
