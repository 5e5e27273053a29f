//! What can come of a call on members, and the one map to HTTP.

use axum::http::StatusCode;
use sea_orm::DbErr;

use super::password::Weak;
use crate::audit::{BeginError, CredentialLoss};
use crate::limits::Exceeded;
use kit::http::ApiError;
use kit::text::sentence;

/// Why a member was not added, changed or removed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such member in this workspace.
    #[error("there is no such member in this workspace")]
    NotFound,
    /// The email has a seat already.
    #[error("this workspace already has a member with the email {0}: change that one, or check the email")]
    EmailTaken(String),
    /// The workspace would have no account owner.
    #[error("the last account owner cannot be removed or demoted: make someone else account owner first")]
    LastOwner,
    /// Only an account owner makes or unmakes account owners.
    #[error("only an account owner can add, change or remove an account owner: ask one of this workspace")]
    OwnerRequired,
    /// They need no invitation any more.
    #[error("this member has already joined: they sign in with their email and password")]
    HasJoined,
    /// The password may not be chosen.
    #[error(transparent)]
    Password(#[from] Weak),
    /// The invitation is unknown, used, past its time, or ended with the right of its maker.
    #[error("this invitation is unknown, already used, revoked, or older than 7 days: ask an administrator for a new one")]
    Invitation,
    /// More passwords are being checked than the machine can bear.
    #[error("too many sign-ins at once: try again in a moment")]
    Busy,
    /// The workspace has as many members, or open invitations, as it may.
    #[error(transparent)]
    Quota(#[from] Exceeded),
    /// The same `Idempotency-Key` came with another request.
    #[error("this Idempotency-Key was used for another request: use a new one for a new request")]
    IdempotencyKeyReused,
    #[error(transparent)]
    Denied(#[from] CredentialLoss),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbErr),
}

impl From<BeginError> for Error {
    fn from(error: BeginError) -> Self {
        match error {
            BeginError::Denied(loss) => Self::Denied(loss),
            BeginError::Db(error) => Self::Db(error),
        }
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let sentence = || sentence(&error);
        match error {
            Error::NotFound => Self::not_found("member"),
            Error::EmailTaken(_) | Error::LastOwner | Error::HasJoined => Self::conflict(sentence()),
            Error::OwnerRequired => Self::new(StatusCode::FORBIDDEN, "ROLE_REQUIRED", sentence()),
            Error::Password(_) => Self::invalid_field("password", sentence()),
            Error::Invitation => Self::new(StatusCode::GONE, "INVITATION_INVALID", sentence()),
            Error::Busy => Self::rate_limited(sentence(), 1),
            Error::IdempotencyKeyReused => Self::idempotency_key_reused(),
            Error::Quota(exceeded) => exceeded.into(),
            Error::Denied(loss) => loss.into(),
            Error::Db(error) => error.into(),
        }
    }
}
