//! Errors of use cases of findings, and their HTTP responses.

use sea_orm::DbErr;

use super::store::MAX_DISMISSALS;
use kit::http::ApiError;
use kit::text::sentence;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no such finding in this workspace: its cause may be gone")]
    NotFound,
    #[error("this finding is not dismissed")]
    NotDismissed,
    #[error("{MAX_DISMISSALS} findings are dismissed: take one back first")]
    TooMany,
    #[error("there is no such key in this workspace")]
    NoSuchKey,
    #[error(transparent)]
    Db(#[from] DbErr),
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::not_found("finding"),
            Error::NotDismissed | Error::TooMany => Self::conflict(sentence(&error)),
            Error::NoSuchKey => Self::invalid_field("api_key_id", sentence(&error)),
            Error::Db(error) => error.into(),
        }
    }
}
