//! API key management is off: no new keys, and whom to ask.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use crate::access::{ManageKeys, PageSession};
use crate::app::App;
use crate::frame::{Frame, Place};
use crate::members::{self, Member, Role};
use kit::http::ApiError;
use kit::page::html_with;

#[derive(Template)]
#[template(path = "keys/off.html")]
struct OffPage {
    frame: Frame,
    owners: Vec<Member>,
}

/// 403: nobody can make a key here until an account owner switches it on.
pub(super) async fn show(app: &App, who: &PageSession<ManageKeys>) -> Result<Response, ApiError> {
    let owners = members::with_role(app.db.read(), who.workspace(), &[Role::AccountOwner]).await?;
    let frame = who.frame(app, "API key management is off", Place::ApiKeys);
    Ok(html_with(StatusCode::FORBIDDEN, &OffPage { frame, owners }))
}
