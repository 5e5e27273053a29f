//! Workspaces: one operator's tenant. Nothing ever crosses from one to another.
//!
//! - `model` what a workspace is; `service` make one, switch API keys; `store` queries; `tables` the table

mod error;
mod model;
mod service;
mod store;
mod tables;

pub use error::Error;
pub use model::{CreateWorkspace, Owner, Slug, Timezone, Workspace, WorkspaceId};
pub use service::{create, set_api_keys_enabled};
pub use store::{all, find, find_by_slug, next_number};
