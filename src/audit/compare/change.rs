//! The changes of compared fields, by the action of their event.

use crate::audit::action::Action;

/// A change of compared fields, by the kind of its subject.
#[derive(Clone, Copy)]
pub(super) enum Change {
    Workspace(WorkspaceChange),
    Member(MemberChange),
    Key(KeyChange),
    /// Another custodian for all keys of one.
    HandedOver,
}

#[derive(Clone, Copy)]
pub(super) enum WorkspaceChange {
    Created,
    KeySettingsUpdated,
    SecuritySettingsUpdated,
    KeyPolicyUpdated,
}

#[derive(Clone, Copy)]
pub(super) enum MemberChange {
    Added,
    Joined,
    SignedIn,
    PasswordReplaced,
    Renamed,
    RoleChanged,
    Removed,
}

#[derive(Clone, Copy)]
pub(super) enum KeyChange {
    Created,
    Updated,
    Rotated,
    RotationBlocked,
    Paused,
    PausedEverywhere,
    Resumed,
    Revoked,
    RefusedEverywhere,
    Expired,
}

impl Change {
    /// Returns the change of compared fields that an action makes; `None` if it makes none.
    pub(super) const fn of(action: Action) -> Option<Self> {
        Some(match action {
            Action::WorkspaceCreated => Self::Workspace(WorkspaceChange::Created),
            Action::KeySettingsUpdated => Self::Workspace(WorkspaceChange::KeySettingsUpdated),
            Action::SecuritySettingsUpdated => Self::Workspace(WorkspaceChange::SecuritySettingsUpdated),
            Action::KeyPolicyUpdated => Self::Workspace(WorkspaceChange::KeyPolicyUpdated),
            Action::MemberAdded => Self::Member(MemberChange::Added),
            Action::MemberJoined => Self::Member(MemberChange::Joined),
            Action::SignedIn => Self::Member(MemberChange::SignedIn),
            Action::PasswordChanged | Action::PasswordReset => Self::Member(MemberChange::PasswordReplaced),
            Action::MemberUpdated => Self::Member(MemberChange::Renamed),
            Action::MemberRoleChanged => Self::Member(MemberChange::RoleChanged),
            Action::MemberRemoved => Self::Member(MemberChange::Removed),
            Action::KeyCreated => Self::Key(KeyChange::Created),
            Action::KeyUpdated => Self::Key(KeyChange::Updated),
            Action::KeyRotated => Self::Key(KeyChange::Rotated),
            Action::KeyRotationBlocked => Self::Key(KeyChange::RotationBlocked),
            Action::KeyPaused => Self::Key(KeyChange::Paused),
            Action::KeyPausedEverywhere => Self::Key(KeyChange::PausedEverywhere),
            Action::KeyResumed => Self::Key(KeyChange::Resumed),
            Action::KeyRevoked => Self::Key(KeyChange::Revoked),
            Action::KeyRefusedEverywhere => Self::Key(KeyChange::RefusedEverywhere),
            Action::KeyExpired => Self::Key(KeyChange::Expired),
            Action::KeysHandedOver => Self::HandedOver,
            Action::KeyExpiring
            | Action::KeyShadowStarted
            | Action::KeyShadowEnded
            | Action::KeyUsed
            | Action::KeyDenied
            | Action::KeyLeakedInUrl
            | Action::KeyLeaked
            | Action::KeyUnusual
            | Action::EveryoneSignedOut
            | Action::SandboxReset
            | Action::SignInFailed
            | Action::SignedOut
            | Action::Reauthenticated
            | Action::SessionRevoked
            | Action::TwoFactorEnabled
            | Action::TwoFactorDisabled
            | Action::TwoFactorReset
            | Action::TwoFactorFailed
            | Action::BackupCodeUsed
            | Action::BackupCodesReplaced
            | Action::PasswordResetRequested
            | Action::PasskeyAdded
            | Action::PasskeyRemoved
            | Action::PasskeyRefused
            | Action::MemberInvitedAgain
            | Action::NoticesUpdated
            | Action::FindingDismissed
            | Action::FindingRestored
            | Action::AircraftCreated
            | Action::AircraftUpdated
            | Action::TripCreated
            | Action::TripUpdated
            | Action::ReportCreated
            | Action::ReportUpdated
            | Action::InvoiceCreated
            | Action::InvoiceUpdated
            | Action::InvoiceSent
            | Action::InvoicePaymentRecorded
            | Action::InvoiceVoided
            | Action::InvoiceOverdue
            | Action::WebhookCreated
            | Action::WebhookUpdated
            | Action::WebhookDeleted
            | Action::WebhookSecretRotated
            | Action::WebhookDisabled
            | Action::WebhookEnabled => return None,
        })
    }
}
