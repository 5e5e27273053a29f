//! What the product says about itself: health, metrics, the OpenAPI document, the reference page.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse};
use axum::routing::get;

use crate::app::App;
use crate::kit::http::ApiError;

/// Routes outside the API, open to all.
pub fn router() -> Router<App> {
    Router::new().route("/health", get(health)).route("/readiness", get(readiness)).route("/metrics", get(metrics))
}

async fn health() -> &'static str {
    "ok\n"
}

async fn readiness(State(app): State<App>) -> impl IntoResponse {
    let answers = app.db.version().await.is_ok();
    let ready = answers && app.cluster.has_lease(&app.clock);
    if ready {
        (StatusCode::OK, "ready\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready: the database does not answer, or keys are not loaded\n")
    }
}

async fn metrics(State(app): State<App>) -> String {
    app.metrics.text(&app)
}

/// A failure as a page.
pub fn error_page(error: &ApiError, _request_id: &str) -> Html<String> {
    Html(format!("<!doctype html><title>{}</title><p>{}</p>", error.status, error.message))
}
