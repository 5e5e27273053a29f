//! The call that resets the sandbox.

use axum::extract::State;

use super::service::{self, Deleted};
use crate::access::{Allowed, ResetSandbox};
use crate::app::App;
use kit::http::route::post;
use kit::http::{ApiError, JsonOk, Routes};

pub fn routes() -> Routes<App> {
    let reset = post("/api/v1/sandbox/reset", "Reset sandbox", reset).fails(404, "NOT_FOUND").about(
        "Deletes all trips, aircraft, invoices and safety reports that test keys have written. Numbers of invoices and reports begin \
         again at 1. Test keys go on working. The workspace’s own data stays as it is.",
    );
    Routes::new("Sandbox", [reset])
}

async fn reset(who: Allowed<ResetSandbox>, State(app): State<App>) -> Result<JsonOk<Deleted>, ApiError> {
    Ok(JsonOk(service::reset(&app, who.workspace(), who.audit_context(&app)).await?))
}
