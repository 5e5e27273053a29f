//! HTTP: the route table, what handlers take and give, and serving connections.
//!
//! - `route`      the table: (method, path, handler), where the first argument of a handler is its permission
//! - `describe`   what a handler's types say about themselves, for the OpenAPI document
//! - `extract`    JSON bodies, queries, paths; what is unknown is refused
//! - `envelope`   `{"success":true,"data":…}`; `batch` the results of many items
//! - `tagged`     the same with an `ETag`, and 304 for a caller who has it; `entity_tag` the tags; `precondition` the version that a
//!   write demands
//! - `prepared`   responses that are made once, with a strong `ETag`; `coding` the compression of both
//! - `rate_limit` the header fields of limits
//! - `error`      `{"success":false,"error":…}`, rendered once at the outermost layer
//! - `matched` which route a request has found, for what surrounds the router
//! - `client_ip`  the caller's address behind trusted proxies
//! - `intake`     bodies on their way in: length, time, bytes of all of them at once
//! - `outbound` requests to URLs that customers choose, never into the machine's own network
//! - `user_agent` programs in words, by the user agent that they send
//! - `serve`      the accept loop and the graceful stop; `connections` bounds on them; `deadlines` of a connection, `stream` its bytes

pub mod batch;
pub mod client_ip;
mod coding;
mod connections;
mod deadlines;
pub mod describe;
mod entity_tag;
pub mod envelope;
pub mod error;
pub mod extract;
pub mod intake;
pub mod matched;
pub mod outbound;
pub mod precondition;
mod prepared;
pub mod rate_limit;
pub mod route;
pub mod serve;
mod stream;
pub mod tagged;
pub mod user_agent;

pub use crate::paging::{Page, Paging};
pub use batch::{BatchResult, ItemError, Results, require_valid};
pub use describe::{Describe, Doc};
pub use envelope::{Accepted, Created, JsonOk, NoStore, Put};
pub use error::{ApiError, FieldError, WithoutErrorBody};
pub use extract::{
    Batch, BatchItem, Body, Check, FieldErrors, IdempotencyKey, IdempotentBody, Listing, NoFields, NoParameters, Path, Paths,
    Query, present,
};
pub use matched::{Matched, record_route};
pub use precondition::{IfMatch, IfMatchOrNone, Precondition, PreconditionFailed};
pub use prepared::Prepared;
pub use rate_limit::Policy;
pub use route::{Guard, Route, Routes};
pub use tagged::{Known, Revised, WithEtag};
