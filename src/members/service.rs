//! What can be done with members.

use std::time::Duration;

use secrecy::SecretString;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::error::Error;
use super::model::{AddMember, Email, Member, MemberId, MemberName};
use super::password;
use super::role::Role;
use super::store::{self, Invitation};
use crate::app::App;
use crate::audit::{Action, Actor, By, OnceOutcome, Target, Work};
use crate::kit::clock::Time;
use crate::kit::db::is_duplicate;
use crate::kit::http::OnceKey;
use crate::workspaces::WorkspaceId;

/// How long an invitation can be accepted.
const INVITATION: Duration = Duration::from_hours(7 * 24);

/// A member who has been invited, with the token of the one-time link.
#[derive(Debug)]
pub struct Invited {
    /// Them.
    pub member: Member,
    /// Shown once.
    pub token: SecretString,
}

/// Who asks: an account owner may do what an administrator may not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Standing(pub Role);

impl Standing {
    fn require(self, touched: Role) -> Result<(), Error> {
        if touched == Role::AccountOwner && self.0 != Role::AccountOwner { Err(Error::OwnerRequired) } else { Ok(()) }
    }
}

/// Adds a member, who sets a password by a one-time link.
pub async fn invite(
    app: &App,
    workspace: WorkspaceId,
    by: By,
    standing: Standing,
    input: AddMember,
    once: Option<OnceKey>,
) -> Result<Invited, Error> {
    standing.require(input.role)?;
    let (token, invitation) = invitation(app);
    let (mut work, outcome) = Work::begin_once(app, workspace, by, once).await?;
    match outcome {
        OnceOutcome::Fresh => {}
        OnceOutcome::Reused => return Err(Error::OnceKeyReused),
        // The link is not kept: a repetition gets a new one, and the old one ends.
        OnceOutcome::Replay { data, .. } => {
            let id: MemberId = serde_json::from_value(data).map_err(|error| sea_orm::DbErr::Json(error.to_string()))?;
            let member =
                store::find(work.tx(), workspace, id).await?.filter(|member| !member.has_joined).ok_or(Error::NotFound)?;
            store::set_invitation(work.tx(), workspace, id, invitation).await?;
            work.commit().await?;
            return Ok(Invited { member, token });
        }
    }
    let member = insert_with(&mut work, input.email, input.name, input.role, None, Some(invitation)).await?;
    work.commit_answering(201, &member.id).await?;
    Ok(Invited { member, token })
}

/// Adds a member with a password, for the operator.
pub async fn add(app: &App, workspace: WorkspaceId, by: By, input: AddMember, password: SecretString) -> Result<Member, Error> {
    let password = password::hash(app, password).await?;
    let mut work = Work::begin(app, workspace, by).await?;
    let member = insert(&mut work, input.email, input.name, input.role, Some(password)).await?;
    work.commit().await?;
    Ok(member)
}

/// Adds a member within a larger work.
pub async fn insert(
    work: &mut Work,
    email: Email,
    name: MemberName,
    role: Role,
    password: Option<String>,
) -> Result<Member, Error> {
    insert_with(work, email, name, role, password, None).await
}

async fn insert_with(
    work: &mut Work,
    email: Email,
    name: MemberName,
    role: Role,
    password: Option<String>,
    invitation: Option<Invitation>,
) -> Result<Member, Error> {
    let member = Member {
        id: MemberId::new(work.now(), &work.app().random),
        workspace: work.workspace(),
        email: email.into_string(),
        name: name.into_string(),
        role,
        has_joined: password.is_some(),
        created_at: work.now(),
    };
    match store::insert(work.tx(), &member, password, invitation).await {
        Err(error) if is_duplicate(&error) => return Err(Error::EmailTaken(member.email)),
        done => done?,
    }
    work.record(Action::MemberAdded, Some(target(&member)), json!({ "email": member.email, "role": member.role })).await?;
    Ok(member)
}

/// Sets the password of an invited member, by the token of the link.
pub async fn join(app: &App, token: &str, password: SecretString, by: impl FnOnce(Actor) -> By) -> Result<Member, Error> {
    let digest: [u8; 32] = Sha256::digest(token).into();
    let known = store::find_by_invitation(app.db.read(), digest, app.clock.now()).await?.ok_or(Error::Invitation)?;
    let password = password::hash(app, password).await?;
    let mut work = Work::begin(app, known.workspace, by(Actor::member(known.id, &known.name))).await?;
    if !store::accept_invitation(work.tx(), digest, password).await? {
        return Err(Error::Invitation);
    }
    work.record(Action::MemberJoined, Some(target(&known)), json!({})).await?;
    work.commit().await?;
    Ok(Member { has_joined: true, ..known })
}

/// Gives a member another role.
pub async fn set_role(
    app: &App,
    workspace: WorkspaceId,
    by: By,
    standing: Standing,
    id: MemberId,
    role: Role,
) -> Result<Member, Error> {
    let mut work = Work::begin(app, workspace, by).await?;
    let member = store::find(work.tx(), workspace, id).await?.ok_or(Error::NotFound)?;
    standing.require(member.role)?;
    standing.require(role)?;
    if member.role == role {
        return Ok(member);
    }
    keep_an_owner(&work, &member).await?;
    store::set_role(work.tx(), workspace, id, role).await?;
    work.record(Action::MemberRoleChanged, Some(target(&member)), json!({ "role": { "from": member.role, "to": role } })).await?;
    work.commit().await?;
    Ok(Member { role, ..member })
}

/// Removes a member, who is signed out at once. The workspace's keys stay: they belong to the workspace.
pub async fn remove(app: &App, workspace: WorkspaceId, by: By, standing: Standing, id: MemberId) -> Result<Member, Error> {
    let mut work = Work::begin(app, workspace, by).await?;
    let member = store::find(work.tx(), workspace, id).await?.ok_or(Error::NotFound)?;
    standing.require(member.role)?;
    keep_an_owner(&work, &member).await?;
    // The member's sessions go with the row.
    store::delete(work.tx(), workspace, id).await?;
    work.record(Action::MemberRemoved, Some(target(&member)), json!({ "email": member.email, "role": member.role })).await?;
    work.commit().await?;
    Ok(member)
}

async fn keep_an_owner(work: &Work, leaving: &Member) -> Result<(), Error> {
    let is_last =
        leaving.role == Role::AccountOwner && store::count_role(work.tx(), work.workspace(), Role::AccountOwner).await? <= 1;
    if is_last { Err(Error::LastOwner) } else { Ok(()) }
}

fn invitation(app: &App) -> (SecretString, Invitation) {
    let token = app.random.base62(43);
    let digest = Sha256::digest(&token).into();
    let until: Time = app.clock.now().after(INVITATION);
    (token.into(), (digest, until))
}

fn target(member: &Member) -> Target {
    Target::new("member", member.id, &member.name)
}
