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
        WeeklyDigest = "weekly_digest",
        KeyExpiring = "key_expiring",
        KeyLeaked = "key_leaked",
        KeyUnusual = "key_unusual",
        WebhookFailing = "webhook_failing",
        WebhookDisabled = "webhook_disabled",
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
            Self::WeeklyDigest
            | Self::KeyExpiring
            | Self::KeyLeaked
            | Self::KeyUnusual
            | Self::WebhookFailing
            | Self::WebhookDisabled => Some(Audience::Administrators),
            Self::Invitation
            | Self::PasswordReset
            | Self::PasswordChanged
            | Self::FactorAdded
            | Self::FactorRemoved
            | Self::BackupCodeUsed => None,
        }
    }

    /// Returns how many of the kind a member gets in a day. A button must not flood a mailbox; what the server notices by itself
    /// comes once for each key and webhook, and one email lists those of a run.
    pub(super) const fn max_a_day(self) -> u64 {
        match self {
            Self::KeyUnusual => MAX_UNUSUAL_A_DAY,
            Self::KeyExpiring | Self::KeyLeaked | Self::WebhookFailing | Self::WebhookDisabled => 100,
            Self::Invitation
            | Self::PasswordReset
            | Self::PasswordChanged
            | Self::NewDevice
            | Self::WeeklyDigest
            | Self::FactorAdded
            | Self::FactorRemoved
            | Self::BackupCodeUsed => 10,
        }
    }
}

/// The emails about unusual activity that a member gets in a day. Somebody who has a few keys could fill a mailbox with them.
pub(super) const MAX_UNUSUAL_A_DAY: u64 = 20;

/// The keys, webhooks or findings that one email lists at most. It counts the others.
pub const MAX_LISTED: usize = 20;

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
    /// API keys expire before `days` have passed. The previous version reads the first, and writes about it alone.
    KeyExpiring {
        #[serde(flatten)]
        first: ExpiringKey,
        days: u64,
        #[serde(default)]
        others: Vec<ExpiringKey>,
        /// Further ones, which are not listed.
        #[serde(default)]
        more: u64,
    },
    /// API keys that work were found where others can read them.
    KeyLeaked {
        at: Time,
        keys: Vec<LeakedKey>,
        more: u64,
        /// The measure against them, by the policy of the workspace: `notify`, `pause` or `revoke`.
        policy: String,
    },
    /// The activity of API keys was unusual.
    KeyUnusual {
        at: Time,
        keys: Vec<UnusualKey>,
        more: u64,
    },
    /// The findings of the workspace, once a week.
    WeeklyDigest {
        at: Time,
        /// The most urgent first.
        findings: Vec<DigestFinding>,
        more: u64,
    },
    /// Webhooks fail, and the server will disable them.
    WebhookFailing {
        webhooks: Vec<FailingWebhook>,
        more: u64,
    },
    /// The server disabled webhooks.
    WebhookDisabled {
        at: Time,
        webhooks: Vec<DisabledWebhook>,
        more: u64,
    },
}

/// An API key that expires.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ExpiringKey {
    /// Its id.
    pub key: String,
    pub name: String,
    pub hint: String,
    pub at: Time,
}

/// An API key that was found in public.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LeakedKey {
    /// Its id.
    pub key: String,
    pub name: String,
    pub hint: String,
    /// The address where it was found; empty if it is not known.
    pub url: String,
}

/// Unusual activity of an API key.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct UnusualKey {
    /// The id of the key.
    pub key: String,
    pub name: String,
    pub hint: String,
    /// The rule by which the activity is unusual.
    pub rule: String,
    /// The activity as a sentence without its subject, which is the key.
    pub activity: String,
}

/// A finding in the digest.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DigestFinding {
    /// The title of its severity.
    pub severity: String,
    pub message: String,
    /// The text of the link that leads to the remedy.
    pub label: String,
    /// The path of the page that it leads to.
    pub path: String,
}

/// A webhook that fails.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FailingWebhook {
    pub id: String,
    pub name: String,
    pub url: String,
    pub failing_since: Time,
    /// The earliest time at which it is disabled.
    pub disabled_from: Time,
    /// Deliveries that have to fail before; 0 if enough have.
    pub still_to_fail: u64,
}

/// A webhook that the server disabled.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DisabledWebhook {
    pub id: String,
    pub name: String,
    pub url: String,
    pub reason: String,
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
            Self::KeyLeaked { .. } => MailKind::KeyLeaked,
            Self::KeyUnusual { .. } => MailKind::KeyUnusual,
            Self::WeeklyDigest { .. } => MailKind::WeeklyDigest,
            Self::WebhookFailing { .. } => MailKind::WebhookFailing,
            Self::WebhookDisabled { .. } => MailKind::WebhookDisabled,
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
