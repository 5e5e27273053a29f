//! Codes and severities as text.

use crate::findings::model::{Code, Severity};

impl Severity {
    pub const fn title(self) -> &'static str {
        match self {
            Self::Critical => "Critical",
            Self::Warning => "Warning",
            Self::Info => "Info",
        }
    }

    /// Returns the class of the badge.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Critical => "bad",
            Self::Warning => "warn",
            Self::Info => "",
        }
    }
}

impl Code {
    pub const fn title(self) -> &'static str {
        match self {
            Self::ChainBroken => "Audit log changed",
            Self::WebhookDisabled => "Webhook switched off",
            Self::Unusual => "Unusual activity",
            Self::KeyExpiring => "Key expires soon",
            Self::KeyRevokedCalls => "Calls with an ended key",
            Self::RotationBlocked => "Rotation not completed",
            Self::WebhookFailing => "Webhook failing",
            Self::OwnerAlone => "Only one account owner",
            Self::MemberNoSecondFactor => "No second factor",
            Self::KeyOrphaned => "Key without a custodian",
            Self::KeyEverywhere => "Key without an allow-list",
            Self::KeyExcess => "Key with unused scopes",
            Self::KeyNoExpiry => "Key without expiration",
            Self::KeyOld => "Key due for rotation",
            Self::KeyUnused => "Unused key",
        }
    }
}
