//! What can come of a call on aircraft, and the one map to HTTP.

use sea_orm::DbErr;

use super::code::TailNumber;
use super::model::NOT_AWAY;
use kit::http::ApiError;
use kit::text::sentence;

/// Why an aircraft was not added or changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such aircraft in this workspace.
    #[error("there is no such aircraft in this workspace")]
    NotFound,
    /// Another aircraft carries it.
    #[error("another aircraft of this workspace has the tail number {0}: change that one, or check the tail number")]
    TailNumberTaken(TailNumber),
    /// It would be expected back from where it is not.
    #[error("only an aircraft in maintenance, aog or storage has an expected return")]
    NotAway,
    /// The database.
    #[error(transparent)]
    Db(#[from] DbErr),
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::not_found("aircraft"),
            Error::TailNumberTaken(_) => Self::conflict(sentence(&error)),
            Error::NotAway => Self::invalid_field("expectedReturn", NOT_AWAY),
            Error::Db(error) => error.into(),
        }
    }
}
