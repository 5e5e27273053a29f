//! How somebody becomes a member: by a one-time link, which an administrator hands to them.

use std::time::Duration;

use secrecy::SecretString;
use serde_json::json;

use super::described::password_fingerprint;
use super::error::Error;
use super::model::{AddMember, Member, MemberId};
use super::password::{self, Claimant, NewPassword};
use super::service::{Standing, insert_with, target};
use super::{quota, store};
use crate::app::App;
use crate::audit::{Action, Actor, ActorKind, AuditContext, AuditedTx, IdempotencyOutcome};
use crate::workspaces::{self, WorkspaceId};
use kit::clock::Time;
use kit::http::IdempotencyKey;
use kit::secret::{SecretToken, TokenDigest, TokenKind};

/// The tokens of invitations: `pci_…`.
const TOKEN: TokenKind = TokenKind::new('i');

/// How long an invitation can be accepted.
const INVITATION: Duration = Duration::from_hours(7 * 24);

/// A member who has been invited, with the token of the one-time link.
#[derive(Debug)]
pub struct Invited {
    /// Them.
    pub member: Member,
    /// Shown once.
    pub token: SecretToken,
    /// Until when it is good.
    pub until: Time,
}

impl Invited {
    /// The link, to be handed to them. Its token is behind `#`: a browser sends that to nobody.
    pub fn url(&self, app: &App) -> String {
        format!("{}/join#{}", app.config.public_url, self.token.expose())
    }
}

/// What came of asking for an invitation.
#[derive(Debug)]
pub enum Invitation {
    /// Its link was made.
    Made(Invited),
    /// It was asked for before, for this member. The link that was made then is not kept.
    Repeated(MemberId),
}

/// Adds a member, who sets a password by a one-time link.
pub async fn invite(
    app: &App,
    workspace: WorkspaceId,
    by: AuditContext,
    standing: Standing,
    input: AddMember,
    once: Option<IdempotencyKey>,
) -> Result<Invitation, Error> {
    standing.require(input.role)?;
    let (mut tx, repeated) = begin_idempotent(app, workspace, by, once).await?;
    if let Some(id) = repeated {
        return Ok(Invitation::Repeated(id));
    }
    quota::require_seat(&tx).await?;
    quota::require_open_invitation(&tx).await?;
    let (token, invitation) = invitation(app, tx.by());
    let member = insert_with(&mut tx, input.email, input.name, input.role, None, Some(invitation)).await?;
    tx.commit_answering(201, &member.id).await?;
    Ok(Invitation::Made(Invited { member, token, until: invitation.until }))
}

/// Makes a new link for a member who has not joined; the one that was made before ends.
pub async fn invite_again(
    app: &App,
    workspace: WorkspaceId,
    by: AuditContext,
    standing: Standing,
    id: MemberId,
    once: Option<IdempotencyKey>,
) -> Result<Invitation, Error> {
    let (mut tx, repeated) = begin_idempotent(app, workspace, by, once).await?;
    if let Some(id) = repeated {
        return Ok(Invitation::Repeated(id));
    }
    let member = store::find(tx.db(), workspace, id).await?.ok_or(Error::NotFound)?;
    standing.require(member.role)?;
    if member.has_joined {
        return Err(Error::HasJoined);
    }
    let open_until = store::invited_until(tx.db(), workspace, id).await?;
    if open_until.is_none_or(|until| until <= tx.now()) {
        quota::require_open_invitation(&tx).await?;
    }
    let (token, invitation) = invitation(app, tx.by());
    store::set_invitation(tx.db(), workspace, id, invitation).await?;
    tx.record(Action::MemberInvitedAgain, Some(target(&member)), json!({}));
    tx.commit_answering(201, &member.id).await?;
    Ok(Invitation::Made(Invited { member, token, until: invitation.until }))
}

/// Begins a work whose answer is a member's id; with it, if it was done before.
async fn begin_idempotent(
    app: &App,
    workspace: WorkspaceId,
    by: AuditContext,
    once: Option<IdempotencyKey>,
) -> Result<(AuditedTx, Option<MemberId>), Error> {
    match AuditedTx::begin_idempotent(app, workspace, by, once).await? {
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
    app: &App,
    token: &str,
    password: SecretString,
    by: impl FnOnce(Actor) -> AuditContext,
) -> Result<Member, Error> {
    let digest = TokenDigest::of(token);
    let known = store::find_by_invitation(app.db.read(), digest, app.clock.now()).await?.ok_or(Error::Invitation)?;
    let workspace = workspaces::find(app.db.read(), known.workspace).await?.ok_or(Error::Invitation)?;
    let password = NewPassword::choose(&password, &[&known.email, &known.name, &workspace.name, &workspace.slug])?;
    let by = by(Actor::member(known.id, &known.name));
    let place = app.passwords.place(Claimant::of(by.ip, &known.email))?;
    let password = password::hash(app, place, password).await?;
    let fingerprint = password_fingerprint(Some(&password));
    let mut tx = AuditedTx::begin(app, known.workspace, by).await?;
    // Asked again: the invitation may have ended meanwhile, by time or because its maker was removed.
    let invited = store::find_by_invitation(tx.db(), digest, tx.now()).await?.ok_or(Error::Invitation)?;
    if !store::accept_invitation(tx.db(), digest, password).await? {
        return Err(Error::Invitation);
    }
    tx.record(Action::MemberJoined, Some(target(&invited)), json!({ "passwordFingerprint": fingerprint }));
    tx.commit().await?;
    Ok(Member { has_joined: true, ..invited })
}

fn invitation(app: &App, by: &AuditContext) -> (SecretToken, store::Invitation) {
    let token = SecretToken::generate(TOKEN, &app.random);
    let maker = by.actor.id.as_deref().filter(|_| by.actor.kind == ActorKind::Member).and_then(|id| id.parse().ok());
    let invitation = store::Invitation { digest: token.digest(), until: app.clock.now().after(INVITATION), by: maker };
    (token, invitation)
}
