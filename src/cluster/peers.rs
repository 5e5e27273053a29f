//! The other nodes: how many are live, and which have ended without leaving. Each row of an ended node would delay every
//! change by the length of a lease.

use std::collections::HashMap;

use tokio::time::Instant;

use super::confirm::CONFIRM_TIMEOUT;
use super::model::{Node, NodeId};
use super::node::Cluster;
use super::store;
use crate::core::Core;
use kit::clock::Time;
use kit::db::DbResult;

/// The time at which each other node was first seen with its current lease, by this process's monotonic clock: wall clocks
/// may disagree or step.
#[derive(Debug, Default)]
pub(super) struct Peers(HashMap<NodeId, (Time, Instant)>);

impl Peers {
    /// Reads the other nodes, and deletes those whose lease has expired without a renewal. Returns how many are left.
    pub(super) async fn update(&mut self, core: &Core, except: NodeId) -> DbResult<u32> {
        let nodes = store::all(core.db.lease_pools().read).await?;
        let now = Instant::now();
        let mut known = std::mem::take(&mut self.0);
        for node in nodes.into_iter().filter(|node| node.id != except) {
            let (id, lease) = (node.id, node.lease_until);
            let since = known.remove(&id).filter(|(was, _)| *was == lease).map_or(now, |(_, since)| since);
            if now.duration_since(since) < CONFIRM_TIMEOUT {
                self.0.insert(id, (lease, since));
            } else if store::delete_expired(core.db.lease_pools().write, id, lease).await? {
                tracing::info!(node = %id, name = node.name, address = node.address, "a node has ended without leaving");
            }
        }
        Ok(u32::try_from(self.0.len()).unwrap_or(u32::MAX))
    }
}

impl Cluster {
    /// Returns whether this node has run longest of all nodes whose leases have not expired. True as well if there is none.
    pub async fn is_longest_running(&self) -> DbResult<bool> {
        Ok(running(&self.core).await?.first().is_none_or(|node| node.id == self.id))
    }
}

/// Returns the nodes whose leases have not expired, the longest running first, by the clock that all nodes share.
pub async fn running(core: &Core) -> DbResult<Vec<Node>> {
    let now = core.clock.now();
    let nodes = store::all(core.db.read()).await?;
    Ok(nodes.into_iter().filter(|node| node.lease_until > now).collect())
}
