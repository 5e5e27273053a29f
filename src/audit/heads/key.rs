//! The key that signs heads: Ed25519 (RFC 8032), its seed as 64 hexadecimal digits in a file.

use std::fmt;
use std::io;
use std::path::Path;

use ring::signature::{Ed25519KeyPair, KeyPair};
use secrecy::{ExposeSecret, SecretSlice, SecretString};

use super::signed::PublicKey;
use kit::random::Random;
use kit::secret_file;

/// An Ed25519 key that signs heads.
pub struct AuditKey(Ed25519KeyPair);

impl fmt::Debug for AuditKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AuditKey").field(&self.public().to_string()).finish()
    }
}

impl AuditKey {
    /// Reads the key from its file. Generates a key and writes the file if there is none.
    pub fn open_or_make(path: &Path, random: &Random) -> io::Result<Self> {
        let make = || SecretString::from(hex::encode(random.bytes::<32>()));
        Self::parse(path, &secret_file::read_or_create(path, make)?)
    }

    /// Reads the key from its file. Fails if other users than the owner may read or change the file.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::parse(path, &secret_file::read(path)?)
    }

    fn parse(path: &Path, text: &SecretString) -> io::Result<Self> {
        let seed = hex::decode(text.expose_secret().trim()).ok().map(SecretSlice::from);
        let pair = seed.and_then(|seed| Ed25519KeyPair::from_seed_unchecked(seed.expose_secret()).ok());
        pair.map(Self).ok_or_else(|| secret_file::invalid(path, "expected the 64 hexadecimal digits of an Ed25519 seed"))
    }

    /// Returns the key that verifies its signatures.
    pub fn public(&self) -> PublicKey {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(self.0.public_key().as_ref());
        PublicKey(bytes)
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).as_ref().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_only_its_owner_may_read_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("audit-key");
        let random = Random::seeded(1);
        let made = AuditKey::open_or_make(&path, &random).expect("a key");
        assert_eq!(fs::metadata(&path).expect("the file").permissions().mode() & 0o777, 0o600);
        assert_eq!(AuditKey::open_or_make(&path, &random).expect("the key").public(), made.public());
        assert!(!format!("{made:?}").contains(fs::read_to_string(&path).expect("the file").trim()), "Debug shows no secret");
    }

    #[test]
    fn a_key_that_others_may_read_or_that_is_none_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("audit-key");
        AuditKey::open_or_make(&path, &Random::seeded(1)).expect("a key");
        fs::set_permissions(&path, Permissions::from_mode(0o640)).expect("a mode");
        assert!(AuditKey::open(&path).expect_err("it is refused").to_string().contains("chmod 600"));
        fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("a mode");
        for text in ["", "abc", &"0".repeat(62), &"x".repeat(64)] {
            fs::write(&path, text).expect("a file");
            assert!(AuditKey::open(&path).is_err(), "{text}");
        }
    }
}
