//! Adding, changing and removing members. Invitations are in `invitations`.

use secrecy::SecretString;
use serde_json::{Value, json};

use super::described::password_fingerprint;
use super::error::Error;
use super::model::{AddMember, Email, Member, MemberId, MemberName};
use super::role::Role;
use super::store;
use crate::audit::{Action, AuditContext, AuditedTx, EventType, Target, TargetKind};
use crate::auth::password::{Claimant, NewPassword, Passwords};
use crate::core::Core;
use crate::keys;
use crate::security;
use crate::workspaces::{self, WorkspaceId};
use kit::clock::Time;
use kit::db::{Source, is_duplicate};
use kit::text::NameForms;

/// The role of the member who makes a change: only an account owner adds, changes or removes account owners.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ActingRole(pub Role);

impl ActingRole {
    /// Returns the roles that they may give, the mightiest first.
    pub fn may_give(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |role| self.require(*role).is_ok())
    }

    /// Returns the roles for which they may not invite.
    fn may_not_invite(self) -> Vec<Role> {
        let may = |role: &Role| self.0.is_administrator() && self.require(*role).is_ok();
        Role::ALL.into_iter().filter(|role| !may(role)).collect()
    }

    /// Fails if only an account owner may do this to a member of the role.
    pub fn require(self, touched: Role) -> Result<(), Error> {
        if touched == Role::AccountOwner && self.0 != Role::AccountOwner { Err(Error::OwnerRequired) } else { Ok(()) }
    }
}

/// Adds a member with a password, for the operator.
pub async fn add(
    core: &Core,
    passwords: &Passwords,
    workspace: WorkspaceId,
    context: AuditContext,
    input: AddMember,
    password: SecretString,
) -> Result<Member, Error> {
    let found = workspaces::find(core.db.read(), workspace).await?.ok_or(Error::NotFound)?;
    let names = [input.email.as_str(), input.name.as_str(), &found.name, &found.slug];
    let min_length = security::policy_of(core.db.read(), workspace).await?.settings.min_password_length();
    let password = NewPassword::choose_from(min_length, &password, &names)?;
    let permit = passwords.permit(Claimant::of(context.ip, input.email.as_str()))?;
    let password = passwords.hash(&core.random, permit, password).await?;
    let mut tx = AuditedTx::begin(core, workspace, context).await?;
    let member = insert(&mut tx, input.email, input.name, input.role, Some(password)).await?;
    tx.commit().await?;
    Ok(member)
}

/// Adds a member within a larger transaction.
pub async fn insert(
    tx: &mut AuditedTx,
    email: Email,
    name: MemberName,
    role: Role,
    password: Option<String>,
) -> Result<Member, Error> {
    insert_with(tx, email, name, role, password, None).await
}

pub(super) async fn insert_with(
    tx: &mut AuditedTx,
    email: Email,
    name: MemberName,
    role: Role,
    password: Option<String>,
    invitation: Option<store::Invitation>,
) -> Result<Member, Error> {
    let member = Member {
        id: MemberId::new(tx.now(), tx.random()),
        workspace: tx.workspace(),
        email: email.into_string(),
        name: name.into_string(),
        role,
        has_joined: password.is_some(),
        created_at: tx.now(),
        second_factor_at: None,
    };
    let fingerprint = password_fingerprint(password.as_deref());
    // The index compares bytes, and an older row may have the email in another spelling.
    if store::find_by_email(tx.db(), tx.workspace(), &member.email).await?.is_some() {
        return Err(Error::EmailTaken(member.email));
    }
    match store::insert(tx.db(), &member, password, invitation).await {
        Err(error) if is_duplicate(&error) => return Err(Error::EmailTaken(member.email)),
        done => done?,
    }
    let details = json!({ "email": member.email, "role": member.role, "passwordFingerprint": fingerprint });
    tx.record(Action::MemberAdded, Some(target(&member)), details);
    tx.publish(EventType::MemberAdded, || event_data(&member));
    Ok(member)
}

/// Changes a member's own name.
pub async fn rename(core: &Core, member: &Member, name: MemberName, context: AuditContext) -> Result<Member, Error> {
    let mut tx = AuditedTx::begin(core, member.workspace, context).await?;
    let before = store::find(tx.db(), member.workspace, member.id).await?.ok_or(Error::NotFound)?;
    let after = Member { name: name.into_string(), ..before.clone() };
    if before.name == after.name {
        return Ok(after);
    }
    require_own_name(&tx, &after).await?;
    store::set_name(tx.db(), &after).await?;
    tx.record(Action::MemberUpdated, Some(target(&after)), json!({ "name": { "from": before.name, "to": after.name } }));
    tx.commit().await?;
    Ok(after)
}

/// Fails if another member's name reads the same. Administrators may still add two people of one name.
async fn require_own_name(tx: &AuditedTx, member: &Member) -> Result<(), Error> {
    let wanted = NameForms::of(&member.name);
    let names = store::names_of_others(tx.db(), member.workspace, member.id).await?;
    if names.iter().any(|name| NameForms::of(name).resembles(&wanted)) { Err(Error::NameTaken) } else { Ok(()) }
}

/// Changes the role of a member.
pub async fn set_role(
    core: &Core,
    workspace: WorkspaceId,
    context: AuditContext,
    acting: ActingRole,
    id: MemberId,
    role: Role,
) -> Result<Member, Error> {
    let mut tx = AuditedTx::begin_essential(core, workspace, context).await?;
    let member = store::find(tx.db(), workspace, id).await?.ok_or(Error::NotFound)?;
    acting.require(member.role)?;
    acting.require(role)?;
    let before = member.role;
    if before == role {
        return Ok(member);
    }
    keep_an_owner(tx.db(), &member).await?;
    let mut ended = invitations_without(&tx, &member, Some(role)).await?;
    let member = Member { role, ..member };
    ended.extend(own_invitation_without_maker(&tx, &member).await?);
    store::set_role(tx.db(), workspace, id, role).await?;
    let details = json!({ "role": { "from": before, "to": role } });
    let details = end_invitations(&tx, &ended, details).await?;
    tx.record(Action::MemberRoleChanged, Some(target(&member)), details);
    tx.publish(EventType::MemberRoleChanged, || event_data(&member));
    tx.commit().await?;
    Ok(member)
}

/// Removes a member, who is signed out at once. The workspace's keys stay: they belong to the workspace. With a `custodian`, that
/// member becomes responsible for the keys in the custody of the removed one; without, no one is.
pub async fn remove(
    core: &Core,
    workspace: WorkspaceId,
    context: AuditContext,
    acting: ActingRole,
    id: MemberId,
    custodian: Option<MemberId>,
) -> Result<Member, Error> {
    let mut tx = AuditedTx::begin_essential(core, workspace, context).await?;
    let member = store::find(tx.db(), workspace, id).await?.ok_or(Error::NotFound)?;
    require_changeable(tx.db(), acting, &member).await?;
    if let Some(custodian) = custodian {
        hand_over_keys(&mut tx, &member, custodian).await?;
    }
    let ended = invitations_without(&tx, &member, None).await?;
    let details = end_invitations(&tx, &ended, json!({ "email": member.email, "role": member.role })).await?;
    // The member's sessions are deleted with the row.
    store::delete(tx.db(), workspace, id).await?;
    tx.record(Action::MemberRemoved, Some(target(&member)), details);
    tx.publish(EventType::MemberRemoved, || event_data(&member));
    tx.commit().await?;
    Ok(member)
}

/// The keys that the event of a hand-over names.
const MAX_HANDED_OVER: u64 = 100;

/// Makes another member the custodian of the keys of one who leaves.
async fn hand_over_keys(tx: &mut AuditedTx, from: &Member, to: MemberId) -> Result<(), Error> {
    let to = store::find(tx.db(), tx.workspace(), to).await?.filter(|to| to.has_joined && to.id != from.id);
    let to = to.ok_or(Error::Custodian)?;
    let (workspace, now) = (tx.workspace(), tx.now());
    let custody = keys::in_custody(tx.db(), workspace, from.id, now, MAX_HANDED_OVER).await?;
    if custody.count == 0 {
        return Ok(());
    }
    keys::hand_over(tx.db(), workspace, from.id, to.id, now).await?;
    let named: Vec<_> = custody.first.iter().map(|key| key.id).collect();
    let custodian = json!({ "id": to.id, "name": to.name });
    let details = json!({ "custodian": custodian, "count": custody.count, "apiKeys": named });
    tx.record(Action::KeysHandedOver, Some(target(from)), details);
    Ok(())
}

/// Finds the open invitations that end when a member is removed, or gets this role.
pub(super) async fn ending_invitations(
    db: &impl Source,
    member: &Member,
    role: Option<Role>,
    now: Time,
) -> Result<Vec<Member>, Error> {
    let roles = role.map_or_else(|| Role::ALL.to_vec(), |role| ActingRole(role).may_not_invite());
    Ok(store::invited_by(db, member.workspace, member.id, &roles, now).await?)
}

async fn invitations_without(tx: &AuditedTx, member: &Member, role: Option<Role>) -> Result<Vec<Member>, Error> {
    ending_invitations(tx.db(), member, role, tx.now()).await
}

/// Finds the open invitation of a member whose new role its maker could not give: the maker may still have the link.
async fn own_invitation_without_maker(tx: &AuditedTx, member: &Member) -> Result<Option<Member>, Error> {
    let Some(maker) = store::maker_of_invitation(tx.db(), member, tx.now()).await? else { return Ok(None) };
    let maker = store::find(tx.db(), member.workspace, maker).await?;
    let may = maker.is_some_and(|maker| !ActingRole(maker.role).may_not_invite().contains(&member.role));
    Ok((!may).then(|| member.clone()))
}

/// The ended invitations that an event names.
const MAX_NAMED: usize = 100;

/// Ends invitations, and adds them to the details of the event that ended them.
async fn end_invitations(tx: &AuditedTx, ended: &[Member], mut details: Value) -> Result<Value, Error> {
    if ended.is_empty() {
        return Ok(details);
    }
    let ids: Vec<MemberId> = ended.iter().map(|member| member.id).collect();
    store::end_invitations(tx.db(), tx.workspace(), &ids).await?;
    let named = &ids[..ids.len().min(MAX_NAMED)];
    details["endedInvitations"] = json!({ "count": ids.len(), "members": named });
    Ok(details)
}

/// Fails if the acting member may not change the role of this member, or remove them.
pub async fn require_changeable(db: &impl Source, acting: ActingRole, member: &Member) -> Result<(), Error> {
    acting.require(member.role)?;
    keep_an_owner(db, member).await
}

/// Fails for the last account owner. One who has not joined does not count.
async fn keep_an_owner(db: &impl Source, leaving: &Member) -> Result<(), Error> {
    let is_last = leaving.role == Role::AccountOwner
        && leaving.has_joined
        && store::count_role(db, leaving.workspace, Role::AccountOwner).await? <= 1;
    if is_last { Err(Error::LastOwner) } else { Ok(()) }
}

/// Returns the data of a member in the payload of an event.
pub fn event_data(member: &Member) -> Value {
    json!({ "member_id": member.id, "name": member.name, "email": member.email, "role": member.role })
}

pub(super) fn target(member: &Member) -> Target {
    Target::new(TargetKind::Member, member.id, &member.name)
}
