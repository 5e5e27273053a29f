//! The public descriptions of the product: health, metrics, the OpenAPI document, the API reference.
//!
//! - `openapi` the document, made from the route table; `page` the reference and `llms.txt`; `documents` caches all three
//! - `health`  liveness, readiness and metrics
//!
//! All texts are in the binary.

mod documents;
mod health;
mod openapi;
mod page;

use axum::routing::get;
use axum::{Extension, Router};

pub use documents::Documents;
pub use openapi::document;

use crate::app::App;
use kit::http::{Routes, told};
use page::RouteTable;

/// Routes outside the API, open to all. The documents describe `table`.
pub fn router(table: fn() -> Vec<Routes<App>>) -> Router<App> {
    Router::new()
        .route("/openapi.json", get(told(page::openapi)))
        .route("/docs", get(told(page::docs)))
        .route("/llms.txt", get(told(page::llms)))
        .layer(Extension(RouteTable(table)))
        .route("/health", get(told(health::health)))
        .route("/readiness", get(told(health::readiness)))
}

/// The route of the metrics, for the main address or one of their own.
pub fn metrics_router() -> Router<App> {
    Router::new().route("/metrics", get(told(health::metrics)))
}
