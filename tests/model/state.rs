//! The nodes, the database, and the waiters for revocations.

use crate::node::Node;
use crate::protocol::Protocol;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// Sorted, as one node is like another: states that differ only in who is who are one state.
    pub nodes: Vec<Node>,
    /// The committed revocations; the first has revision 1, and the database is at the revision of the last.
    pub waits: Vec<Wait>,
}

/// The progress of a revocation for its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wait {
    /// Ticks waited so far, up to the length of a lease.
    Waiting(u8),
    /// Answered after the timeout. The rows that are behind will be deleted later or never.
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
