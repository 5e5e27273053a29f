//! The page for a form of a new key while API key management is off.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use crate::access::{MemberPermission, PageSession, Permission, SwitchKeys};
use crate::app::App;
use crate::frame::{Frame, MenuEntry};
use crate::members::{self, Member, Role};
use kit::http::ApiError;
use kit::page::html_with;

#[derive(Template)]
#[template(path = "keys/disabled.html")]
struct DisabledPage {
    frame: Frame,
    /// True if the person can switch API key management on.
    may_switch: bool,
    /// The account owners to ask, for a person who cannot.
    owners: Vec<Member>,
}

/// Returns 403, with the switch for an account owner, and for others the account owners to ask.
pub(super) async fn show<P: MemberPermission>(app: &App, who: &PageSession<P>) -> Result<Response, ApiError> {
    let may_switch = SwitchKeys::RULE.admits(who.member().role);
    let owners =
        if may_switch { Vec::new() } else { members::with_role(app.db.read(), who.workspace(), &[Role::AccountOwner]).await? };
    let frame = who.frame(app, "API key management is off", MenuEntry::ApiKeys);
    Ok(html_with(StatusCode::FORBIDDEN, &DisabledPage { frame, may_switch, owners }))
}
