//! Waiting until every node has applied a change.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use super::model::{LEASE, Node, NodeId, NodeRef};
use super::node::Cluster;
use super::store;

/// The time after which every lease that was earned before a commit has expired, even by a clock that ticks a little slower
/// than this process's own.
pub(super) const CONFIRM_TIMEOUT: Duration = LEASE.saturating_add(Duration::from_millis(50));

/// The first and the longest pause between two reads of the other nodes.
const POLL_BACKOFF: [Duration; 2] = [Duration::from_millis(1), Duration::from_millis(16)];

/// The proof that a change holds on every node.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Confirmation {
    /// Nodes that confirmed the change, this one among them.
    pub(crate) confirmed_by: Vec<NodeRef>,
    /// Nodes that did not confirm it before every lease earned earlier had expired.
    pub(crate) lease_ran_out: Vec<NodeRef>,
    /// Nodes that were present at first and then were not: they left, or another process that waited has removed them.
    pub(crate) gone: Vec<NodeRef>,
}

/// The nodes seen while waiting.
#[derive(Debug, Default)]
struct Observed {
    present: Vec<Node>,
    gone: BTreeSet<NodeId>,
}

impl Observed {
    fn update(&mut self, nodes: Vec<Node>) {
        let before = std::mem::replace(&mut self.present, nodes);
        self.gone.extend(before.iter().map(|node| node.id));
        self.gone.retain(|id| !self.present.iter().any(|node| node.id == *id));
    }
}

impl Cluster {
    /// Waits until no other node can accept what the committed change `revision` took away.
    ///
    /// Either every node confirms that it has applied the change, or the time passes after which no lease earned before the
    /// commit can be left. The second needs no response: this cannot fail, and wall clocks do not matter.
    pub async fn wait_for_others(&self, revision: i64) -> Confirmation {
        let deadline = Instant::now() + CONFIRM_TIMEOUT;
        let mut observed = Observed::default();
        let all = timeout_at(deadline, self.poll_until_applied(revision, &mut observed)).await;
        if all.is_err() {
            // The database may be what does not respond. Then it is unknown which nodes are behind, and all must expire.
            sleep_until(deadline).await;
            self.remove_behind(revision).await;
        }
        let (confirmed, behind): (Vec<_>, Vec<_>) = observed.present.iter().partition(|node| node.applied_revision >= revision);
        let mut confirmed_by: Vec<NodeRef> = confirmed.into_iter().map(|node| node.id.into()).collect();
        let this = NodeRef::from(self.id);
        if self.has_joined() && !confirmed_by.contains(&this) {
            // This node applied the change first, and writes so with its next heartbeat.
            confirmed_by.push(this);
        }
        let lease_ran_out = behind.into_iter().filter(|node| node.id != self.id).map(|node| node.id.into()).collect();
        Confirmation { confirmed_by, lease_ran_out, gone: observed.gone.into_iter().map(NodeRef::from).collect() }
    }

    /// Reads the other nodes until none is behind `revision`, and keeps what each was last seen to have applied.
    async fn poll_until_applied(&self, revision: i64, observed: &mut Observed) {
        let [mut pause, longest] = POLL_BACKOFF;
        loop {
            // The change is committed: a failed read here must not look like a failed commit.
            if let Ok(nodes) = store::all(self.core.db.read()).await {
                let is_behind = nodes.iter().any(|node| node.id != self.id && node.applied_revision < revision);
                observed.update(nodes);
                if !is_behind {
                    return;
                }
            }
            sleep(pause).await;
            pause = (pause * 2).min(longest);
        }
    }

    /// Removes the rows of nodes that are behind, so that the next change need not wait for nodes that have ended. A live
    /// node writes its row again before it trusts its memory.
    async fn remove_behind(&self, revision: i64) {
        if let Err(error) = store::delete_behind(self.core.db.lease_pools().write, self.id, revision).await {
            tracing::warn!(%error, "nodes that have ended could not be removed");
        }
    }
}
