//! API keys: how other software is let into a workspace.
//!
//! Invariants
//! - Verification is a look-up in memory (`index`) and never waits for a database.
//! - Only `service` changes keys; a change is in the index before its call answers, and on every other node too.
//! - The secret is in one answer, once. Stored are its SHA-256 and a hint.
//! - Nothing makes a revoked or expired key active again.
//!
//! - `model` keys and their rules
//! - `index`   every key in memory: verify, count, apply changes
//! - `loader`  keys from the database into the index, for `cluster`
//! - `usage`   what was counted in memory, on its way to the database
//! - `service` create, rotate, revoke, update; `store` queries; `tally` how many there are
//! - `api` the calls; `pages` the settings; `error` outcomes

mod api;
mod denial;
mod error;
pub mod index;
mod loader;
mod model;
mod pages;
mod service;
mod store;
mod tables;
mod tally;
mod usage;

pub use api::routes;
pub(crate) use api::views;
pub use denial::DenialReason;
pub use error::Error;
pub use index::{Denied, Entry, EntryRef, Index, IndexedKey};
pub use loader::{KeyLoader, find_in_database, tenant};
pub use model::{
    Allowlist, CreateKey, Description, Key, KeyFilter, KeyId, KeyName, Person, RateLimit, Reason, RevokeKey, RotateKey, Status,
};
pub use pages::routes as pages;
pub use service::{NewKey, create, record_expiries, require, revoke, rotate};
pub use store::{
    changed_between, changed_since, count, find_by_digest, find_by_id_or_name, find_by_name, last_change_after, revisions_of,
    seen_by,
};
pub(crate) use store::{described_after, described_of};
pub(crate) use tables::all as tables;
pub use tally::{KeyCountCache, list};
pub use usage::{DeniedRequest, Flush, Recorder, import_usage};
