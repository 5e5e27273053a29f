//! Invitations: one-time links that administrators hand to new members.

use std::time::Duration;

use secrecy::SecretString;
use serde_json::json;

use super::described::password_fingerprint;
use super::error::Error;
use super::model::{AddMember, Member, MemberId};
use super::role::Role;
use super::service::{ActingRole, insert_with, target};
use super::{quota, store};
use crate::audit::{Action, Actor, ActorKind, AuditContext, AuditedTx, IdempotencyOutcome};
use crate::auth::password::{Claimant, NewPassword, Passwords};
use crate::config::Config;
use crate::core::Core;
use crate::mail::{self, Content, NewMail};
use crate::security;
use crate::workspaces::{self, Workspace, WorkspaceId};
use kit::clock::Time;
use kit::db::DbResult;
use kit::http::IdempotencyKey;
use kit::secret::{SecretToken, TokenDigest, TokenKind};

/// The tokens of invitations: `pci_…`.
const TOKEN: TokenKind = TokenKind::new('i');

/// The time within which an invitation can be accepted.
const LIFETIME: Duration = Duration::from_hours(7 * 24);

/// A member who has been invited, with the token of the one-time link.
#[derive(Debug)]
pub struct Invited {
    pub member: Member,
    /// Shown once, and not stored.
    pub token: SecretToken,
    pub until: Time,
    /// An email with the link is on its way.
    pub is_emailed: bool,
}

impl Invited {
    /// Returns the link. Its token is in the fragment, which browsers do not send.
    pub fn url(&self, config: &Config) -> String {
        link_url(config, &self.token)
    }
}

fn link_url(config: &Config, token: &SecretToken) -> String {
    format!("{}/join#{}", config.public_url, token.expose())
}

/// The outcome of a request for an invitation.
#[derive(Debug)]
pub enum Invitation {
    Made(Invited),
    /// A repeated request: the invitation of this member was made before, and its link is not stored.
    Repeated(MemberId),
}

/// An invitation as its link shows it.
#[derive(Debug)]
pub struct InvitationView {
    pub member: Member,
    pub workspace: Workspace,
    /// The member who made it; `None` if it was the operator, or if they were removed.
    pub maker: Option<Member>,
    pub state: InvitationState,
}

/// The state of an invitation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InvitationState {
    /// Can be accepted until this time.
    Open(Time),
    Used,
    Expired(Time),
    /// Its maker was removed or may no longer invite.
    Withdrawn,
}

/// Finds an invitation by the token of its link. One that was replaced by a newer link is unknown.
pub async fn view(core: &Core, token: &str) -> DbResult<Option<InvitationView>> {
    let (db, now) = (core.db.read(), core.clock.now());
    let Some((member, until, maker)) = store::find_by_digest(db, TokenDigest::of(token)).await? else { return Ok(None) };
    let Some(workspace) = workspaces::find(db, member.workspace).await? else { return Ok(None) };
    let maker = match maker {
        Some(id) => store::find(db, workspace.id, id).await?,
        None => None,
    };
    let state = match until {
        _ if member.has_joined => InvitationState::Used,
        Some(until) if until > now => InvitationState::Open(until),
        Some(until) => InvitationState::Expired(until),
        None => InvitationState::Withdrawn,
    };
    Ok(Some(InvitationView { member, workspace, maker, state }))
}

/// The member who invites. An administrator is invited only after a recent proof of identity.
#[derive(Clone, Copy, Debug)]
pub struct Inviter {
    pub role: ActingRole,
    pub is_recent: bool,
}

impl Inviter {
    fn require(self, invited: Role) -> Result<(), Error> {
        self.role.require(invited)?;
        if invited.is_administrator() && !self.is_recent { Err(Error::RecentProofRequired) } else { Ok(()) }
    }
}

/// Adds a member, who sets a password by a one-time link.
pub async fn invite(
    core: &Core,
    workspace: WorkspaceId,
    context: AuditContext,
    inviter: Inviter,
    input: AddMember,
    idempotency_key: Option<IdempotencyKey>,
) -> Result<Invitation, Error> {
    inviter.require(input.role)?;
    let (mut tx, repeated) = begin_idempotent(core, workspace, context, idempotency_key).await?;
    if let Some(id) = repeated {
        return Ok(Invitation::Repeated(id));
    }
    quota::require_seat(&tx).await?;
    quota::require_open_invitation(&tx).await?;
    let (token, invitation) = invitation(core, tx.context());
    let member = insert_with(&mut tx, input.email, input.name, input.role, None, Some(invitation)).await?;
    let is_emailed = send(core, &tx, &member, &token, invitation.until).await?;
    tx.commit_answering(201, &member.id).await?;
    Ok(Invitation::Made(Invited { member, token, until: invitation.until, is_emailed }))
}

/// Queues an email with the link. Returns false if none is sent.
async fn send(core: &Core, tx: &AuditedTx, member: &Member, token: &SecretToken, until: Time) -> DbResult<bool> {
    let actor = &tx.context().actor;
    let inviter = actor.name.clone().filter(|_| actor.kind == ActorKind::Member);
    let mail = NewMail {
        content: Content::Invitation { inviter, role: member.role.title().to_owned(), until },
        event: format!("invitation {}", hex::encode(&token.digest().to_bytes()[..8])),
        link: Some(link_url(&core.config, token)),
        until,
    };
    mail::queue(core, tx, member, mail).await
}

/// Makes a new link for a member who has not joined. The link that was made before ends.
pub async fn invite_again(
    core: &Core,
    workspace: WorkspaceId,
    context: AuditContext,
    inviter: Inviter,
    id: MemberId,
    idempotency_key: Option<IdempotencyKey>,
) -> Result<Invitation, Error> {
    let (mut tx, repeated) = begin_idempotent(core, workspace, context, idempotency_key).await?;
    if let Some(id) = repeated {
        return Ok(Invitation::Repeated(id));
    }
    let member = store::find(tx.db(), workspace, id).await?.ok_or(Error::NotFound)?;
    inviter.require(member.role)?;
    if member.has_joined {
        return Err(Error::HasJoined);
    }
    let open_until = store::invited_until(tx.db(), workspace, id).await?;
    if open_until.is_none_or(|until| until <= tx.now()) {
        quota::require_open_invitation(&tx).await?;
    }
    let (token, invitation) = invitation(core, tx.context());
    store::set_invitation(tx.db(), workspace, id, invitation).await?;
    tx.record(Action::MemberInvitedAgain, Some(target(&member)), json!({}));
    let is_emailed = send(core, &tx, &member, &token, invitation.until).await?;
    tx.commit_answering(201, &member.id).await?;
    Ok(Invitation::Made(Invited { member, token, until: invitation.until, is_emailed }))
}

/// Begins a transaction whose response is a member's id, which is returned if it was done before.
async fn begin_idempotent(
    core: &Core,
    workspace: WorkspaceId,
    context: AuditContext,
    idempotency_key: Option<IdempotencyKey>,
) -> Result<(AuditedTx, Option<MemberId>), Error> {
    match AuditedTx::begin_idempotent(core, workspace, context, idempotency_key).await? {
        (tx, IdempotencyOutcome::Fresh) => Ok((tx, None)),
        (_, IdempotencyOutcome::Reused) => Err(Error::IdempotencyKeyReused),
        (tx, IdempotencyOutcome::Replay { data, .. }) => {
            let id = serde_json::from_value(data).map_err(|error| sea_orm::DbErr::Json(error.to_string()))?;
            Ok((tx, Some(id)))
        }
    }
}

/// Sets the password of an invited member, by the token of the link.
pub async fn join(
    core: &Core,
    passwords: &Passwords,
    token: &str,
    password: SecretString,
    context: impl FnOnce(Actor) -> AuditContext,
) -> Result<Member, Error> {
    let digest = TokenDigest::of(token);
    let known = store::find_by_invitation(core.db.read(), digest, core.clock.now()).await?.ok_or(Error::Invitation)?;
    let workspace = workspaces::find(core.db.read(), known.workspace).await?.ok_or(Error::Invitation)?;
    let min_length = security::min_password_length(core.db.read(), &known).await?;
    let names = [&*known.email, &*known.name, &*workspace.name, &*workspace.slug];
    let password = NewPassword::choose_from(min_length, &password, &names)?;
    let context = context(Actor::member(known.id, &known.name));
    let permit = passwords.permit(Claimant::of(context.ip, &known.email))?;
    let password = passwords.hash(&core.random, permit, password).await?;
    let fingerprint = password_fingerprint(Some(&password));
    let mut tx = AuditedTx::begin(core, known.workspace, context).await?;
    // Checked again: the invitation may have ended meanwhile, by time or because its maker was removed.
    let invited = store::find_by_invitation(tx.db(), digest, tx.now()).await?.ok_or(Error::Invitation)?;
    if !store::accept_invitation(tx.db(), digest, password).await? {
        return Err(Error::Invitation);
    }
    tx.record(Action::MemberJoined, Some(target(&invited)), json!({ "passwordFingerprint": fingerprint }));
    tx.commit().await?;
    Ok(Member { has_joined: true, ..invited })
}

fn invitation(core: &Core, context: &AuditContext) -> (SecretToken, store::Invitation) {
    let token = SecretToken::generate(TOKEN, &core.random);
    let maker = context.actor.id.as_deref().filter(|_| context.actor.kind == ActorKind::Member).and_then(|id| id.parse().ok());
    let invitation = store::Invitation { digest: token.digest(), until: core.clock.now().after(LIFETIME), invited_by: maker };
    (token, invitation)
}
