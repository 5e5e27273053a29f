//! The sandbox of a workspace: the data that test keys read and write.
//!
//! A test key belongs to the workspace, where it is listed, counted and audited like any other. Its requests for data are those of
//! another tenant, the sandbox (`src/workspaces/sandbox.rs`): `Entry::tenant` is the sandbox, `Entry::workspace` the workspace.
//!
//! Invariants
//! - No request with a test key reads or writes data of the workspace, and no other request data of its sandbox.
//! - A reset deletes in bounded transactions. Each records what it has deleted, in the log of the workspace.
//!
//! - here and in `service` the reset; `api` its call, `pages` its confirmation; `error` outcomes

mod api;
mod error;
mod pages;
mod service;

pub use api::routes;
pub use error::Error;
pub use pages::routes as pages;
pub use service::{Deleted, reset};
