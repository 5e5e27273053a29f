//! Waiting until every node knows of a change.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use super::model::{Node, NodeId, NodeRef};
use super::node::{Cluster, LEASE};
use super::store;
use crate::app::App;

/// By then every lease that was earned before has run out, even by a clock that ticks a little slower than ours.
pub(super) const PATIENCE: Duration = LEASE.saturating_add(Duration::from_millis(50));

/// How soon a change looks whether the other nodes have it, and how long it waits at most to look again.
const RECHECK: [Duration; 2] = [Duration::from_millis(1), Duration::from_millis(16)];

/// How it is known that a change holds on every node.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Confirmation {
    /// The nodes that said so, this one among them.
    pub(crate) confirmed_by: Vec<NodeRef>,
    /// The nodes that did not, until no lease was left that was earned before.
    pub(crate) lease_ran_out: Vec<NodeRef>,
    /// The nodes that were there at first and then were not: they left, or had been given up by another that waited.
    pub(crate) gone: Vec<NodeRef>,
}

/// What was seen of the nodes while waiting.
#[derive(Debug, Default)]
struct Seen {
    there: Vec<Node>,
    gone: BTreeSet<NodeId>,
}

impl Seen {
    fn look(&mut self, nodes: Vec<Node>) {
        let before = std::mem::replace(&mut self.there, nodes);
        self.gone.extend(before.iter().map(|node| node.id));
        self.gone.retain(|id| !self.there.iter().any(|node| node.id == *id));
    }
}

impl Cluster {
    /// Waits until no other node can still accept what `revision`, which has been committed, changed.
    ///
    /// Either every node says that it has applied it, or so much time has passed that no lease earned before the
    /// commit can be left. The second needs no answer from anyone: this cannot fail, and wall clocks do not matter.
    pub async fn wait_for_others(&self, app: &App, revision: i64) -> Confirmation {
        let longest = Instant::now() + PATIENCE;
        let mut seen = Seen::default();
        let everyone = timeout_at(longest, self.watch(app, revision, &mut seen)).await;
        if everyone.is_err() {
            // It may be the database that does not answer; then it is not known who is behind, and nobody can be.
            tokio::time::sleep_until(longest).await;
            self.forget_behind(app, revision).await;
        }
        let (confirmed, behind): (Vec<_>, Vec<_>) = seen.there.iter().partition(|node| node.applied_revision >= revision);
        let mut confirmed_by: Vec<NodeRef> = confirmed.into_iter().map(|node| node.id.into()).collect();
        let this = NodeRef::from(self.id);
        if self.has_joined() && !confirmed_by.contains(&this) {
            // It was the first to apply the change, and says so with its next lease.
            confirmed_by.push(this);
        }
        let lease_ran_out = behind.into_iter().filter(|node| node.id != self.id).map(|node| node.id.into()).collect();
        Confirmation { confirmed_by, lease_ran_out, gone: seen.gone.into_iter().map(NodeRef::from).collect() }
    }

    /// Looks at the other nodes until none is behind, and notes what each was last seen to have applied.
    async fn watch(&self, app: &App, revision: i64, seen: &mut Seen) {
        let [mut pause, longest] = RECHECK;
        loop {
            // The change is committed: a hiccup here must not be told as a failure to commit.
            if let Ok(nodes) = store::all(app.db.read()).await {
                let is_behind = nodes.iter().any(|node| node.id != self.id && node.applied_revision < revision);
                seen.look(nodes);
                if !is_behind {
                    return;
                }
            }
            sleep(pause).await;
            pause = (pause * 2).min(longest);
        }
    }

    /// Nodes that are alive write their rows again before they trust their memory; the next change need not wait for those
    /// that are not.
    async fn forget_behind(&self, app: &App, revision: i64) {
        if let Err(error) = store::delete_behind(app.db.lease_pools().write, self.id, revision).await {
            tracing::warn!(%error, "nodes that have ended could not be forgotten");
        }
    }
}
