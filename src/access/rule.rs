//! [`Rule`]: who is allowed, in terms of scopes and roles.

use std::fmt;

use crate::members::Role;
use crate::scopes::{Module, Scope};

/// The credentials that a rule accepts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Credentials {
    /// Credentials are not looked at.
    None,
    KeyOrSession,
    Session,
}

impl Credentials {
    /// Returns true if both are equal, in a constant.
    pub const fn is(self, other: Self) -> bool {
        self as u8 == other as u8
    }
}

/// The callers that a permission is granted to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rule {
    /// All callers; credentials are not looked at.
    Anyone,
    /// Every key and every member.
    Identified,
    SignedIn,
    /// Keys with the scope; members whose role allows the same.
    Scope(Scope),
    /// Keys that may read trips, fleet, safety reports or invoices; members who may.
    ReadData,
    /// Keys that may read safety reports; members who may, and those who file reports, for their own.
    ReadReports,
    /// Keys that may write safety reports; members who may, pilots and dispatchers.
    FileReports,
    /// Keys with `audit:read`; administrators and auditors.
    ReadAuditLog,
    /// Administrators, with a session.
    Administrator,
    /// Account owners, with a session.
    AccountOwner,
}

impl Rule {
    /// The scope a key needs; `None` if none is needed, or if keys are not admitted.
    pub const fn scope(self) -> Option<Scope> {
        match self {
            Self::Scope(scope) => Some(scope),
            Self::ReadReports => Some(Scope::read(Module::Safety)),
            Self::FileReports => Some(Scope::write(Module::Safety)),
            Self::ReadAuditLog => Some(Scope::read(Module::Audit)),
            Self::Anyone | Self::Identified | Self::SignedIn | Self::ReadData | Self::Administrator | Self::AccountOwner => None,
        }
    }

    pub const fn credentials(self) -> Credentials {
        match self {
            Self::Anyone => Credentials::None,
            Self::Identified | Self::Scope(_) | Self::ReadData | Self::ReadReports | Self::FileReports | Self::ReadAuditLog => {
                Credentials::KeyOrSession
            }
            Self::SignedIn | Self::Administrator | Self::AccountOwner => Credentials::Session,
        }
    }

    /// Returns true if members of this role are admitted.
    pub fn admits(self, role: Role) -> bool {
        match self {
            Self::Anyone | Self::Identified | Self::SignedIn => true,
            Self::Scope(scope) => role.allows(scope),
            Self::ReadData => Module::DATA.into_iter().any(|module| role.allows(Scope::read(module))),
            Self::ReadReports => role.allows(Scope::read(Module::Safety)) || role.files_reports(),
            Self::FileReports => role.files_reports(),
            Self::ReadAuditLog => role.reads_audit_log(),
            Self::Administrator => role.is_administrator(),
            Self::AccountOwner => role == Role::AccountOwner,
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anyone => f.write_str("anyone"),
            Self::Identified => f.write_str("any credential"),
            Self::SignedIn => f.write_str("any member"),
            Self::Scope(scope) => scope.fmt(f),
            Self::ReadData => f.write_str("a scope to read trips, fleet, safety or invoices"),
            Self::ReadReports => f.write_str("safety:read, or pilot or dispatcher for own reports"),
            Self::FileReports => f.write_str("safety:write, or pilot or dispatcher"),
            Self::ReadAuditLog => f.write_str("audit:read"),
            Self::Administrator => f.write_str("administrator"),
            Self::AccountOwner => f.write_str("account owner"),
        }
    }
}
