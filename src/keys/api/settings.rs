//! The switch of the account owner.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::{Allowed, OwnWorkspace, SwitchKeys};
use crate::app::App;
use crate::workspaces;
use kit::http::{Answer, ApiError, Body, Check};

/// Whether API key management is on: whether keys can be created and rotated.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ApiKeySettings {
    enabled: bool,
}

impl Check for ApiKeySettings {}

pub(super) async fn show(who: Allowed<OwnWorkspace>, State(app): State<App>) -> Result<Answer<ApiKeySettings>, ApiError> {
    Ok(Answer(ApiKeySettings { enabled: workspaces::api_keys_enabled(app.db.read(), who.workspace()).await? }))
}

pub(super) async fn update(
    who: Allowed<SwitchKeys>,
    State(app): State<App>,
    Body(input): Body<ApiKeySettings>,
) -> Result<Answer<ApiKeySettings>, ApiError> {
    workspaces::set_api_keys_enabled(&app, who.workspace(), who.by(), input.enabled).await?;
    Ok(Answer(input))
}
