//! The context of a write: its actor and its request.

use std::net::IpAddr;
use std::sync::Arc;

use super::actor::Actor;
use super::authentication::Authentication;
use super::credential::CredentialCheck;

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
}

impl AuditContext {
    /// Returns a context without a request.
    pub fn of(actor: Actor) -> Self {
        Self { actor, ip: None, user_agent: None, request_id: None, authentication: None, credential: None }
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
