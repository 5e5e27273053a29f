//! What a route asks for. Each permission is a type, so that a handler's signature names it.

use std::fmt;

use axum::http::Method;
use axum::http::request::Parts;

use crate::limits::Call;
use crate::members::Role;
use crate::scopes::{Module, Scope};
use kit::http::ApiError;

/// Something a caller may be allowed to do.
pub trait Permission: Send + Sync + 'static {
    /// Who is.
    const RULE: Rule;

    /// Whether its calls take access away: they are held to a limit of their own, so that nothing slows an incident down.
    const ENDS_ACCESS: bool = false;

    /// The limit that a request with this method is held to.
    fn call(method: &Method) -> Call {
        match *method {
            _ if Self::ENDS_ACCESS => Call::EndAccess,
            Method::GET | Method::HEAD | Method::OPTIONS => Call::Read,
            _ => Call::Write,
        }
    }

    /// The rule for one request, if the request itself may ask for more.
    fn rule(_request: &Parts) -> Result<Rule, ApiError> {
        Ok(Self::RULE)
    }
}

/// Who is allowed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rule {
    /// Anyone; credentials are not looked at.
    Anyone,
    /// Any key, any member.
    Identified,
    /// Any member.
    SignedIn,
    /// Keys with the scope; members whose role allows the same.
    Scope(Scope),
    /// Keys that may write safety reports; members who may, and pilots.
    FileReports,
    /// Keys with `audit:read`; administrators and auditors.
    ReadAuditLog,
    /// Administrators, in person.
    Administrator,
    /// Account owners, in person.
    AccountOwner,
}

impl Rule {
    /// The scope a key needs; `None` if none is needed, or no key will do.
    pub const fn scope(self) -> Option<Scope> {
        match self {
            Self::Scope(scope) => Some(scope),
            Self::FileReports => Some(Scope::write(Module::Safety)),
            Self::ReadAuditLog => Some(Scope::read(Module::Audit)),
            Self::Anyone | Self::Identified | Self::SignedIn | Self::Administrator | Self::AccountOwner => None,
        }
    }

    /// Whether keys are let in at all.
    pub const fn admits_keys(self) -> bool {
        !matches!(self, Self::SignedIn | Self::Administrator | Self::AccountOwner)
    }

    /// Whether a member of this role is let in.
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

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $rule:expr $(, ENDS_ACCESS = $ends:expr)?;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;
        impl Permission for $name {
            const RULE: Rule = $rule;
            $(const ENDS_ACCESS: bool = $ends;)?
        }
    )+};
}

permissions! {
    /// Open to all.
    Anyone = Rule::Anyone;
    /// Any valid credential.
    Identified = Rule::Identified;
    /// Any member.
    SignedIn = Rule::SignedIn;
    /// See trips.
    TripsRead = Rule::Scope(Scope::read(Module::Trips));
    /// Make and change trips.
    TripsWrite = Rule::Scope(Scope::write(Module::Trips));
    /// See aircraft.
    FleetRead = Rule::Scope(Scope::read(Module::Fleet));
    /// Add and change aircraft.
    FleetWrite = Rule::Scope(Scope::write(Module::Fleet));
    /// See safety reports.
    SafetyRead = Rule::Scope(Scope::read(Module::Safety));
    /// Change safety reports.
    SafetyWrite = Rule::Scope(Scope::write(Module::Safety));
    /// File a safety report.
    FileReports = Rule::FileReports;
    /// See invoices.
    InvoicesRead = Rule::Scope(Scope::read(Module::Invoices));
    /// Draft, send and settle invoices.
    InvoicesWrite = Rule::Scope(Scope::write(Module::Invoices));
    /// See the audit log.
    ReadAuditLog = Rule::ReadAuditLog;
    /// Make, rotate, revoke keys.
    ManageKeys = Rule::Administrator;
    /// Add, change, remove members.
    ManageMembers = Rule::Administrator;
    /// Settings of the account owner.
    OwnWorkspace = Rule::AccountOwner;
    /// End one's own session.
    SignOut = Rule::SignedIn, ENDS_ACCESS = true;
    /// Revoke keys.
    RevokeKeys = Rule::Administrator, ENDS_ACCESS = true;
    /// Remove members.
    RemoveMembers = Rule::Administrator, ENDS_ACCESS = true;
    /// Switch the making of keys off, or on again.
    SwitchKeys = Rule::AccountOwner, ENDS_ACCESS = true;
}
