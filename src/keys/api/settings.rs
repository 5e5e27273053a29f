//! The setting of the account owner that allows API key management.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::{Allowed, OwnWorkspace, SwitchKeys};
use crate::app::App;
use crate::workspaces::{self, WorkspaceId};
use kit::db::{DbResult, Source};
use kit::http::{ApiError, Body, Check, IfMatch, JsonOk, Known, WithEtag};

/// The API key management setting. Keys can be created and rotated while it is on.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ApiKeySettings {
    enabled: bool,
}

impl Check for ApiKeySettings {}

pub(super) async fn show(
    who: Allowed<OwnWorkspace>,
    State(app): State<App>,
    known: Known,
) -> Result<WithEtag<ApiKeySettings>, ApiError> {
    Ok(known.answer(read(app.db.read(), who.workspace()).await?))
}

async fn read(db: &impl Source, workspace: WorkspaceId) -> DbResult<ApiKeySettings> {
    Ok(ApiKeySettings { enabled: workspaces::api_keys_enabled(db, workspace).await? })
}

pub(super) async fn update(
    who: Allowed<SwitchKeys>,
    State(app): State<App>,
    if_match: IfMatch,
    Body(input): Body<ApiKeySettings>,
) -> Result<JsonOk<ApiKeySettings>, ApiError> {
    let workspace = who.workspace();
    let precondition = if_match.on(move |tx| Box::pin(async move { read(tx, workspace).await.map(Some) }));
    let context = who.audit_context(&app).only_if(precondition);
    workspaces::set_api_keys_enabled(&app, workspace, context, input.enabled).await?;
    Ok(JsonOk(input))
}
