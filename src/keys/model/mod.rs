//! A key, what may be asked of it, and the rules that need no database.
//!
//! - here the key itself and its status; `name` what a successor is called, `rotation` when it has taken over
//! - `allowlist` from where; `rate_limit` how often; `input` what callers send

mod allowlist;
mod input;
mod name;
mod rate_limit;
mod rotation;

use serde::Serialize;

pub use allowlist::Allowlist;
pub(super) use input::check_scopes;
pub use input::{CreateKey, Description, KeyFilter, Reason, RevokeKey, RotateKey, UpdateKey};
pub use name::KeyName;
pub(super) use name::successor_names;
pub use rate_limit::RateLimit;
pub(super) use rotation::{Handover, QUIET, Uses};

use crate::scopes::{Permissions, Scopes};
use crate::workspaces::WorkspaceId;
use key_format::SecretDigest;
use kit::clock::Time;

kit::ids! {
    /// An API key.
    KeyId = "key";
}

kit::string_enum! {
    /// Derived, never stored.
    Status as ApiKeyStatus {
        /// It opens what its scopes name.
        Active = "active",
        /// It was revoked; that is final.
        Revoked = "revoked",
        /// Its time is over; that is final.
        Expired = "expired",
    }
}

/// Someone as they were called at the time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, utoipa::ToSchema)]
pub struct Person {
    /// The member's id, or `operator` for the command line.
    pub id: String,
    /// Their name.
    pub name: String,
}

/// A key as it is kept.
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
    pub revoked_at: Option<Time>,
    pub revoked_by: Option<Person>,
    pub revoke_reason: Option<String>,
    pub refused_everywhere_at: Option<Time>,
    pub rotated_from: Option<KeyId>,
    pub revision: i64,
}

impl Key {
    /// Revoked if it was revoked, else expired if past its expiry, else active.
    pub fn status(&self, now: Time) -> Status {
        match (self.revoked_at, self.expires_at) {
            (Some(_), _) => Status::Revoked,
            (None, Some(expiry)) if expiry <= now => Status::Expired,
            (None, _) => Status::Active,
        }
    }
}
