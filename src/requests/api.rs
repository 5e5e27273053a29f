//! The API of the request log, for administrators with a session. A key never reads it.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::explain::Explanation;
use super::id::RequestId;
use super::model::{KeyFacts, LatestRequest, Refusal, RefusedKey};
use super::service;
use crate::access::{Allowed, ManageKeys};
use crate::app::App;
use crate::keys::{self, KeyId};
use kit::clock::Time;
use kit::http::route::get;
use kit::http::{ApiError, Known, Path, Routes, WithEtag};

pub fn routes() -> Routes<App> {
    Routes::new(
        "Requests",
        [
            get("/api/v1/requests/{requestId}", "Explain a refused request", explain),
            get("/api/v1/api-keys/{id}/requests", "List the latest requests of an API key", latest),
        ],
    )
}

/// The refusals with a request id. Callers choose ids, so there may be several.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RefusedRequests)]
struct RefusalsView {
    /// The newest first, at most 60, of the last 7 days; empty if no request with this id was refused, or none was kept.
    items: Vec<RefusalView>,
    /// True if some refusals of the last 7 days were not kept, since there were too many at once.
    sampled: bool,
}

/// A refused request.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RefusedRequest)]
struct RefusalView {
    request_id: String,
    /// The arrival of the request.
    at: Time,
    method: String,
    /// The pattern of the route, such as `/api/v1/ops/trips/{id}`; `null` if the request was refused before a route was found.
    route: Option<String>,
    status: u16,
    /// The code of the error response.
    code: String,
    /// The key, with its name at that moment; `null` if there is no such key.
    api_key: Option<RefusedKey>,
    /// The rule that refused the request, in words.
    reason: String,
    /// The way to fix it, in words.
    remedy: String,
    /// The state of the key at that moment; `null` if there is no such key.
    facts: Option<KeyFacts>,
}

impl From<Refusal> for RefusalView {
    fn from(refusal: Refusal) -> Self {
        let Explanation { reason, remedy } = refusal.explain();
        Self {
            request_id: refusal.request_id,
            at: refusal.at,
            method: refusal.method,
            route: refusal.route,
            status: refusal.status,
            code: refusal.code,
            api_key: refusal.key,
            reason,
            remedy: remedy.to_owned(),
            facts: refusal.facts,
        }
    }
}

/// The latest requests of a key.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LatestRequests)]
struct LatestView {
    /// The newest first, at most 50, of the last 7 days.
    items: Vec<LatestRequestView>,
    /// Always true: of the requests in a second, one is listed.
    sampled: bool,
}

/// One of the latest requests of a key.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LatestRequest)]
struct LatestRequestView {
    request_id: String,
    /// The arrival of the request.
    at: Time,
    method: String,
    /// The pattern of the route; `null` if the request was refused before a route was found.
    route: Option<String>,
    status: u16,
    /// The code of an error response; `null` for a success.
    code: Option<String>,
    /// The client's address; `null` if a proxy did not report it.
    ip: Option<String>,
}

impl From<LatestRequest> for LatestRequestView {
    fn from(request: LatestRequest) -> Self {
        let LatestRequest { at, request_id, method, route, status, code, address, .. } = request;
        Self { request_id, at, method, route, status, code, ip: address }
    }
}

async fn explain(
    who: Allowed<ManageKeys>,
    State(app): State<App>,
    Path(id): Path<RequestId>,
    known: Known,
) -> Result<WithEtag<RefusalsView>, ApiError> {
    let found = service::find(&app, &app.requests, who.workspace(), &id).await?;
    let items = found.items.into_iter().map(RefusalView::from).collect();
    Ok(known.answer(RefusalsView { items, sampled: found.is_sampled }))
}

async fn latest(
    who: Allowed<ManageKeys>,
    State(app): State<App>,
    Path(id): Path<KeyId>,
    known: Known,
) -> Result<WithEtag<LatestView>, ApiError> {
    let key = keys::find(app.db.read(), who.workspace(), id).await?.ok_or(keys::Error::NotFound)?;
    let requests = service::latest(&app, &app.requests, who.workspace(), key.id).await?;
    Ok(known.answer(LatestView { items: requests.into_iter().map(LatestRequestView::from).collect(), sampled: true }))
}
