//! API keys: access of other software to a workspace's data.
//!
//! Invariants
//! - Verification is a look-up in memory (`index`) and never waits for a database.
//! - Only `service` changes keys. A change is in the index of every node before its call responds.
//! - One response contains the secret, once. Its SHA-256 and a hint are stored.
//! - Nothing makes a revoked or expired key active again. A paused key is refused until its pause ends, on every node.
//!
//! - `model` keys and their rules; `denial` reasons why a key is denied
//! - `index` every key in memory: verification, counters, changes
//! - `loader` keys from the database into the index, for `cluster`
//! - `policy` what a workspace demands of new and rotated keys
//! - `usage` usage counters and denied requests, flushed to the database in batches; `unusual` what is unusual about them
//! - `hygiene` what an administrator ought to look at
//! - `service` create, rotate, revoke, update, list; `context` the parts it uses; `store` queries, `tables` their tables; `count_cache` number of keys; `name_cache` searches by a part of a name
//! - `events` keys in payloads of events; `export` the list as a CSV file; `api` JSON handlers; `pages` Settings > API Keys; `error` errors and their HTTP responses

mod api;
mod context;
mod count_cache;
mod denial;
mod error;
mod events;
mod export;
pub mod hygiene;
pub mod index;
mod loader;
mod model;
mod name_cache;
mod pages;
mod policy;
mod service;
mod store;
mod tables;
mod unusual;
mod usage;

pub(crate) use api::KeyView;
pub use api::routes;
pub use context::Keys;
pub use count_cache::KeyCountCache;
pub use denial::DenialReason;
pub use error::Error;
pub use index::{Denied, Entry, EntryRef, Index, IndexedKey};
pub use loader::{KeyLoader, find_in_database, tenant};
pub use model::{
    Allowlist, CreateKey, Description, Key, KeyFilter, KeyId, KeyName, KeyOrder, KeyProperty, KeyQuery, KeySearch, KeySort, Only,
    PauseKey, Person, RateLimit, Reason, RevokeAfter, RevokeAt, RevokeKey, RotateKey, Status, StatusCounts, UpdateKey,
};
pub use name_cache::KeyNameCache;
pub use pages::{Custodians, TrafficSection, routes as pages};
pub use policy::{KeyPolicy, OnLeak, PolicyBreach, policy_of, update as update_policy};
pub use service::{
    Include, KeyDetails, KeyList, Leak, NewKey, RevokedKeys, confirm_all, create, custodian_of, details_of, end_rotations, list,
    list_part, pause, record_ended_pauses, record_expiries, record_expiring, record_leak, report_older_nodes, require, resume,
    revoke, revoke_all, rotate, set_revoke_at, suggest, update,
};
pub use store::{
    Custody, Named, changed_between, changed_since, count, find, find_by_digest, find_by_digests, find_by_id_or_name,
    find_by_name, hand_over, in_custody, last_change_after, list_first_live, orphaned, refresh_name_forms, revisions_of,
    rotations_blocked, seen_by, sharing_idempotency_keys,
};
pub(crate) use store::{described_after, described_of};
pub(crate) use tables::all as tables;
pub use unusual::{
    LeakSource, Unusual, UnusualActivity, UnusualKind, UnusualWatch, latest_unusual, record_unusual, unusual_since,
};
pub use usage::{DeniedRequest, Flush, Recorder, import_usage};
