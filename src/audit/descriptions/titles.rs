//! Actions as choices of a list.

use crate::audit::action::Action;

/// Returns the title of an action without an event.
pub(in crate::audit) const fn title(action: Action) -> &'static str {
    match action {
        Action::KeyCreated => "Key created",
        Action::KeyUpdated => "Key changed",
        Action::KeyRotated => "Key replaced",
        Action::KeyRevoked => "Key revoked",
        Action::KeyRefusedEverywhere => "Revoked key refused everywhere",
        Action::KeyExpired => "Key expired",
        Action::KeyUsed => "Key first used, or used from a new address",
        Action::KeyDenied => "Requests with a key refused",
        Action::KeyLeakedInUrl => "Key sent in a URL",
        Action::KeySettingsUpdated => "API key management switched on or off",
        Action::SecuritySettingsUpdated => "Security settings changed",
        Action::SignedIn => "Signed in",
        Action::SignInFailed => "Sign-in failed",
        Action::SignedOut => "Signed out",
        Action::Reauthenticated => "Identity confirmed",
        Action::SessionRevoked => "Other sessions signed out",
        Action::PasswordChanged => "Password changed",
        Action::PasswordReset => "Password reset",
        Action::TwoFactorEnabled => "Two-factor authentication enabled",
        Action::TwoFactorDisabled => "Two-factor authentication disabled",
        Action::TwoFactorReset => "Two-factor authentication reset",
        Action::TwoFactorFailed => "Wrong verification code",
        Action::BackupCodeUsed => "Backup code used",
        Action::BackupCodesReplaced => "New backup codes",
        Action::PasswordResetRequested => "Reset link asked for by email",
        Action::PasskeyAdded => "Passkey added",
        Action::PasskeyRemoved => "Passkey removed",
        Action::PasskeyRefused => "Copied passkey refused",
        Action::MemberAdded => "Member added",
        Action::MemberInvitedAgain => "Member invited again",
        Action::MemberJoined => "Member joined",
        Action::MemberUpdated => "Name changed",
        Action::MemberRoleChanged => "Role changed",
        Action::MemberRemoved => "Member removed",
        Action::WorkspaceCreated => "Workspace created",
        Action::EveryoneSignedOut => "Everyone signed out",
        Action::AircraftCreated => "Aircraft added",
        Action::AircraftUpdated => "Aircraft changed",
        Action::TripCreated => "Trip created",
        Action::TripUpdated => "Trip changed",
        Action::ReportCreated => "Safety report filed",
        Action::ReportUpdated => "Safety report changed",
        Action::InvoiceCreated => "Invoice drafted",
        Action::InvoiceUpdated => "Draft of an invoice changed",
        Action::InvoiceSent => "Invoice sent",
        Action::InvoicePaymentRecorded => "Payment recorded",
        Action::InvoiceVoided => "Invoice voided",
        Action::WebhookCreated => "Webhook created",
        Action::WebhookUpdated => "Webhook changed",
        Action::WebhookDeleted => "Webhook deleted",
        Action::WebhookSecretRotated => "Secret of a webhook replaced",
        Action::WebhookDisabled => "Webhook disabled by the server",
        Action::WebhookEnabled => "Webhook enabled again",
    }
}

/// Returns the heading of an action in a list.
pub(in crate::audit) fn heading(action: Action) -> &'static str {
    match action.as_str().split('.').next() {
        _ if action == Action::SecuritySettingsUpdated => "People",
        Some("api_key" | "settings") => "API keys",
        Some("member" | "workspace") => "People",
        Some("aircraft") => "Fleet",
        Some("trip") => "Trips",
        Some("report") => "Safety reports",
        Some("invoice") => "Invoices",
        Some("webhook") => "Webhooks",
        _ => "Other",
    }
}
