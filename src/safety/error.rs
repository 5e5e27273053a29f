//! What can come of a call on reports, and the one map to HTTP.

use sea_orm::DbErr;

use super::kinds::{Confidentiality, Status};
use super::model::ReportId;
use crate::kit::http::{ApiError, FieldError};
use crate::members::MemberId;

/// Why a report was not filed or changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such report in this workspace.
    #[error("there is no report {0} in this workspace")]
    NotFound(ReportId),
    /// It lies in the future.
    #[error("occurredAt is in the future")]
    NotYet,
    /// Nobody to look into it.
    #[error("{0} is no member of this workspace")]
    NoSuchMember(MemberId),
    /// The state machine does not know this move.
    #[error("a report that is {from} cannot become {to}: it can become {}", words(.from.next()))]
    Move {
        /// What it is.
        from: Status,
        /// What was asked for.
        to: Status,
    },
    /// A promise was given to the reporter, or can no longer be kept.
    #[error("{}", confidentiality(*.from, *.to))]
    Confidentiality {
        /// What it is.
        from: Confidentiality,
        /// What was asked for.
        to: Confidentiality,
    },
    /// The database.
    #[error(transparent)]
    Db(#[from] DbErr),
}

fn words(statuses: &[Status]) -> String {
    statuses.iter().map(|status| status.as_str()).collect::<Vec<_>>().join(" or ")
}

fn confidentiality(from: Confidentiality, to: Confidentiality) -> String {
    if to < from {
        return format!("a report that was filed as {from} never becomes {to}: its reporter was promised more");
    }
    "a report that was filed as standard cannot become anonymous: the audit log has recorded who filed it. Make it confidential"
        .to_owned()
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let field = |field: &str, message: &str| {
            Self::invalid_fields(vec![FieldError { field: field.to_owned(), message: message.to_owned() }])
        };
        match error {
            Error::NotFound(_) => Self::not_found("report"),
            Error::NotYet => field("occurredAt", "Give the time it happened, which cannot be in the future."),
            Error::NoSuchMember(_) => field("assignedTo", "Give the id of a member of this workspace."),
            Error::Move { .. } | Error::Confidentiality { .. } => {
                let text = error.to_string();
                Self::conflict(format!("A{}.", text.trim_start_matches('a')))
            }
            Error::Db(error) => error.into(),
        }
    }
}
