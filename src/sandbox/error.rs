//! The outcomes of a reset, and their only mapping to HTTP.

use sea_orm::DbErr;

use crate::audit::{BeginError, BeginRefusal};
use kit::http::ApiError;

/// The reason why the sandbox was not reset.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No test key was ever created.
    #[error("this workspace has no sandbox: its first test key creates it")]
    NotFound,
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
            Error::NotFound => Self::not_found("sandbox"),
            Error::Denied(refusal) => refusal.into(),
            Error::Db(error) => error.into(),
        }
    }
}
