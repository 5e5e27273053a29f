//! A head as one word that a person can copy from a log: `pcah1.WORKSPACE.SEQUENCE.HASH.TIME.KEY.SIGNATURE`.
//!
//! TIME is in seconds since 1970, KEY the public key, both KEY and SIGNATURE in hexadecimal; the signature is over
//! everything before it.

use std::fmt;
use std::str::FromStr;

use ring::signature::{ED25519, UnparsedPublicKey};

use super::key::AuditKey;
use crate::audit::chain::Hash;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;

/// The prefix of a head, version 1. It is signed, so that a signature cannot pass for one over other data.
const MARK: &str = "pcah1";

/// A key that verifies signatures.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PublicKey(pub(super) [u8; 32]);

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl FromStr for PublicKey {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let bytes = hex::decode(text).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or_else(|| "expected a public key of 64 hexadecimal digits".to_owned())
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignedHead {
    pub workspace: WorkspaceId,
    pub sequence: i64,
    pub hash: Hash,
    /// The key that the text names, which need not be the one that signed it.
    pub key: PublicKey,
    /// The signed part of the text.
    text: String,
    signature: Vec<u8>,
}

/// The error for a text without a signed head.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("expected a signed head, pcah1.WORKSPACE.SEQUENCE.HASH.TIME.KEY.SIGNATURE, or a line of the log that has one")]
pub struct NoSignedHead;

impl SignedHead {
    pub fn sign(key: &AuditKey, workspace: WorkspaceId, sequence: i64, hash: Hash, now: Time) -> Self {
        let (seconds, public) = (now.micros() / 1_000_000, key.public());
        let text = format!("{MARK}.{workspace}.{sequence}.{}.{seconds}.{public}", hex::encode(hash));
        let signature = key.sign(text.as_bytes());
        Self { workspace, sequence, hash, key: public, text, signature }
    }

    /// Returns whether `trusted` has signed the head.
    pub fn is_signed_by(&self, trusted: PublicKey) -> bool {
        self.key == trusted && UnparsedPublicKey::new(&ED25519, &trusted.0).verify(self.text.as_bytes(), &self.signature).is_ok()
    }

    /// Returns whether a text contains something like a signed head.
    pub fn is_in(text: &str) -> bool {
        text.contains(MARK)
    }
}

impl fmt::Display for SignedHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.text, hex::encode(&self.signature))
    }
}

impl FromStr for SignedHead {
    type Err = NoSignedHead;

    /// Finds the head in a text, such as a line of the log.
    fn from_str(text: &str) -> Result<Self, NoSignedHead> {
        let word = &text[text.find(MARK).ok_or(NoSignedHead)?..];
        let end = word.find(|c: char| !c.is_ascii_alphanumeric() && c != '.' && c != '_').unwrap_or(word.len());
        let word = &word[..end];
        let parts: Vec<&str> = word.split('.').collect();
        let [MARK, workspace, sequence, hash, _time, key, signature] = parts[..] else { return Err(NoSignedHead) };
        let (text, _) = word.rsplit_once('.').ok_or(NoSignedHead)?;
        Ok(Self {
            workspace: workspace.parse().map_err(|_| NoSignedHead)?,
            sequence: sequence.parse().map_err(|_| NoSignedHead)?,
            hash: hex::decode(hash).ok().and_then(|hash| hash.try_into().ok()).ok_or(NoSignedHead)?,
            key: key.parse().map_err(|_| NoSignedHead)?,
            text: text.to_owned(),
            signature: hex::decode(signature).map_err(|_| NoSignedHead)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use kit::random::Random;

    fn key(seed: u64) -> AuditKey {
        let folder = tempfile::tempdir().expect("a folder");
        AuditKey::open_or_make(&folder.path().join("key"), &Random::seeded(seed)).expect("a key")
    }

    fn head() -> SignedHead {
        let workspace = WorkspaceId::new(Time::FIRST, &Random::seeded(3));
        SignedHead::sign(&key(1), workspace, 910, [7; 32], Time::FIRST)
    }

    #[test]
    fn a_head_is_found_in_a_line_of_the_log() {
        let head = head();
        for line in [
            head.to_string(),
            format!("2026-11-23T09:30:00Z  INFO planeconnection::audit: audit head workspace=\"skyline\" head={head}"),
            format!("{{\"message\":\"audit head\",\"head\":\"{head}\",\"workspace\":\"skyline\"}}"),
        ] {
            assert_eq!(line.parse::<SignedHead>(), Ok(head.clone()), "{line}");
        }
    }

    #[test]
    fn a_head_is_signed_by_its_own_key_alone() {
        assert!(head().is_signed_by(key(1).public()));
        assert!(!head().is_signed_by(key(2).public()));
        // The same head signed by somebody else, who names the trusted key.
        let forged = SignedHead::sign(&key(2), head().workspace, 910, [7; 32], Time::FIRST);
        let forged: SignedHead =
            forged.to_string().replace(&key(2).public().to_string(), &key(1).public().to_string()).parse().expect("a head");
        assert!(!forged.is_signed_by(key(1).public()));
    }

    proptest! {
        #[test]
        fn a_head_with_another_letter_is_not_signed(place in 0..400_usize, letter in "[0-9a-f]") {
            let text = head().to_string();
            let place = place % text.len();
            let changed = format!("{}{letter}{}", &text[..place], &text[place + 1..]);
            prop_assume!(changed != text);
            prop_assert!(changed.parse::<SignedHead>().map_or(true, |head| !head.is_signed_by(key(1).public())));
        }
    }
}
