//! Random tokens, and the digests that are stored in their place.

use std::fmt;

use key_format::{FAMILY, find_secret};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::random::Random;

/// Base62 characters of a token after its prefix: 256 bits.
const TOKEN: usize = 43;

/// A kind of token, by the letter in its prefix.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TokenKind(char);

impl TokenKind {
    /// The kind with this lower-case letter.
    ///
    /// # Panics
    /// In a constant, at compile time, if the finder would not recognise the letter.
    pub const fn new(letter: char) -> Self {
        assert!(letter.is_ascii_lowercase(), "the letter of a kind is in lower case");
        Self(letter)
    }

    /// The prefix, such as `pcx_`.
    pub fn prefix(self) -> String {
        format!("{FAMILY}{}_", self.0)
    }
}

/// A random token in clear text: shown once, never stored, mute in `Debug`.
#[derive(Clone)]
pub struct SecretToken(SecretString);

impl SecretToken {
    /// Draws a new token.
    pub fn generate(kind: TokenKind, random: &Random) -> Self {
        Self((kind.prefix() + &random.base62(TOKEN)).into())
    }

    /// A token that a caller presents; `None` if `text` is not one of this kind.
    pub fn presented(kind: TokenKind, text: &str) -> Option<Self> {
        let is_token = find_secret(text) == Some(text) && text.starts_with(&kind.prefix());
        is_token.then(|| Self(text.to_owned().into()))
    }

    /// The text, for the one answer that shows it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The digest that is stored in its place.
    pub fn digest(&self) -> TokenDigest {
        TokenDigest::of(self.expose())
    }
}

impl fmt::Debug for SecretToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretToken(…)")
    }
}

/// SHA-256 of a token: all that is stored of it. A token has 256 random bits, so there is nothing to guess.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenDigest([u8; 32]);

impl TokenDigest {
    /// The digest of a presented token, whatever its form: tokens of earlier versions had no prefix.
    pub fn of(presented: impl AsRef<[u8]>) -> Self {
        Self(Sha256::digest(presented).into())
    }

    /// The digest in a column; `None` if the column has no 32 bytes.
    pub fn stored(column: &[u8]) -> Option<Self> {
        column.try_into().ok().map(Self)
    }

    pub fn to_bytes(self) -> [u8; 32] {
        self.0
    }

    /// The bytes, for a column.
    pub fn to_vec(self) -> Vec<u8> {
        self.0.to_vec()
    }
}

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenDigest(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn token(seed: u64) -> String {
        SecretToken::generate(TokenKind::new('s'), &Random::seeded(seed)).expose().to_owned()
    }

    proptest! {
        #[test]
        fn presented_token_is_accepted_as_its_own_kind_only(seed: u64) {
            let token = token(seed);
            prop_assert!(SecretToken::presented(TokenKind::new('s'), &token).is_some());
            prop_assert!(SecretToken::presented(TokenKind::new('t'), &token).is_none());
            prop_assert!(SecretToken::presented(TokenKind::new('s'), &token[..token.len() - 6]).is_none());
        }
    }

    #[test]
    fn debug_shows_neither_token_nor_digest() {
        let token = SecretToken::generate(TokenKind::new('s'), &Random::seeded(1));
        assert_eq!(format!("{token:?} {:?}", token.digest()), "SecretToken(…) TokenDigest(…)");
    }
}
