//! The outcomes of a sign-in and of a change of a password, and the one map to HTTP.

use axum::http::StatusCode;
use sea_orm::DbErr;

use super::factors::{Challenge, FactorError};
use super::password::{PasswordError, Weak};
use crate::access::unauthorized;
use crate::audit::{BeginError, BeginRefusal};
use kit::http::ApiError;
use kit::limit::RateLimited;
use kit::text::sentence;
use serde_json::json;

/// The reason why a person was not signed in, or their password was not changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The email or the password is wrong, or the email has seats in several workspaces and none was named.
    #[error("wrong email or password")]
    Credentials,
    /// The password is right, and the member needs a second step.
    #[error("the sign-in needs a second step")]
    SecondStep(Box<Challenge>),
    /// The second step failed.
    #[error(transparent)]
    Factor(#[from] FactorError),
    /// The current password of a change is wrong.
    #[error("the current password is wrong")]
    CurrentPassword,
    /// The person has a second factor, and the request has no code of it.
    #[error("a verification code is needed")]
    CodeRequired,
    /// The new password of a change is refused.
    #[error(transparent)]
    NewPassword(Weak),
    #[error("this is the current password: choose another")]
    SamePassword,
    /// The link of a reset is unknown, used or expired.
    #[error("this reset link is unknown, already used, or older than 30 minutes: ask for a new one")]
    ResetLink,
    /// A password cannot be reset that was never set.
    #[error("this member has not joined yet: make a new invitation link instead")]
    NotJoined,
    /// Too many failures, from this address or for this email.
    #[error("too many sign-ins failed")]
    Limited(RateLimited),
    /// Too many sign-ins with the right password.
    #[error("too many sign-ins")]
    TooMany(RateLimited),
    /// The password could not be checked.
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error(transparent)]
    Denied(#[from] BeginRefusal),
    #[error(transparent)]
    Db(#[from] DbErr),
}

impl From<BeginError> for Error {
    fn from(error: BeginError) -> Self {
        match error {
            BeginError::Denied(refusal) => Self::Denied(refusal),
            BeginError::Db(error) => Self::Db(error),
        }
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::Credentials => {
                let message = "Wrong email or password. If you belong to several workspaces, name the one to sign in to in the field workspace.";
                unauthorized("INVALID_CREDENTIALS", message)
            }
            Error::SecondStep(challenge) => second_step(&challenge),
            Error::Factor(error) => error.into(),
            Error::CurrentPassword => unauthorized("INVALID_CREDENTIALS", "The current password is wrong. Nothing was changed."),
            Error::CodeRequired => unauthorized(
                "TWO_FACTOR_REQUIRED",
                "This account has a second factor: send its verification code, or a backup code, in the field code.",
            ),
            Error::NewPassword(weak) => Self::invalid_field("newPassword", sentence(weak)),
            Error::ResetLink => Self::new(StatusCode::GONE, "RESET_LINK_INVALID", sentence(error)),
            Error::NotJoined => Self::conflict(sentence(error)),
            Error::SamePassword => Self::invalid_field("newPassword", sentence(error)),
            Error::Limited(limited) => {
                let message = format!("Too many sign-ins failed. Try again in {} seconds.", limited.seconds());
                Self::too_soon(message, limited)
            }
            Error::TooMany(limited) => {
                let message =
                    format!("Too many sign-ins. Use the session that you have, or try again in {} seconds.", limited.seconds());
                Self::too_soon(message, limited)
            }
            Error::Password(error) => error.into(),
            Error::Denied(refusal) => refusal.into(),
            Error::Db(error) => error.into(),
        }
    }
}

/// Returns the error with the challenge that the second step completes.
fn second_step(challenge: &Challenge) -> ApiError {
    let Challenge { token, methods, expires_at } = challenge;
    let message =
        "The password is right, and this account has a second factor. Complete the sign-in with the challenge and a code.";
    let challenge = json!({ "token": token.expose(), "methods": methods, "expiresAt": expires_at });
    unauthorized("TWO_FACTOR_REQUIRED", message).with_secret("challenge", challenge)
}
