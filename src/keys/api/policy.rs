//! The policy of a workspace for its API keys.

use axum::extract::State;

use crate::access::{Allowed, ManageKeyPolicy, ManageKeys};
use crate::app::App;
use crate::keys::policy::{self, KeyPolicy};
use kit::http::{ApiError, Body, JsonOk};

pub(super) async fn show(who: Allowed<ManageKeys>, State(app): State<App>) -> Result<JsonOk<KeyPolicy>, ApiError> {
    Ok(JsonOk(policy::policy_of(app.db.read(), who.workspace()).await?))
}

pub(super) async fn update(
    who: Allowed<ManageKeyPolicy>,
    State(app): State<App>,
    Body(input): Body<KeyPolicy>,
) -> Result<JsonOk<KeyPolicy>, ApiError> {
    Ok(JsonOk(policy::update(&app, who.workspace(), who.audit_context(&app), input).await?))
}
