//! Errors of operations on keys, and their only mapping to HTTP.

use axum::http::StatusCode;
use sea_orm::DbErr;

use super::model::{KeyId, PauseEnd, Status};
use super::policy::PolicyBreach;
use crate::audit::{BeginError, BeginRefusal};
use crate::limits::Exceeded;
use crate::scopes::Scope;
use kit::cidr::NotACidr;
use kit::http::{ApiError, FieldError};
use kit::text::sentence;

/// Reason why a key was not created, rotated, changed or revoked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no such API key in this workspace")]
    NotFound,
    /// Another active key of the workspace has this name.
    #[error("an active key of this workspace is already called “{0}”: choose another name")]
    NameTaken(String),
    /// The name differs from that of another active key in case, spacing or look-alike letters only.
    #[error("this name can be mistaken for “{name}” ({hint}), an active key of this workspace: choose another name")]
    NameAlike { name: String, hint: String },
    /// The key is revoked or expired.
    #[error("this key is {}, which is final: create another key", .0.as_str())]
    NotActive(Status),
    /// A node of an earlier version runs: it would go on to accept the key.
    #[error(
        "a server of an earlier version, which does not know pauses, is running: finish the upgrade first, or revoke the key"
    )]
    OlderNodes,
    /// A node of an earlier version runs: it does not know test keys.
    #[error("a server of an earlier version, which does not know test keys, is running: finish the upgrade first")]
    NoTestKeysYet,
    /// A node of an earlier version has started since the key was paused.
    #[error(
        "the key is paused, but a server of an earlier version, which does not know pauses, has started meanwhile and may accept it: finish the upgrade, or revoke the key"
    )]
    PauseNotHeld,
    /// The key is paused until a later time: to end that earlier gives access back, as resuming does.
    #[error("the key is paused until {0}; resume it first to pause it for less")]
    PausedLonger(PauseEnd),
    /// The expiry is not in the future or more than 5 years ahead.
    #[error("expiresAt must be in the future and at most 5 years ahead, or null for no expiration")]
    Expiry,
    /// The policy of the workspace refuses the key.
    #[error("{}", in_words(.0))]
    Policy(Vec<PolicyBreach>),
    /// The custodian is not a member of the workspace who has joined.
    #[error("the custodian has to be a member of this workspace who has joined")]
    Custodian,
    /// An entry of the allow-list is not a block.
    #[error("{0}")]
    Block(NotACidr),
    /// A rotation names a scope that the old key does not have.
    #[error("{field}: the old key does not have {scope}: a rotation can narrow the permissions, never widen them")]
    Widened { field: &'static str, scope: Scope },
    /// The smaller set has a scope that the key does not have.
    #[error("{field}: the key does not have {scope}: name scopes that it has")]
    NotGranted { field: &'static str, scope: Scope },
    /// The smaller set is not smaller than that of the key.
    #[error("{0}: these are all scopes of the key: leave at least one of them out")]
    NotSmaller(&'static str),
    /// Shadow mode of the key was not started, or its result was removed.
    #[error("shadow mode of this key is not on: start it first")]
    NoShadow,
    /// The end of a rotation is not in the future, or more than 30 days ahead.
    #[error("at must be in the future and at most 30 days ahead, or null to cancel")]
    RevokeAt,
    /// The key has no successor that could replace it.
    #[error("this key was not rotated: rotate it first, or revoke it now")]
    NotRotated,
    /// The keys that replaced the key are revoked or expired.
    #[error("no active key replaces this key any more: rotate it again, or revoke it now")]
    NoSuccessor,
    /// API key management is turned off for the workspace.
    #[error("API key management is off for this workspace: the account owner can switch it on")]
    Disabled,
    #[error(transparent)]
    Quota(#[from] Exceeded),
    /// A request with this `Idempotency-Key` has created this key; its secret cannot be shown again.
    #[error("this request has already created a key; its secret was shown once and cannot be shown again")]
    AlreadyCreated(KeyId),
    /// The `Idempotency-Key` was used for a different request.
    #[error("this Idempotency-Key was used for another request: use a new one for a new request")]
    IdempotencyKeyReused,
    #[error(transparent)]
    Denied(#[from] BeginRefusal),
    #[error(transparent)]
    Db(#[from] DbErr),
}

fn in_words(breaches: &[PolicyBreach]) -> String {
    breaches.iter().map(|breach| format!("{}: {breach}", breach.field())).collect::<Vec<_>>().join(" ")
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
            Error::NotFound => Self::not_found("API key"),
            Error::NameTaken(_)
            | Error::NameAlike { .. }
            | Error::NotActive(_)
            | Error::PausedLonger(_)
            | Error::NotRotated
            | Error::NoSuccessor => Self::conflict(sentence()),
            Error::OlderNodes | Error::PauseNotHeld | Error::NoTestKeysYet => {
                Self::new(StatusCode::CONFLICT, "UPGRADE_IN_PROGRESS", sentence())
            }
            Error::Expiry => Self::invalid_field(
                "expiresAt",
                "Give a time in the future and at most 5 years ahead, or null for no expiration.",
            ),
            Error::Widened { field, scope } => Self::invalid_field(
                field,
                format!("The old key does not have {scope}. A rotation can narrow the permissions, never widen them."),
            ),
            Error::NotGranted { field, scope } => {
                Self::invalid_field(field, format!("The key does not have {scope}. Name scopes that it has."))
            }
            Error::NotSmaller(field) => {
                Self::invalid_field(field, "These are all scopes of the key. Leave at least one of them out.")
            }
            Error::NoShadow => Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", sentence()),
            Error::RevokeAt => {
                Self::invalid_field("at", "Give a time in the future and at most 30 days ahead, or null to cancel.")
            }
            Error::Policy(breaches) => {
                let fault = |breach: PolicyBreach| FieldError { field: breach.field().to_owned(), message: breach.to_string() };
                Self::invalid_fields(breaches.into_iter().map(fault).collect())
            }
            Error::Custodian => Self::invalid_field("custodianId", "Name a member of this workspace who has joined."),
            Error::Block(_) => Self::invalid_field("ipAllowlist", sentence()),
            Error::Disabled => Self::new(StatusCode::FORBIDDEN, "API_KEYS_DISABLED", sentence()),
            Error::AlreadyCreated(id) => {
                Self::new(StatusCode::CONFLICT, "ALREADY_CREATED", sentence()).with("apiKeyId", id.to_string())
            }
            Error::IdempotencyKeyReused => Self::idempotency_key_reused(),
            Error::Quota(exceeded) => exceeded.into(),
            Error::Denied(refusal) => refusal.into(),
            Error::Db(error) => error.into(),
        }
    }
}
