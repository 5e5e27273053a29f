//! The policy of a workspace for its API keys.

use axum::extract::State;

use crate::access::{Allowed, ManageKeyPolicy, ManageKeys};
use crate::app::App;
use crate::keys::policy::{self, KeyPolicy};
use kit::http::{ApiError, Body, IfMatch, JsonOk, Known, WithEtag};

pub(super) async fn show(
    who: Allowed<ManageKeys>,
    State(app): State<App>,
    known: Known,
) -> Result<WithEtag<KeyPolicy>, ApiError> {
    Ok(known.answer(policy::policy_of(app.db.read(), who.workspace()).await?))
}

pub(super) async fn update(
    who: Allowed<ManageKeyPolicy>,
    State(app): State<App>,
    if_match: IfMatch,
    Body(input): Body<KeyPolicy>,
) -> Result<JsonOk<KeyPolicy>, ApiError> {
    let workspace = who.workspace();
    let precondition = if_match.on(move |tx| Box::pin(async move { policy::policy_of(tx, workspace).await.map(Some) }));
    Ok(JsonOk(policy::update(&app, workspace, who.audit_context(&app).only_if(precondition), input).await?))
}
