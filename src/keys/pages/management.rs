//! The switch of the account owner that allows keys to be created and rotated.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};

use super::index::LIST;
use crate::access::{Form, PageSession, SwitchKeys};
use crate::app::App;
use crate::frame::{Frame, MenuEntry};
use crate::workspaces;
use kit::http::route::{form, page};
use kit::http::{ApiError, Route};
use kit::page::html;

pub(super) fn routes() -> Vec<Route<App>> {
    vec![
        page("/settings/api-keys/management", "API key management", show),
        form("/settings/api-keys/management", "Switch API key management", update),
    ]
}

#[derive(Template)]
#[template(path = "keys/management.html")]
struct ManagementPage {
    frame: Frame,
    is_on: bool,
}

async fn show(who: PageSession<SwitchKeys>, State(app): State<App>) -> Result<Response, ApiError> {
    let is_on = workspaces::api_keys_enabled(app.db.read(), who.workspace()).await?;
    Ok(html(&ManagementPage { frame: who.frame(&app, "API key management", MenuEntry::ApiKeys), is_on }))
}

async fn update(who: PageSession<SwitchKeys>, State(app): State<App>, Form { fields, .. }: Form) -> Result<Response, ApiError> {
    let enabled = fields.read::<bool>("enabled").ok_or_else(|| ApiError::invalid_field("enabled", "Must be true or false."))?;
    workspaces::set_api_keys_enabled(&app, who.workspace(), who.audit_context(&app), enabled).await?;
    Ok(Redirect::to(&format!("{LIST}?switched=1")).into_response())
}
