//! Keys, and their rules that need no database.
//!
//! - here the key and its status; `pause` its pause; `name` names of successors; `rotation` progress of a rotation, `rotation_end`
//!   its end
//! - `allowlist` client IPs; `rate_limit` requests per time; `input` request bodies and filters, `bulk` those of many keys; `query` filter,
//!   search and order; `only` filters on properties
//! - `shadow` the least permissions that a key gets by with, and their trial

mod allowlist;
mod bulk;
mod input;
mod name;
mod only;
mod pause;
mod query;
mod rate_limit;
mod rotation;
mod rotation_end;
mod shadow;

use serde::Serialize;

pub use allowlist::Allowlist;
pub(super) use bulk::MAX_SELECTED;
pub use bulk::{AssignCustodian, BulkOutcome, PauseKeys, RevokeKeys};
pub use input::{CreateKey, Description, KeyFilter, Reason, RevokeKey, RotateKey, UpdateKey};
pub(super) use input::{NO_TEST_WEBHOOKS, check_scopes};
pub use name::KeyName;
pub(super) use name::successor_names;
pub(super) use only::{EXPIRING, IDLE, SETTLING};
pub use only::{KeyProperty, Only};
pub use pause::{Pause, PauseEnd, PauseKey};
pub(super) use query::part_of_hint;
pub use query::{KeyOrder, KeyQuery, KeySearch, KeySort, StatusCounts};
pub use rate_limit::RateLimit;
pub(super) use rotation::{Handover, UNUSED_AFTER, Uses};
pub(super) use rotation_end::QUIET_BEFORE_END;
pub use rotation_end::{RevokeAfter, RevokeAt};
pub(super) use shadow::{SHADOW_TIME, smaller_set};
pub use shadow::{Shadow, StartShadow};

use crate::members::MemberId;
use crate::scopes::{Permissions, Scopes};
use crate::workspaces::WorkspaceId;
use key_format::SecretDigest;
use kit::clock::Time;

kit::ids! {
    KeyId = "key";
}

kit::string_enum! {
    /// Status of a key, derived from its times.
    Status as ApiKeyStatus {
        Active = "active",
        /// A paused key works again when it is resumed, or when its pause ends.
        Paused = "paused",
        /// A revoked key can never be used again.
        Revoked = "revoked",
        /// An expired key can never be used again.
        Expired = "expired",
    }
}

impl Status {
    /// Returns the status at `now`. A key that was revoked before its expiry stays revoked; one that expires during its pause is expired.
    pub(in crate::keys) fn of(is_revoked: bool, expires_at: Option<Time>, pause: Option<PauseEnd>, now: Time) -> Self {
        match (is_revoked, expires_at) {
            (true, _) => Self::Revoked,
            (false, Some(expiry)) if expiry <= now => Self::Expired,
            (false, _) if pause.is_some_and(|end| !end.is_over(now)) => Self::Paused,
            (false, _) => Self::Active,
        }
    }

    /// Returns whether the key can be used, now or when its pause ends: it is neither revoked nor expired.
    pub const fn is_live(self) -> bool {
        match self {
            Self::Active | Self::Paused => true,
            Self::Revoked | Self::Expired => false,
        }
    }
}

/// A person by id, with the name at the time of the event.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, utoipa::ToSchema)]
pub struct Person {
    /// Id of the member, or `operator` for the command line.
    pub id: String,
    pub name: String,
}

#[derive(Clone, Debug)]
pub struct Key {
    pub id: KeyId,
    pub workspace: WorkspaceId,
    pub digest: SecretDigest,
    pub hint: String,
    pub name: String,
    pub description: Option<String>,
    pub permissions: Permissions,
    pub scopes: Scopes,
    pub allowlist: Allowlist,
    pub rate_limit: Option<RateLimit>,
    pub created_at: Time,
    pub created_by: Person,
    pub expires_at: Option<Time>,
    /// The last pause, unless it was recorded that it has ended.
    pub pause: Option<Pause>,
    pub revoked_at: Option<Time>,
    pub revoked_by: Option<Person>,
    pub revoke_reason: Option<String>,
    pub refused_everywhere_at: Option<Time>,
    pub rotated_from: Option<KeyId>,
    /// The first key of the chain of rotations; `None` for that key itself, and where a node of the previous version rotated.
    pub rotation_root: Option<KeyId>,
    /// The member who is responsible for the key; `None` for the one who created it.
    pub chosen_custodian: Option<MemberId>,
    /// The time at which the server revokes the key, which was rotated.
    pub revoke_old_at: Option<Time>,
    /// True if that does not depend on its last use.
    pub revoke_old_forced: bool,
    /// The time at which it was not revoked, as it was still in use, or no active key replaced it.
    pub rotation_blocked_at: Option<Time>,
    /// The sandbox whose data a test key sees; `None` for a live key.
    pub sandbox: Option<WorkspaceId>,
    pub revision: i64,
}

impl Key {
    /// Returns whether the key sees the sandbox of its workspace instead of its data.
    pub fn is_test(&self) -> bool {
        self.sandbox.is_some()
    }

    /// Returns the id of the custodian, who may have left the workspace; `None` if the operator created the key.
    pub fn custodian(&self) -> Option<MemberId> {
        self.chosen_custodian.or_else(|| self.created_by.id.parse().ok())
    }

    pub fn status(&self, now: Time) -> Status {
        Status::of(self.revoked_at.is_some(), self.expires_at, self.pause.as_ref().map(|pause| pause.end), now)
    }

    /// Returns the pause, unless it is over.
    pub fn current_pause(&self, now: Time) -> Option<&Pause> {
        self.pause.as_ref().filter(|pause| !pause.end.is_over(now))
    }

    /// Sets the time at which the server revokes the key; `None` cancels it.
    pub(super) fn end_rotation_at(&mut self, at: Option<Time>, is_forced: bool) {
        self.revoke_old_at = at;
        self.revoke_old_forced = is_forced && at.is_some();
        self.rotation_blocked_at = None;
    }

    /// Returns true if the server is to revoke the key now.
    pub(super) fn rotation_has_ended(&self, now: Time) -> bool {
        let has_come = self.revoke_old_at.is_some_and(|at| at <= now);
        has_come && self.revoked_at.is_none() && self.rotation_blocked_at.is_none()
    }
}
