//! The tab “Deliveries” of an endpoint.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde_json::Value;

use super::endpoint::find;
use super::labels::{self, Badge};
use super::show::{Head, Tab};
use super::times;
use crate::access::{ManageWebhooks, PageSession};
use crate::app::App;
use crate::audit::{EventId, payloads_of};
use crate::frame::{Frame, MenuEntry};
use crate::webhooks::input::DeliveryFilter;
use crate::webhooks::model::{Attempt, Delivery, DeliveryStatus, EndpointId};
use crate::webhooks::reach::Reach;
use crate::webhooks::store::{self, deliveries};
use crate::webhooks::type_names::DeliveredType;
use crate::workspaces::WorkspaceId;
use kit::db::DbResult;
use kit::http::route::page;
use kit::http::{ApiError, Path, Route};
use kit::page::{Asked, Fields, Pager, html};

/// Rows of one page.
const PAGE: u32 = 25;

/// The characters of a payload that a row shows.
const PREVIEW: usize = 120;

pub(super) fn routes() -> Vec<Route<App>> {
    vec![page("/settings/webhooks/{id}/deliveries", "Deliveries of a webhook", index)]
}

#[derive(Template)]
#[template(path = "webhooks/deliveries.html")]
struct DeliveriesPage {
    frame: Frame,
    head: Head,
    /// The status that is chosen, or empty.
    status: String,
    /// The type that is chosen, or empty.
    event_type: String,
    rows: Vec<Row>,
    pager: Pager,
    /// The time for which deliveries are kept, in words.
    kept_for: String,
}

struct Row {
    delivery: Delivery,
    status: Badge,
    /// The last attempt.
    last: Option<Attempt>,
    preview: Option<String>,
}

impl Row {
    /// Returns why the last attempt failed, unless the status code says it.
    fn cause(&self) -> Option<&str> {
        let last = self.last.as_ref()?;
        let is_plain = |code: u16| matches!(code, 400..=409 | 411..=599);
        last.error.as_deref().filter(|_| !last.status_code.is_some_and(is_plain))
    }
}

impl DeliveriesPage {
    /// Lists the choices of the status: value, text, and whether it is chosen.
    fn statuses(&self) -> Vec<(&'static str, &'static str, bool)> {
        let choice = |status: &DeliveryStatus| (status.as_str(), labels::delivery(*status).text, status.as_str() == self.status);
        DeliveryStatus::ALL.iter().map(choice).collect()
    }

    /// Lists the choices of the type: its name, and whether it is chosen.
    fn types(&self) -> Vec<(&'static str, bool)> {
        DeliveredType::all().map(|name| (name, name == self.event_type)).collect()
    }

    fn is_filtered(&self) -> bool {
        !self.status.is_empty() || !self.event_type.is_empty()
    }
}

async fn index(
    who: PageSession<ManageWebhooks>,
    State(app): State<App>,
    Path(id): Path<EndpointId>,
    Asked(asked): Asked,
) -> Result<Response, ApiError> {
    let db = app.db.read();
    let endpoint = find(&app, &who, id).await?;
    let frame = who.frame(&app, labels::title(&endpoint), MenuEntry::Webhooks);
    let figures = store::figures(db, &[id], frame.at.now()).await?.remove(&id).unwrap_or_default();
    let filter = DeliveryFilter { status: asked.read("status"), event_type: asked.read("type"), ..DeliveryFilter::default() };
    let page = deliveries::list(db, id, Reach::everything(), filter, asked.paging(PAGE)).await?;
    let fields = Fields::default()
        .with("status", filter.status.map_or("", DeliveryStatus::as_str))
        .with("type", filter.event_type.map_or("", |event_type| event_type.0));
    let pager = Pager::new(&page, &fields, "event");
    let mut last = deliveries::last_attempts(db, &page.items).await?;
    let mut previews = previews(&app, who.workspace(), &page.items).await?;
    let row = |delivery: Delivery| Row {
        status: labels::delivery(delivery.status),
        last: last.remove(&delivery.id),
        preview: previews.get_mut(&delivery.event).cloned(),
        delivery,
    };
    Ok(html(&DeliveriesPage {
        rows: page.items.into_iter().map(row).collect(),
        status: fields.text("status").to_owned(),
        event_type: fields.text("type").to_owned(),
        pager,
        kept_for: times::span(app.config.webhooks.retention),
        head: Head::new(&app, endpoint, figures, &frame, Tab::Deliveries),
        frame,
    }))
}

/// Returns the beginning of the data of each event whose payload is still stored.
async fn previews(app: &App, workspace: WorkspaceId, of: &[Delivery]) -> DbResult<HashMap<EventId, String>> {
    let payloads = payloads_of(app.db.read(), workspace, of.iter().map(|delivery| delivery.event)).await?;
    let payloads = payloads.into_iter().map(|payload| (payload.event, payload.body));
    let bodies = payloads.chain(deliveries::test_bodies(app.db.read(), of).await?);
    Ok(bodies.map(|(event, body)| (event, preview(&body))).collect())
}

fn preview(body: &str) -> String {
    let data = serde_json::from_str(body).ok().map(|mut payload: Value| payload["data"].take().to_string());
    let text = data.unwrap_or_default();
    match text.char_indices().nth(PREVIEW) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
