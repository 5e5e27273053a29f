//! Changes of many keys at once.

use std::collections::HashMap;

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::KeyView;
use crate::access::{self, Allowed, ManageKeys};
use crate::app::App;
use crate::keys::model::{AssignCustodian, BulkOutcome, KeyId, PauseKey, PauseKeys, RevokeKeys};
use crate::keys::service::{self, BulkOutcomes, Include};
use crate::keys::store;
use crate::workspaces::WorkspaceId;
use kit::http::{ApiError, Body, JsonOk};

/// The outcome of a change for each key, in the order of the request.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BulkResult {
    items: Vec<BulkItem>,
}

/// The outcome of a change for one key.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct BulkItem {
    api_key_id: KeyId,
    outcome: BulkOutcome,
    /// The key after the change; `null` if the workspace has no such key.
    api_key: Option<KeyView>,
}

async fn result(app: &App, workspace: WorkspaceId, outcomes: BulkOutcomes) -> Result<JsonOk<BulkResult>, ApiError> {
    let (db, now) = (app.db.read(), app.clock.now());
    let ids: Vec<KeyId> = outcomes.iter().map(|(id, _)| *id).collect();
    let found = store::find_all(db, workspace, &ids).await?;
    let found = service::read_details(db, found, Include::LastUseAndSuccessor).await?;
    let mut views: HashMap<KeyId, KeyView> =
        found.into_iter().map(|details| (details.key.id, KeyView::new(details, now))).collect();
    let item = |(api_key_id, outcome)| BulkItem { api_key_id, outcome, api_key: views.remove(&api_key_id) };
    Ok(JsonOk(BulkResult { items: outcomes.into_iter().map(item).collect() }))
}

pub(super) async fn revoke(
    who: Allowed<access::RevokeKeys>,
    State(app): State<App>,
    Body(RevokeKeys { ids, reason }): Body<RevokeKeys>,
) -> Result<JsonOk<BulkResult>, ApiError> {
    let outcomes = service::revoke_many(&app.keys, who.workspace(), who.audit_context(&app), &ids, reason).await?;
    result(&app, who.workspace(), outcomes).await
}

pub(super) async fn pause(
    who: Allowed<access::PauseKeys>,
    State(app): State<App>,
    Body(PauseKeys { ids, minutes }): Body<PauseKeys>,
) -> Result<JsonOk<BulkResult>, ApiError> {
    let context = who.audit_context(&app);
    let outcomes = service::pause_many(&app.keys, who.workspace(), context, &ids, PauseKey { minutes }).await?;
    result(&app, who.workspace(), outcomes).await
}

pub(super) async fn assign_custodian(
    who: Allowed<ManageKeys>,
    State(app): State<App>,
    Body(AssignCustodian { ids, custodian_id }): Body<AssignCustodian>,
) -> Result<JsonOk<BulkResult>, ApiError> {
    let context = who.audit_context(&app);
    let outcomes = service::assign_custodian(&app.keys, who.workspace(), context, &ids, custodian_id).await?;
    result(&app, who.workspace(), outcomes).await
}
