//! An authenticator in software, with the browser around it: Web Authentication from the options of a ceremony to the response.

use data_encoding::BASE64URL_NOPAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// An authenticator that a test can make misbehave.
pub struct Authenticator {
    /// The origin of the page that the browser shows.
    pub origin: String,
    /// True if it asks for a PIN or a fingerprint.
    pub verifies_user: bool,
    /// True if it says that it is backed up.
    pub is_synced: bool,
    /// The counter of its next signature; without one it sends 0.
    pub counter: Option<u32>,
    credential: Option<Credential>,
}

struct Credential {
    id: Vec<u8>,
    key: EcdsaKeyPair,
    user_handle: String,
}

impl Credential {
    fn new(options: &Value) -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).expect("a key");
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random).expect("a key");
        let id = Sha256::digest(key.public_key().as_ref())[..16].to_vec();
        Self { id, key, user_handle: options["user"]["id"].as_str().expect("a handle").to_owned() }
    }
}

impl Authenticator {
    /// An authenticator for pages of this origin.
    pub fn at(origin: &str) -> Self {
        Self { origin: origin.to_owned(), verifies_user: true, is_synced: false, counter: Some(1), credential: None }
    }

    /// The id of the credential, as options name it.
    pub fn credential_id(&self) -> String {
        BASE64URL_NOPAD.encode(&self.credential.as_ref().expect("a credential").id)
    }

    /// The response of `navigator.credentials.create`, as its `toJSON()` writes it.
    pub fn create(&mut self, options: &Value) -> Value {
        self.credential = Some(Credential::new(options));
        self.create_again(options)
    }

    /// The response for the credential that it has already, which no honest authenticator gives.
    pub fn create_again(&mut self, options: &Value) -> Value {
        let credential = self.credential.as_ref().expect("a credential");
        let of_credential = attested(&credential.id, credential.key.public_key().as_ref());
        let data = self.data(options["rp"]["id"].as_str().expect("an id"), Some(&of_credential));
        let client_data = self.client_data("webauthn.create", options);
        json!({
            "id": self.credential_id(), "rawId": self.credential_id(), "type": "public-key",
            "authenticatorAttachment": "cross-platform",
            "clientExtensionResults": { "credProps": { "rk": true } },
            "response": {
                "clientDataJSON": BASE64URL_NOPAD.encode(client_data.as_bytes()),
                "attestationObject": BASE64URL_NOPAD.encode(&attestation_object(&data)),
                "transports": ["usb", "hybrid"],
            },
        })
    }

    /// The response of `navigator.credentials.get`, as its `toJSON()` writes it.
    pub fn get(&mut self, options: &Value) -> Value {
        let data = self.data(options["rpId"].as_str().expect("an id"), None);
        let client_data = self.client_data("webauthn.get", options);
        let signed = [data.as_slice(), &Sha256::digest(&client_data)].concat();
        let credential = self.credential.as_ref().expect("a credential");
        let signature = credential.key.sign(&SystemRandom::new(), &signed).expect("a signature");
        json!({
            "id": self.credential_id(), "rawId": self.credential_id(), "type": "public-key",
            "authenticatorAttachment": "cross-platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": BASE64URL_NOPAD.encode(client_data.as_bytes()),
                "authenticatorData": BASE64URL_NOPAD.encode(&data),
                "signature": BASE64URL_NOPAD.encode(signature.as_ref()),
                "userHandle": credential.user_handle,
            },
        })
    }

    fn client_data(&self, kind: &str, options: &Value) -> String {
        json!({ "type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": false }).to_string()
    }

    /// Authenticator data (Web Authentication, 6.1).
    fn data(&mut self, rp_id: &str, of_credential: Option<&[u8]>) -> Vec<u8> {
        let flags = [(0x01, true), (0x04, self.verifies_user), (0x18, self.is_synced), (0x40, of_credential.is_some())];
        let flags = flags.into_iter().filter(|(_, is_set)| *is_set).fold(0, |flags: u8, (flag, _)| flags | flag);
        let counter = self.counter.unwrap_or(0);
        self.counter = self.counter.map(|counter| counter + 1);
        [&Sha256::digest(rp_id)[..], &[flags], &counter.to_be_bytes(), of_credential.unwrap_or_default()].concat()
    }
}

/// Attested credential data with a COSE key of P-256 (Web Authentication, 6.5.1).
fn attested(id: &[u8], public_key: &[u8]) -> Vec<u8> {
    let length = u16::try_from(id.len()).expect("a short id").to_be_bytes();
    // An uncompressed point: 4, x, y.
    let (x, y) = public_key[1..].split_at(32);
    [&[0; 16][..], &length, id, b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20", x, b"\x22\x58\x20", y].concat()
}

/// An attestation object without an attestation, in CBOR.
fn attestation_object(data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).expect("short data").to_be_bytes();
    [b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59", &length[..], data].concat()
}
