//! The context of a write: its actor and its request.

use std::net::IpAddr;
use std::sync::Arc;

use super::actor::Actor;
use super::authentication::Authentication;
use super::credential::CredentialCheck;
use crate::workspaces::WorkspaceId;

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
    /// The workspace whose limits the write counts against; `None` for the one that is written. A sandbox has none of its own.
    pub account: Option<WorkspaceId>,
}

impl AuditContext {
    /// Returns a context without a request.
    pub fn of(actor: Actor) -> Self {
        Self { actor, ip: None, user_agent: None, request_id: None, authentication: None, credential: None, account: None }
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
