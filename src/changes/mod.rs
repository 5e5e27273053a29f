//! The changes feed: what changed in the data of a workspace, in order, for integrations that keep a copy of it.
//!
//! Invariants
//! - A change is an event of the audit log, and its position is the sequence of that event: a client that stores one number misses
//!   nothing and reads nothing twice.
//! - A caller sees changes of the modules that they may read, and nothing of who made them.
//! - A call that waits holds no database connection. Its credential is checked again before it reads on.
//!
//! - `model` changes and what a caller asks for; `read` a part of the feed, with the present objects; `api` the JSON handler

mod api;
mod model;
mod read;

pub use api::routes;
