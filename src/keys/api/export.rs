//! The export of the list.

use std::sync::Arc;

use axum::body::Body as HttpBody;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use crate::access::{Allowed, ExportKeys};
use crate::app::App;
use crate::audit::ExportRequest;
use crate::core::Core;
use crate::keys::export::export;
use crate::keys::model::{KeyFilter, KeyQuery};
use kit::http::describe::Shape;
use kit::http::{ApiError, Describe, Doc, Query};

pub(super) struct Download(Response);

impl IntoResponse for Download {
    fn into_response(self) -> Response {
        self.0
    }
}

impl Describe for Download {
    fn describe(doc: &mut Doc) {
        doc.success.push((200, Shape::Media("text/csv")));
    }
}

pub(super) async fn download(
    who: Allowed<ExportKeys>,
    State(app): State<App>,
    Query(filter): Query<KeyFilter>,
) -> Result<Download, ApiError> {
    file(&app, &who, KeyQuery::from(&filter)).map(Download)
}

/// Returns the keys that match `query` as a file. Fails if the caller, the workspace or the node has too many exports under way.
pub(in crate::keys) fn file(app: &App, who: &Allowed<ExportKeys>, query: KeyQuery) -> Result<Response, ApiError> {
    let reader = who.member_reader(app);
    let request = ExportRequest::begin(Core::clone(app), who.workspace(), reader.exporter(), Arc::new(reader))?;
    let name = format!("attachment; filename=\"api-keys-{}.csv\"", who.workspace_slug());
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (CONTENT_DISPOSITION, name),
        (CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, HttpBody::from_stream(export(request, query))).into_response())
}
