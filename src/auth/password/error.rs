//! The outcomes of hashing and checking a password, and the one map to HTTP.

use super::policy::Weak;
use kit::http::ApiError;
use kit::text::sentence;

/// The reason why a password was not hashed or checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PasswordError {
    #[error(transparent)]
    Weak(#[from] Weak),
    /// More passwords are being hashed than the machine can bear.
    #[error("too many sign-ins at once: try again in a moment")]
    Busy,
}

impl From<PasswordError> for ApiError {
    fn from(error: PasswordError) -> Self {
        let message = sentence(error);
        match error {
            PasswordError::Weak(_) => Self::invalid_field("password", message),
            PasswordError::Busy => Self::rate_limited(message, 1),
        }
    }
}
