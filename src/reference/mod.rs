//! The public descriptions of the product: health, metrics, the OpenAPI document, the API reference.
//!
//! - `openapi` the document, made from the route table; `render` the reference and `llms.txt`; `documents` caches all three
//! - `api`     their routes, and liveness, readiness and metrics
//!
//! All texts are in the binary.

mod api;
mod documents;
mod openapi;
mod render;

pub use api::{metrics_router, router};
pub use documents::Documents;
pub use openapi::document;
