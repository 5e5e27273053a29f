//! The confirmation of a deletion.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};

use super::endpoint::{LIST, find, manager};
use super::times::span;
use crate::access::{DeleteWebhooks, Form, ManageWebhooks, PageSession};
use crate::app::App;
use crate::frame::{Frame, MenuEntry};
use crate::webhooks::model::{Endpoint, EndpointId};
use crate::webhooks::service;
use crate::webhooks::store;
use kit::http::route::{form, page};
use kit::http::{ApiError, Path, Route};
use kit::page::html;

const PATH: &str = "/settings/webhooks/{id}/delete";

pub(super) fn routes() -> Vec<Route<App>> {
    vec![page(PATH, "Page to delete a webhook", confirm), form(PATH, "Delete a webhook", delete)]
}

#[derive(Template)]
#[template(path = "webhooks/delete.html")]
struct DeletePage {
    frame: Frame,
    endpoint: Endpoint,
    /// Deliveries with an attempt to come.
    pending: u64,
    /// The time for which events of an endpoint that is off are kept, in words.
    kept_for: String,
}

async fn confirm(
    who: PageSession<ManageWebhooks>,
    State(app): State<App>,
    Path(id): Path<EndpointId>,
) -> Result<Response, ApiError> {
    let endpoint = find(&app, &who, id).await?;
    let frame = who.frame(&app, "Delete the webhook?", MenuEntry::Webhooks);
    let figures = store::figures(app.db.read(), &[id], frame.at.now()).await?;
    let pending = figures.get(&id).map_or(0, |figures| figures.pending);
    Ok(html(&DeletePage { frame, endpoint, pending, kept_for: span(app.config.webhooks.kept()) }))
}

async fn delete(
    who: PageSession<DeleteWebhooks>,
    State(app): State<App>,
    Path(id): Path<EndpointId>,
    _: Form,
) -> Result<Response, ApiError> {
    service::delete(&app, manager(&app, &who), id).await?;
    Ok(Redirect::to(&format!("{LIST}?after=deleted")).into_response())
}
