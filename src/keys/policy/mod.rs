//! The policy of a workspace for its API keys.
//!
//! Invariants
//! - The policy is read in the transaction that creates, rotates or changes a key, under the lock under which it is changed: it
//!   holds for every key from the moment that its change has committed.
//! - A policy takes nothing from keys that exist.
//!
//! - `model` the settings, and what they refuse; `service` the change of them, and the check of a key; `store` queries; `tables` the table

mod model;
mod service;
mod store;
mod tables;

pub use model::{KeyPolicy, OnLeak, PolicyBreach};
pub use service::update;
pub(super) use service::{require, require_allowlist_kept};
pub use store::policy_of;
pub(super) use tables::Entity as Table;
