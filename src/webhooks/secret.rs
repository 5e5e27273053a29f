//! Signing secrets, and the two signatures that they make.

use data_encoding::{BASE64, HEXLOWER};
use ring::hmac;
use secrecy::{ExposeSecret, SecretSlice, SecretString};

use kit::clock::Time;
use kit::random::Random;

/// The prefix of a secret whose key is in base64.
const PREFIX: &str = "whsec_";

/// The lengths of the key of a secret with the prefix, and of one without.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
const TEXT_BYTES: std::ops::RangeInclusive<usize> = 24..=100;

/// The characters that a hint shows of each end.
const SHOWN: usize = 4;

/// The text is not a signing secret.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotASecret {
    #[error("after whsec_ come 24 to 64 bytes in base64")]
    Base64,
    #[error("must have 24 to 100 visible ASCII characters")]
    Text,
}

/// A signing secret: as text for its receiver, and as the key of an HMAC.
#[derive(Clone)]
pub struct SigningSecret {
    text: SecretString,
    key: SecretSlice<u8>,
}

impl SigningSecret {
    /// Draws a secret of 32 random bytes.
    pub fn generate(random: &Random) -> Self {
        let key: [u8; 32] = random.bytes();
        Self { text: (PREFIX.to_owned() + &BASE64.encode(&key)).into(), key: key.to_vec().into() }
    }

    /// Parses a secret that a customer has chosen.
    pub fn parse(text: &str) -> Result<Self, NotASecret> {
        let key = match text.strip_prefix(PREFIX) {
            Some(encoded) => {
                let key = BASE64.decode(encoded.as_bytes()).map_err(|_| NotASecret::Base64)?;
                if KEY_BYTES.contains(&key.len()) { key } else { return Err(NotASecret::Base64) }
            }
            None if TEXT_BYTES.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) => {
                text.as_bytes().to_vec()
            }
            None => return Err(NotASecret::Text),
        };
        Ok(Self { text: text.to_owned().into(), key: key.into() })
    }

    /// Returns the text, for the one response that shows it and for sealing.
    pub fn expose(&self) -> &str {
        self.text.expose_secret()
    }

    /// Returns the beginning and the end, by which people tell secrets apart.
    pub fn hint(&self) -> String {
        let text = self.expose();
        let (prefix, rest) = text.strip_prefix(PREFIX).map_or(("", text), |rest| (PREFIX, rest));
        format!("{prefix}{}…{}", &rest[..SHOWN], &rest[rest.len() - SHOWN..])
    }

    /// Replaces the secret in a text with its hint, also where JSON or a URL has escaped some of its characters.
    pub fn hide_in(&self, text: String) -> String {
        let (secret, hint) = (self.expose(), self.hint());
        let text = if text.contains(secret) { text.replace(secret, &hint) } else { text };
        let (mut hidden, mut rest) = (String::new(), &*text);
        while let Some((start, length)) = find_escaped(rest, secret) {
            hidden.push_str(&rest[..start]);
            hidden.push_str(&hint);
            rest = &rest[start + length..];
        }
        hidden + rest
    }

    /// Signs a body in hexadecimal: `X-PlaneConnection-Signature`.
    pub fn sign_body(&self, body: &[u8]) -> String {
        HEXLOWER.encode(self.hmac(&[body]).as_ref())
    }

    /// Signs id, time and body after Standard Webhooks 1.0.
    pub fn sign_standard(&self, id: &str, at: Time, body: &[u8]) -> String {
        let head = format!("{id}.{}.", at.micros() / 1_000_000);
        format!("v1,{}", BASE64.encode(self.hmac(&[head.as_bytes(), body]).as_ref()))
    }

    fn hmac(&self, parts: &[&[u8]]) -> hmac::Tag {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.key.expose_secret());
        let mut context = hmac::Context::with_key(&key);
        for part in parts {
            context.update(part);
        }
        context.sign()
    }
}

/// Finds a secret whose characters may be escaped. Returns its place and its length in the text; both ends are ASCII.
fn find_escaped(text: &str, secret: &str) -> Option<(usize, usize)> {
    let length =
        |text: &[u8]| secret.bytes().try_fold(0, |length, character| Some(length + escaped_length(&text[length..], character)?));
    (0..text.len()).find_map(|start| Some((start, length(&text.as_bytes()[start..])?)))
}

/// Returns the length of a character at the beginning of a text: as it is, or such as `\/`, `\u002f` or `%2F`.
fn escaped_length(text: &[u8], character: u8) -> Option<usize> {
    let is_code =
        |digits: [u8; 2]| str::from_utf8(&digits).ok().and_then(|digits| u8::from_str_radix(digits, 16).ok()) == Some(character);
    match *text {
        [b'\\', b'u', b'0', b'0', high, low, ..] if is_code([high, low]) => Some(6),
        [b'%', high, low, ..] if is_code([high, low]) => Some(3),
        [b'\\', escaped, ..] if escaped == character => Some(2),
        [plain, ..] if plain == character => Some(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's libraries.
    #[test]
    fn signature_is_that_of_standard_webhooks() {
        let secret = SigningSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("a secret");
        let at = Time::from_micros(1_614_265_330_000_000).expect("a time");
        let signature = secret.sign_standard("msg_p5jXN8AQM9LWM0D4loKWxJek", at, br#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    /// Test case 2 of RFC 4231, with a key that is long enough.
    #[test]
    fn body_is_signed_with_hmac_sha256() {
        let key = "ab".repeat(12);
        let expected = HEXLOWER.encode(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()), b"body").as_ref());
        assert_eq!(SigningSecret::parse(&key).expect("a secret").sign_body(b"body"), expected);
    }

    #[test]
    fn generated_secret_has_32_bytes_and_a_hint() {
        let secret = SigningSecret::generate(&Random::seeded(1));
        assert_eq!(SigningSecret::parse(secret.expose()).expect("a secret").key.expose_secret().len(), 32);
        let hint = secret.hint();
        assert!(hint.starts_with("whsec_") && hint.chars().count() == 6 + 4 + 1 + 4, "{hint}");
        assert!(!secret.expose().contains(&hint));
    }

    #[test]
    fn secret_is_hidden_also_where_it_is_escaped() {
        let secret = SigningSecret::parse("whsec_+/fi/+fi/+fi/+fi/+fi/+fi/+fi/+fi").expect("a secret");
        let (plain, hint) = (secret.expose(), secret.hint());
        let percent = |text: &str| text.replace('+', "%2B").replace('/', "%2F");
        for echo in [
            plain.to_owned(),
            plain.replace('/', r"\/"),
            plain.replace('+', r"\u002B").replace('/', r"\u002f"),
            percent(plain),
            percent(plain).to_lowercase(),
            plain.bytes().fold(String::new(), |text, byte| text + &format!("%{byte:02x}")),
        ] {
            assert_eq!(secret.hide_in(format!("é{echo}{echo} {echo}é")), format!("é{hint}{hint} {hint}é"), "{echo}");
        }
        for other in ["", "é", "whsec_", &plain[..plain.len() - 1], plain.replace('f', "g").as_str(), "%", r"\", r"\u00", "%7"] {
            assert_eq!(secret.hide_in(other.to_owned()), other);
        }
        let of_signs = SigningSecret::parse(r#"a"b\c%d/e&f<g>h'i{j}k~l?m!"#).expect("a secret");
        for echo in [of_signs.expose().to_owned(), of_signs.expose().replace('\\', r"\\").replace('"', r#"\""#)] {
            assert_eq!(of_signs.hide_in(echo), of_signs.hint());
        }
    }

    #[test]
    fn secrets_of_other_lengths_or_characters_are_refused() {
        let base64 = |bytes: usize| format!("whsec_{}", BASE64.encode(&vec![7; bytes]));
        for (text, refusal) in [
            ("whsec_".to_owned(), NotASecret::Base64),
            (base64(23), NotASecret::Base64),
            (base64(65), NotASecret::Base64),
            ("whsec_not base64 at all, but long".to_owned(), NotASecret::Base64),
            ("x".repeat(23), NotASecret::Text),
            ("x".repeat(101), NotASecret::Text),
            (format!("{} {}", "x".repeat(12), "x".repeat(12)), NotASecret::Text),
            ("ü".repeat(24), NotASecret::Text),
        ] {
            assert_eq!(SigningSecret::parse(&text).err(), Some(refusal), "{text}");
        }
        for text in [base64(24), base64(64), "x".repeat(24), "x".repeat(100)] {
            assert!(SigningSecret::parse(&text).is_ok(), "{text}");
        }
    }
}
