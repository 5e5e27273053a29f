//! Errors of operations on webhooks, and their only mapping to HTTP.

use axum::http::StatusCode;
use sea_orm::DbErr;

use super::model::{EndpointId, EndpointStatus};
use crate::audit::{BeginError, BeginRefusal};
use crate::scopes::Scope;
use crate::secret_key::{SealError, SecretKeyMissing};
use kit::http::ApiError;
use kit::http::outbound::OutboundError;
use kit::text::sentence;

/// The largest number of endpoints of a workspace.
pub(super) const MAX_ENDPOINTS: u64 = 50;

/// The largest number of former secrets that sign.
pub(super) const MAX_FORMER: u64 = 2;

/// The days for which payloads are kept.
pub(super) const KEPT_DAYS: u64 = 30;

/// Reason why an endpoint was not created, changed or deleted, or nothing delivered again.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no such webhook in this workspace")]
    NotFound,
    #[error("there is no such delivery of this webhook")]
    NoDelivery,
    /// The URL must not be connected to.
    #[error("{0}")]
    Url(OutboundError),
    /// The caller cannot read events that the endpoint receives.
    #[error("this needs the scope {0}: a key manages webhooks for events that it can read, and no others")]
    Scope(Scope),
    #[error("this workspace has {MAX_ENDPOINTS} webhooks, the maximum: delete those that are no longer needed")]
    Quota,
    #[error(
        "{MAX_FORMER} old secrets of this webhook still sign: wait until one of them has ended, or rotate with overlapHours 0, which \
         ends them at once"
    )]
    FormerSecrets,
    /// Nothing is delivered by an endpoint that is off.
    #[error("this webhook is {0}, so nothing is delivered: switch it on first")]
    Off(EndpointStatus),
    #[error("the payload of this event is not stored any more: payloads are kept for {KEPT_DAYS} days")]
    NoPayload,
    #[error("since must be in the past, at most {KEPT_DAYS} days ago")]
    Since,
    /// A new URL takes a recent proof of identity.
    #[error("a new URL needs a recent proof of who you are")]
    RecentProofRequired,
    /// A request with this `Idempotency-Key` has created this endpoint; its secret cannot be shown again.
    #[error("this request has already created a webhook; its secret was shown once and cannot be shown again")]
    AlreadyCreated(EndpointId),
    /// The `Idempotency-Key` was used for a different request.
    #[error("this Idempotency-Key was used for another request: use a new one for a new request")]
    IdempotencyKeyReused,
    #[error(transparent)]
    SecretKeyMissing(#[from] SecretKeyMissing),
    #[error(transparent)]
    Sealed(#[from] SealError),
    #[error(transparent)]
    Denied(#[from] BeginRefusal),
    #[error(transparent)]
    Db(#[from] DbErr),
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
            Error::NotFound => Self::not_found("webhook"),
            Error::NoDelivery => Self::not_found("delivery"),
            Error::Url(_) => Self::invalid_field("url", sentence()),
            Error::Scope(scope) => {
                Self::new(StatusCode::FORBIDDEN, "SCOPE_REQUIRED", sentence()).with("requiredScope", scope.to_string())
            }
            Error::Quota => Self::new(StatusCode::CONFLICT, "QUOTA_EXCEEDED", sentence())
                .with("quota", "webhooks")
                .with("limit", MAX_ENDPOINTS),
            Error::FormerSecrets | Error::Off(_) | Error::NoPayload => Self::conflict(sentence()),
            Error::Since => Self::invalid_field("since", "Give a time in the past, at most 30 days ago."),
            // Handlers answer it with the methods of the caller.
            Error::RecentProofRequired => Self::new(StatusCode::FORBIDDEN, "REAUTHENTICATION_REQUIRED", sentence()),
            Error::AlreadyCreated(id) => {
                Self::new(StatusCode::CONFLICT, "ALREADY_CREATED", sentence()).with("webhookId", id.to_string())
            }
            Error::IdempotencyKeyReused => Self::idempotency_key_reused(),
            Error::SecretKeyMissing(missing) => missing.into(),
            Error::Sealed(error) => error.into(),
            Error::Denied(refusal) => refusal.into(),
            Error::Db(error) => error.into(),
        }
    }
}
