//! [`Allowed`]: the caller, once authenticated and authorised.

use std::marker::PhantomData;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;

use super::credential::{self, Credential};
use super::permission::{Permission, Rule};
use super::reader::Reader;
use super::recheck::{KeyCheck, SessionCheck};
use super::refusal::{refused, session_invalid, unauthorized};
use crate::app::App;
use crate::audit::{Actor, AuditContext, AuditedTx, BeginError, CredentialCheck, IdempotencyOutcome};
use crate::keys::index::VerifyRequest;
use crate::keys::{self, DenialReason, Denied, EntryRef};
use crate::limits::{Call, Group, Limited, Permit, Requester};
use crate::members::Member;
use crate::request_context::RequestContext;
use crate::scopes::Scope;
use crate::sessions;
use crate::workspaces::{Tenant, WorkspaceId};
use key_format::Hint;
use kit::db::DbResult;
use kit::http::{ApiError, Describe, Doc, Guard, IdempotencyKey, Matched};
use kit::secret::TokenDigest;

/// Proof that the caller may do what `P` names.
#[derive(Debug)]
pub struct Allowed<P> {
    caller: Caller,
    request: RequestContext,
    /// A read's share of the connections, as long as the handler runs.
    _connection: Option<Permit>,
    permission: PhantomData<P>,
}

/// Who calls.
#[derive(Clone, Debug)]
pub enum Caller {
    /// Nobody was asked for.
    Anyone,
    /// An application, by key.
    Key {
        /// What is known of it.
        entry: EntryRef,
        /// What is shown of it.
        hint: Hint,
        /// The scope that the request needs.
        scope: Option<Scope>,
    },
    /// A person, by session.
    Member {
        /// Them.
        member: Box<Member>,
        /// Their workspace.
        tenant: Arc<Tenant>,
        /// Their session.
        session: TokenDigest,
    },
}

impl Caller {
    /// The workspace of the credential, if there is one.
    pub(super) fn tenant(&self) -> Option<&Tenant> {
        match self {
            Self::Anyone => None,
            Self::Key { entry, .. } => Some(&entry.tenant),
            Self::Member { tenant, .. } => Some(tenant),
        }
    }
}

impl<P> Allowed<P> {
    pub(super) fn new(caller: Caller, request: RequestContext, connection: Option<Permit>) -> Self {
        Self { caller, request, _connection: connection, permission: PhantomData }
    }

    /// Who calls.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The workspace the credential belongs to; every query is about this one.
    pub fn workspace(&self) -> WorkspaceId {
        match &self.caller {
            Caller::Anyone => WorkspaceId(uuid::Uuid::nil()),
            Caller::Key { entry, .. } => entry.tenant.id,
            Caller::Member { tenant, .. } => tenant.id,
        }
    }

    /// That workspace's name in URLs.
    pub fn workspace_slug(&self) -> &str {
        match &self.caller {
            Caller::Anyone => "",
            Caller::Key { entry, .. } => &entry.tenant.slug,
            Caller::Member { tenant, .. } => &tenant.slug,
        }
    }

    /// For the record: who, from where, in which request.
    pub fn by(&self, app: &App) -> AuditContext {
        let actor = match &self.caller {
            Caller::Anyone => Actor::ANONYMOUS,
            Caller::Key { entry, .. } => Actor::api_key(entry.id, &entry.name),
            Caller::Member { member, .. } => Actor::member(member.id, &member.name),
        };
        AuditContext { credential: self.credential(app), ..self.request.audit_context(actor) }
    }

    /// Returns the credential, which is checked again when something is written.
    fn credential(&self, app: &App) -> Option<Arc<dyn CredentialCheck>> {
        match &self.caller {
            Caller::Anyone => None,
            Caller::Key { entry, scope, .. } => {
                let (entry, address) = (entry.clone(), self.request.client_ip());
                Some(Arc::new(KeyCheck { recorder: app.recorder.clone(), entry, scope: *scope, address }))
            }
            Caller::Member { member, session, .. } => Some(Arc::new(SessionCheck { session: *session, role: member.role })),
        }
    }

    /// Begins a write on the caller's behalf.
    pub async fn begin(&self, app: &App) -> Result<AuditedTx, BeginError> {
        AuditedTx::begin(app, self.workspace(), self.by(app)).await
    }

    /// The same, for a request that may be a repetition: then the first answer is given again, by `?`.
    pub async fn begin_idempotent(&self, app: &App, once: Option<IdempotencyKey>) -> Result<AuditedTx, ApiError> {
        self.begin_idempotent_by(app, self.by(app), once).await
    }

    /// The same without the caller's name, address and request: nothing that is kept leads back to them. Their credential is
    /// asked again all the same.
    pub async fn begin_idempotent_unnamed(&self, app: &App, once: Option<IdempotencyKey>) -> Result<AuditedTx, ApiError> {
        let by = AuditContext { credential: self.credential(app), ..AuditContext::of(Actor::ANONYMOUS) };
        self.begin_idempotent_by(app, by, once).await
    }

    async fn begin_idempotent_by(
        &self,
        app: &App,
        by: AuditContext,
        once: Option<IdempotencyKey>,
    ) -> Result<AuditedTx, ApiError> {
        match AuditedTx::begin_idempotent(app, self.workspace(), by, once).await? {
            (tx, IdempotencyOutcome::Fresh) => Ok(tx),
            (_, IdempotencyOutcome::Replay { status, data }) => Err(ApiError::replay(status, data)),
            (_, IdempotencyOutcome::Reused) => Err(ApiError::idempotency_key_reused()),
        }
    }

    /// Whether the caller may also do what this scope names: for what an answer tells besides.
    pub fn may(&self, scope: Scope) -> bool {
        match &self.caller {
            Caller::Anyone => false,
            Caller::Key { entry, .. } => entry.scopes().cover(scope),
            Caller::Member { member, .. } => member.role.allows(scope),
        }
    }

    /// The caller, to be asked again later whether they still may what `P` names.
    pub fn reader(&self, app: &App) -> Option<Reader>
    where
        P: Permission,
    {
        Reader::new(app, &self.caller, P::RULE, self.request.client_ip())
    }

    /// What is known of the request itself.
    pub fn request(&self) -> &RequestContext {
        &self.request
    }
}

impl<P: Permission> FromRequestParts<App> for Allowed<P> {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let request = RequestContext::of(parts)?;
        let call = P::call(&parts.method);
        let caller = match P::rule(parts)? {
            Rule::Anyone => Caller::Anyone,
            rule => admit(app, parts, &request, rule, call).await?,
        };
        if let Some(tenant) = caller.tenant() {
            Matched::admit(&parts.extensions, tenant.id.0);
        }
        let connection = connection::<P>(app, &caller, call).await?;
        Ok(Self::new(caller, request, connection))
    }
}

/// A place in the workspace's share of read connections, for a call that reads more than who calls.
pub(super) async fn connection<P: Permission>(app: &App, caller: &Caller, call: Call) -> Result<Option<Permit>, ApiError> {
    if call != Call::Read || matches!(P::RULE, Rule::Anyone | Rule::Identified) {
        return Ok(None);
    }
    let workspace = match caller {
        Caller::Anyone => return Ok(None),
        Caller::Key { entry, .. } => entry.tenant.id,
        Caller::Member { tenant, .. } => tenant.id,
    };
    match app.budgets.try_read(workspace) {
        Some(permit) => Ok(Some(permit)),
        None => Ok(Some(Box::pin(app.budgets.read(workspace)).await?)),
    }
}

/// Takes a member's call off their limits.
pub(super) fn take(app: &App, caller: &Caller, call: Call, request: &RequestContext) -> Result<(), Limited> {
    match caller {
        Caller::Member { member, .. } => {
            let group = if member.role.is_administrator() { Group::Administrators } else { Group::Others };
            let requester = Requester { member: member.id, workspace: member.workspace, group };
            app.budgets.admit_member(requester, call, app.budgets.moment(request.received_at_ticks()))
        }
        Caller::Anyone | Caller::Key { .. } => Ok(()),
    }
}

async fn admit(app: &App, parts: &Parts, request: &RequestContext, rule: Rule, call: Call) -> Result<Caller, ApiError> {
    match credential::find(&parts.headers)? {
        None => Err(unauthorized(
            "AUTHENTICATION_REQUIRED",
            "Send an API key in the X-API-Key header, or sign in and send the token in Authorization: Bearer.",
        )),
        Some(Credential::Key(presented)) => {
            let entry = admit_key(app, presented, request, rule, call).await?;
            Ok(Caller::Key { entry, hint: Hint::of(presented), scope: rule.scope() })
        }
        Some(Credential::Token(token)) => {
            // In a box, as wherever a request of a key may have to ask the database: the room for it would be moved about
            // with each of them, and they hardly ever do.
            let person = Box::pin(person(app, token)).await?.ok_or_else(session_invalid)?;
            take(app, &person, call, request)?;
            if let Caller::Member { member, .. } = &person
                && !rule.admits(member.role)
            {
                let message = format!(
                    "Your role, {}, does not allow this; it needs {rule}. Ask an administrator of the workspace.",
                    member.role
                );
                return Err(ApiError::new(StatusCode::FORBIDDEN, "ROLE_REQUIRED", message));
            }
            Ok(person)
        }
    }
}

/// Whose session this is, unless it is unknown, expired or signed out.
pub(super) async fn person(app: &App, token: &[u8]) -> DbResult<Option<Caller>> {
    let Some((member, session)) = sessions::authenticate(app, token).await? else { return Ok(None) };
    let tenant = keys::tenant(app, &app.index, member.workspace).await?;
    Ok(tenant.map(|tenant| Caller::Member { member: Box::new(member), tenant, session }))
}

async fn admit_key(app: &App, presented: &[u8], request: &RequestContext, rule: Rule, call: Call) -> Result<EntryRef, ApiError> {
    let ask = |now, ticks| VerifyRequest { scope: rule.scope(), address: request.client_ip(), now, ticks };
    let (ask, verified) = if app.cluster.has_lease(request.received_at_ticks()) {
        let ask = ask(request.received_at(), request.received_at_ticks());
        (ask, app.index.verify(presented, ask).and_then(|verified| verified.entry().ok_or(Denied::INVALID)))
    } else {
        let known = Box::pin(keys::find_in_database(app, &app.cluster, &app.index, presented)).await;
        let known = known.map_err(|_not_reachable| ApiError::unavailable())?;
        let ask = ask(app.clock.now(), app.clock.ticks());
        (ask, known.ok_or(Denied::INVALID).and_then(|key| app.index.verify_loaded(&key, ask)))
    };
    match verified {
        Ok(entry) if !rule.admits_keys() => {
            app.recorder.deny(&entry, DenialReason::PersonRequired, None, request.denied_request(ask.now));
            Err(refused(DenialReason::PersonRequired, request.client_ip()))
        }
        Ok(entry) => {
            if call == Call::Write
                && let Err(limited) = app.budgets.admit_key_write(entry.tenant.id, app.budgets.moment(ask.ticks))
            {
                let reason = DenialReason::RateLimited(());
                app.recorder.deny(&entry, reason, ask.scope, request.denied_request(ask.now));
                return Err(limited.into());
            }
            app.recorder.allow(&entry, ask.scope, request.client_ip(), ask.now);
            Ok(entry)
        }
        Err(denied) => {
            if let Some(entry) = &denied.entry {
                app.recorder.deny(entry, denied.reason.without_limit(), ask.scope, request.denied_request(ask.now));
            }
            Err(refused(denied.reason, request.client_ip()))
        }
    }
}

impl<P: Permission> Guard for Allowed<P> {
    fn permission() -> String {
        P::RULE.to_string()
    }
}

impl<P: Permission> Describe for Allowed<P> {
    fn describe(doc: &mut Doc) {
        doc.fails(400, "INVALID_REQUEST");
        doc.fails(400, "CREDENTIAL_IN_URL");
        if P::RULE == Rule::Anyone {
            return;
        }
        doc.security.push("session");
        doc.fails(400, "AMBIGUOUS_CREDENTIALS");
        for code in ["AUTHENTICATION_REQUIRED", "SESSION_INVALID", "API_KEY_INVALID", "API_KEY_REVOKED", "API_KEY_EXPIRED"] {
            doc.fails(401, code);
        }
        doc.fails(403, "IP_NOT_ALLOWED");
        doc.fails(429, "RATE_LIMITED");
        doc.fails(503, "UNAVAILABLE");
        if P::RULE.admits_keys() {
            doc.security.extend(["apiKey", "bearerKey"]);
        } else {
            doc.fails(403, "PERSON_REQUIRED");
        }
        if P::RULE.scope().is_some() {
            doc.fails(403, "SCOPE_REQUIRED");
        }
        if !matches!(P::RULE, Rule::Identified | Rule::SignedIn) {
            doc.fails(403, "ROLE_REQUIRED");
        }
    }
}
