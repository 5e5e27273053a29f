//! The callers that a permission admits, each as a type of its own: a handler gets what its permission has proved.
//!
//! [`Anonymous`] has no workspace, [`MemberCaller`] always has a member, and [`Caller`] is a key or a member. [`LiveCaller`] is one
//! whose key is no test key.

use std::net::IpAddr;
use std::sync::Arc;

use super::recheck::{KeyCheck, SessionCheck};
use crate::app::App;
use crate::audit::{Actor, AuditContext, Authentication, CredentialCheck};
use crate::keys::EntryRef;
use crate::members::Member;
use crate::request_context::RequestContext;
use crate::scopes::Scope;
use crate::sessions::Session;
use crate::workspaces::Tenant;
use key_format::Hint;

/// A caller whose credentials were not looked at.
#[derive(Clone, Copy, Debug)]
pub struct Anonymous;

/// Software that presented an API key.
#[derive(Clone, Debug)]
pub struct KeyCaller {
    pub entry: EntryRef,
    pub hint: Hint,
    /// The scope that the request needs.
    pub scope: Option<Scope>,
}

/// A person with a session.
#[derive(Clone, Debug)]
pub struct MemberCaller {
    /// In a box: requests by key, which are most, do not move its size about.
    pub session: Box<Session>,
    pub tenant: Arc<Tenant>,
}

impl MemberCaller {
    pub fn member(&self) -> &Member {
        &self.session.member
    }
}

/// A caller with a key or a session.
#[derive(Clone, Debug)]
pub enum Caller {
    Key(KeyCaller),
    Member(MemberCaller),
}

/// A member, or software that presented a live key.
#[derive(Clone, Debug)]
pub struct LiveCaller(pub(super) Caller);

impl From<MemberCaller> for Caller {
    fn from(caller: MemberCaller) -> Self {
        Self::Member(caller)
    }
}

/// A caller who belongs to a workspace.
pub trait Identity {
    fn tenant(&self) -> &Tenant;

    fn actor(&self) -> Actor;

    /// Returns true if the caller's scopes or role also cover `scope`.
    fn may(&self, scope: Scope) -> bool;

    /// Returns the last proof of identity of a person.
    fn authentication(&self) -> Option<Authentication>;

    /// Returns the check that is repeated when a write begins, for a request from `client_ip`. A refusal is noted on `request`.
    fn credential(&self, app: &App, client_ip: IpAddr, request: Option<&RequestContext>) -> Arc<dyn CredentialCheck>;

    /// Returns actor, proof, address and request for the audit log, with the check of the credential that a write repeats.
    fn audit_context(&self, app: &App, request: &RequestContext) -> AuditContext {
        AuditContext {
            authentication: self.authentication(),
            credential: Some(self.credential(app, request.client_ip(), Some(request))),
            account: Some(self.tenant().owner),
            ..request.audit_context(self.actor())
        }
    }
}

impl Identity for KeyCaller {
    fn tenant(&self) -> &Tenant {
        &self.entry.tenant
    }

    fn actor(&self) -> Actor {
        Actor::api_key(self.entry.id, &self.entry.name)
    }

    fn may(&self, scope: Scope) -> bool {
        self.entry.scopes().cover(scope)
    }

    fn authentication(&self) -> Option<Authentication> {
        None
    }

    fn credential(&self, app: &App, client_ip: IpAddr, request: Option<&RequestContext>) -> Arc<dyn CredentialCheck> {
        Arc::new(KeyCheck {
            recorder: Arc::clone(&app.recorder),
            entry: self.entry.clone(),
            scope: self.scope,
            address: client_ip,
            request: request.cloned(),
        })
    }
}

impl Identity for MemberCaller {
    fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    fn actor(&self) -> Actor {
        Actor::member(self.member().id, &self.member().name)
    }

    fn may(&self, scope: Scope) -> bool {
        self.member().role.allows(scope)
    }

    fn authentication(&self) -> Option<Authentication> {
        Some(Authentication { methods: self.session.methods.clone(), at: self.session.auth_time })
    }

    fn credential(&self, _: &App, _: IpAddr, _: Option<&RequestContext>) -> Arc<dyn CredentialCheck> {
        let Session { digest, factor_setup, .. } = *self.session;
        Arc::new(SessionCheck { session: digest, role: self.member().role, factor_setup })
    }
}

impl Identity for Caller {
    fn tenant(&self) -> &Tenant {
        match self {
            Self::Key(key) => key.tenant(),
            Self::Member(member) => member.tenant(),
        }
    }

    fn actor(&self) -> Actor {
        match self {
            Self::Key(key) => key.actor(),
            Self::Member(member) => member.actor(),
        }
    }

    fn may(&self, scope: Scope) -> bool {
        match self {
            Self::Key(key) => key.may(scope),
            Self::Member(member) => member.may(scope),
        }
    }

    fn authentication(&self) -> Option<Authentication> {
        match self {
            Self::Key(key) => key.authentication(),
            Self::Member(member) => member.authentication(),
        }
    }

    fn credential(&self, app: &App, client_ip: IpAddr, request: Option<&RequestContext>) -> Arc<dyn CredentialCheck> {
        match self {
            Self::Key(key) => key.credential(app, client_ip, request),
            Self::Member(member) => member.credential(app, client_ip, request),
        }
    }
}
