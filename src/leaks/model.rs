//! Reports, and answers to them, in the form of GitHub's protocol.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use key_format::{SecretDigest, digest_of, scrub};

/// Where the public keys of the sender come from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum KeySource {
    /// GitHub's are at `https://api.github.com/meta/public_keys/secret_scanning`.
    Url(String),
    /// A file of the same form.
    File(PathBuf),
}

/// The longest text of a report that is kept, in characters.
const LONGEST: usize = 500;

// No Debug: it carries a secret.
/// A secret that was found. Further fields are ignored.
#[derive(Deserialize, ToSchema)]
#[schema(as = SecretScanningMatch)]
pub(super) struct Match {
    token: String,
    /// The name of the form by which it was found.
    #[serde(rename = "type")]
    kind: String,
    /// The public address where it was found; it may be empty.
    #[serde(default)]
    url: Option<String>,
    /// The kind of place, such as `commit` or `issue_comment`.
    #[serde(default)]
    source: Option<String>,
}

kit::string_enum! {
    /// The answer about a match: it is a secret of this server, or not.
    Label as SecretScanningLabel {
        TruePositive = "true_positive",
        FalsePositive = "false_positive",
    }
}

/// The answer about a match.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SecretScanningFeedback)]
pub(super) struct Feedback {
    /// SHA-256 of the token, in hexadecimal digits.
    token_hash: String,
    /// The `type` of the match.
    token_type: String,
    label: Label,
}

/// A place where a key was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Source {
    /// Without secrets and control characters; empty if it is not known.
    pub(super) url: String,
    /// `commit`, `issue_comment`, …
    pub(super) location: String,
    /// SHA-256 of the whole address.
    pub(super) fingerprint: [u8; 32],
}

impl Match {
    /// Returns the digest of the token, unless it does not have the form and the checksum of a key.
    pub(super) fn digest(&self) -> Option<SecretDigest> {
        digest_of(self.token.as_bytes()).ok()
    }

    pub(super) fn feedback(&self, is_known: bool) -> Feedback {
        Feedback {
            token_hash: hex::encode(Sha256::digest(&self.token)),
            token_type: self.kind.chars().take(LONGEST).collect(),
            label: if is_known { Label::TruePositive } else { Label::FalsePositive },
        }
    }

    pub(super) fn source(&self) -> Source {
        let url = self.url.as_deref().unwrap_or_default().trim();
        let location = self.source.as_deref().unwrap_or_default().to_ascii_lowercase();
        let is_word = !location.is_empty() && location.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        let location = if is_word && location.len() <= 40 { location } else { "unknown".to_owned() };
        Source { url: shown(url), fingerprint: Sha256::digest(url).into(), location }
    }
}

/// Returns an address as a text for the log.
fn shown(url: &str) -> String {
    let plain: String = url.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect();
    scrub(&plain).chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_is_kept_as_a_text_without_secrets_and_control_characters() {
        let secret = format!("pck_{}", "aB3".repeat(13).split_at(38).0);
        let url = format!("https://github.com/a/b?{secret}\r\n{}", "x".repeat(1_000));
        let found = Match { token: String::new(), kind: String::new(), url: Some(url), source: Some("Gist content".to_owned()) };
        let Source { url, location, .. } = found.source();
        assert!(
            url.starts_with("https://github.com/a/b?pck_aB3a…B3aB\u{fffd}\u{fffd}xxx") && url.chars().count() == LONGEST,
            "{url}"
        );
        assert_eq!(location, "unknown");
    }
}
