//! Starting, finding, renewing and ending sessions.

use serde_json::json;

use super::last_seen::Use;
use super::model::{AuthMethod, ListedSession, Session, SessionId};
use super::store;
use crate::audit::{Action, AuditContext, AuditedTx, BeginError, CredentialLoss, Target, TargetKind};
use crate::core::Core;
use crate::members::{Member, MemberId, Role};
use crate::security::SessionLimits;
use crate::security::{self, FactorSetup};
use kit::clock::Time;
use kit::db::{DbResult, Source};
use kit::secret::{SecretToken, TokenDigest, TokenKind};

/// The sessions that a member may have; the oldest end.
const MAX_SESSIONS: u64 = 20;

/// The tokens of sessions: `pcs_…`.
const TOKEN: TokenKind = TokenKind::new('s');

/// A session that was just started.
#[derive(Debug)]
pub struct StartedSession {
    /// Sent once, and not stored.
    pub token: SecretToken,
    /// The latest time at which it ends.
    pub expires_at: Time,
    /// The member's need to set up a second factor.
    pub factor_setup: FactorSetup,
    /// The older sessions that ended because there were too many.
    pub ended: u64,
}

/// A session whose token was replaced.
#[derive(Debug)]
pub struct RenewedSession {
    /// Sent once, and not stored.
    pub token: SecretToken,
    pub expires_at: Time,
    /// The other sessions of the member, which ended.
    pub ended: u64,
}

/// Starts a session for a member who has proved who they are by `methods`, in the transaction of the sign-in.
pub async fn start(tx: &AuditedTx, member: &Member, methods: &[AuthMethod]) -> DbResult<StartedSession> {
    let token = SecretToken::generate(TOKEN, tx.random());
    let now = tx.now();
    let policy = security::policy_of(tx.db(), member.workspace).await?;
    let session = Session {
        digest: token.digest(),
        member: member.clone(),
        created_at: now,
        expires_at: now.after(policy.settings.session_limits().absolute),
        auth_time: now,
        methods: methods.to_vec(),
        last_seen_at: Some(now),
        factor_setup: policy.factor_setup(member, now),
    };
    store::insert(tx.db(), &session, Use::new(now, tx.context().ip, tx.context().user_agent.clone())).await?;
    let ended = store::end_oldest(tx.db(), member.id, session.digest, MAX_SESSIONS).await?;
    let Session { expires_at, factor_setup, .. } = session;
    Ok(StartedSession { token, expires_at, factor_setup, ended })
}

/// Returns the session of a token, unless it is unknown, expired or signed out.
pub async fn authenticate(core: &Core, token: &[u8]) -> DbResult<Option<Session>> {
    store::find(core.db.read(), TokenDigest::of(token), core.clock.now()).await
}

/// Fails if the session has ended, the member's role was changed, or they have to set up a second factor, since the request was
/// admitted, as its body may have been on the way for long.
pub async fn require(
    tx: &impl Source,
    session: TokenDigest,
    (role, setup): (Role, FactorSetup),
    now: Time,
) -> Result<(), BeginError> {
    let session = store::find(tx, session, now).await?.ok_or(CredentialLoss::Session)?;
    if session.member.role != role {
        return Err(CredentialLoss::Role.into());
    }
    // What was open to a member who had to set it up already is still open.
    if session.factor_setup == FactorSetup::Required && setup != FactorSetup::Required {
        return Err(CredentialLoss::FactorSetup.into());
    }
    Ok(())
}

/// Gives a session a new token and ends the member's other sessions, in the transaction of a change of their password. The proof
/// of identity stays as old as it was.
pub async fn renew(tx: &AuditedTx, session: &Session) -> Result<RenewedSession, BeginError> {
    let token = SecretToken::generate(TOKEN, tx.random());
    let ended = store::delete_all_but(tx.db(), session.member.id, Some(session.digest)).await?;
    if !store::set_digest(tx.db(), session.digest, token.digest()).await? {
        return Err(CredentialLoss::Session.into());
    }
    Ok(RenewedSession { token, expires_at: session.expires_at, ended })
}

/// Notes that the person who has `session` has proved who they are by `methods`, in the transaction that records it. Every node
/// finds it with the session.
pub async fn set_proof(tx: &AuditedTx, session: &Session, methods: &[AuthMethod]) -> Result<(), BeginError> {
    if store::set_proof(tx.db(), session.digest, tx.now(), methods).await? { Ok(()) } else { Err(CredentialLoss::Session.into()) }
}

/// Ends all sessions of a member, in the transaction of what ends them. Returns how many ended.
pub async fn end_all(tx: &AuditedTx, member: MemberId) -> DbResult<u64> {
    store::delete_all_but(tx.db(), member, None).await
}

/// Ends all sessions of a workspace, in the transaction of what ends them. Returns how many ended that were not over.
pub async fn end_everyone(tx: &AuditedTx) -> DbResult<u64> {
    let limits = security::policy_of(tx.db(), tx.workspace()).await?.settings.session_limits();
    store::delete_of_workspace(tx.db(), tx.workspace(), limits, tx.now()).await
}

/// Ends the other sessions of a member, in the transaction of what ends them. Returns how many ended.
pub async fn end_all_but(tx: &AuditedTx, session: &Session) -> DbResult<u64> {
    store::delete_all_but(tx.db(), session.member.id, Some(session.digest)).await
}

/// Ends the sessions of a workspace that are over by new limits, so that later ones do not revive them.
pub async fn end_over(tx: &AuditedTx, limits: SessionLimits) -> DbResult<()> {
    store::delete_over(tx.db(), tx.workspace(), limits, tx.now()).await
}

/// Ends a session, with an event in the audit log.
pub async fn end(core: &Core, session: &Session, context: AuditContext) -> Result<(), BeginError> {
    let mut tx = AuditedTx::begin_essential(core, session.member.workspace, context).await?;
    store::delete(tx.db(), session.digest).await?;
    tx.record(Action::SignedOut, Some(target(&session.member)), json!({}));
    tx.commit().await?;
    Ok(())
}

/// Ends the session `id` of the person who has `session`. Returns it; `None` if they have no such session.
pub async fn end_one(
    core: &Core,
    session: &Session,
    id: SessionId,
    context: AuditContext,
) -> Result<Option<ListedSession>, BeginError> {
    let mut tx = AuditedTx::begin_essential(core, session.member.workspace, context).await?;
    let own = store::list(tx.db(), session.member.id, tx.now()).await?;
    let Some(ending) = own.into_iter().find(|own| own.id == id) else { return Ok(None) };
    store::delete(tx.db(), ending.digest).await?;
    if ending.is(session) {
        tx.record(Action::SignedOut, Some(target(&session.member)), json!({}));
    } else {
        let details = json!({ "endedSessions": 1, "session": id, "ip": ending.ip, "userAgent": ending.user_agent });
        tx.record(Action::SessionRevoked, Some(target(&session.member)), details);
    }
    tx.commit().await?;
    Ok(Some(ending))
}

/// Ends all sessions of the person who has `session`, but this one. Returns how many ended.
pub async fn end_others(core: &Core, session: &Session, context: AuditContext) -> Result<u64, BeginError> {
    let mut tx = AuditedTx::begin_essential(core, session.member.workspace, context).await?;
    let ended = store::delete_all_but(tx.db(), session.member.id, Some(session.digest)).await?;
    if ended > 0 {
        tx.record(Action::SessionRevoked, Some(target(&session.member)), json!({ "endedSessions": ended }));
        tx.commit().await?;
    }
    Ok(ended)
}

fn target(member: &Member) -> Target {
    Target::new(TargetKind::Member, member.id, &member.name)
}
