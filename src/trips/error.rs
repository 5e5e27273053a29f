//! Errors of use cases of trips, and their HTTP responses.

use sea_orm::DbErr;

use super::model::{ARRIVAL_TOO_EARLY, TripId};
use super::status::Status;
use crate::fleet::{self, NAME_REQUIRED, TailNumber};
use kit::http::{ApiError, ItemError};
use kit::text::sentence;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no such trip in this workspace")]
    NotFound,
    /// Another trip of the workspace has this external id.
    #[error(
        "another trip of this workspace has the external id “{external_id}”: change that one, or use PUT with its external id"
    )]
    ExternalIdTaken {
        /// The requested external id.
        external_id: String,
        /// The trip that has it.
        id: TripId,
    },
    /// The external id in the body differs from the one in the path.
    #[error("the external id in the body is not the one in the address")]
    ExternalIdDiffers,
    /// The state machine does not allow this transition.
    #[error("a trip that is {from} cannot become {to}: {}", allowed(*.from))]
    InvalidTransition { from: Status, to: Status },
    #[error("a trip arrives after it departs")]
    ArrivalTooEarly,
    /// A place has neither a code nor a name; the field of the name.
    #[error("{0} is missing")]
    UnnamedPlace(&'static str),
    #[error("there is no such aircraft in this workspace")]
    NoSuchAircraft,
    /// The aircraft is not available for dispatch; shown to callers who may not read the fleet.
    #[error("a trip cannot be {0} with this aircraft: choose another one")]
    AircraftRefused(Status),
    /// The aircraft is not available for dispatch.
    #[error(
        "a trip cannot be {trip} with {tail_number}, which is in status {status}: \
         choose an active aircraft, or make this one active first"
    )]
    AircraftUnavailable {
        tail_number: TailNumber,
        status: fleet::Status,
        /// The requested status of the trip.
        trip: Status,
    },
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
    /// Removes details of the aircraft, for a caller who may not read the fleet.
    #[must_use]
    pub(super) fn without_aircraft(self) -> Self {
        match self {
            Self::AircraftUnavailable { trip, .. } => Self::AircraftRefused(trip),
            other => other,
        }
    }
}

impl ItemError for Error {
    fn is_of_database(&self) -> bool {
        matches!(self, Self::Db(_))
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::not_found("trip"),
            Error::ExternalIdTaken { id, .. } => Self::conflict(sentence(&error)).with("tripId", id.to_string()),
            Error::InvalidTransition { .. } | Error::AircraftRefused(_) | Error::AircraftUnavailable { .. } => {
                Self::conflict(sentence(&error))
            }
            Error::ExternalIdDiffers => Self::invalid_field("externalId", "Leave it out, or repeat the one in the URL."),
            Error::ArrivalTooEarly => Self::invalid_field("arrivalDate", ARRIVAL_TOO_EARLY),
            Error::UnnamedPlace(field) => Self::invalid_field(field, NAME_REQUIRED),
            Error::NoSuchAircraft => Self::invalid_field("aircraftId", sentence(&error)),
            Error::Db(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_transition_names_the_allowed_ones() {
        let said = |from, to| Error::InvalidTransition { from, to }.to_string();
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
