//! The outcomes of changes of the security settings, and the one map to HTTP.

use axum::http::StatusCode;
use sea_orm::DbErr;

use crate::audit::{BeginError, BeginRefusal};
use kit::http::ApiError;
use kit::text::sentence;

/// The reason why the security settings were not changed, or the workspace not signed out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The administrator who requires a second factor has none.
    #[error("set up a second factor for your own account first, under Profile & Security: you would be locked out")]
    OwnFactorNeeded,
    /// Administrators could be locked out without anybody to help them.
    #[error("at least one account owner must have a second factor before it can be required: ask one to set it up")]
    OwnerFactorNeeded,
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
            Error::OwnFactorNeeded | Error::OwnerFactorNeeded => {
                Self::new(StatusCode::CONFLICT, "SECOND_FACTOR_NEEDED", sentence(error))
            }
            Error::Denied(refusal) => refusal.into(),
            Error::Db(error) => error.into(),
        }
    }
}
