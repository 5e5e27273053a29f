//! The security of a workspace: who needs a second factor, how long sessions last, how long passwords are.
//!
//! Invariants
//! - Sessions and members are judged by the present settings, which every request reads with its session.
//! - A second factor can only be required by an administrator who has one, while an account owner has one.
//! - A grace that has ended stays ended until nothing is required any more.
//!
//! - `model` settings, and what follows from them; `service` changes them; `sign_out` signs everyone out; `preview` effects of a change; `store` queries; `tables` the table
//! - `error` outcomes; `api` the calls; `pages` Settings > Security

mod api;
mod error;
mod model;
mod pages;
mod preview;
mod service;
mod sign_out;
mod store;
mod tables;

pub use api::routes;
pub use model::{FactorSetup, SETUP_REQUIRED, SecurityPolicy, SecuritySettings, SessionLimits, TwoFactorPolicy};
pub use pages::{recommendation, routes as pages};
pub use service::update;
pub use store::{all as all_policies, min_password_length, policy, policy_of};
pub(crate) use tables::{Column as SettingsColumn, Entity as SettingsTable, all as tables};
