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

    /// Replaces the secret in a text with its hint.
    pub fn hide_in(&self, text: String) -> String {
        if text.contains(self.expose()) { text.replace(self.expose(), &self.hint()) } else { text }
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
