//! Authentication and authorisation: from the credential of a request to a permission that was granted.
//!
//! Invariants
//! - A handler runs only with an [`Allowed`], [`PageSession`] or [`OpenPage`], whose type names the permission and decides which
//!   caller the handler gets. The API reads no cookie, and a form without a CSRF token changes nothing.
//! - A key never manages keys, members or settings, whatever its scopes.
//! - Two different credentials in one request are refused, and so is a key or token in a URL.
//!
//! - `credential` what a request presents; `rule`, `permission` what a route needs; `caller` who is admitted; `admit` the check
//! - `allowed` extractor of API calls; `page_session`, `open_page` those of pages, `own_session` of a page that makes a call;
//!   `csrf` the middleware of forms, `csrf_token` its tokens; `confirm` the page between a form and its handler
//! - `reader` checks again during a long response, `recheck` when a write begins; `request` audit context of a request
//! - `refusal` error responses; `hosts` accepted host names; `api` whoami, and forward authentication

mod admit;
mod allowed;
mod api;
mod caller;
mod confirm;
mod credential;
mod csrf;
mod csrf_token;
mod hosts;
mod open_page;
mod own_session;
mod page_session;
mod permission;
mod reader;
mod recheck;
mod refusal;
mod request;
mod rule;

pub use admit::{Admit, Terms};
pub use allowed::Allowed;
pub(crate) use api::{CallingMember, WorkspaceView};
pub use api::{is_check, routes};
pub use caller::{Anonymous, Caller, Identity, KeyCaller, MemberCaller};
pub use credential::refuse_secret_in_url;
pub use csrf::{Form, csrf_middleware};
pub use hosts::{guard_host, guard_metrics};
pub use open_page::OpenPage;
pub use own_session::OwnSession;
pub use page_session::{PageSession, signed_in_member};
pub use permission::{
    Anyone, ChangeRoles, CreateKeys, DeleteWebhooks, EndSessions, ExportAuditLog, ExportKeys, FileReports, FleetRead, FleetWrite,
    InvoicesRead, InvoicesWrite, ManageFindings, ManageKeyPolicy, ManageKeys, ManageMembers, ManageSecurity, ManageWebhooks,
    MemberPermission, OwnWorkspace, PauseKeys, Permission, RECENT, ReadAuditLog, ReadReference, ReadReports, RecentlySignedIn,
    RemoveMembers, ReplaceWebhookSecrets, ResetMembers, ResetSandbox, ResumeKeys, RevokeKeys, SafetyWrite, SignOut,
    SignOutEveryone, SignedIn, SwitchKeys, TripsRead, TripsWrite, ViewHome, ViewSecurity, ViewWebhooks, WorkspacePermission,
};
pub use reader::Reader;
pub(crate) use refusal::unauthorized;
pub use rule::{Credentials, Rule};
