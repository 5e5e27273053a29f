//! The setting of the account owner that allows API key management.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::{Allowed, OwnWorkspace, SwitchKeys};
use crate::app::App;
use crate::workspaces;
use kit::http::{ApiError, Body, Check, JsonOk};

/// The API key management setting. Keys can be created and rotated while it is on.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ApiKeySettings {
    enabled: bool,
}

impl Check for ApiKeySettings {}

pub(super) async fn show(who: Allowed<OwnWorkspace>, State(app): State<App>) -> Result<JsonOk<ApiKeySettings>, ApiError> {
    Ok(JsonOk(ApiKeySettings { enabled: workspaces::api_keys_enabled(app.db.read(), who.workspace()).await? }))
}

pub(super) async fn update(
    who: Allowed<SwitchKeys>,
    State(app): State<App>,
    Body(input): Body<ApiKeySettings>,
) -> Result<JsonOk<ApiKeySettings>, ApiError> {
    workspaces::set_api_keys_enabled(&app, who.workspace(), who.audit_context(&app), input.enabled).await?;
    Ok(JsonOk(input))
}
