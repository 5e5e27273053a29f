//! A node as others know it.

use serde::Serialize;

use super::node::LEASE;
use crate::kit::clock::Time;

crate::ids! {
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
}

impl Node {
    /// When it last said that it has every change.
    pub fn last_seen_at(&self) -> Time {
        self.lease_until.before(LEASE)
    }
}

/// A node in the record of what it confirmed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Named {
    pub(super) id: NodeId,
    pub(super) name: String,
    pub(super) address: String,
}

impl From<&Node> for Named {
    fn from(node: &Node) -> Self {
        Self { id: node.id, name: node.name.clone(), address: node.address.clone() }
    }
}
