//! [`Allowed`]: the extractor that admits the caller of an API call.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::admit::{Admit, Terms, refuse_old_proof};
use super::caller::{Identity, MemberCaller};
use super::permission::{Permission, RECENT};
use super::reader::Reader;
use super::refusal::{reauthentication_required, refused, role_required};
use super::rule::{Credentials, Rule};
use crate::app::App;
use crate::audit::{Actor, AuditContext, AuditedTx, BatchAuthor, BeginError, IdempotencyOutcome};
use crate::keys::DenialReason;
use crate::limits::{Call, Permit};
use crate::members::Member;
use crate::request_context::RequestContext;
use crate::requests::KeyRefusal;
use crate::scopes::Scope;
use crate::security::SETUP_REQUIRED;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::day::Day;
use kit::http::{ApiError, Describe, Doc, Guard, IdempotencyKey, Matched, Precondition};

/// Proof that the caller may do what `P` names. Its methods follow from the callers that `P` admits.
#[derive(Debug)]
pub struct Allowed<P: Permission> {
    caller: P::Caller,
    request: RequestContext,
    /// A read's share of the connections, held until the handler has returned.
    connection: Option<Permit>,
}

impl<P: Permission> Allowed<P> {
    pub(super) fn new(caller: P::Caller, request: RequestContext, connection: Option<Permit>) -> Self {
        Self { caller, request, connection }
    }

    pub fn caller(&self) -> &P::Caller {
        &self.caller
    }

    pub fn request(&self) -> &RequestContext {
        &self.request
    }

    /// Gives a read's share of the connections back, for a handler that waits before it reads on.
    pub fn release_connection(&mut self) {
        self.connection = None;
    }
}

impl<P: Permission<Caller: Identity>> Allowed<P> {
    /// The workspace that the credential belongs to. Every query is limited to it.
    pub fn workspace(&self) -> WorkspaceId {
        self.caller.tenant().id
    }

    /// Returns the day that `time` falls on in the workspace's time zone.
    pub fn day_of(&self, time: Time) -> Day {
        self.caller.tenant().day_of(time)
    }

    pub fn workspace_slug(&self) -> &str {
        &self.caller.tenant().slug
    }

    /// The actor, proof, address and request for the audit log, with the check of the credential that a write repeats.
    pub fn audit_context(&self, app: &App) -> AuditContext {
        self.caller.audit_context(app, &self.request)
    }

    /// Returns the caller as the author of a batch.
    pub fn batch_author(&self, app: &App) -> BatchAuthor {
        BatchAuthor { workspace: self.workspace(), context: self.audit_context(app) }
    }

    /// Begins a write on the caller's behalf.
    pub async fn begin(&self, app: &App) -> Result<AuditedTx, BeginError> {
        AuditedTx::begin(app, self.workspace(), self.audit_context(app)).await
    }

    /// Begins a write on the caller's behalf, if the resource that it changes is in the state that the caller demands.
    pub async fn begin_if(&self, app: &App, precondition: Option<Precondition>) -> Result<AuditedTx, BeginError> {
        AuditedTx::begin(app, self.workspace(), self.audit_context(app).only_if(precondition)).await
    }

    /// Begins a write that may be repeated with an `Idempotency-Key`. Fails with the first response if it was done before.
    pub async fn begin_idempotent(&self, app: &App, idempotency_key: Option<IdempotencyKey>) -> Result<AuditedTx, ApiError> {
        self.begin_idempotent_by(app, self.audit_context(app), idempotency_key).await
    }

    /// Begins an idempotent write whose event names neither the caller nor the address nor the request. The credential is
    /// checked all the same.
    pub async fn begin_idempotent_unnamed(
        &self,
        app: &App,
        idempotency_key: Option<IdempotencyKey>,
    ) -> Result<AuditedTx, ApiError> {
        let credential = self.caller.credential(app, self.request.client_ip(), None);
        let account = Some(self.caller.tenant().owner);
        let context = AuditContext { credential: Some(credential), account, ..AuditContext::of(Actor::ANONYMOUS) };
        self.begin_idempotent_by(app, context, idempotency_key).await
    }

    async fn begin_idempotent_by(
        &self,
        app: &App,
        context: AuditContext,
        idempotency_key: Option<IdempotencyKey>,
    ) -> Result<AuditedTx, ApiError> {
        match AuditedTx::begin_idempotent(app, self.workspace(), context, idempotency_key).await? {
            (tx, IdempotencyOutcome::Fresh) => Ok(tx),
            (_, IdempotencyOutcome::Replay { status, data }) => Err(ApiError::replay(status, data)),
            (_, IdempotencyOutcome::Reused) => Err(ApiError::idempotency_key_reused()),
        }
    }

    /// Returns true if the caller may also do what `scope` names: for parts of a response that need more than the request.
    pub fn may(&self, scope: Scope) -> bool {
        self.caller.may(scope)
    }
}

impl<P: Permission<Caller = MemberCaller>> Allowed<P> {
    pub fn member(&self) -> &Member {
        self.caller.member()
    }

    /// Returns true if the member proved who they are within [`RECENT`], for a request whose body decides whether that is needed.
    pub fn is_recent(&self, app: &App) -> bool {
        self.caller.session.is_recent(RECENT, app.clock.now())
    }

    /// The member, to be checked again during a response that takes long to send.
    pub fn member_reader(&self, app: &App) -> Reader {
        Reader::new(app, &self.caller.clone().into(), P::RULE, self.request.client_ip())
    }

    /// Returns the error of a member who did not, with the methods by which they can prove it again.
    pub async fn reauthentication_required(&self, app: &App) -> ApiError {
        refuse_old_proof(app, self.member()).await
    }
}

impl<P: Permission<Caller = super::Caller>> Allowed<P> {
    /// The caller, to be checked again during a response that takes long to send.
    pub fn reader(&self, app: &App) -> Reader {
        Reader::new(app, &self.caller, P::RULE, self.request.client_ip())
    }

    /// Fails unless the caller may also do what `scope` names: for a request whose parameters need more than its route.
    pub fn require(&self, app: &App, scope: Scope) -> Result<(), ApiError> {
        if self.may(scope) {
            return Ok(());
        }
        self.count_missing_scope(app, scope);
        Err(match &self.caller {
            super::Caller::Key(_) => refused(DenialReason::ScopeRequired(scope), self.request.client_ip()),
            super::Caller::Member(caller) => role_required(Rule::Scope(scope), caller.member().role),
        })
    }

    /// Counts the request of a key as a use of `scope` as well, for a request that uses more than the scope of its route.
    pub fn count_use(&self, app: &App, scope: Scope) {
        if let super::Caller::Key(key) = &self.caller
            && key.scope != Some(scope)
        {
            let _listed_already =
                app.recorder.allow(&key.entry, Some(scope), self.request.client_ip(), self.request.received_at());
        }
    }

    /// Counts the request of a key as denied for a scope that only its body or the row that it names needs.
    pub fn count_missing_scope(&self, app: &App, scope: Scope) {
        if let super::Caller::Key(key) = &self.caller {
            let refusal = KeyRefusal::new(key.entry.clone(), DenialReason::ScopeRequired(scope), Some(scope));
            self.request.deny(&app.recorder, refusal, app.clock.now());
        }
    }

    /// Returns whether the caller is a key, or a member who proved who they are within [`RECENT`]: for a request whose body
    /// decides whether that is needed.
    pub fn has_recent_proof(&self, app: &App) -> bool {
        match &self.caller {
            super::Caller::Key(_) => true,
            super::Caller::Member(member) => member.session.is_recent(RECENT, app.clock.now()),
        }
    }

    /// Returns the error of a caller who did not, with the methods by which a member can prove it again.
    pub async fn recent_proof_required(&self, app: &App) -> ApiError {
        match &self.caller {
            super::Caller::Key(_) => reauthentication_required(&[]),
            super::Caller::Member(member) => refuse_old_proof(app, member.member()).await,
        }
    }
}

impl<P: Permission> FromRequestParts<App> for Allowed<P> {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        const {
            // A rule for members only must not be combined with a caller type that may be a key.
            assert!(P::RULE.credentials().is(P::Caller::CREDENTIALS), "the rule and the caller of a permission differ");
        }
        let request = RequestContext::of(parts)?;
        let terms = Terms {
            rule: P::rule(parts)?,
            call: P::call(&parts.method),
            needs_recent_proof: P::NEEDS_RECENT_PROOF,
            is_open_before_setup: P::OPEN_BEFORE_SETUP,
            tells_limit: reads_more::<P>(),
        };
        let caller = P::Caller::admit(app, parts, &request, terms).await?;
        let connection = match caller.workspace() {
            Some(workspace) => {
                Matched::admit(&parts.extensions, workspace.0);
                connection::<P>(app, workspace, terms.call).await?
            }
            None => None,
        };
        Ok(Self::new(caller, request, connection))
    }
}

/// Returns whether calls of a permission read or write more than their caller. Others only check a credential, as fast as they can.
const fn reads_more<P: Permission>() -> bool {
    !matches!(P::RULE, Rule::Anyone | Rule::Identified)
}

/// Waits for a share of the workspace's read connections, for a call that reads more than its caller.
pub(super) async fn connection<P: Permission>(app: &App, workspace: WorkspaceId, call: Call) -> Result<Option<Permit>, ApiError> {
    if call != Call::Read || !reads_more::<P>() {
        return Ok(None);
    }
    match app.limits.try_read(workspace) {
        Some(permit) => Ok(Some(permit)),
        None => Ok(Some(Box::pin(app.limits.read(workspace)).await?)),
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
        let credentials = P::RULE.credentials();
        if credentials == Credentials::None {
            return;
        }
        doc.security.push("session");
        doc.fails(400, "AMBIGUOUS_CREDENTIALS");
        for code in ["AUTHENTICATION_REQUIRED", "SESSION_INVALID"] {
            doc.fails(401, code);
        }
        for code in ["API_KEY_INVALID", "API_KEY_REVOKED", "API_KEY_EXPIRED", "API_KEY_PAUSED"] {
            doc.fails(401, code);
        }
        doc.fails(403, "IP_NOT_ALLOWED");
        doc.fails(429, "RATE_LIMITED");
        doc.fails(503, "UNAVAILABLE");
        doc.fails(503, "OVERLOADED");
        if credentials == Credentials::KeyOrSession {
            doc.security.extend(["apiKey", "bearerKey"]);
            if reads_more::<P>() {
                doc.headers.push(("RateLimit-Policy", "With a key that has a limit: the limit, such as \"default\";q=600;w=60."));
                let rest = "With a key that has a limit: the requests that may follow at once, and the seconds until there is one \
                            more, such as \"default\";r=599;t=1.";
                doc.headers.push(("RateLimit", rest));
            }
        } else {
            doc.fails(403, "PERSON_REQUIRED");
        }
        if !P::OPEN_BEFORE_SETUP {
            doc.fails(403, SETUP_REQUIRED);
        }
        if P::NEEDS_RECENT_PROOF {
            doc.fails(403, "REAUTHENTICATION_REQUIRED");
        }
        if P::RULE.scope().is_some() {
            doc.fails(403, "SCOPE_REQUIRED");
        }
        if !matches!(P::RULE, Rule::Identified | Rule::SignedIn) {
            doc.fails(403, "ROLE_REQUIRED");
        }
    }
}
