//! Finder of secrets in any text, and their removal from it.
//!
//! API keys and tokens form a family: `pc`, one lower-case letter for the kind, `_`, perhaps `test_`, then 38 or more letters and
//! digits (keys have 38, tokens 43). The finder knows the form and not the kinds, so that a new kind is recognised from its first day.
//! Signing secrets of webhooks have the form of Standard Webhooks: `whsec_`, then 24 to 64 bytes in base64.

use std::borrow::Cow;
use std::ops::Range;

use percent_encoding::percent_decode_str;

use super::{Kind, PREFIX};

/// The first two characters of every secret.
pub const FAMILY: &str = "pc";

/// Characters up to and including the first underscore.
const PREFIX_LENGTH: usize = FAMILY.len() + 2;

/// The rest of the prefix of a secret for tests.
const TEST: &[u8] = b"test_";

/// The fewest base62 characters after the prefix.
const SHORTEST: usize = 38;

/// The most base62 characters after the prefix.
const LONGEST: usize = 43;

/// The first characters of a signing secret, and the fewest and the most after them.
const SIGNING_PREFIX: &str = "whsec_";
const SHORTEST_SIGNING: usize = 32;
const LONGEST_SIGNING: usize = 88;

/// Returns the first API key in `text`, by its form: the checksum is not verified.
pub fn find_key(text: &str) -> Option<&str> {
    let is_boundary = |byte: Option<&u8>| byte.is_none_or(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_');
    text.match_indices(PREFIX).find_map(|(start, _)| {
        let kind = Kind::of(&text.as_bytes()[start..])?;
        let end = start + kind.length();
        let candidate = text.get(start..end)?;
        let is_isolated =
            is_boundary(start.checked_sub(1).map(|before| &text.as_bytes()[before])) && is_boundary(text.as_bytes().get(end));
        let is_base62 = candidate[kind.prefix().len()..].bytes().all(|byte| byte.is_ascii_alphanumeric());
        (is_isolated && is_base62).then_some(candidate)
    })
}

/// Returns the first secret in `text`, an API key, a token of any kind or a signing secret, regardless of the characters around it.
pub fn find_secret(text: &str) -> Option<&str> {
    spans(text).next().map(|(span, _)| &text[span])
}

/// Returns `text` with the middle of every secret removed (`pck_Ab3d…Xy9z`), for logs, records and messages.
pub fn scrub(text: &str) -> Cow<'_, str> {
    let mut clean = String::new();
    let mut copied = 0;
    for (Range { start, end }, prefix) in spans(text) {
        if start >= copied {
            let secret = &text[start..end];
            clean.extend([&text[copied..start], &secret[..prefix + 4], "…", &secret[secret.len() - 4..]]);
            copied = end;
        }
    }
    if copied == 0 { text.into() } else { (clean + &text[copied..]).into() }
}

/// The number of layers of percent-encoding that are removed in search of a secret.
const MAX_DECODINGS: usize = 4;

/// Returns the first secret in `text`, which may be percent-encoded any number of times.
pub fn find_escaped(text: &str) -> Option<String> {
    search_escaped(text).unwrap_or_else(|TooDeep| find_secret(&fully_unescaped(text)).map(str::to_owned))
}

/// Returns whether percent-encoded `text` may contain a secret. True for text with more layers of encoding than a client has a
/// reason for: such text is not searched to its end.
pub fn may_contain_secret(text: &str) -> bool {
    search_escaped(text).map_or(true, |found| found.is_some())
}

/// Returns whether `text` has so many layers of percent-encoding that it is not searched to its end.
pub fn is_encoded_too_often(text: &str) -> bool {
    search_escaped(text).is_err()
}

/// Error of text with more than [`MAX_DECODINGS`] layers of percent-encoding.
struct TooDeep;

fn search_escaped(text: &str) -> Result<Option<String>, TooDeep> {
    let mut text = Cow::Borrowed(text);
    for _ in 0..MAX_DECODINGS {
        if let Some(secret) = find_secret(&text) {
            return Ok(Some(secret.to_owned()));
        }
        match unescaped(&text) {
            Some(next) => text = Cow::Owned(next),
            None => return Ok(None),
        }
    }
    Err(TooDeep)
}

/// Removes one layer of percent-encoding; `None` if there is none.
fn unescaped(text: &str) -> Option<String> {
    match percent_decode_str(text).into() {
        Cow::Borrowed(_) => None,
        Cow::Owned(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
    }
}

/// Removes all layers of percent-encoding. A single pass, as removing one layer after another takes quadratic time.
fn fully_unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    for byte in text.bytes() {
        bytes.push(byte);
        // The byte that a sequence stands for may be the last one of another sequence.
        while let [.., b'%', high, low] = bytes[..]
            && let Some(decoded) = byte_of(high, low)
        {
            bytes.truncate(bytes.len() - 3);
            bytes.push(decoded);
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Returns the byte with these hexadecimal digits.
fn byte_of(high: u8, low: u8) -> Option<u8> {
    let digit = |character: u8| char::from(character).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

/// The positions of secrets in `text`, and the lengths of their prefixes. They may overlap.
fn spans(text: &str) -> impl Iterator<Item = (Range<usize>, usize)> {
    // Both kinds have an underscore in their prefix, where a search for one byte stops rarely.
    text.match_indices('_').filter_map(|(at, _)| {
        let family = at.checked_sub(PREFIX_LENGTH - 1).and_then(|start| of_family(text.as_bytes(), start));
        family.or_else(|| Some((signing(text.as_bytes(), at)?, SIGNING_PREFIX.len())))
    })
}

/// Returns the position of the signing secret whose prefix ends at `underscore`, if there is one.
fn signing(text: &[u8], underscore: usize) -> Option<Range<usize>> {
    let start = (underscore + 1).checked_sub(SIGNING_PREFIX.len())?;
    let body = text[start..].strip_prefix(SIGNING_PREFIX.as_bytes())?;
    let is_base64 = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
    let run = body.iter().take(LONGEST_SIGNING).take_while(is_base64).count();
    let length = (SHORTEST_SIGNING..run).find(|at| begins_secret(&body[*at..])).unwrap_or(run);
    (length >= SHORTEST_SIGNING).then_some(start..underscore + 1 + length)
}

/// Returns the position of the secret of the family that begins at `start`, and the length of its prefix, if there is one. A secret
/// is ASCII.
fn of_family(text: &[u8], start: usize) -> Option<(Range<usize>, usize)> {
    let text = text.get(start..)?;
    let prefix = prefix_length(text)?;
    let body = &text[prefix..];
    let run = body.iter().take(LONGEST).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    // The prefix of another secret that follows without a gap does not belong to this one.
    let length = (SHORTEST..run).find(|at| begins_secret(&body[*at..])).unwrap_or(run);
    (length >= SHORTEST).then_some((start..start + prefix + length, prefix))
}

fn begins_secret(text: &[u8]) -> bool {
    prefix_length(text).is_some() || text.starts_with(SIGNING_PREFIX.as_bytes())
}

/// Returns the length of the prefix of the secret of the family that begins `text`, if there is one.
fn prefix_length(text: &[u8]) -> Option<usize> {
    match text {
        [b'p', b'c', letter, b'_', rest @ ..] if letter.is_ascii_lowercase() => {
            Some(if rest.starts_with(TEST) { PREFIX_LENGTH + TEST.len() } else { PREFIX_LENGTH })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tests;

    fn key(seed: u64) -> String {
        tests::key(seed).expose().to_owned()
    }

    fn any_key(seed: u64) -> String {
        tests::any_key(seed).expose().to_owned()
    }

    /// A token of 43 characters.
    fn token(seed: u64) -> String {
        format!("pcs_{}{}", &key(seed)[PREFIX.len()..], &key(seed + 1)[PREFIX.len()..][..5])
    }

    proptest! {
        #[test]
        fn key_is_found_at_a_boundary_and_scrubbed_everywhere(seed: u64, before in "\\PC{0,40}", after in "\\PC{0,40}") {
            let secret = any_key(seed);
            let (isolated, embedded) = (format!("{before} {secret}&{after}"), format!("{before}{secret}{after}"));
            prop_assert!(find_key(&isolated).is_some());
            prop_assert!(!scrub(&embedded).contains(&secret));
        }

        #[test]
        fn token_is_found_whole(before in "[ -~äß€]{0,20}", seed in 0..u64::MAX, after in "([^0-9A-Za-z_][ -~äß€]{0,20})?") {
            let token = token(seed);
            let text = format!("{before}{token}{after}");
            prop_assert_eq!(find_secret(&text), Some(token.as_str()));
        }

        #[test]
        fn scrubbed_text_contains_no_part_of_a_secret(before in "[ -~]{0,20}", seed in 0..u64::MAX, after in "[ -~]{0,20}") {
            let (token, key) = (token(seed), any_key(seed));
            for text in [
                format!("{before}{token} {after}{key}{token}"),
                format!("{key}{key}{after}{token}{token}{key}"),
            ] {
                let clean = scrub(&text);
                for secret in [&token, &key] {
                    prop_assert!(!clean.contains(&secret[13..secret.len() - 9]), "{}", clean);
                }
            }
        }

        #[test]
        fn any_text_is_searched_without_a_panic(text in "\\PC{0,80}", seed in 0..u64::MAX, at in 0usize..80) {
            let _clean = scrub(&text);
            let truncated = token(seed);
            prop_assert_eq!(find_secret(&truncated[..at.min(41)]), None);
        }
    }

    #[test]
    fn test_key_is_found_whole_and_its_prefix_stays() {
        let secret = any_key(7);
        let text = format!("?a={secret}&b={}", any_key(8));
        assert_eq!((find_secret(&text), find_key(&text)), (Some(secret.as_str()), Some(secret.as_str())));
        assert_eq!(scrub(&secret), format!("pck_test_{}…{}", &secret[9..13], &secret[43..]));
        assert_eq!(find_secret(&secret[..46]), None);
        let without_gap = format!("{secret}{secret}");
        assert_eq!(scrub(&without_gap).matches('…').count(), 2);
    }

    #[test]
    fn four_layers_of_encoding_are_too_many() {
        assert!(!is_encoded_too_often("%252541"));
        assert!(is_encoded_too_often("%25252541"));
    }

    proptest! {
        #[test]
        fn all_layers_of_encoding_are_removed_at_once(text in "[%25]{0,60}") {
            let by_layer = std::iter::successors(Some(text.clone()), |text| unescaped(text)).last();
            prop_assert_eq!(Some(fully_unescaped(&text)), by_layer);
        }
    }

    #[test]
    fn signing_secret_is_found_and_scrubbed() {
        let secret = format!("whsec_{}+/8=", "k3".repeat(20));
        assert_eq!(find_secret(&format!("key={secret}&a=b")), Some(secret.as_str()));
        for texts in [[&secret, &token(7)], [&token(7), &secret]] {
            assert_eq!(scrub(&texts.map(String::as_str).concat()).matches('…').count(), 2, "no gap between them");
        }
        assert!(scrub(&secret).starts_with("whsec_k3k3…"));
        assert_eq!(find_secret(&secret[..20]), None);
    }

    #[test]
    fn text_without_a_secret_is_unchanged() {
        for text in ["", "pc", "pck_", "whsec_", "pcs_short", "pcS_0123456789012345678901234567890123456789", "epcs a_b", "✈pcü_"]
        {
            assert!(find_secret(text).is_none(), "{text}");
            assert!(matches!(scrub(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    #[test]
    fn secret_is_found_under_any_number_of_encodings() {
        let mut text = format!("a={}", token(1));
        for _ in 0..6 {
            assert!(may_contain_secret(&text), "{text}");
            assert_eq!(find_escaped(&text), Some(token(1)), "{text}");
            text = text.bytes().fold(String::new(), |text, byte| text + &format!("%{byte:02x}"));
        }
        for plain in ["", "a%20b%2520c", "%", "%zz%4", "%ff"] {
            assert!(!may_contain_secret(plain), "{plain}");
            assert!(!is_encoded_too_often(plain), "{plain}");
        }
    }
}
