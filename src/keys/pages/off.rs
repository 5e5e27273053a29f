//! API key management is off: no new keys, and whom to ask.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use crate::access::{ManageKeys, Visitor};
use crate::app::App;
use crate::frame::{Frame, Place};
use crate::kit::db::DbResult;
use crate::kit::http::ApiError;
use crate::kit::page::html_with;
use crate::members::{self, Member, Role};
use crate::workspaces;

#[derive(Template)]
#[template(path = "keys/off.html")]
struct OffPage {
    frame: Frame,
    owners: Vec<Member>,
}

/// Whether keys can be made.
pub(super) async fn is_on(app: &App, who: &Visitor<ManageKeys>) -> DbResult<bool> {
    let workspace = workspaces::find(app.db.read(), who.workspace()).await?;
    Ok(workspace.is_some_and(|workspace| workspace.api_keys_enabled))
}

/// 403: nobody can make a key here until an account owner switches it on.
pub(super) async fn show(app: &App, who: &Visitor<ManageKeys>) -> Result<Response, ApiError> {
    let owners = members::with_role(app.db.read(), who.workspace(), &[Role::AccountOwner]).await?;
    let frame = who.frame(app, "API key management is off", Place::ApiKeys);
    Ok(html_with(StatusCode::FORBIDDEN, &OffPage { frame, owners }))
}
