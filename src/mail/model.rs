//! Emails: their contents, and the state of one in the outbox.

use serde::{Deserialize, Serialize};

use crate::workspaces::WorkspaceId;
use kit::clock::Time;

kit::ids! {
    /// The id of an email in the outbox.
    MailId = "mail";
}

kit::string_enum! {
    /// The kind of an email.
    MailKind as MailKind {
        Invitation = "invitation",
        PasswordReset = "password_reset",
        PasswordChanged = "password_changed",
        NewDevice = "new_device",
        FactorAdded = "factor_added",
        FactorRemoved = "factor_removed",
        BackupCodeUsed = "backup_code_used",
        KeyExpiring = "key_expiring",
    }
}

/// The members who can get an optional notice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Audience {
    Everybody,
    Administrators,
}

impl MailKind {
    /// Returns who can choose to do without the notice. `None` for a link that was asked for, and for notices that may be the only
    /// sign that somebody else uses an account: they are always sent.
    pub const fn optional_for(self) -> Option<Audience> {
        match self {
            Self::NewDevice => Some(Audience::Everybody),
            Self::KeyExpiring => Some(Audience::Administrators),
            Self::Invitation
            | Self::PasswordReset
            | Self::PasswordChanged
            | Self::FactorAdded
            | Self::FactorRemoved
            | Self::BackupCodeUsed => None,
        }
    }
}

/// The text of an email, without its link.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Content {
    /// Somebody was invited, and the link accepts it.
    Invitation {
        inviter: Option<String>,
        role: String,
        until: Time,
    },
    /// Somebody asked for a link that sets a new password.
    PasswordReset {
        until: Time,
    },
    /// The password was changed by its owner, or set by a link.
    PasswordChanged {
        at: Time,
    },
    /// A sign-in from a browser and a network that were not known.
    NewDevice {
        at: Time,
        ip: Option<String>,
        program: Option<String>,
    },
    /// A second factor was set up or replaced.
    FactorAdded {
        at: Time,
    },
    FactorRemoved {
        at: Time,
    },
    /// A backup code took the place of a code; `left` are left.
    BackupCodeUsed {
        at: Time,
        left: u64,
    },
    /// An API key expires at this time, before `days` have passed.
    KeyExpiring {
        key: String,
        name: String,
        hint: String,
        at: Time,
        days: u64,
    },
}

impl Content {
    pub const fn kind(&self) -> MailKind {
        match self {
            Self::Invitation { .. } => MailKind::Invitation,
            Self::PasswordReset { .. } => MailKind::PasswordReset,
            Self::PasswordChanged { .. } => MailKind::PasswordChanged,
            Self::NewDevice { .. } => MailKind::NewDevice,
            Self::FactorAdded { .. } => MailKind::FactorAdded,
            Self::FactorRemoved { .. } => MailKind::FactorRemoved,
            Self::BackupCodeUsed { .. } => MailKind::BackupCodeUsed,
            Self::KeyExpiring { .. } => MailKind::KeyExpiring,
        }
    }
}

/// The recipient of an email, as they were when it was queued.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recipient {
    pub workspace: WorkspaceId,
    pub name: String,
    pub email: String,
}

// No Debug: it carries a secret.
/// An email to queue.
pub struct NewMail {
    pub content: Content,
    /// Names the event that it tells of: of each event a member gets one email.
    pub event: String,
    /// A link with a secret, which is stored sealed.
    pub link: Option<String>,
    /// The time after which it is worthless, and no longer sent.
    pub until: Time,
}

/// An email of the outbox that is to be sent.
#[derive(Clone, Debug)]
pub struct QueuedMail {
    pub id: MailId,
    pub to: Recipient,
    pub workspace_name: String,
    pub timezone: String,
    pub content: Content,
    pub sealed_link: Option<Vec<u8>>,
    pub created_at: Time,
    pub attempts: u32,
}
