//! The state of a workspace's keys that an administrator ought to look at, for findings.
//!
//! Every query is bounded, and is limited to what an index finds: none reads all keys. What depends on usage is summarized in
//! `key_checks`: for each key and rule the earliest time from which the rule can hold. Usage only defers that time, so that a key is
//! looked at again when the time has come, about once a month, and not with every use. Readers of the summary compare it with the
//! present usage.
//!
//! - `lists` keys by age and end, their successors and names; `calls` refused calls of revoked keys
//! - `checks` the rules that depend on usage; `summary` the table of checks; `review` the job that keeps it
//! - `networks` networks of a key, and the allow-list that they propose

mod calls;
mod checks;
mod lists;
mod networks;
mod review;
mod summary;

pub use calls::{RefusedCalls, recent_calls};
pub(super) use calls::{RevokedCall, note_revoked_calls};
pub use checks::{Everywhere, Excess, Idle, everywhere, excess, idle};
pub use lists::{Aged, Expiring, endless, expiring, names, old, rotating};
pub use networks::Networks;
pub(super) use networks::PERIOD as DORMANT_AFTER;
pub use review::review;
pub(super) use summary::wake;

use super::model::KeyId;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;

/// The keys that a question is about.
#[derive(Clone, Copy, Debug)]
pub struct Sought {
    pub workspace: WorkspaceId,
    /// Only this key.
    pub key: Option<KeyId>,
    pub now: Time,
    /// The largest number of keys in the answer.
    pub limit: u64,
}
