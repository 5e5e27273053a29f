//! Errors of use cases of aircraft, and their HTTP responses.

use sea_orm::DbErr;

use super::code::TailNumber;
use super::model::{AircraftId, NOT_AWAY};
use kit::http::{ApiError, ItemError};
use kit::text::sentence;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no such aircraft in this workspace")]
    NotFound,
    #[error("another aircraft of this workspace has the tail number {tail_number}: change that one, or check the tail number")]
    TailNumberTaken {
        /// The requested tail number.
        tail_number: TailNumber,
        /// The aircraft that has it.
        id: AircraftId,
    },
    /// An expected return in a status that has none.
    #[error("only an aircraft in maintenance, aog or storage has an expected return")]
    NotAway,
    /// The home base has no name, or a name without a code.
    #[error("{0}")]
    UnnamedBase(&'static str),
    #[error(transparent)]
    Db(#[from] DbErr),
}

impl ItemError for Error {
    fn is_of_database(&self) -> bool {
        matches!(self, Self::Db(_))
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::not_found("aircraft"),
            Error::TailNumberTaken { id, .. } => Self::conflict(sentence(&error)).with("aircraftId", id.to_string()),
            Error::NotAway => Self::invalid_field("expectedReturn", NOT_AWAY),
            Error::UnnamedBase(message) => Self::invalid_field("homeBaseName", message),
            Error::Db(error) => error.into(),
        }
    }
}
