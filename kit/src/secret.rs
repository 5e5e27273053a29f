//! Secrets that are handed out as text: random tokens, and the finder that recognises one in any text.
//!
//! Every secret has the same form: `pc`, one lower-case letter for its kind, `_`, then 38 or more letters and digits (API keys
//! have 38, tokens 43). The finder knows the form and not the kinds, so that a new kind is recognised from its first day.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::random::Random;

/// The first two characters of every secret.
const FAMILY: &str = "pc";

/// Characters up to and including the underscore.
const PREFIX: usize = FAMILY.len() + 2;

/// The fewest base62 characters after the prefix.
const SHORTEST: usize = 38;

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
        let is_token = find(text) == Some(text) && text.starts_with(&kind.prefix());
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

    /// The bytes.
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

/// The first secret in `text`: an API key or a token of any kind, whatever stands before and after it.
pub fn find(text: &str) -> Option<&str> {
    spans(text).next().map(|span| &text[span])
}

/// `text` with the middle of every secret left out (`pck_Ab3d…Xy9z`), for logs, records and messages.
pub fn scrub(text: &str) -> Cow<'_, str> {
    let mut clean = String::new();
    let mut kept = 0;
    for Range { start, end } in spans(text) {
        if start >= kept {
            let secret = &text[start..end];
            clean.extend([&text[kept..start], &secret[..PREFIX + 4], "…", &secret[secret.len() - 4..]]);
            kept = end;
        }
    }
    if kept == 0 { text.into() } else { (clean + &text[kept..]).into() }
}

/// How often escapes are replaced in search of a secret.
const ROUNDS: usize = 4;

/// The first secret in `text`, which may be percent-encoded several times.
pub fn find_escaped(text: &str) -> Option<String> {
    search_escaped(text).ok()?
}

/// Whether there may be a secret in percent-encoded `text`. Text that is encoded more often than a client has a reason to is
/// not searched to its end and counts as one.
pub fn may_hide_in(text: &str) -> bool {
    search_escaped(text).map_or(true, |found| found.is_some())
}

/// Text is percent-encoded more often than it is decoded here.
struct TooDeep;

fn search_escaped(text: &str) -> Result<Option<String>, TooDeep> {
    let mut text = Cow::Borrowed(text);
    for _ in 0..ROUNDS {
        if let Some(secret) = find(&text) {
            return Ok(Some(secret.to_owned()));
        }
        match unescaped(&text) {
            Some(next) => text = Cow::Owned(next),
            None => return Ok(None),
        }
    }
    Err(TooDeep)
}

/// `text` with its percent-encoding replaced by what it stands for; `None` if there is none.
fn unescaped(text: &str) -> Option<String> {
    let digit =
        |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16)).and_then(|digit| u8::try_from(digit).ok());
    let mut rest = text.as_bytes();
    if !rest.contains(&b'%') {
        return None;
    }
    let mut bytes = Vec::with_capacity(rest.len());
    while let Some((first, after)) = rest.split_first() {
        let escaped = digit(after.first()).zip(digit(after.get(1))).filter(|_| *first == b'%');
        bytes.push(escaped.map_or(*first, |(high, low)| high << 4 | low));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    (bytes.len() < text.len()).then(|| String::from_utf8_lossy(&bytes).into_owned())
}

/// Where secrets are in `text`. They may overlap.
fn spans(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.match_indices(FAMILY).filter_map(|(start, _)| Some(start..end(text.as_bytes(), start)?))
}

/// The end of the secret that begins at `start`, if one does. All of it is ASCII.
fn end(text: &[u8], start: usize) -> Option<usize> {
    let body = after_prefix(text.get(start..)?)?;
    let run = body.iter().take(TOKEN).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    // Where another secret follows without a gap, its first characters are not part of this one.
    let length = (SHORTEST..run).find(|at| after_prefix(&body[*at..]).is_some()).unwrap_or(run);
    (length >= SHORTEST).then_some(start + PREFIX + length)
}

fn after_prefix(text: &[u8]) -> Option<&[u8]> {
    match text {
        [b'p', b'c', letter, b'_', body @ ..] if letter.is_ascii_lowercase() => Some(body),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn token(seed: u64) -> String {
        SecretToken::generate(TokenKind::new('s'), &Random::seeded(seed)).expose().to_owned()
    }

    fn key(seed: u64) -> String {
        format!("pck_{}", Random::seeded(seed).base62(38))
    }

    proptest! {
        #[test]
        fn every_token_is_found_whole(before in "[ -~äß€]{0,20}", seed: u64, after in "([^0-9A-Za-z_][ -~äß€]{0,20})?") {
            let token = token(seed);
            let text = format!("{before}{token}{after}");
            prop_assert_eq!(find(&text), Some(token.as_str()));
        }

        #[test]
        fn scrubbed_text_holds_no_part_of_a_secret(before in "[ -~]{0,20}", seed: u64, after in "[ -~]{0,20}") {
            let (token, key) = (token(seed), key(seed));
            for text in [
                format!("{before}{token} {after}{key}{token}"),
                format!("{key}{key}{after}{token}{token}{key}"),
            ] {
                let clean = scrub(&text);
                for secret in [&token, &key] {
                    prop_assert!(!clean.contains(&secret[8..secret.len() - 9]), "{}", clean);
                }
            }
        }

        #[test]
        fn text_of_any_kind_is_searched_without_a_panic(text in "\\PC{0,80}", seed: u64, at in 0usize..80) {
            let _clean = scrub(&text);
            let cut = token(seed);
            prop_assert_eq!(find(&cut[..at.min(41)]), None);
        }
    }

    #[test]
    fn text_without_a_secret_stays_as_it_is() {
        for text in ["", "pc", "pck_", "pcs_short", "pcS_0123456789012345678901234567890123456789", "epcs a_b", "✈pcü_"] {
            assert!(find(text).is_none(), "{text}");
            assert!(matches!(scrub(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    #[test]
    fn secret_is_found_however_often_it_is_escaped() {
        let mut text = format!("a={}", token(1));
        for _ in 0..6 {
            assert!(may_hide_in(&text), "{text}");
            text = text.bytes().fold(String::new(), |text, byte| text + &format!("%{byte:02x}"));
        }
        for plain in ["", "a%20b%2520c", "%", "%zz%4", "%ff"] {
            assert!(!may_hide_in(plain), "{plain}");
        }
    }

    #[test]
    fn debug_shows_neither_token_nor_digest() {
        let token = SecretToken::generate(TokenKind::new('s'), &Random::seeded(1));
        assert_eq!(format!("{token:?} {:?}", token.digest()), "SecretToken(…) TokenDigest(…)");
    }
}
