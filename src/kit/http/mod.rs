//! HTTP: the route table, what handlers take and give, and serving connections.
//!
//! - `route`      the table: (method, path, handler), where the first argument of a handler is its permission
//! - `describe`   what a handler's types say about themselves, for the OpenAPI document
//! - `extract`    JSON bodies, queries, paths; what is unknown is refused
//! - `answer`     `{"success":true,"data":…}`
//! - `tagged`     the same with an `ETag`, and 304 for a caller who has it
//! - `prepared`   responses that are made once, with a strong `ETag`
//! - `error`      `{"success":false,"error":…}`, rendered once at the outermost layer
//! - `matched` which route a request has found, for what surrounds the router
//! - `client`     the caller's address behind trusted proxies
//! - `serve`      the accept loop: header timeout, graceful stop; `patience` how that timeout is kept

pub mod answer;
pub mod client;
pub mod describe;
pub mod error;
pub mod extract;
pub mod matched;
mod patience;
mod prepared;
pub mod route;
pub mod serve;
pub mod tagged;

pub use answer::{Answer, Created, NoStore, Page, Paging, Put};
pub use describe::{Describe, Doc};
pub use error::{ApiError, FieldError};
pub use extract::{Body, Check, Creating, Faults, Listing, NoFields, NoParameters, OnceKey, Path, Query, present};
pub use matched::{Matched, told};
pub use prepared::Prepared;
pub use route::{Guard, Route, Routes};
pub use tagged::{Known, Tagged};
