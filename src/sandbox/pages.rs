//! The confirmation of a reset, which the page of API keys leads to.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};

use super::error::Error;
use super::service;
use crate::access::{ManageKeys, PageSession, ResetSandbox};
use crate::app::App;
use crate::frame::{Frame, MenuEntry};
use crate::workspaces;
use kit::http::route::{form, page};
use kit::http::{ApiError, Routes};
use kit::page::html;

const PATH: &str = "/settings/api-keys/sandbox";

pub fn routes() -> Routes<App> {
    Routes::new("Sandbox", [page(PATH, "Sandbox", show), form(PATH, "Reset the sandbox", reset)])
}

#[derive(Template)]
#[template(path = "sandbox/show.html")]
struct SandboxPage {
    frame: Frame,
    exists: bool,
}

async fn show(who: PageSession<ManageKeys>, State(app): State<App>) -> Result<Response, ApiError> {
    let exists = workspaces::find_sandbox(app.db.read(), who.workspace()).await?.is_some();
    Ok(html(&SandboxPage { frame: who.frame(&app, "Sandbox", MenuEntry::ApiKeys), exists }))
}

async fn reset(who: PageSession<ResetSandbox>, State(app): State<App>) -> Result<Response, ApiError> {
    match service::reset(&app, who.workspace(), who.audit_context(&app)).await {
        Ok(_) => Ok(Redirect::to("/settings/api-keys?sandbox=reset").into_response()),
        // The page says so.
        Err(Error::NotFound) => Ok(Redirect::to(PATH).into_response()),
        Err(error) => Err(error.into()),
    }
}
