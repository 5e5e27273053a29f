//! The page of one delivery: its payload, and each attempt with request and response.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::Value;

use super::endpoint::{find, manager, path_of};
use super::labels::{self, Badge};
use crate::access::{Form, ManageWebhooks, PageSession};
use crate::app::App;
use crate::audit::payloads_of;
use crate::frame::{Frame, MenuEntry};
use crate::webhooks::error::Error;
use crate::webhooks::model::{Attempt, Delivery, DeliveryId, Endpoint, EndpointId};
use crate::webhooks::service;
use crate::webhooks::store::deliveries;
use kit::http::route::{form, page};
use kit::http::{ApiError, Paths, Route};
use kit::page::{Asked, html_with};
use kit::text::sentence;

const PATH: &str = "/settings/webhooks/{id}/deliveries/{deliveryId}";
const RESEND: &str = "/settings/webhooks/{id}/deliveries/{deliveryId}/resend";

pub(super) fn routes() -> Vec<Route<App>> {
    vec![
        page(PATH, "Page of a delivery", show),
        page(RESEND, "Page of a delivery, from the address of its form", moved),
        form(RESEND, "Resend a delivery", resend),
    ]
}

#[derive(Template)]
#[template(path = "webhooks/delivery.html")]
struct DeliveryPage {
    frame: Frame,
    endpoint: Endpoint,
    delivery: Delivery,
    status: Badge,
    /// Indented JSON; `None` once it is not stored any more.
    payload: Option<String>,
    /// The last one first.
    attempts: Vec<Attempt>,
    /// True for a delivery that was just made by hand.
    is_new: bool,
    /// The reason why it was not sent again.
    refusal: Option<String>,
}

async fn show(
    who: PageSession<ManageWebhooks>,
    State(app): State<App>,
    Paths(id, delivery): Paths<EndpointId, DeliveryId>,
    Asked(asked): Asked,
) -> Result<Response, ApiError> {
    let page = read(&app, &who, id, delivery).await?;
    Ok(html_with(StatusCode::OK, &DeliveryPage { is_new: asked.is("after", "resent"), ..page }))
}

async fn read(
    app: &App,
    who: &PageSession<ManageWebhooks>,
    id: EndpointId,
    delivery: DeliveryId,
) -> Result<DeliveryPage, ApiError> {
    let db = app.db.read();
    let endpoint = find(app, who, id).await?;
    let (delivery, of_test) = deliveries::find(db, id, delivery).await?.ok_or(Error::NoDelivery)?;
    let body = match of_test {
        Some(body) => Some(body),
        None => payloads_of(db, delivery.workspace, [delivery.event]).await?.pop().map(|payload| payload.body),
    };
    let mut attempts = deliveries::attempts(db, delivery.id).await?;
    attempts.reverse();
    Ok(DeliveryPage {
        frame: who.frame(app, &*delivery.event_type, MenuEntry::Webhooks),
        status: labels::delivery(delivery.status),
        payload: body.map(|body| indented(&body)),
        endpoint,
        delivery,
        attempts,
        is_new: false,
        refusal: None,
    })
}

fn indented(body: &str) -> String {
    let json: Option<Value> = serde_json::from_str(body).ok();
    json.and_then(|json| serde_json::to_string_pretty(&json).ok()).unwrap_or_else(|| body.to_owned())
}

async fn moved(_: PageSession<ManageWebhooks>, Paths(id, delivery): Paths<EndpointId, DeliveryId>) -> Response {
    Redirect::to(&path(id, delivery)).into_response()
}

async fn resend(
    who: PageSession<ManageWebhooks>,
    State(app): State<App>,
    Paths(id, delivery): Paths<EndpointId, DeliveryId>,
    _: Form,
) -> Result<Response, ApiError> {
    match service::resend(&app, manager(&app, &who), id, delivery).await {
        Ok(new) => Ok(Redirect::to(&format!("{}?after=resent", path(id, new.id))).into_response()),
        Err(error @ (Error::Off(_) | Error::NoPayload)) => {
            let page = read(&app, &who, id, delivery).await?;
            Ok(html_with(StatusCode::CONFLICT, &DeliveryPage { refusal: Some(sentence(error)), ..page }))
        }
        Err(error) => Err(error.into()),
    }
}

fn path(id: EndpointId, delivery: DeliveryId) -> String {
    format!("{}/deliveries/{delivery}", path_of(id))
}
