//! Shadow mode of a key.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::{Allowed, ManageKeys};
use crate::app::App;
use crate::keys::error::Error;
use crate::keys::model::{KeyId, Person, Shadow, StartShadow};
use crate::keys::service::{self, WouldRefuse};
use crate::keys::store;
use crate::requests::AcceptedCall;
use crate::scopes::{Scope, Scopes};
use kit::clock::Time;
use kit::http::{ApiError, Body, JsonOk, Known, Path, WithEtag};

/// Shadow mode of a key: what a smaller set of scopes would have refused. Nothing is refused for it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ApiKeyShadow)]
pub(super) struct ShadowView {
    api_key_id: KeyId,
    /// The smaller set.
    #[schema(value_type = Vec<Scope>)]
    scopes: Scopes,
    started_at: Time,
    /// Seven days after the start. The result stays until it is removed.
    ends_at: Time,
    started_by: Person,
    /// True until `endsAt`.
    running: bool,
    /// The accepted requests that the smaller set would have refused, by the scope that they needed; empty if there were none.
    would_refuse: Vec<WouldRefuseView>,
}

/// Accepted requests that needed a scope which is not in the smaller set.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WouldRefuseRequests)]
struct WouldRefuseView {
    scope: Scope,
    /// The number of requests since the start.
    count: u64,
    /// The time of the last one, to the hour if it is not among `calls`.
    last_at: Time,
    /// The calls that are known from the latest requests of the key, the last one first.
    calls: Vec<CallView>,
}

/// A call with the key.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AcceptedApiCall)]
struct CallView {
    method: String,
    /// The pattern of the route.
    route: Option<String>,
    last_at: Time,
}

impl ShadowView {
    fn new(shadow: Shadow, found: Vec<WouldRefuse>, now: Time) -> Self {
        let call = |AcceptedCall { method, route, last_at, .. }| CallView { method, route, last_at };
        let of_scope = |WouldRefuse { scope, count, last_at, calls }| WouldRefuseView {
            scope,
            count,
            last_at,
            calls: calls.into_iter().map(call).collect(),
        };
        Self {
            api_key_id: shadow.key,
            scopes: shadow.scopes,
            started_at: shadow.started_at,
            ends_at: shadow.ends_at,
            running: shadow.is_running(now),
            would_refuse: found.into_iter().map(of_scope).collect(),
            started_by: shadow.started_by,
        }
    }
}

pub(super) async fn show(
    who: Allowed<ManageKeys>,
    State(app): State<App>,
    Path(id): Path<KeyId>,
    known: Known,
) -> Result<WithEtag<ShadowView>, ApiError> {
    let (db, workspace, now) = (app.db.read(), who.workspace(), app.clock.now());
    store::find(db, workspace, id).await?.ok_or(Error::NotFound)?;
    let shadow = store::find_shadow(db, workspace, id).await?.ok_or(Error::NoShadow)?;
    let found = service::would_refuse(db, workspace, &shadow, now).await?;
    Ok(known.answer(ShadowView::new(shadow, found, now)))
}

pub(super) async fn start(
    who: Allowed<ManageKeys>,
    State(app): State<App>,
    Path(id): Path<KeyId>,
    Body(input): Body<StartShadow>,
) -> Result<JsonOk<ShadowView>, ApiError> {
    let (workspace, now) = (who.workspace(), app.clock.now());
    let shadow = service::start_shadow(&app, workspace, who.audit_context(&app), id, &input).await?;
    let found = service::would_refuse(app.db.read(), workspace, &shadow, now).await?;
    Ok(JsonOk(ShadowView::new(shadow, found, now)))
}

pub(super) async fn end(
    who: Allowed<ManageKeys>,
    State(app): State<App>,
    Path(id): Path<KeyId>,
) -> Result<JsonOk<ShadowView>, ApiError> {
    let (shadow, found) = service::end_shadow(&app, who.workspace(), who.audit_context(&app), id).await?;
    Ok(JsonOk(ShadowView { running: false, ..ShadowView::new(shadow, found, app.clock.now()) }))
}
