//! [`Passkey`]: the public key by which an authenticator proves a person.

use webauthn_rs::prelude as webauthn;

use crate::members::MemberId;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::text::Line;

/// The passkeys that a person may have.
pub const MAX_PASSKEYS: u64 = 20;

kit::ids! {
    /// The id of a passkey. It is not the id of its credential, which authenticators keep.
    PasskeyId = "passkey";
}

pub type PasskeyName = Line<1, 100>;

/// A passkey as its owner sees it.
#[derive(Clone, Debug)]
pub struct Passkey {
    pub id: PasskeyId,
    pub workspace: WorkspaceId,
    pub member: MemberId,
    pub name: String,
    /// The host that it was made for, without which it does not work.
    pub rp_id: String,
    /// True if a password manager keeps copies of it, by the authenticator's own account.
    pub is_synced: bool,
    pub created_at: Time,
    pub last_used_at: Option<Time>,
}

/// A passkey with its public key.
#[derive(Clone, Debug)]
pub(super) struct StoredPasskey {
    pub(super) passkey: Passkey,
    pub(super) key: webauthn::Passkey,
    /// The handle by which the authenticator knows the member.
    pub(super) handle: webauthn::Uuid,
    pub(super) sign_count: u32,
}
