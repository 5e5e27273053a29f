//! What can come of a call on reports, and the one map to HTTP.

use axum::http::StatusCode;
use sea_orm::DbErr;

use super::kinds::{Confidentiality, Status};
use crate::members::MemberId;
use kit::http::ApiError;
use kit::text::sentence;

/// Why a report was not filed or changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such report in this workspace.
    #[error("there is no such report in this workspace")]
    NotFound,
    /// The caller may file reports, and nothing else about them.
    #[error("your role files safety reports and does not assign them: leave assignedTo out")]
    NoAssigning,
    /// It lies in the future.
    #[error("occurredAt is in the future")]
    NotYet,
    /// Nobody to look into it.
    #[error("{0} is no member of this workspace")]
    NoSuchMember(MemberId),
    /// The state machine does not know this move.
    #[error("a report that is {from} cannot become {to}: it can become {}", words(.from.next()))]
    UnknownMove {
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
            Error::UnknownMove { .. } | Error::Confidentiality { .. } => Self::conflict(sentence(&error)),
            Error::Db(error) => error.into(),
        }
    }
}
