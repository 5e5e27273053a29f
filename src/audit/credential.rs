//! Checks of a request's credential after its admission: in the transaction of its write, and during a long read.
//!
//! A request is admitted before its body arrives, which may take a while. Its credential may end meanwhile, on this node or
//! on another.

use std::fmt::Debug;

use axum::http::header::WWW_AUTHENTICATE;
use axum::http::{HeaderValue, StatusCode};
use futures_util::future::BoxFuture;
use sea_orm::DbErr;

use super::context::AuditContext;
use crate::keys::DenialReason;
use crate::security::SETUP_REQUIRED;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{DbResult, Tx};
use kit::http::{ApiError, PreconditionFailed};

/// A credential that is checked again when its request writes.
pub trait CredentialCheck: Debug + Send + Sync {
    /// Fails with [`BeginError::Denied`] if the credential no longer allows what it did when the request was admitted.
    ///
    /// The chain's head is locked by then: a revocation either is visible in `tx`, or commits after it.
    fn check<'a>(&'a self, tx: &'a Tx, context: &'a AuditContext, now: Time) -> BoxFuture<'a, Result<(), BeginError>>;

    /// Returns the ids of actors that share their idempotency keys with this one, as far as they could act after `since`.
    ///
    /// An API key shares them with its chain of rotations: a client that retries with the successor must not write twice.
    fn idempotency_peers<'a>(&'a self, _tx: &'a Tx, _since: Time) -> BoxFuture<'a, DbResult<Vec<String>>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }
}

/// A caller whose right to read the log is checked again while a read goes on.
pub trait ReadCheck: Debug + Send + Sync {
    /// Returns the workspace whose limits the read counts towards: of a sandbox the one that it belongs to.
    fn account(&self) -> WorkspaceId;

    /// Returns whether the credential still allows reading the log, by the database as it is now.
    fn is_allowed(&self) -> BoxFuture<'_, DbResult<bool>>;
}

/// The reason why a credential no longer allows a write whose request was admitted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CredentialLoss {
    #[error("This session has ended meanwhile; nothing was changed. Sign in again.")]
    Session,
    #[error("Your role was changed meanwhile; nothing was changed. Try again with the new one.")]
    Role,
    #[error(
        "Your workspace requires two-factor authentication by now, and you have not set it up; nothing was changed. Set it up first."
    )]
    FactorSetup,
    #[error("{}", .0.lost_message())]
    Key(DenialReason),
}

/// The refusal of a write whose request was admitted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BeginRefusal {
    #[error(transparent)]
    Credential(#[from] CredentialLoss),
    #[error(transparent)]
    Precondition(#[from] PreconditionFailed),
}

/// The reason why an [`AuditedTx`](super::AuditedTx) did not begin.
#[derive(Debug, thiserror::Error)]
pub enum BeginError {
    #[error(transparent)]
    Denied(#[from] BeginRefusal),
    #[error(transparent)]
    Db(#[from] DbErr),
}

impl From<CredentialLoss> for BeginError {
    fn from(loss: CredentialLoss) -> Self {
        Self::Denied(loss.into())
    }
}

impl From<CredentialLoss> for ApiError {
    fn from(loss: CredentialLoss) -> Self {
        let (status, code) = match loss {
            CredentialLoss::Session => (StatusCode::UNAUTHORIZED, "SESSION_INVALID"),
            CredentialLoss::Role => (StatusCode::FORBIDDEN, "ROLE_REQUIRED"),
            CredentialLoss::FactorSetup => (StatusCode::FORBIDDEN, SETUP_REQUIRED),
            CredentialLoss::Key(reason) => (status(reason), reason.code()),
        };
        let error = Self::new(status, code, loss.to_string());
        if status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Bearer realm=\"PlaneConnection\", error=\"invalid_token\"");
            return error.header(WWW_AUTHENTICATE, challenge);
        }
        error
    }
}

impl From<BeginRefusal> for ApiError {
    fn from(refusal: BeginRefusal) -> Self {
        match refusal {
            BeginRefusal::Credential(loss) => loss.into(),
            BeginRefusal::Precondition(failed) => failed.into(),
        }
    }
}

impl From<BeginError> for ApiError {
    fn from(error: BeginError) -> Self {
        match error {
            BeginError::Denied(refusal) => refusal.into(),
            BeginError::Db(error) => error.into(),
        }
    }
}

const fn status(reason: DenialReason) -> StatusCode {
    match reason {
        DenialReason::Invalid | DenialReason::Revoked | DenialReason::Expired | DenialReason::Paused => StatusCode::UNAUTHORIZED,
        DenialReason::AddressNotAllowed
        | DenialReason::ScopeRequired(_)
        | DenialReason::PersonRequired
        | DenialReason::TestKey => StatusCode::FORBIDDEN,
        DenialReason::RateLimited(()) => StatusCode::TOO_MANY_REQUESTS,
        DenialReason::LeakedInUrl => StatusCode::BAD_REQUEST,
    }
}
