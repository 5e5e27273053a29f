//! What can be done with members; how they are invited and join is in `invitations`.

use sea_orm::ConnectionTrait;
use secrecy::SecretString;
use serde_json::json;

use super::error::Error;
use super::model::{AddMember, Email, Member, MemberId, MemberName};
use super::password;
use super::role::Role;
use super::store;
use crate::app::App;
use crate::audit::{Action, By, Target, Work};
use crate::kit::db::is_duplicate;
use crate::workspaces::WorkspaceId;

/// Who asks: an account owner may do what an administrator may not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Standing(pub Role);

impl Standing {
    /// The roles they may give, the mightiest first.
    pub fn may_give(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |role| self.require(*role).is_ok())
    }

    pub(super) fn require(self, touched: Role) -> Result<(), Error> {
        if touched == Role::AccountOwner && self.0 != Role::AccountOwner { Err(Error::OwnerRequired) } else { Ok(()) }
    }
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

pub(super) async fn insert_with(
    work: &mut Work,
    email: Email,
    name: MemberName,
    role: Role,
    password: Option<String>,
    invitation: Option<store::Invitation>,
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
    work.record(Action::MemberAdded, Some(target(&member)), json!({ "email": member.email, "role": member.role }));
    Ok(member)
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
    let mut work = Work::begin_essential(app, workspace, by).await?;
    let member = store::find(work.tx(), workspace, id).await?.ok_or(Error::NotFound)?;
    standing.require(member.role)?;
    standing.require(role)?;
    if member.role == role {
        return Ok(member);
    }
    keep_an_owner(work.tx(), &member).await?;
    store::set_role(work.tx(), workspace, id, role).await?;
    work.record(Action::MemberRoleChanged, Some(target(&member)), json!({ "role": { "from": member.role, "to": role } }));
    work.commit().await?;
    Ok(Member { role, ..member })
}

/// Removes a member, who is signed out at once. The workspace's keys stay: they belong to the workspace.
pub async fn remove(app: &App, workspace: WorkspaceId, by: By, standing: Standing, id: MemberId) -> Result<Member, Error> {
    let mut work = Work::begin_essential(app, workspace, by).await?;
    let member = store::find(work.tx(), workspace, id).await?.ok_or(Error::NotFound)?;
    require_changeable(work.tx(), standing, &member).await?;
    // The member's sessions go with the row.
    store::delete(work.tx(), workspace, id).await?;
    work.record(Action::MemberRemoved, Some(target(&member)), json!({ "email": member.email, "role": member.role }));
    work.commit().await?;
    Ok(member)
}

/// Whether whoever asks may give this member another role, or remove them.
pub async fn require_changeable(db: &impl ConnectionTrait, standing: Standing, member: &Member) -> Result<(), Error> {
    standing.require(member.role)?;
    keep_an_owner(db, member).await
}

/// An account owner who has not joined owns nothing yet: they can go.
async fn keep_an_owner(db: &impl ConnectionTrait, leaving: &Member) -> Result<(), Error> {
    let is_last = leaving.role == Role::AccountOwner
        && leaving.has_joined
        && store::count_role(db, leaving.workspace, Role::AccountOwner).await? <= 1;
    if is_last { Err(Error::LastOwner) } else { Ok(()) }
}

pub(super) fn target(member: &Member) -> Target {
    Target::new("member", member.id, &member.name)
}
