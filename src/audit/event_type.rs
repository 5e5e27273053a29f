//! The public types of events, by which webhooks and documentation name audit actions.

use super::action::Action;
use crate::scopes::{Module, Scope};

kit::string_enum! {
    /// The public type of an event.
    EventType as WebhookEventType {
        TripCreated = "trip.created",
        /// Details changed, or the status became one that has no type of its own.
        TripUpdated = "trip.updated",
        TripConfirmed = "trip.confirmed",
        TripCancelled = "trip.cancelled",
        TripCompleted = "trip.completed",
        ReportSubmitted = "safety_report.submitted",
        ReportUpdated = "safety_report.updated",
        ReportClosed = "safety_report.closed",
        InvoiceCreated = "invoice.created",
        InvoiceUpdated = "invoice.updated",
        InvoiceSent = "invoice.sent",
        /// A payment that leaves something to pay.
        InvoicePaymentRecorded = "invoice.payment_recorded",
        InvoicePaid = "invoice.paid",
        InvoiceVoided = "invoice.voided",
        /// The day after the due date has begun in the zone of the workspace.
        InvoiceOverdue = "invoice.overdue",
        AircraftCreated = "aircraft.created",
        AircraftUpdated = "aircraft.updated",
        AircraftStatusChanged = "aircraft.status_changed",
        KeyCreated = "api_key.created",
        KeyUpdated = "api_key.updated",
        KeyRotated = "api_key.rotated",
        /// The end of the rotation has come, and the old key stays active, as it is still in use, or no active key replaces it.
        KeyRotationBlocked = "api_key.rotation_blocked",
        /// Requests with the key are refused until the pause ends.
        KeyPaused = "api_key.paused",
        /// Somebody ended a pause, or it ended by itself.
        KeyResumed = "api_key.resumed",
        KeyRevoked = "api_key.revoked",
        KeyRefusedEverywhere = "api_key.refused_everywhere",
        /// The key expires within seven days, or within a day.
        KeyExpiring = "api_key.expiring",
        KeyExpired = "api_key.expired",
        KeyLeakedInUrl = "api_key.leaked_in_url",
        /// A key was found where others can read it.
        KeyLeaked = "api_key.leaked",
        /// A rule on unusual activity applies, or the log marks a use of the key or a denied request with it as unusual.
        KeyUnusual = "api_key.unusual",
        MemberAdded = "member.added",
        MemberRoleChanged = "member.role_changed",
        MemberRemoved = "member.removed",
        MemberSignInFailed = "member.sign_in_failed",
        WebhookDisabled = "webhook.disabled",
        WebhookEnabled = "webhook.enabled",
        /// An administrator dismissed a finding for 30 days.
        FindingDismissed = "finding.dismissed",
        /// An administrator took the dismissal of a finding back.
        FindingRestored = "finding.restored",
    }
}

impl EventType {
    /// Returns the module to which its data belong.
    pub const fn module(self) -> Module {
        match self {
            Self::TripCreated | Self::TripUpdated | Self::TripConfirmed | Self::TripCancelled | Self::TripCompleted => {
                Module::Trips
            }
            Self::ReportSubmitted | Self::ReportUpdated | Self::ReportClosed => Module::Safety,
            Self::InvoiceCreated
            | Self::InvoiceUpdated
            | Self::InvoiceSent
            | Self::InvoicePaymentRecorded
            | Self::InvoicePaid
            | Self::InvoiceVoided
            | Self::InvoiceOverdue => Module::Invoices,
            Self::AircraftCreated | Self::AircraftUpdated | Self::AircraftStatusChanged => Module::Fleet,
            Self::KeyCreated
            | Self::KeyUpdated
            | Self::KeyRotated
            | Self::KeyRotationBlocked
            | Self::KeyPaused
            | Self::KeyResumed
            | Self::KeyRevoked
            | Self::KeyRefusedEverywhere
            | Self::KeyExpiring
            | Self::KeyExpired
            | Self::KeyLeakedInUrl
            | Self::KeyLeaked
            | Self::KeyUnusual
            | Self::MemberAdded
            | Self::MemberRoleChanged
            | Self::MemberRemoved
            | Self::MemberSignInFailed
            | Self::WebhookDisabled
            | Self::WebhookEnabled
            | Self::FindingDismissed
            | Self::FindingRestored => Module::Audit,
        }
    }

    /// Returns the scope that a key needs to receive such events.
    pub const fn scope(self) -> Scope {
        Scope::read(self.module())
    }
}

impl Action {
    /// Returns the types as which such an event can be published. The slice that records it chooses one with
    /// [`AuditedTx::publish`](super::AuditedTx::publish). An action without types concerns this workspace alone.
    pub const fn event_types(self) -> &'static [EventType] {
        match self {
            Self::TripCreated => &[EventType::TripCreated],
            Self::TripUpdated => {
                &[EventType::TripUpdated, EventType::TripConfirmed, EventType::TripCancelled, EventType::TripCompleted]
            }
            Self::ReportCreated => &[EventType::ReportSubmitted],
            Self::ReportUpdated => &[EventType::ReportUpdated, EventType::ReportClosed],
            Self::InvoiceCreated => &[EventType::InvoiceCreated],
            Self::InvoiceUpdated => &[EventType::InvoiceUpdated],
            // An invoice over nothing is paid when it is sent.
            Self::InvoiceSent => &[EventType::InvoiceSent, EventType::InvoicePaid],
            Self::InvoicePaymentRecorded => &[EventType::InvoicePaymentRecorded, EventType::InvoicePaid],
            Self::InvoiceVoided => &[EventType::InvoiceVoided],
            Self::InvoiceOverdue => &[EventType::InvoiceOverdue],
            Self::AircraftCreated => &[EventType::AircraftCreated],
            Self::AircraftUpdated => &[EventType::AircraftUpdated, EventType::AircraftStatusChanged],
            Self::KeyCreated => &[EventType::KeyCreated],
            Self::KeyUpdated => &[EventType::KeyUpdated],
            Self::KeyRotated => &[EventType::KeyRotated],
            Self::KeyRotationBlocked => &[EventType::KeyRotationBlocked],
            Self::KeyPaused => &[EventType::KeyPaused],
            Self::KeyResumed => &[EventType::KeyResumed],
            Self::KeyRevoked => &[EventType::KeyRevoked],
            Self::KeyRefusedEverywhere => &[EventType::KeyRefusedEverywhere],
            Self::KeyExpiring => &[EventType::KeyExpiring],
            Self::KeyExpired => &[EventType::KeyExpired],
            Self::KeyLeakedInUrl => &[EventType::KeyLeakedInUrl],
            Self::KeyLeaked => &[EventType::KeyLeaked],
            Self::MemberAdded => &[EventType::MemberAdded],
            Self::MemberRoleChanged => &[EventType::MemberRoleChanged],
            Self::MemberRemoved => &[EventType::MemberRemoved],
            Self::SignInFailed => &[EventType::MemberSignInFailed],
            Self::WebhookDisabled => &[EventType::WebhookDisabled],
            Self::WebhookEnabled => &[EventType::WebhookEnabled],
            Self::FindingDismissed => &[EventType::FindingDismissed],
            Self::FindingRestored => &[EventType::FindingRestored],
            Self::KeyUsed | Self::KeyDenied | Self::KeyUnusual => &[EventType::KeyUnusual],
            Self::KeyPausedEverywhere
            | Self::KeyShadowStarted
            | Self::KeyShadowEnded
            | Self::KeysHandedOver
            | Self::KeySettingsUpdated
            | Self::SecuritySettingsUpdated
            | Self::KeyPolicyUpdated
            | Self::SignedIn
            | Self::SignedOut
            | Self::Reauthenticated
            | Self::SessionRevoked
            | Self::PasswordChanged
            | Self::PasswordReset
            | Self::TwoFactorEnabled
            | Self::TwoFactorDisabled
            | Self::TwoFactorReset
            | Self::TwoFactorFailed
            | Self::BackupCodeUsed
            | Self::BackupCodesReplaced
            | Self::PasswordResetRequested
            | Self::PasskeyAdded
            | Self::PasskeyRemoved
            | Self::PasskeyRefused
            | Self::MemberInvitedAgain
            | Self::MemberJoined
            | Self::MemberUpdated
            | Self::NoticesUpdated
            | Self::WorkspaceCreated
            | Self::SandboxReset
            | Self::EveryoneSignedOut
            | Self::WebhookCreated
            | Self::WebhookUpdated
            | Self::WebhookDeleted
            | Self::WebhookSecretRotated => &[],
        }
    }
}
