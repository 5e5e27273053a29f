//! Workspaces: one operator's tenant. Nothing ever crosses from one to another.
//!
//! Invariants
//! - A set-up link creates the first workspace or none: every link ends as soon as any workspace exists.
//! - Only the SHA-256 of a link's token is stored.
//! - A sandbox has no members, and no list for people contains it.
//!
//! - `model` workspaces; `tenant` what requests need of one; `service` create, switch API keys; `setup` links for the first one
//! - `sandbox` the data that test keys see; `store` queries; `tables` the tables; `pages` the set-up; `error` errors and their HTTP responses

mod error;
mod model;
mod pages;
mod sandbox;
mod service;
mod setup;
mod store;
mod tables;
mod tenant;

pub use error::Error;
pub use model::{CreateWorkspace, Owner, Slug, Timezone, Workspace, WorkspaceId};
pub use pages::routes as pages;
pub use sandbox::sandbox_for;
pub use service::{WorkspaceContext, create, set_api_keys_enabled};
pub use setup::{offer, set_up};
pub use store::{
    all, any, api_keys_enabled, count, day_of, delete_counters, find, find_by_slug, find_log_by_slug, find_sandbox, list,
    next_number,
};
pub(crate) use tables::all as tables;
pub use tenant::Tenant;
