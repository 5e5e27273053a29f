//! Who may do what: from the credential in a request to a permission that was granted.
//!
//! Invariants
//! - A handler gets to run only with an [`Allowed`] in its hands, whose type names the permission; that of a page with a
//!   [`PageSession`], who came with a cookie. The API takes no cookie, and a form nothing without its token.
//! - A key never manages keys, members or settings, whatever its scopes.
//! - Two different credentials in one request are refused, and so is a key or token in a URL.
//!
//! - `credential` what a request carries; `permission` what a route asks for; `allowed` the two brought together
//! - `reader` asks again, while a long answer is sent
//! - `refusal` what a refused caller is told; `api` whoami and check
//! - `visitor` the caller of a page; `forms` what a page's form has to prove; `hosts` the names that the server answers to

mod allowed;
mod api;
mod credential;
mod csrf;
mod hosts;
mod page_session;
mod permission;
mod reader;
mod recheck;
mod refusal;
mod request;

pub use allowed::{Allowed, Caller};
pub use api::routes;
pub(crate) use api::{CallingMember, WorkspaceView};
pub use credential::refuse_secret_in_url;
pub use csrf::{Form, csrf_middleware};
pub use hosts::{guard_host, guard_metrics};
pub use page_session::PageSession;
pub use permission::{
    Anyone, FileReports, FleetRead, FleetWrite, Identified, InvoicesRead, InvoicesWrite, ManageKeys, ManageMembers, OwnWorkspace,
    Permission, ReadAuditLog, RemoveMembers, RevokeKeys, Rule, SafetyRead, SafetyWrite, SignOut, SignedIn, SwitchKeys, TripsRead,
    TripsWrite,
};
pub use reader::Reader;
pub(crate) use refusal::unauthorized;
