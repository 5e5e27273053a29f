//! A node as others know it.

use std::time::Duration;

use serde::Serialize;

use kit::clock::Time;

/// The time for which a node may verify keys from memory after it last had every change.
pub const LEASE: Duration = Duration::from_secs(2);

/// A revision that no row has.
pub(super) const UNKNOWN: i64 = -1;

kit::ids! {
    /// One run of a process that serves: it takes a new one at every start.
    NodeId = "node";
}

/// A process that serves, or did until a moment ago.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Node {
    /// This run of it.
    pub id: NodeId,
    /// What its operator calls it.
    pub name: String,
    /// Where it listens.
    pub address: String,
    /// Of the program; empty if it is from before versions were told.
    pub version: String,
    /// When it joined.
    pub started_at: Time,
    /// The last change it says it has applied.
    pub applied_revision: i64,
    /// Until when it may verify from memory.
    pub lease_until: Time,
    /// The number of the last probe write.
    pub probe: i64,
}

impl Node {
    /// When it last said that it has every change.
    pub fn last_seen_at(&self) -> Time {
        self.lease_until.before(LEASE)
    }

    /// Its state at `now`, measured against `revision`.
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
    /// The id of the run.
    pub id: NodeId,
    /// The node's name, as its operator chose it.
    pub name: String,
    /// The address it listened on.
    pub address: String,
    /// The version of the program.
    pub version: String,
    /// The time it joined.
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
    /// Holds a lease and has applied the change that was asked about.
    UpToDate,
    /// Holds a lease and has not confirmed that change yet.
    CatchingUp,
    /// Its lease has run out.
    Silent,
}

impl NodeState {
    /// As people read it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::UpToDate => "up to date",
            Self::CatchingUp => "catching up",
            Self::Silent => "silent",
        }
    }
}
