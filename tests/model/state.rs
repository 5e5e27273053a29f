//! The nodes, the database, and those who wait for a revocation.

use crate::node::Node;
use crate::protocol::Protocol;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// Sorted, as one node is like another: states that differ only in who is who are one state.
    pub nodes: Vec<Node>,
    /// The committed revocations; the first has revision 1, and the database is at the revision of the last.
    pub waits: Vec<Wait>,
}

/// How far a revocation is for the one who made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wait {
    /// For so many ticks; as many as a lease lasts stand for any more.
    Waiting(u8),
    /// Answered out of patience. The rows that are behind will be deleted, sometime or never.
    Outwaited,
    Answered,
}

impl State {
    /// The last revision that was committed.
    pub fn revision(&self) -> usize {
        self.waits.len()
    }

    pub fn answered(&self) -> impl Iterator<Item = usize> {
        (1..).zip(&self.waits).filter(|(_, wait)| !matches!(wait, Wait::Waiting(_))).map(|(revision, _)| revision)
    }

    pub fn outwaited(&self) -> impl Iterator<Item = usize> {
        (1..).zip(&self.waits).filter(|(_, wait)| matches!(wait, Wait::Outwaited)).map(|(revision, _)| revision)
    }

    pub fn tick(&mut self, protocol: &Protocol) {
        self.nodes.iter_mut().for_each(|node| node.tick(protocol));
        for wait in &mut self.waits {
            if let Wait::Waiting(ticks) = wait {
                *ticks = protocol.lease.min(*ticks + 1);
            }
        }
    }

    pub fn revoke(&mut self) {
        self.waits.push(Wait::Waiting(0));
    }

    pub fn forget_behind(&mut self, revision: usize) {
        self.nodes.iter_mut().filter(|node| node.is_behind(revision)).for_each(Node::forget);
    }

    pub fn stop_waiting(&mut self, revision: usize) {
        self.waits[revision - 1] = Wait::Answered;
        self.nodes.iter_mut().for_each(|node| node.stop_waiting(revision));
    }
}
