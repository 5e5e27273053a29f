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
    /// Keys that may write safety reports; members who may, and pilots.
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
            Self::FileReports => Some(Scope::write(Module::Safety)),
            Self::ReadAuditLog => Some(Scope::read(Module::Audit)),
            Self::Anyone | Self::Identified | Self::SignedIn | Self::Administrator | Self::AccountOwner => None,
        }
    }

    pub const fn credentials(self) -> Credentials {
        match self {
            Self::Anyone => Credentials::None,
            Self::Identified | Self::Scope(_) | Self::FileReports | Self::ReadAuditLog => Credentials::KeyOrSession,
            Self::SignedIn | Self::Administrator | Self::AccountOwner => Credentials::Session,
        }
    }

    /// Returns true if members of this role are admitted.
    pub fn admits(self, role: Role) -> bool {
        match self {
            Self::Anyone | Self::Identified | Self::SignedIn => true,
            Self::Scope(scope) => role.allows(scope),
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
            Self::FileReports => f.write_str("safety:write or pilot"),
            Self::ReadAuditLog => f.write_str("audit:read"),
            Self::Administrator => f.write_str("administrator"),
            Self::AccountOwner => f.write_str("account owner"),
        }
    }
}
