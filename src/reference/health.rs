//! For machines that watch this one.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;

use crate::app::App;

pub(super) async fn health() -> &'static str {
    "ok\n"
}

/// 200 once keys are loaded, while the database answers.
pub(super) async fn readiness(State(app): State<App>) -> impl IntoResponse {
    let answer = tokio::time::timeout(std::time::Duration::from_secs(2), app.db.ping()).await;
    match (answer, app.cluster.has_lease(app.clock.ticks())) {
        (Ok(Ok(())), true) => (StatusCode::OK, "ready\n"),
        (Ok(Ok(())), false) => {
            (StatusCode::SERVICE_UNAVAILABLE, "not ready: keys are not loaded, or changes cannot be followed\n")
        }
        _ => (StatusCode::SERVICE_UNAVAILABLE, "not ready: the database does not answer\n"),
    }
}

pub(super) async fn metrics(State(app): State<App>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], app.metrics.text(&app))
}
