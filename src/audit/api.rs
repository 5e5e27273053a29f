//! The calls on the log.

use axum::body::Body as HttpBody;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::export::{Format, Request, export_for};
use super::model::{Action, Event, EventFilter, Outcome, Which};
use super::store;
use crate::access::{Allowed, ReadAuditLog};
use crate::app::App;
use kit::clock::{Since, Until};
use kit::http::describe::Shape;
use kit::http::route::get;
use kit::http::{ApiError, Describe, Doc, JsonOk, Listing, Page, Query, Routes};

/// The lines of the route table.
pub fn routes() -> Routes<App> {
    Routes::new(
        "Audit log",
        [
            get("/api/v1/audit-log", "List audit events", index),
            get("/api/v1/audit-log/export", "Export audit events", download).fails(409, "EXPORT_IN_PROGRESS"),
        ],
    )
}

async fn index(
    who: Allowed<ReadAuditLog>,
    State(app): State<App>,
    Listing { filter, paging }: Listing<EventFilter>,
) -> Result<JsonOk<Page<Event>>, ApiError> {
    Ok(JsonOk(store::list(app.db.read(), who.workspace(), &filter, paging).await?))
}

/// The filters of the list, and the format.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
struct Export {
    /// `csv` or `ndjson`.
    #[param(inline)]
    format: Format,
    /// Only this action.
    #[param(inline)]
    action: Option<Action>,
    /// Only what this member or key did; `operator` for the command line, `anonymous` for nobody known.
    actor_id: Option<String>,
    /// Only what this key did, or was done to it.
    api_key_id: Option<String>,
    /// Only done, or only refused.
    #[param(inline)]
    outcome: Option<Outcome>,
    /// Only from this time or day on (UTC).
    #[param(inline)]
    date_from: Option<Since>,
    /// Only up to this time, or to the end of this day (UTC).
    #[param(inline)]
    date_to: Option<Until>,
}

/// A stream of the log.
struct Download(Response);

impl IntoResponse for Download {
    fn into_response(self) -> Response {
        self.0
    }
}

impl Describe for Download {
    fn describe(doc: &mut Doc) {
        doc.success.push((200, Shape::Media("text/csv")));
        doc.success.push((200, Shape::Media("application/x-ndjson")));
    }
}

async fn download(who: Allowed<ReadAuditLog>, State(app): State<App>, Query(query): Query<Export>) -> Result<Download, ApiError> {
    let Export { format, action, actor_id, api_key_id, outcome, date_from, date_to } = query;
    let filter = EventFilter { action, actor_id, api_key_id, outcome, date_from, date_to, which: Which::All };
    file(&app, &who, filter, format).map(Download)
}

/// The events that match `filter` as a file, unless the reader, the workspace or the node has too many exports under way.
pub(super) fn file(app: &App, who: &Allowed<ReadAuditLog>, filter: EventFilter, format: Format) -> Result<Response, ApiError> {
    let reader = who.reader(app).ok_or_else(ApiError::internal)?;
    let slot = app.budgets.export(reader.exporter(), who.workspace(), app.clock.ticks())?;
    let request = Request::new(app.clone(), reader, slot, who.workspace());
    let name = format!("attachment; filename=\"audit-log-{}.{}\"", who.workspace_slug(), format.extension());
    let headers =
        [(CONTENT_TYPE, format.media_type().to_owned()), (CONTENT_DISPOSITION, name), (CACHE_CONTROL, "no-store".to_owned())];
    let body = HttpBody::from_stream(export_for(request, filter, format));
    Ok((headers, body).into_response())
}
