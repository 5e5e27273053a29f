//! The effects that a change of the settings would have.

use super::error::Error;
use super::model::{SecuritySettings, TwoFactorPolicy};
use super::service::require_factors;
use super::store;
use crate::auth::passkeys;
use crate::core::Core;
use crate::keys::{self, Key};
use crate::members::{self, Member, MemberId, Role};
use crate::sessions::{self, EndingSession, ListedSession, Session};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::DbResult;

/// Rows of each list; the total is counted beyond it.
const MAX_LISTED: u64 = 50;

/// The first rows of a list, and the number of all.
#[derive(Clone, Debug)]
pub struct Part<T> {
    pub items: Vec<T>,
    pub total: u64,
}

impl<T> Part<T> {
    /// Returns the number of rows that are not listed.
    pub fn more(&self) -> u64 {
        self.total.saturating_sub(self.items.len() as u64)
    }
}

/// A member without a second factor, and the time from which nothing but its set-up would be open to them.
#[derive(Clone, Debug)]
pub struct LockedOut {
    pub member: Member,
    /// Now at the earliest.
    pub from: Time,
}

/// A session that ends as soon as the settings are saved.
#[derive(Clone, Debug)]
pub struct EndedSession {
    pub session: ListedSession,
    pub member_name: String,
    /// True for the session of the person who asks.
    pub is_current: bool,
}

/// The effects of settings that are not saved yet.
#[derive(Debug)]
pub struct Preview {
    pub locked_out: Part<LockedOut>,
    /// The sessions that end at once.
    pub sessions: Part<EndedSession>,
    /// The members who can no longer sign in with a passkey alone. It stays their second factor, and confirms their identity.
    pub passkey_owners: u64,
    /// The active keys, which no setting touches.
    pub keys: Part<Key>,
    /// The reason why the settings could not be saved.
    pub refusal: Option<Error>,
}

/// Returns the effects of `settings` if the person who has `by` saved them now.
pub async fn preview(core: &Core, by: &Session, settings: &SecuritySettings) -> Result<Preview, Error> {
    let (db, now, workspace) = (core.db.read(), core.clock.now(), by.member.workspace);
    let before = store::policy_of(db, workspace).await?;
    let after = before.with(*settings, now);
    let roles: Vec<Role> = Role::ALL.into_iter().filter(|role| settings.two_factor_policy.requires(*role)).collect();
    let (without, total) = members::list_without_factor(db, workspace, &roles, MAX_LISTED).await?;
    let from = |member: &Member| after.requirement_of(member.role).map_or(now, |required| required.grace_ends_at.max(now));
    let items = without.into_iter().map(|member| LockedOut { from: from(&member), member }).collect();
    let limits = [before, after].map(|policy| policy.settings.session_limits());
    let (ending, ending_total) = sessions::list_ending(db, workspace, limits, now, MAX_LISTED).await?;
    let owners = members::find_all(db, workspace, ending.iter().map(|ending| ending.member).collect()).await?;
    let name_of = |id: MemberId| owners.iter().find(|member| member.id == id).map(|member| member.name.clone());
    let ended = |EndingSession { session, member }| EndedSession {
        is_current: session.is(by),
        member_name: name_of(member).unwrap_or_default(),
        session,
    };
    let forbids_passkeys = before.settings.passkeys_allowed && !settings.passkeys_allowed;
    let passkey_owners = if forbids_passkeys { passkeys::count_owners(db, workspace).await? } else { 0 };
    let (active, active_total) = keys::list_first_live(db, workspace, now, MAX_LISTED).await?;
    let refusal = match require_factors(db, workspace, by.member.id, settings).await {
        Ok(()) => None,
        Err(error @ (Error::OwnFactorNeeded | Error::OwnerFactorNeeded)) => Some(error),
        Err(error) => return Err(error),
    };
    Ok(Preview {
        locked_out: Part { items, total },
        sessions: Part { items: ending.into_iter().map(ended).collect(), total: ending_total },
        passkey_owners,
        keys: Part { items: active, total: active_total },
        refusal,
    })
}

/// The number of members with a second factor, and the members without one.
#[derive(Debug)]
pub struct Coverage {
    pub with_factor: u64,
    pub without: Part<Member>,
}

/// Returns which of the members who have joined have a second factor.
pub async fn coverage(core: &Core, workspace: WorkspaceId) -> DbResult<Coverage> {
    let db = core.db.read();
    let with_factor = members::count_with_factor(db, workspace, &Role::ALL).await?;
    let (items, total) = members::list_without_factor(db, workspace, &Role::ALL, MAX_LISTED).await?;
    Ok(Coverage { with_factor, without: Part { items, total } })
}

impl Preview {
    /// Returns true if nothing ends and no member is locked out.
    pub fn is_harmless(&self) -> bool {
        self.locked_out.total == 0 && self.sessions.total == 0 && self.passkey_owners == 0
    }
}

/// The title that pages give a policy.
pub const fn title(policy: TwoFactorPolicy) -> &'static str {
    match policy {
        TwoFactorPolicy::Optional => "Optional",
        TwoFactorPolicy::Recommended => "Recommended",
        TwoFactorPolicy::RequiredForAdmins => "Required for admins",
        TwoFactorPolicy::RequiredForAll => "Required for all",
    }
}
