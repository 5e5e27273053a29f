//! Roles, and what each may do with the workspace's data.

use serde::{Deserialize, Serialize};

use crate::scopes::{Access, Module, Scope};

/// The role of a member in the workspace.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, utoipa::ToSchema, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum Role {
    /// Owns the account; an administrator who also switches API key management on and off.
    AccountOwner,
    /// Manages keys, members and settings, and reads the audit log.
    Admin,
    /// Writes safety reports, reads the rest.
    SafetyManager,
    /// Writes trips and fleet, files safety reports and reads their own.
    Dispatcher,
    /// Reads trips and fleet, files safety reports and reads their own.
    Pilot,
    /// Reads everything and the audit log.
    Auditor,
}

impl Role {
    /// Every role, the mightiest first.
    pub const ALL: [Self; 6] =
        [Self::AccountOwner, Self::Admin, Self::SafetyManager, Self::Dispatcher, Self::Pilot, Self::Auditor];

    /// Returns the name that is stored and sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccountOwner => "account_owner",
            Self::Admin => "admin",
            Self::SafetyManager => "safety_manager",
            Self::Dispatcher => "dispatcher",
            Self::Pilot => "pilot",
            Self::Auditor => "auditor",
        }
    }

    /// Returns the name that pages show.
    pub const fn title(self) -> &'static str {
        match self {
            Self::AccountOwner => "Account owner",
            Self::Admin => "Admin",
            Self::SafetyManager => "Safety manager",
            Self::Dispatcher => "Dispatcher",
            Self::Pilot => "Pilot",
            Self::Auditor => "Auditor",
        }
    }

    /// Returns a sentence about what the role may do.
    pub const fn ability(self) -> &'static str {
        match self {
            Self::AccountOwner => {
                "Everything that an Admin can do; also adds and removes account owners, and switches API key management on and off."
            }
            Self::Admin => "Manages API keys and members, reads the audit log, and works with all of the workspace's data.",
            Self::SafetyManager => "Works with safety reports; sees trips, fleet and invoices.",
            Self::Dispatcher => "Works with trips and fleet; files safety reports and sees their own.",
            Self::Pilot => "Sees trips and fleet; files safety reports and sees their own.",
            Self::Auditor => "Sees all of the workspace's data and the audit log; changes nothing.",
        }
    }

    /// Parses the stored name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }

    /// Returns true for the roles that manage keys, members and settings.
    pub const fn is_administrator(self) -> bool {
        matches!(self, Self::AccountOwner | Self::Admin)
    }

    pub const fn reads_audit_log(self) -> bool {
        self.is_administrator() || matches!(self, Self::Auditor)
    }

    /// Returns true for roles that may write safety reports, and for pilots and dispatchers, who may only file them.
    pub fn files_reports(self) -> bool {
        matches!(self, Self::Pilot | Self::Dispatcher) || self.allows(Scope::write(Module::Safety))
    }

    /// Returns true if this role may do what `scope` names.
    pub fn allows(self, scope: Scope) -> bool {
        self.access(scope.module).is_some_and(|access| access >= scope.access)
    }

    fn access(self, module: Module) -> Option<Access> {
        use Access::{Read, Write};
        use Module::{Audit, Fleet, Invoices, Safety, Trips, Webhooks};
        match (self, module) {
            (Self::AccountOwner | Self::Admin, Trips | Fleet | Safety | Invoices | Webhooks)
            | (Self::SafetyManager, Safety)
            | (Self::Dispatcher, Trips | Fleet) => Some(Write),
            (Self::AccountOwner | Self::Admin, Audit)
            | (Self::Auditor, Trips | Fleet | Safety | Invoices | Audit)
            | (Self::SafetyManager, Trips | Fleet | Invoices)
            | (Self::Pilot, Trips | Fleet) => Some(Read),
            (Self::Auditor | Self::SafetyManager, Webhooks)
            | (Self::SafetyManager, Audit)
            | (Self::Dispatcher | Self::Pilot, Safety | Invoices | Webhooks | Audit) => None,
        }
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
