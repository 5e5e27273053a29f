//! The outcomes of calls on members, and the one map to HTTP.

use axum::http::StatusCode;
use sea_orm::DbErr;

use crate::audit::{BeginError, BeginRefusal};
use crate::auth::password::{PasswordError, Weak};
use crate::limits::Exceeded;
use kit::http::ApiError;
use kit::text::sentence;

/// The reason why a member was not added, changed or removed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no such member in this workspace")]
    NotFound,
    #[error("this workspace already has a member with the email {0}: change that one, or check the email")]
    EmailTaken(String),
    /// Events would look like those of another member.
    #[error("another member of this workspace has a name that reads the same: add an initial or a middle name")]
    NameTaken,
    /// The workspace would have no account owner.
    #[error("the last account owner cannot be removed or demoted: make someone else account owner first")]
    LastOwner,
    /// Only an account owner makes or unmakes account owners.
    #[error("only an account owner can add, change or remove an account owner: ask one of this workspace")]
    OwnerRequired,
    /// An administrator is invited or made after a recent proof of identity only.
    #[error(
        "confirm that it is you: inviting an administrator needs a sign-in, or a re-authentication, within the last 15 minutes"
    )]
    RecentProofRequired,
    /// The member who is to get the keys cannot take them over.
    #[error("the new custodian of the keys has to be another member of this workspace, who has joined")]
    Custodian,
    #[error("this member has already joined: they sign in with their email and password")]
    HasJoined,
    #[error(transparent)]
    Password(#[from] Weak),
    /// The invitation is unknown, used or expired, or its maker may not make it any more.
    #[error("this invitation is unknown, already used, revoked, or older than 7 days: ask an administrator for a new one")]
    Invitation,
    /// More passwords are being hashed than the machine can bear.
    #[error("too many sign-ins at once: try again in a moment")]
    Busy,
    /// The workspace has its maximum of members, or of open invitations.
    #[error(transparent)]
    Quota(#[from] Exceeded),
    #[error("this Idempotency-Key was used for another request: use a new one for a new request")]
    IdempotencyKeyReused,
    #[error(transparent)]
    Denied(#[from] BeginRefusal),
    #[error(transparent)]
    Db(#[from] DbErr),
}

impl From<PasswordError> for Error {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Weak(weak) => Self::Password(weak),
            PasswordError::Busy => Self::Busy,
        }
    }
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
        let sentence = || sentence(&error);
        match error {
            Error::NotFound => Self::not_found("member"),
            Error::EmailTaken(_) | Error::NameTaken | Error::LastOwner | Error::HasJoined => Self::conflict(sentence()),
            Error::Custodian => Self::invalid_field("custodian_id", sentence()),
            Error::OwnerRequired => Self::new(StatusCode::FORBIDDEN, "ROLE_REQUIRED", sentence()),
            Error::RecentProofRequired => Self::new(StatusCode::FORBIDDEN, "REAUTHENTICATION_REQUIRED", sentence()),
            Error::Password(_) => Self::invalid_field("password", sentence()),
            Error::Invitation => Self::new(StatusCode::GONE, "INVITATION_INVALID", sentence()),
            Error::Busy => Self::rate_limited(sentence(), 1),
            Error::IdempotencyKeyReused => Self::idempotency_key_reused(),
            Error::Quota(exceeded) => exceeded.into(),
            Error::Denied(refusal) => refusal.into(),
            Error::Db(error) => error.into(),
        }
    }
}
