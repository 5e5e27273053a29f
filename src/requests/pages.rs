//! Settings > Audit Log > Refused requests: one field for a request id, and the refusals with it. For administrators.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::explain::Explanation;
use super::id::RequestId;
use super::model::Refusal;
use super::service::{self, Refusals};
use crate::access::{ManageKeys, PageSession};
use crate::app::App;
use crate::frame::{Frame, MenuEntry};
use kit::http::route::page;
use kit::http::{ApiError, Routes};
use kit::page::{Asked, Fields, FormErrors, html_with};
use kit::text::sentence;

/// The address of the page; the id is its parameter `request_id`.
const PATH: &str = "/settings/audit-log/requests";

/// The parameter with the id.
const ID: &str = "request_id";

pub fn routes() -> Routes<App> {
    Routes::new("Requests", [page(PATH, "Refused requests page", show)])
}

#[derive(Template)]
#[template(path = "requests/show.html")]
struct RequestsPage {
    frame: Frame,
    /// The id as it was typed.
    typed: String,
    faults: FormErrors,
    /// `None` before an id was entered.
    found: Option<Found>,
}

/// The result of a look-up.
struct Found {
    refusals: Vec<RefusalCard>,
    is_sampled: bool,
}

/// A refusal with its explanation.
struct RefusalCard {
    refusal: Refusal,
    explanation: Explanation,
}

impl RefusalCard {
    fn new(refusal: Refusal) -> Self {
        Self { explanation: refusal.explain(), refusal }
    }

    /// Returns the request as it was sent: “GET /api/v1/ops/trips”.
    fn request(&self) -> String {
        let route = self.refusal.route.as_deref().unwrap_or("(refused before a route was found)");
        format!("{} {route}", self.refusal.method)
    }

    /// Returns the scopes that the key had: “trips:read, fleet:write”.
    fn scopes(&self) -> String {
        let scopes = self.refusal.facts.iter().flat_map(|facts| &facts.scopes);
        scopes.map(|scope| scope.as_str()).collect::<Vec<_>>().join(", ")
    }
}

/// Returns the link to the refusals with a request id.
pub fn link(request_id: &str) -> String {
    format!("{PATH}{}", Fields::default().with(ID, request_id).to_query())
}

async fn show(who: PageSession<ManageKeys>, State(app): State<App>, Asked(fields): Asked) -> Result<Response, ApiError> {
    let frame = who.frame(&app, "Why was it refused?", MenuEntry::AuditLog);
    let typed = fields.text(ID).to_owned();
    let (mut faults, mut found) = (FormErrors::default(), None);
    match fields.given(ID).map(str::parse::<RequestId>) {
        None => {}
        Some(Err(error)) => faults.add(ID, sentence(error)),
        Some(Ok(id)) => {
            let Refusals { items, is_sampled } = service::find(&app, &app.requests, who.workspace(), &id).await?;
            found = Some(Found { refusals: items.into_iter().map(RefusalCard::new).collect(), is_sampled });
        }
    }
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    Ok(html_with(status, &RequestsPage { frame, typed, faults, found }))
}
