//! Workspaces: one operator's tenant. Nothing ever crosses from one to another.
//!
//! Invariants
//! - A link that sets up a workspace makes the first one or none: with any workspace, however it was made, every link ends.
//! - Of a link only its SHA-256 is stored.
//!
//! - `model` what a workspace is; `service` make one, switch API keys; `setup` the links that make the first one
//! - `store` queries; `tables` the tables; `pages` the set-up

mod error;
mod model;
mod pages;
mod service;
mod setup;
mod store;
mod tables;
mod tenant;

pub use error::Error;
pub use model::{CreateWorkspace, Owner, Slug, Timezone, Workspace, WorkspaceId};
pub use pages::routes as pages;
pub use service::{create, set_api_keys_enabled};
pub use setup::{offer, set_up};
pub use store::{all, any, api_keys_enabled, find, find_by_slug, next_number};
pub(crate) use tables::all as tables;
pub use tenant::Tenant;
