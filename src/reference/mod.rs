//! The public descriptions of the product: health, metrics, the OpenAPI document, the documentation.
//!
//! - `openapi` the document, made from the route table
//! - `collections` the calls for API clients such as Postman and Bruno, made from that document
//! - `site` the pages: those of the guide from `docs/guide/`, those of `calls` from the OpenAPI document, `scopes`,
//!   `errors` and `changelog` with what they take from elsewhere
//! - `markdown` Markdown as HTML; `render` pages and `llms.txt`; `search` the index of the search; `documents` caches all of them
//! - `api` their routes, and liveness, readiness and metrics; `try_it` in it makes a read call for a reader who is signed in
//!
//! All texts are in the binary.

mod api;
mod calls;
mod changelog;
mod collections;
mod documents;
mod errors;
mod markdown;
mod openapi;
mod render;
mod scopes;
mod search;
mod site;

pub use api::{ReadCalls, TRY_IT, metrics_router, pages, router};
pub use calls::read_calls;
pub use collections::{bruno_files, postman_collection};
pub use documents::Documents;
pub use errors::address_of as address_of_error;
pub use openapi::document;
