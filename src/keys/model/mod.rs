//! Keys, and their rules that need no database.
//!
//! - here the key and its status; `pause` its pause; `name` names of successors; `rotation` progress of a rotation
//! - `allowlist` client IPs; `rate_limit` requests per time; `input` request bodies and filters; `query` filter,
//!   search and order; `only` filters on properties

mod allowlist;
mod input;
mod name;
mod only;
mod pause;
mod query;
mod rate_limit;
mod rotation;

use serde::Serialize;

pub use allowlist::Allowlist;
pub(super) use input::check_scopes;
pub use input::{CreateKey, Description, KeyFilter, Reason, RevokeKey, RotateKey, UpdateKey};
pub use name::KeyName;
pub(super) use name::successor_names;
pub(super) use only::{EXPIRING, IDLE, SETTLING};
pub use only::{KeyProperty, Only};
pub use pause::{Pause, PauseEnd, PauseKey};
pub(super) use query::part_of_hint;
pub use query::{KeyOrder, KeyQuery, KeySearch, KeySort, StatusCounts};
pub use rate_limit::RateLimit;
pub(super) use rotation::{Handover, UNUSED_AFTER, Uses};

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
    pub revision: i64,
}

impl Key {
    /// Returns the id of the custodian, who may have left the workspace; `None` if the operator created the key.
    pub fn custodian(&self) -> Option<MemberId> {
        self.chosen_custodian.or_else(|| self.created_by.id.parse().ok())
    }

    /// Returns the status. A key that was revoked before its expiry stays revoked; one that expires during its pause is expired.
    pub fn status(&self, now: Time) -> Status {
        match (self.revoked_at, self.expires_at) {
            (Some(_), _) => Status::Revoked,
            (None, Some(expiry)) if expiry <= now => Status::Expired,
            (None, _) if self.current_pause(now).is_some() => Status::Paused,
            (None, _) => Status::Active,
        }
    }

    /// Returns the pause, unless it is over.
    pub fn current_pause(&self, now: Time) -> Option<&Pause> {
        self.pause.as_ref().filter(|pause| !pause.end.is_over(now))
    }
}
