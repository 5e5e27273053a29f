//! A missing key, text that has no keys, and an envelope that does not open.

use axum::http::StatusCode;

use super::keys::{KeyId, MAX_KEYS};
use kit::http::ApiError;

/// No secret key was given to this node.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "this server has no secret key, which two-factor authentication and webhooks need: the operator makes one with `planeconnection \
     secret-key new` and starts every node with --secret-key-file"
)]
pub struct SecretKeyMissing;

impl From<SecretKeyMissing> for ApiError {
    fn from(missing: SecretKeyMissing) -> Self {
        Self::new(StatusCode::CONFLICT, "SECRET_KEY_MISSING", kit::text::sentence(missing))
    }
}

/// The reason why stored bytes were not opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SealError {
    #[error("it is sealed with the key {0}, which this node does not have")]
    UnknownKey(KeyId),
    /// Too short, or of another version.
    #[error("this is no sealed secret of a known version")]
    Malformed,
    #[error("it was altered, or sealed for another row or purpose")]
    Altered,
}

impl From<SealError> for ApiError {
    fn from(error: SealError) -> Self {
        tracing::error!(%error, "a stored secret cannot be opened");
        Self::internal()
    }
}

/// The reason why a text has no keys. It repeats nothing of the text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotKeys {
    #[error("expected a key in each line: 32 bytes in base64, as `planeconnection secret-key new` prints it")]
    Empty,
    #[error("line {0} is not 32 bytes in base64, as `planeconnection secret-key new` prints them")]
    Line(usize),
    #[error("more than {MAX_KEYS} keys: run `planeconnection secret-key rotate`, and remove the lines that it names")]
    TooMany,
}
