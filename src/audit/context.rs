//! The context of a write: its actor and its request.

use std::net::IpAddr;
use std::sync::Arc;

use super::actor::Actor;
use super::authentication::Authentication;
use super::credential::{BeginError, CredentialCheck};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::Tx;
use kit::http::{Precondition, PreconditionFailed};

/// The actor of a write, and the request it comes with.
#[derive(Clone, Debug)]
pub struct AuditContext {
    pub actor: Actor,
    pub ip: Option<IpAddr>,
    /// The client's program, by its own account.
    pub user_agent: Option<String>,
    pub request_id: Option<String>,
    /// The last proof of identity of a person.
    pub authentication: Option<Authentication>,
    /// The credential of the request, checked again when a write begins. It is not stored.
    pub credential: Option<Arc<dyn CredentialCheck>>,
    /// The version of a resource that the request changes, checked when the write begins. It is not stored.
    pub precondition: Option<Precondition>,
    /// The workspace whose limits the write counts against; `None` for the one that is written. A sandbox has none of its own.
    pub account: Option<WorkspaceId>,
}

impl AuditContext {
    /// Returns a context without a request.
    pub fn of(actor: Actor) -> Self {
        Self {
            actor,
            ip: None,
            user_agent: None,
            request_id: None,
            authentication: None,
            credential: None,
            precondition: None,
            account: None,
        }
    }

    /// Checks the credential of the request again, and its precondition. The chain is locked by then: a request that would change the
    /// resource waits.
    pub(super) async fn check(&self, tx: &Tx, now: Time) -> Result<(), BeginError> {
        if let Some(credential) = &self.credential {
            credential.check(tx, self, now).await?;
        }
        match &self.precondition {
            Some(precondition) if !precondition.holds(tx).await? => Err(BeginError::Denied(PreconditionFailed.into())),
            Some(_) | None => Ok(()),
        }
    }

    /// Adds a condition that must hold when the write begins.
    #[must_use]
    pub fn only_if(self, precondition: Option<Precondition>) -> Self {
        Self { precondition, ..self }
    }

    /// Returns the context of the command line.
    pub fn operator(name: &str) -> Self {
        Self::of(Actor::operator(name))
    }

    /// Returns the context of background work.
    pub fn system() -> Self {
        Self::of(Actor::SYSTEM)
    }
}
