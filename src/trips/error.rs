//! What can come of a call on trips, and the one map to HTTP.

use sea_orm::DbErr;

use super::model::TOO_EARLY;
use super::status::Status;
use crate::access::{Allowed, WorkspacePermission};
use crate::fleet::{self, TailNumber};
use crate::scopes::{Module, Scope};
use kit::http::ApiError;
use kit::text::sentence;

/// Why a trip was not made or changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such trip in this workspace.
    #[error("there is no such trip in this workspace")]
    NotFound,
    /// Another trip is called so.
    #[error("another trip of this workspace has the external id “{0}”: change that one, or use PUT with its external id")]
    ExternalIdTaken(String),
    /// The body names another trip than the address.
    #[error("the external id in the body is not the one in the address")]
    ExternalIdDiffers,
    /// The state machine does not know the move.
    #[error("a trip that is {from} cannot become {to}: {}", allowed(*.from))]
    UnknownMove {
        /// As it is.
        from: Status,
        /// As it was to be.
        to: Status,
    },
    /// It would arrive before it departs.
    #[error("a trip arrives after it departs")]
    ArrivalTooEarly,
    /// The aircraft is not of this workspace.
    #[error("there is no such aircraft in this workspace")]
    NoSuchAircraft,
    /// The same, for a caller who may not see the fleet.
    #[error("a trip cannot be {0} with this aircraft: choose another one")]
    AircraftRefused(Status),
    /// The aircraft cannot be dispatched as it is.
    #[error(
        "a trip cannot be {trip} with {tail_number}, which is in status {status}: \
         choose an active aircraft, or make this one active first"
    )]
    AircraftUnavailable {
        /// Which aircraft.
        tail_number: TailNumber,
        /// As it is.
        status: fleet::Status,
        /// What the trip was to be.
        trip: Status,
    },
    /// The database.
    #[error(transparent)]
    Db(#[from] DbErr),
}

fn allowed(from: Status) -> String {
    let next: Vec<_> = from.next().map(Status::as_str).collect();
    match next.split_last() {
        None => format!("{from} is final"),
        Some((only, [])) => format!("it can become {only} only"),
        Some((last, others)) => format!("it can become {} or {last}", others.join(", ")),
    }
}

impl Error {
    /// Without what only those who may see the fleet learn of an aircraft.
    #[must_use]
    pub(super) fn disclosed_to<P: WorkspacePermission>(self, who: &Allowed<P>) -> Self {
        match self {
            Self::AircraftUnavailable { trip, .. } if !who.may(Scope::read(Module::Fleet)) => Self::AircraftRefused(trip),
            other => other,
        }
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::not_found("trip"),
            Error::ExternalIdTaken(_)
            | Error::UnknownMove { .. }
            | Error::AircraftRefused(_)
            | Error::AircraftUnavailable { .. } => Self::conflict(sentence(&error)),
            Error::ExternalIdDiffers => Self::invalid_field("externalId", "Leave it out, or repeat the one in the URL."),
            Error::ArrivalTooEarly => Self::invalid_field("arrivalDate", TOO_EARLY),
            Error::NoSuchAircraft => Self::invalid_field("aircraftId", sentence(&error)),
            Error::Db(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_move_says_what_is_allowed() {
        let said = |from, to| Error::UnknownMove { from, to }.to_string();
        assert_eq!(said(Status::Completed, Status::Draft), "a trip that is completed cannot become draft: completed is final");
        assert_eq!(
            said(Status::Cancelled, Status::Active),
            "a trip that is cancelled cannot become active: it can become draft only"
        );
        assert_eq!(
            said(Status::Active, Status::Cancelled),
            "a trip that is active cannot become cancelled: it can become close_out or completed"
        );
    }
}
