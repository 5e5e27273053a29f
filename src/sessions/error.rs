//! What can come of signing in, and the one map to HTTP.

use sea_orm::DbErr;

use crate::access::unauthorized;
use crate::audit::{BeginError, CredentialLoss};
use crate::members;
use kit::http::ApiError;
use kit::limit::RateLimited;

/// Why a person was not signed in.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The email or the password is wrong, or the email has seats in several workspaces and none was named.
    #[error("wrong email or password")]
    Credentials,
    /// Too many failures, from this address or for this email.
    #[error("too many sign-ins failed")]
    Limited(RateLimited),
    /// Too many sign-ins with the right password.
    #[error("too many sign-ins")]
    TooMany(RateLimited),
    /// The password could not be checked.
    #[error(transparent)]
    Member(#[from] members::Error),
    #[error(transparent)]
    Denied(#[from] CredentialLoss),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbErr),
}

impl From<BeginError> for Error {
    fn from(error: BeginError) -> Self {
        match error {
            BeginError::Denied(loss) => Self::Denied(loss),
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
            Error::Limited(too_soon) => {
                let message = format!("Too many sign-ins failed. Try again in {} seconds.", too_soon.seconds());
                Self::too_soon(message, too_soon)
            }
            Error::TooMany(too_soon) => {
                let message =
                    format!("Too many sign-ins. Use the session that you have, or try again in {} seconds.", too_soon.seconds());
                Self::too_soon(message, too_soon)
            }
            Error::Member(error) => error.into(),
            Error::Denied(loss) => loss.into(),
            Error::Db(error) => error.into(),
        }
    }
}
