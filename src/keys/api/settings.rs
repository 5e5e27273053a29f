//! The switch of the account owner.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::{Allowed, OwnWorkspace, SwitchKeys};
use crate::app::App;
use crate::workspaces;
use kit::http::{ApiError, Body, Check, JsonOk};

/// Whether API key management is on: whether keys can be created and rotated.
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
    workspaces::set_api_keys_enabled(&app, who.workspace(), who.by(&app), input.enabled).await?;
    Ok(JsonOk(input))
}
