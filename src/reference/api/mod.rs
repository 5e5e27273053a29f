//! Routes outside the JSON API: the documents here, `health` for load balancers and monitoring.

mod health;

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};

use super::openapi::document;
use super::render;
use crate::app::App;
use kit::http::{Known, Prepared, Routes, record_route};

/// The route table of the JSON API, which the documents describe.
#[derive(Clone, Copy)]
struct RouteTable(fn() -> Vec<Routes<App>>);

/// Routes that are open to all. The documents describe `table`.
pub fn router(table: fn() -> Vec<Routes<App>>) -> Router<App> {
    Router::new()
        .route("/openapi.json", get(record_route(openapi)))
        .route("/docs", get(record_route(docs)))
        .route("/llms.txt", get(record_route(llms)))
        .layer(Extension(RouteTable(table)))
        .route("/health", get(record_route(health::health)))
        .route("/readiness", get(record_route(health::readiness)))
}

/// The route of the metrics, for the main address or one of their own.
pub fn metrics_router() -> Router<App> {
    Router::new().route("/metrics", get(record_route(health::metrics)))
}

async fn docs(State(app): State<App>, Extension(RouteTable(table)): Extension<RouteTable>, known: Known) -> Response {
    let url = &app.config.public_url;
    app.documents.page.answer(&known, || {
        let table = table();
        render::docs(url, &table, &document(url, &table))
    })
}

async fn openapi(State(app): State<App>, Extension(RouteTable(table)): Extension<RouteTable>, known: Known) -> Response {
    app.documents.openapi.answer(&known, || {
        let text = document(&app.config.public_url, &table()).to_string();
        Ok(Prepared::new([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], text))
    })
}

async fn llms(State(app): State<App>, Extension(RouteTable(table)): Extension<RouteTable>, known: Known) -> Response {
    let url = &app.config.public_url;
    app.documents.llms.answer(&known, || {
        let table = table();
        render::llms(url, &table, &document(url, &table))
    })
}
