//! For machines that watch this one.

use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;

use tokio::time::timeout;

use crate::app::App;
use crate::cluster::ProbeResult;

pub(super) async fn health() -> &'static str {
    "ok\n"
}

/// How long a probe write may take.
const PROBE: Duration = Duration::from_secs(2);

/// Answers 200 while keys are loaded, changes are followed, and a write that was just made can be read back.
pub(super) async fn readiness(State(app): State<App>) -> (StatusCode, String) {
    let not_ready = |why: &str| (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {why}\n"));
    let probe = timeout(PROBE, app.cluster.probe()).await;
    match (app.db.storage().health().fault(), probe) {
        (Some(fault), _) => not_ready(fault.message()),
        (None, Err(_)) => not_ready("the database does not answer"),
        (None, Ok(ProbeResult::Failed)) => not_ready("the database does not answer or does not store"),
        (None, Ok(ProbeResult::NotJoined)) => not_ready("keys are not loaded"),
        (None, Ok(ProbeResult::Stored)) if app.cluster.has_lease(app.clock.ticks()) => (StatusCode::OK, "ready\n".to_owned()),
        (None, Ok(ProbeResult::Stored)) => not_ready("changes of keys cannot be followed"),
    }
}

pub(super) async fn metrics(State(app): State<App>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], app.metrics.text(&app))
}
