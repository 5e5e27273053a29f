//! The permissions of routes. Each is a type, so that a handler's signature names it.

use std::time::Duration;

use axum::http::Method;
use axum::http::request::Parts;

use super::admit::Admit;
use super::caller::{Anonymous, Caller, Identity, MemberCaller};
use super::rule::Rule;
use crate::limits::Call;
use crate::scopes::{Module, Scope};
use kit::http::ApiError;

/// The time for which a sign-in, or a re-authentication, permits what needs a recent one. Mere use does not extend it.
pub const RECENT: Duration = Duration::from_mins(15);

/// Something a caller may be allowed to do.
pub trait Permission: Send + Sync + 'static {
    /// The callers that are admitted, which a handler gets from [`Allowed::caller`](super::Allowed::caller).
    type Caller: Admit;

    const RULE: Rule;

    /// True if its calls take access away: they have a rate limit of their own, so that no other use slows an incident down.
    const ENDS_ACCESS: bool = false;

    /// True if members must have proved their identity within [`RECENT`]. Keys are exempt.
    const NEEDS_RECENT_PROOF: bool = false;

    /// True if it is open to a member who has to set up a second factor before anything else.
    const OPEN_BEFORE_SETUP: bool = false;

    /// The limit that a request with this method counts towards.
    fn call(method: &Method) -> Call {
        match *method {
            _ if Self::ENDS_ACCESS => Call::EndAccess,
            Method::GET | Method::HEAD | Method::OPTIONS => Call::Read,
            _ => Call::Write,
        }
    }

    /// The rule for one request, for a permission whose requests name a scope.
    fn rule(_request: &Parts) -> Result<Rule, ApiError> {
        Ok(Self::RULE)
    }
}

/// A permission whose callers belong to a workspace.
pub trait WorkspacePermission: Permission<Caller: Identity> {}

impl<P: Permission<Caller: Identity>> WorkspacePermission for P {}

/// A permission that admits members only.
pub trait MemberPermission: Permission<Caller = MemberCaller> {}

impl<P: Permission<Caller = MemberCaller>> MemberPermission for P {}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident: $caller:ty = $rule:expr
        $(, ENDS_ACCESS = $ends:expr)? $(, NEEDS_RECENT_PROOF = $recent:expr)? $(, OPEN_BEFORE_SETUP = $open:expr)?;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;
        impl Permission for $name {
            type Caller = $caller;
            const RULE: Rule = $rule;
            $(const ENDS_ACCESS: bool = $ends;)?
            $(const NEEDS_RECENT_PROOF: bool = $recent;)?
            $(const OPEN_BEFORE_SETUP: bool = $open;)?
        }
    )+};
}

permissions! {
    Anyone: Anonymous = Rule::Anyone;
    Identified: Caller = Rule::Identified, OPEN_BEFORE_SETUP = true;
    /// Read what is the same for every workspace.
    ReadReference: Caller = Rule::Identified;
    /// Read and change one's own account.
    SignedIn: MemberCaller = Rule::SignedIn, OPEN_BEFORE_SETUP = true;
    /// See what concerns the member: on Home, each part has a permission of its own.
    ViewHome: MemberCaller = Rule::SignedIn;
    /// Change one's own second factors.
    RecentlySignedIn: MemberCaller = Rule::SignedIn, NEEDS_RECENT_PROOF = true, OPEN_BEFORE_SETUP = true;
    TripsRead: Caller = Rule::Scope(Scope::read(Module::Trips));
    TripsWrite: Caller = Rule::Scope(Scope::write(Module::Trips));
    FleetRead: Caller = Rule::Scope(Scope::read(Module::Fleet));
    FleetWrite: Caller = Rule::Scope(Scope::write(Module::Fleet));
    /// Read safety reports: all of them with `safety:read`, their own for members who may only file them.
    ReadReports: Caller = Rule::ReadReports;
    SafetyWrite: Caller = Rule::Scope(Scope::write(Module::Safety));
    /// File a safety report: keys with `safety:write`, members who may write reports, pilots and dispatchers.
    FileReports: Caller = Rule::FileReports;
    InvoicesRead: Caller = Rule::Scope(Scope::read(Module::Invoices));
    InvoicesWrite: Caller = Rule::Scope(Scope::write(Module::Invoices));
    /// Keys with `audit:read`; administrators and auditors.
    ReadAuditLog: Caller = Rule::ReadAuditLog;
    ExportAuditLog: Caller = Rule::ReadAuditLog, NEEDS_RECENT_PROOF = true;
    ViewWebhooks: Caller = Rule::Scope(Scope::read(Module::Webhooks));
    /// Change webhooks; a new URL takes a recent proof of identity.
    ManageWebhooks: Caller = Rule::Scope(Scope::write(Module::Webhooks));
    /// Create a webhook, or rotate its secret.
    ReplaceWebhookSecrets: Caller = Rule::Scope(Scope::write(Module::Webhooks)), NEEDS_RECENT_PROOF = true;
    DeleteWebhooks: Caller = Rule::Scope(Scope::write(Module::Webhooks)), ENDS_ACCESS = true;
    /// Read keys, and change what does not matter to access.
    ManageKeys: MemberCaller = Rule::Administrator;
    /// See the page of findings, and dismiss them.
    ManageFindings: MemberCaller = Rule::Administrator;
    /// Create a key, or rotate one.
    CreateKeys: MemberCaller = Rule::Administrator, NEEDS_RECENT_PROOF = true;
    /// Change the policy for API keys.
    ManageKeyPolicy: MemberCaller = Rule::Administrator, NEEDS_RECENT_PROOF = true;
    /// Delete the data of the sandbox.
    ResetSandbox: MemberCaller = Rule::Administrator, NEEDS_RECENT_PROOF = true;
    /// Export the list of keys.
    ExportKeys: MemberCaller = Rule::Administrator, NEEDS_RECENT_PROOF = true;
    ManageMembers: MemberCaller = Rule::Administrator;
    ChangeRoles: MemberCaller = Rule::Administrator, NEEDS_RECENT_PROOF = true;
    /// See the security settings of the workspace, and the effects of a change.
    ViewSecurity: MemberCaller = Rule::Administrator;
    /// Change the security settings of the workspace.
    ManageSecurity: MemberCaller = Rule::Administrator, NEEDS_RECENT_PROOF = true;
    /// Reset the password or the second factors of another member.
    ResetMembers: MemberCaller = Rule::Administrator, NEEDS_RECENT_PROOF = true;
    OwnWorkspace: MemberCaller = Rule::AccountOwner;
    SignOut: MemberCaller = Rule::SignedIn, ENDS_ACCESS = true, OPEN_BEFORE_SETUP = true;
    /// End one's own sessions.
    EndSessions: MemberCaller = Rule::SignedIn, ENDS_ACCESS = true, OPEN_BEFORE_SETUP = true;
    RevokeKeys: MemberCaller = Rule::Administrator, ENDS_ACCESS = true;
    PauseKeys: MemberCaller = Rule::Administrator, ENDS_ACCESS = true;
    /// End the pause of a key, which gives access back.
    ResumeKeys: MemberCaller = Rule::Administrator, NEEDS_RECENT_PROOF = true;
    RemoveMembers: MemberCaller = Rule::Administrator, ENDS_ACCESS = true;
    /// End all sessions of the workspace, and all keys if that is wanted.
    SignOutEveryone: MemberCaller = Rule::Administrator, ENDS_ACCESS = true, NEEDS_RECENT_PROOF = true;
    /// Switch the creation of keys off, or on again.
    SwitchKeys: MemberCaller = Rule::AccountOwner, ENDS_ACCESS = true;
}
