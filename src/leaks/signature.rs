//! Public keys and signatures of reports: ECDSA on the curve P-256 over the SHA-256 of the body, in ASN.1, in base64.

use std::collections::HashMap;

use data_encoding::BASE64;
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use serde::Deserialize;

/// The beginning of the DER of every `SubjectPublicKeyInfo` with an uncompressed point of P-256 (RFC 5480).
const P256: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03,
    0x01, 0x07, 0x03, 0x42, 0x00,
];

/// The length of an uncompressed point.
const POINT: usize = 65;

/// The most keys of a list, of which GitHub's has a few.
const MAX_KEYS: usize = 100;

/// The longest signature in base64; those of P-256 have 96 characters at most.
const LONGEST_SIGNATURE: usize = 200;

/// A public key, as an uncompressed point.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct PublicKey([u8; POINT]);

impl PublicKey {
    /// Parses the PEM of a key.
    fn parse(pem: &str) -> Option<Self> {
        let body = pem.trim().strip_prefix("-----BEGIN PUBLIC KEY-----")?.strip_suffix("-----END PUBLIC KEY-----")?;
        let base64: String = body.chars().filter(|letter| !letter.is_ascii_whitespace()).collect();
        let der = BASE64.decode(base64.as_bytes()).ok()?;
        der.strip_prefix(&P256)?.try_into().map(Self).ok()
    }

    /// Returns whether a signature in base64 is that of the body.
    pub(super) fn verifies(&self, body: &[u8], signature: &str) -> bool {
        if signature.len() > LONGEST_SIGNATURE {
            return false;
        }
        let Ok(signature) = BASE64.decode(signature.as_bytes()) else { return false };
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &self.0).verify(body, &signature).is_ok()
    }
}

/// The document with the keys, as GitHub serves it.
#[derive(Deserialize)]
struct Document {
    public_keys: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    key_identifier: String,
    key: String,
}

/// Parses a document of keys. Keys of another kind are left out; a document without any that can be used is refused.
pub(super) fn parse_keys(document: &[u8]) -> Result<HashMap<String, PublicKey>, String> {
    let Document { public_keys } = serde_json::from_slice(document).map_err(|error| format!("not a list of keys: {error}"))?;
    let parsed = public_keys.into_iter().take(MAX_KEYS);
    let keys: HashMap<_, _> = parsed.filter_map(|entry| Some((entry.key_identifier, PublicKey::parse(&entry.key)?))).collect();
    if keys.is_empty() { Err("it has no public key of the curve P-256".to_owned()) } else { Ok(keys) }
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
    use serde_json::json;

    use super::*;

    fn pair() -> EcdsaKeyPair {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).expect("a key");
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random).expect("a key")
    }

    fn pem(pair: &EcdsaKeyPair) -> String {
        let der = [&P256[..], pair.public_key().as_ref()].concat();
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", BASE64.encode(&der))
    }

    #[test]
    fn signature_of_the_body_is_verified_and_every_other_refused() {
        let (ours, other) = (pair(), pair());
        let key = PublicKey::parse(&pem(&ours)).expect("a key");
        let sign = |pair: &EcdsaKeyPair, body: &[u8]| {
            BASE64.encode(pair.sign(&SystemRandom::new(), body).expect("a signature").as_ref())
        };
        assert!(key.verifies(b"[]", &sign(&ours, b"[]")) && key.verifies(b"", &sign(&ours, b"")));
        let signature = sign(&ours, b"[]");
        for (body, signature) in [
            (&b"[ ]"[..], signature.as_str()),
            (b"[]", &sign(&other, b"[]")),
            (b"[]", ""),
            (b"[]", "AAAA"),
            (b"[]", "not base64!"),
            (b"[]", &format!(" {signature}")),
            (b"[]", &"A".repeat(4_000)),
        ] {
            assert!(!key.verifies(body, signature), "{signature}");
        }
    }

    #[test]
    fn keys_of_the_curve_are_read_and_others_left_out() {
        let one = pair();
        let entry = |id: &str, key: String| json!({ "key_identifier": id, "key": key, "is_current": true });
        let document = json!({ "public_keys": [
            entry("one", pem(&one)),
            entry("rsa", "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----".to_owned()),
            entry("none", String::new()),
        ] });
        let keys = parse_keys(document.to_string().as_bytes()).expect("keys");
        assert_eq!(keys.keys().collect::<Vec<_>>(), ["one"]);
        for refused in ["", "[]", "{}", r#"{"public_keys":[]}"#, r#"{"public_keys":[{"key_identifier":"a","key":"b"}]}"#] {
            parse_keys(refused.as_bytes()).expect_err(refused);
        }
    }
}
