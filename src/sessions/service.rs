//! Starting, finding and ending sessions.

use std::time::Duration;

use sea_orm::ConnectionTrait;
use serde_json::json;

use super::model::{AuthMethod, Session};
use super::store;
use crate::audit::{Action, AuditContext, AuditedTx, BeginError, CredentialLoss, Target, TargetKind};
use crate::core::Core;
use crate::members::{Member, Role};
use kit::clock::Time;
use kit::db::DbResult;
use kit::secret::{SecretToken, TokenDigest, TokenKind};

/// The lifetime of a session.
pub const LIFETIME: Duration = Duration::from_hours(12);

/// The sessions that a member may have; the oldest end.
const MAX_SESSIONS: u64 = 20;

/// The tokens of sessions: `pcs_…`.
const TOKEN: TokenKind = TokenKind::new('s');

/// A session that was just started.
#[derive(Debug)]
pub struct StartedSession {
    /// Sent once, and not stored.
    pub token: SecretToken,
    pub expires_at: Time,
    /// The older sessions that ended because there were too many.
    pub ended: u64,
}

/// Starts a session for a member who has proved who they are by `methods`, in the transaction of the sign-in.
pub async fn start(tx: &AuditedTx, member: &Member, methods: &[AuthMethod]) -> DbResult<StartedSession> {
    let token = SecretToken::generate(TOKEN, tx.random());
    let (now, expires_at) = (tx.now(), tx.now().after(LIFETIME));
    let session = Session { digest: token.digest(), member: member.clone(), auth_time: now, methods: methods.to_vec() };
    store::insert(tx.db(), &session, now, expires_at).await?;
    let ended = store::end_oldest(tx.db(), member.id, session.digest, MAX_SESSIONS).await?;
    Ok(StartedSession { token, expires_at, ended })
}

/// Returns the session of a token, unless it is unknown, expired or signed out.
pub async fn authenticate(core: &Core, token: &[u8]) -> DbResult<Option<Session>> {
    store::find(core.db.read(), TokenDigest::of(token), core.clock.now()).await
}

/// Fails if the session has ended or the member's role was changed since the request was admitted, as its body may have been on
/// the way for long.
pub async fn require(tx: &impl ConnectionTrait, session: TokenDigest, role: Role, now: Time) -> Result<(), BeginError> {
    let session = store::find(tx, session, now).await?.ok_or(CredentialLoss::Session)?;
    if session.member.role == role { Ok(()) } else { Err(CredentialLoss::Role.into()) }
}

/// Ends a session, with an event in the audit log.
pub async fn end(core: &Core, session: &Session, by: AuditContext) -> Result<(), BeginError> {
    let member = &session.member;
    let mut tx = AuditedTx::begin_essential(core, member.workspace, by).await?;
    store::delete(tx.db(), session.digest).await?;
    tx.record(Action::SignedOut, Some(Target::new(TargetKind::Member, member.id, &member.name)), json!({}));
    tx.commit().await?;
    Ok(())
}
