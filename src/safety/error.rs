//! Errors of use cases of safety reports, and their HTTP responses.

use axum::http::StatusCode;
use sea_orm::DbErr;

use super::kinds::{Confidentiality, Status};
use crate::members::MemberId;
use kit::http::ApiError;
use kit::text::sentence;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no such report in this workspace")]
    NotFound,
    /// The caller may file reports but not assign them.
    #[error("your role can file safety reports but not assign them: leave out assignedTo")]
    NoAssigning,
    /// The occurrence is in the future.
    #[error("occurredAt is in the future")]
    NotYet,
    /// The assignee is not a member of the workspace.
    #[error("{0} is not a member of this workspace")]
    NoSuchMember(MemberId),
    /// The state machine does not allow this transition.
    #[error("a report that is {from} cannot become {to}: it can become {}", words(.from.next()))]
    InvalidTransition { from: Status, to: Status },
    /// The change would break a promise to the reporter, or promise what the audit log has made impossible.
    #[error("{}", confidentiality(*.from, *.to))]
    Confidentiality { from: Confidentiality, to: Confidentiality },
    #[error(transparent)]
    Db(#[from] DbErr),
}

fn words(statuses: &[Status]) -> String {
    statuses.iter().map(|status| status.as_str()).collect::<Vec<_>>().join(" or ")
}

fn confidentiality(from: Confidentiality, to: Confidentiality) -> String {
    if to < from {
        return format!("a report that was filed as {from} never becomes {to}: its reporter was promised more confidentiality");
    }
    "a report that was filed as standard cannot become anonymous: the audit log has recorded who filed it. Make it confidential"
        .to_owned()
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::not_found("report"),
            Error::NoAssigning => Self::new(StatusCode::FORBIDDEN, "ROLE_REQUIRED", sentence(&error)),
            Error::NotYet => Self::invalid_field("occurredAt", "Give the time it happened, which cannot be in the future."),
            Error::NoSuchMember(_) => Self::invalid_field("assignedTo", "Give the id of a member of this workspace."),
            Error::InvalidTransition { .. } | Error::Confidentiality { .. } => Self::conflict(sentence(&error)),
            Error::Db(error) => error.into(),
        }
    }
}
