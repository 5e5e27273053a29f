//! The API of the log.

use std::sync::Arc;

use axum::body::Body as HttpBody;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::action::{Action, Outcome};
use super::event::Event;
use super::export::{ExportRequest, Format, export_for};
use super::filter::{ActorFilter, EventFilter};
use super::store;
use crate::access::{Allowed, ExportAuditLog, ReadAuditLog};
use crate::app::App;
use crate::core::Core;
use crate::keys::KeyId;
use kit::clock::{Since, Until};
use kit::http::describe::Shape;
use kit::http::route::get;
use kit::http::{ApiError, Check, Describe, Doc, FieldErrors, Known, Listing, Page, Query, Routes, WithEtag};

pub fn routes() -> Routes<App> {
    Routes::new(
        "Audit log",
        [
            get("/api/v1/audit-log", "List audit events", index)
                .about("Lists the events of the audit log that match the filters: which member or key did what, and when."),
            get("/api/v1/audit-log/export", "Export audit events", download)
                .about(
                    "Exports the events that match the filters, as CSV or as NDJSON with one event in each line. An NDJSON \
                     export without filters has all that is needed to verify the chain of hashes.",
                )
                .fails(409, "EXPORT_IN_PROGRESS"),
        ],
    )
}

async fn index(
    who: Allowed<ReadAuditLog>,
    State(app): State<App>,
    Listing { filter, paging }: Listing<EventFilter>,
    known: Known,
) -> Result<WithEtag<Page<Event>>, ApiError> {
    Ok(known.answer(store::list(app.db.read(), who.workspace(), &filter, paging).await?))
}

/// The query of an export: the filters of the list, and the format.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
struct Export {
    /// `csv` or `ndjson`.
    #[param(inline)]
    format: Format,
    /// Lists events with this action only.
    #[param(inline)]
    action: Option<Action>,
    /// Lists events by this member or key only; `operator` is the command line, `system` the product itself, `anonymous`
    /// somebody unknown.
    #[param(inline)]
    actor_id: Option<ActorFilter>,
    /// Lists events with this key as actor or target only.
    #[param(inline)]
    api_key_id: Option<KeyId>,
    /// Lists events with this outcome only.
    #[param(inline)]
    outcome: Option<Outcome>,
    /// Lists events from this time or day (UTC) on.
    #[param(inline)]
    date_from: Option<Since>,
    /// Lists events up to this time, or to the end of this day (UTC).
    #[param(inline)]
    date_to: Option<Until>,
}

impl Check for Export {
    fn check(&self, faults: &mut FieldErrors) {
        faults.require_range(["date_from", "date_to"], self.date_from.map(|from| from.0), self.date_to.map(|to| to.0));
    }
}

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

async fn download(
    who: Allowed<ExportAuditLog>,
    State(app): State<App>,
    Query(query): Query<Export>,
) -> Result<Download, ApiError> {
    let Export { format, action, actor_id, api_key_id, outcome, date_from, date_to } = query;
    let filter = EventFilter { action, actor_id, api_key_id, outcome, date_from, date_to, ..EventFilter::default() };
    file(&app, &who, filter, format).map(Download)
}

/// Returns the events that match `filter` as a file. Fails if the caller, the workspace or the node has too many exports
/// under way.
pub(super) fn file(app: &App, who: &Allowed<ExportAuditLog>, filter: EventFilter, format: Format) -> Result<Response, ApiError> {
    let reader = who.reader(app);
    let request = ExportRequest::begin(Core::clone(app), who.workspace(), reader.exporter(), Arc::new(reader))?;
    let name = format!("attachment; filename=\"audit-log-{}.{}\"", who.workspace_slug(), format.extension());
    let headers =
        [(CONTENT_TYPE, format.media_type().to_owned()), (CONTENT_DISPOSITION, name), (CACHE_CONTROL, "no-store".to_owned())];
    let body = HttpBody::from_stream(export_for(request, filter, format));
    Ok((headers, body).into_response())
}
