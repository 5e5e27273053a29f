//! The state of the nodes as one workspace may see it: how many there are, and whether they have applied the changes of its
//! own keys.

use super::model::NodeState;
use super::store;
use crate::keys;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{DbResult, Pool};

/// The number of nodes in each state.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Summary {
    pub(super) up_to_date: u64,
    pub(super) catching_up: u64,
    pub(super) silent: u64,
}

impl Summary {
    pub(super) const fn nodes(self) -> u64 {
        self.up_to_date + self.catching_up + self.silent
    }
}

/// Returns the state of the nodes relative to the last change of a key of `workspace`. Changes of other workspaces do not count.
pub(super) async fn summary(db: &Pool, workspace: WorkspaceId, now: Time) -> DbResult<Summary> {
    let nodes = store::all(db).await?;
    let everywhere = nodes.iter().map(|node| node.applied_revision).min().unwrap_or(i64::MAX);
    // Changes that all nodes have applied need not be searched.
    let last_change = keys::last_change_after(db, workspace, everywhere).await?.unwrap_or(everywhere);
    let mut summary = Summary::default();
    for node in &nodes {
        match node.state(last_change, now) {
            NodeState::UpToDate => summary.up_to_date += 1,
            NodeState::CatchingUp => summary.catching_up += 1,
            NodeState::Silent => summary.silent += 1,
        }
    }
    Ok(summary)
}
