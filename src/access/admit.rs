//! Authentication and authorisation of one request: from its credential to a [`Caller`].

use std::fmt::Debug;

use axum::http::request::Parts;

use super::caller::{Anonymous, Caller, Identity, KeyCaller, LiveCaller, MemberCaller};
use super::credential::{self, Credential};
use super::permission::RECENT;
use super::refusal::{reauthentication_required, refused, role_required, session_invalid, setup_required, unauthorized};
use super::rule::{Credentials, Rule};
use crate::app::App;
use crate::auth;
use crate::keys::index::VerifyRequest;
use crate::keys::{self, DenialReason, Denied, EntryRef};
use crate::limits::{Call, Group, Limited, Requester};
use crate::members::Member;
use crate::request_context::RequestContext;
use crate::requests::{ExceededLimit, KeyRefusal, LimitOwner};
use crate::security::FactorSetup;
use crate::sessions;
use crate::workspaces::WorkspaceId;
use key_format::Hint;
use kit::db::DbResult;
use kit::http::ApiError;
use kit::limit::{LimitState, RateLimited};

/// The terms of one request: who is admitted, and the limit that it counts towards.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    pub rule: Rule,
    pub call: Call,
    /// True if members must have proved their identity recently.
    pub needs_recent_proof: bool,
    /// True if a member who has to set up a second factor first is admitted.
    pub is_open_before_setup: bool,
    /// True if the response tells the rest of a key's rate limit.
    pub tells_limit: bool,
}

/// A kind of caller that a request can be admitted as.
pub trait Admit: Sized + Debug + Send + Sync + 'static {
    /// The credentials that are accepted.
    const CREDENTIALS: Credentials;

    /// Authenticates the request, applies the caller's limits and checks the rule.
    fn admit(
        app: &App,
        parts: &Parts,
        request: &RequestContext,
        terms: Terms,
    ) -> impl Future<Output = Result<Self, ApiError>> + Send;

    /// The workspace of the credential, if one was looked at.
    fn workspace(&self) -> Option<WorkspaceId>;
}

impl Admit for Anonymous {
    const CREDENTIALS: Credentials = Credentials::None;

    async fn admit(_: &App, _: &Parts, _: &RequestContext, _: Terms) -> Result<Self, ApiError> {
        Ok(Self)
    }

    fn workspace(&self) -> Option<WorkspaceId> {
        None
    }
}

impl Admit for Caller {
    const CREDENTIALS: Credentials = Credentials::KeyOrSession;

    async fn admit(app: &App, parts: &Parts, request: &RequestContext, terms: Terms) -> Result<Self, ApiError> {
        match credential::find(&parts.headers)? {
            None => Err(authentication_required()),
            Some(Credential::Key(presented)) => admit_key::<false>(app, presented, request, terms).await.map(Self::Key),
            // In a box: the future of a request by key stays small.
            Some(Credential::Token(token)) => Box::pin(admit_token(app, token, request, terms)).await.map(Self::Member),
        }
    }

    fn workspace(&self) -> Option<WorkspaceId> {
        // Limits hold for a workspace and its sandbox together.
        Some(self.tenant().owner)
    }
}

impl Admit for LiveCaller {
    const CREDENTIALS: Credentials = Credentials::KeyOrSession;

    async fn admit(app: &App, parts: &Parts, request: &RequestContext, terms: Terms) -> Result<Self, ApiError> {
        match credential::find(&parts.headers)? {
            Some(Credential::Key(presented)) => {
                admit_key::<true>(app, presented, request, terms).await.map(|key| Self(Caller::Key(key)))
            }
            Some(Credential::Token(_)) | None => Box::pin(Caller::admit(app, parts, request, terms)).await.map(Self),
        }
    }

    fn workspace(&self) -> Option<WorkspaceId> {
        self.0.workspace()
    }
}

impl Admit for MemberCaller {
    const CREDENTIALS: Credentials = Credentials::Session;

    async fn admit(app: &App, parts: &Parts, request: &RequestContext, terms: Terms) -> Result<Self, ApiError> {
        match credential::find(&parts.headers)? {
            None => Err(authentication_required()),
            Some(Credential::Key(presented)) => Err(refuse_key(app, presented, request).await),
            Some(Credential::Token(token)) => admit_token(app, token, request, terms).await,
        }
    }

    fn workspace(&self) -> Option<WorkspaceId> {
        Some(self.tenant.id)
    }
}

fn authentication_required() -> ApiError {
    unauthorized(
        "AUTHENTICATION_REQUIRED",
        "Send an API key in the X-API-Key header, or sign in and send the token in Authorization: Bearer.",
    )
}

async fn admit_token(app: &App, token: &[u8], request: &RequestContext, terms: Terms) -> Result<MemberCaller, ApiError> {
    let caller = authenticate_session(app, token).await?.ok_or_else(session_invalid)?;
    admit_member(app, &caller, terms.call, request)?;
    require_setup(&caller, terms.is_open_before_setup)?;
    if !terms.rule.admits(caller.member().role) {
        return Err(role_required(terms.rule, caller.member().role));
    }
    require_recent(app, &caller, terms.needs_recent_proof).await?;
    Ok(caller)
}

/// Returns the member and workspace of a session, unless the token is unknown, expired or signed out.
pub(super) async fn authenticate_session(app: &App, token: &[u8]) -> DbResult<Option<MemberCaller>> {
    let Some(session) = sessions::authenticate(app, token).await? else { return Ok(None) };
    let tenant = keys::tenant(app, &app.index, session.member.workspace).await?;
    Ok(tenant.map(|tenant| MemberCaller { session: Box::new(session), tenant }))
}

/// Counts a request towards the member's limits, and notes the use of their session.
pub(super) fn admit_member(app: &App, caller: &MemberCaller, call: Call, request: &RequestContext) -> Result<(), Limited> {
    let member = caller.member();
    let group = if member.role.is_administrator() { Group::Administrators } else { Group::Others };
    let requester = Requester { member: member.id, workspace: member.workspace, group };
    app.limits.admit_member(requester, call, app.limits.moment(request.received_at_ticks()))?;
    app.last_seen.note(&caller.session, request.received_at(), request.client_ip(), || request.user_agent());
    Ok(())
}

/// Refuses a member who has to set up a second factor first, unless the permission is open to them.
pub(super) fn require_setup(caller: &MemberCaller, is_open_before_setup: bool) -> Result<(), ApiError> {
    if caller.session.factor_setup == FactorSetup::Required && !is_open_before_setup {
        return Err(setup_required());
    }
    Ok(())
}

/// Refuses a session whose last proof of identity is too old, if the permission needs a recent one.
pub(super) async fn require_recent(app: &App, caller: &MemberCaller, needs_recent_proof: bool) -> Result<(), ApiError> {
    if !needs_recent_proof || caller.session.is_recent(RECENT, app.clock.now()) {
        return Ok(());
    }
    Err(refuse_old_proof(app, caller.member()).await)
}

/// Returns the refusal of a member whose last proof of identity is too old, with the methods by which they can prove it again.
pub(super) async fn refuse_old_proof(app: &App, member: &Member) -> ApiError {
    match auth::own_methods(app.db.read(), member).await {
        Ok(methods) => reauthentication_required(&methods),
        Err(error) => error.into(),
    }
}

/// A key that was verified, and what it was verified for.
struct VerifiedKey {
    entry: EntryRef,
    asked: VerifyRequest,
}

/// Verifies a key as of the request's arrival, or against the database where this node has no lease.
async fn verify_key(
    app: &App,
    presented: &[u8],
    request: &RequestContext,
    (rule, tells_limit): (Rule, bool),
) -> Result<VerifiedKey, ApiError> {
    let nodes = app.limits.nodes();
    let tell = |limit: Option<LimitState>| {
        if let Some(limit) = limit {
            request.note_limit(limit);
        }
    };
    let ask = |now, ticks| VerifyRequest { scope: rule.scope(), address: request.client_ip(), now, ticks, nodes };
    let (asked, verified) = if app.cluster.has_lease(request.received_at_ticks()) {
        let asked = ask(request.received_at(), request.received_at_ticks());
        let verified = app.index.verify(presented, asked);
        if let (true, Ok(verified)) = (tells_limit, &verified) {
            tell(verified.limit(asked));
        }
        (asked, verified.and_then(|verified| verified.entry().ok_or(Denied::INVALID)))
    } else {
        let known = Box::pin(keys::find_in_database(app, &app.cluster, &app.index, presented)).await;
        let known = known.map_err(|_not_reachable| ApiError::unavailable())?;
        let asked = ask(app.clock.now(), app.clock.ticks());
        let verified = known.ok_or(Denied::INVALID).and_then(|key| {
            let entry = app.index.verify_loaded(&key, asked)?;
            tell(tells_limit.then(|| app.index.limit_of(&key, asked)).flatten());
            Ok(entry)
        });
        (asked, verified)
    };
    verified.map(|entry| VerifiedKey { entry, asked }).map_err(|denied| {
        if let Some(entry) = denied.entry {
            let limit = exceeded(denied.reason);
            let refusal = KeyRefusal { limit, ..KeyRefusal::new(entry, denied.reason.without_limit(), asked.scope) };
            request.deny(&app.recorder, refusal, asked.now);
        }
        refused(denied.reason, request.client_ip())
    })
}

/// Returns the limit of the key that was exceeded, if that is the reason.
fn exceeded(reason: DenialReason<RateLimited>) -> Option<ExceededLimit> {
    match reason {
        DenialReason::RateLimited(RateLimited { rate, .. }) => {
            Some(ExceededLimit { requests: rate.requests.into(), per_seconds: rate.per.as_secs(), of: LimitOwner::Key })
        }
        DenialReason::Invalid
        | DenialReason::Revoked
        | DenialReason::Expired
        | DenialReason::Paused
        | DenialReason::AddressNotAllowed
        | DenialReason::ScopeRequired(_)
        | DenialReason::PersonRequired
        | DenialReason::TestKey
        | DenialReason::LeakedInUrl => None,
    }
}

/// Verifies a key and counts its request. `LIVE_ONLY` is a constant, so that calls that admit test keys do not pay for it.
async fn admit_key<const LIVE_ONLY: bool>(
    app: &App,
    presented: &[u8],
    request: &RequestContext,
    terms: Terms,
) -> Result<KeyCaller, ApiError> {
    let VerifiedKey { entry, asked } = verify_key(app, presented, request, (terms.rule, terms.tells_limit)).await?;
    if LIVE_ONLY && entry.is_test() {
        request.deny(&app.recorder, KeyRefusal::new(entry, DenialReason::TestKey, asked.scope), asked.now);
        return Err(refused(DenialReason::TestKey, request.client_ip()));
    }
    if terms.call == Call::Write
        && let Err(limited) = app.limits.admit_key_write(entry.workspace(), app.limits.moment(asked.ticks))
    {
        let limit =
            Some(ExceededLimit { requests: limited.quota, per_seconds: limited.window.as_secs(), of: LimitOwner::Workspace });
        let refusal = KeyRefusal { limit, ..KeyRefusal::new(entry, DenialReason::RateLimited(()), asked.scope) };
        request.deny(&app.recorder, refusal, asked.now);
        return Err(limited.into());
    }
    let is_sampled = app.recorder.allow(&entry, asked.scope, request.client_ip(), asked.now);
    // The time of a request that files a report would tell who filed an anonymous one.
    if is_sampled && terms.rule != Rule::FileReports {
        request.note_sampled(&entry, asked.scope);
    }
    Ok(KeyCaller { entry, hint: Hint::of(presented), scope: asked.scope })
}

/// Returns the refusal of a key where only members are admitted: that the key is invalid, or that it is a key.
async fn refuse_key(app: &App, presented: &[u8], request: &RequestContext) -> ApiError {
    match verify_key(app, presented, request, (Rule::Identified, false)).await {
        Err(error) => error,
        Ok(VerifiedKey { entry, asked }) => {
            request.deny(&app.recorder, KeyRefusal::new(entry, DenialReason::PersonRequired, None), asked.now);
            refused(DenialReason::PersonRequired, request.client_ip())
        }
    }
}
