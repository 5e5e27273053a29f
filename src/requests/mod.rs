//! The request log: why a request was refused, by its id, and the latest requests of a key.
//!
//! Invariants
//! - It never has a secret, a URL or a body: a route is kept by its pattern.
//! - A refusal belongs to the workspace of its key, and no one else sees it. Without a known key it belongs to no workspace: it has
//!   neither an address nor anything of the secret, and is found by its whole id only, which a caller must not have chosen too short.
//! - Memory and rows are bounded (`sampling`, `queue`): under a flood, refusals are left out, and look-ups say so.
//! - Requests wait for nothing: notes are written by a background job.
//!
//! - `id` request ids; `model` types; `note` the notes on a request; `explain` refusals in words
//! - `log` memory, with `queue` and `sampling`; `flush` its way to the database; `store` queries, `tables` their tables
//! - `service` look-ups; `api` JSON handlers; `pages` Settings > Audit Log > Refused requests

mod api;
mod explain;
mod flush;
mod id;
mod log;
mod model;
mod note;
mod pages;
mod queue;
mod sampling;
mod service;
mod store;
mod tables;

pub use api::routes;
pub use explain::Explanation;
pub use flush::purge;
pub use id::{NotARequestId, RequestId};
pub use log::{Finished, RequestLog};
pub use model::{AcceptedCall, Cause, KEPT, KeyFacts, LATEST, LatestRequest, Refusal, RefusedKey, Unidentified};
pub use note::{ExceededLimit, KeyRefusal, LimitOwner};
pub use pages::{link, routes as pages};
pub use service::{Refusals, find, latest};
pub use store::{accepted_calls, insert_latest};
pub(crate) use tables::all as tables;
