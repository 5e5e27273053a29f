//! A node and its runs, as stored in the database.

use std::time::Duration;

use serde::Serialize;

use kit::clock::Time;

/// The time for which a node may verify keys from memory after it last had every change.
///
/// Other nodes wait for as long by their own value: a longer lease takes two releases, of which the first only waits longer
/// (`CONFIRM_TIMEOUT` in `confirm`). Alerts, dashboard and `docs/OPERATIONS.md` contain the value.
pub const LEASE: Duration = Duration::from_secs(2);

/// The format of audit events that this version reads; 0 for nodes older than the column.
pub(super) const LOG_FORMAT: i16 = 1;

/// The rules of keys that this version keeps: 1 with pauses, 0 for nodes older than the column.
pub(super) const KEY_RULES: i16 = 1;

/// A revision that no row has.
pub(super) const UNKNOWN: i64 = -1;

kit::ids! {
    /// One run of a node: each start has a new id.
    NodeId = "node";
}

/// A process that serves requests, or did until recently.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Node {
    pub id: NodeId,
    /// Chosen by the operator.
    pub name: String,
    pub address: String,
    /// Version of the program; empty for nodes older than this column.
    pub version: String,
    /// Time at which the node joined.
    pub started_at: Time,
    /// The last revision that the node has confirmed.
    pub applied_revision: i64,
    /// End of the lease, by the shared clock.
    pub lease_until: Time,
    /// The number of the last probe write.
    pub probe: i64,
    /// The format of audit events that the node reads.
    pub log_format: i16,
    /// True if it delivers webhooks.
    pub delivers: bool,
    /// The rules of keys that the node keeps.
    pub key_rules: i16,
}

impl Node {
    /// Returns the time of the last heartbeat.
    pub fn last_seen_at(&self) -> Time {
        self.lease_until.before(LEASE)
    }

    /// Returns the state at `now` relative to `revision`.
    pub fn state(&self, revision: i64, now: Time) -> NodeState {
        match self.applied_revision < revision {
            _ if self.lease_until < now => NodeState::Silent,
            true => NodeState::CatchingUp,
            false => NodeState::UpToDate,
        }
    }
}

/// A node in an audit event: by its id alone, since a workspace must not learn host names and addresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct NodeRef {
    id: NodeId,
}

impl From<NodeId> for NodeRef {
    fn from(id: NodeId) -> Self {
        Self { id }
    }
}

/// One run of a node, kept after it has ended, so that an id in an audit event can be looked up.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeRun {
    pub id: NodeId,
    pub name: String,
    pub address: String,
    pub version: String,
    pub started_at: Time,
}

impl From<Node> for NodeRun {
    fn from(node: Node) -> Self {
        let Node { id, name, address, version, started_at, .. } = node;
        Self { id, name, address, version, started_at }
    }
}

/// The state of a node, derived from its row.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeState {
    /// Has a lease and has applied the change.
    UpToDate,
    /// Has a lease and has not confirmed the change yet.
    CatchingUp,
    /// The lease has expired.
    Silent,
}

impl NodeState {
    pub const fn title(self) -> &'static str {
        match self {
            Self::UpToDate => "up to date",
            Self::CatchingUp => "catching up",
            Self::Silent => "silent",
        }
    }
}
