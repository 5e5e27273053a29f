//! The switch of an endpoint. Off takes one click; on asks what becomes of the events meanwhile.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::endpoint::{find, manager, path_of};
use super::times::span;
use crate::access::{Form, ManageWebhooks, PageSession};
use crate::app::App;
use crate::frame::{Frame, MenuEntry};
use crate::webhooks::input::{Backlog, UpdateEndpoint};
use crate::webhooks::model::{Endpoint, EndpointId};
use crate::webhooks::service;
use kit::http::route::{form, page};
use kit::http::{ApiError, Path, Route};
use kit::page::{FormErrors, html_with};

const ON: &str = "/settings/webhooks/{id}/on";
const OFF: &str = "/settings/webhooks/{id}/off";

pub(super) fn routes() -> Vec<Route<App>> {
    vec![
        page(ON, "Page to switch a webhook on", ask),
        form(ON, "Switch a webhook on", switch_on),
        page(OFF, "Page of a webhook, from the address of its switch", moved),
        form(OFF, "Switch a webhook off", switch_off),
    ]
}

#[derive(Template)]
#[template(path = "webhooks/on.html")]
struct OnPage {
    frame: Frame,
    endpoint: Endpoint,
    /// The time for which events are kept, in words.
    kept_for: String,
    faults: FormErrors,
}

async fn ask(who: PageSession<ManageWebhooks>, State(app): State<App>, Path(id): Path<EndpointId>) -> Result<Response, ApiError> {
    show(&app, &who, id, StatusCode::OK, FormErrors::default()).await
}

async fn show(
    app: &App,
    who: &PageSession<ManageWebhooks>,
    id: EndpointId,
    status: StatusCode,
    faults: FormErrors,
) -> Result<Response, ApiError> {
    let endpoint = find(app, who, id).await?;
    if endpoint.delivers() {
        return Ok(Redirect::to(&path_of(id)).into_response());
    }
    let frame = who.frame(app, "Switch the webhook on", MenuEntry::Webhooks);
    let kept_for = span(app.config.webhooks.kept());
    Ok(html_with(status, &OnPage { frame, endpoint, kept_for, faults }))
}

async fn switch_on(
    who: PageSession<ManageWebhooks>,
    State(app): State<App>,
    Path(id): Path<EndpointId>,
    Form { fields, .. }: Form,
) -> Result<Response, ApiError> {
    let Some(backlog) = fields.read::<Backlog>("backlog") else {
        let faults = FormErrors::of_field("backlog", "Choose what becomes of the events meanwhile.");
        return show(&app, &who, id, StatusCode::BAD_REQUEST, faults).await;
    };
    switch(&app, &who, id, UpdateEndpoint { active: Some(true), backlog: Some(backlog), ..UpdateEndpoint::default() }).await
}

async fn moved(_: PageSession<ManageWebhooks>, Path(id): Path<EndpointId>) -> Response {
    Redirect::to(&path_of(id)).into_response()
}

async fn switch_off(
    who: PageSession<ManageWebhooks>,
    State(app): State<App>,
    Path(id): Path<EndpointId>,
    _: Form,
) -> Result<Response, ApiError> {
    switch(&app, &who, id, UpdateEndpoint { active: Some(false), ..UpdateEndpoint::default() }).await
}

async fn switch(
    app: &App,
    who: &PageSession<ManageWebhooks>,
    id: EndpointId,
    change: UpdateEndpoint,
) -> Result<Response, ApiError> {
    let after = if change.active == Some(true) { "on" } else { "off" };
    service::update(app, manager(app, who), id, change).await?;
    Ok(Redirect::to(&format!("{}?after={after}", path_of(id))).into_response())
}
