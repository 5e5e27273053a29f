//! What the product says about itself: health, metrics, the OpenAPI document, the reference page.
//!
//! - `openapi` the document, made from the route table; `page` the same for people; `health` for machines
//!
//! Everything is in the binary; nothing is fetched from elsewhere.

mod health;
mod openapi;
mod page;

use axum::Router;
use axum::routing::get;

pub use openapi::document;
pub use page::{Documents, error_page};

use crate::app::App;
use kit::http::told;

/// Routes outside the API, open to all.
pub fn router() -> Router<App> {
    Router::new()
        .route("/health", get(told(health::health)))
        .route("/readiness", get(told(health::readiness)))
        .route("/openapi.json", get(told(page::openapi)))
        .route("/docs", get(told(page::docs)))
        .route("/llms.txt", get(told(page::llms)))
}

/// The metrics, for the main address or one of their own.
pub fn metrics_router() -> Router<App> {
    Router::new().route("/metrics", get(told(health::metrics)))
}
