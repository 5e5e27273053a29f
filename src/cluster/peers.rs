//! The other nodes: how many there are, and which have ended without saying so. The rows of those would make every change
//! wait for as long as a lease lasts.

use std::collections::HashMap;

use tokio::time::Instant;

use super::confirm::PATIENCE;
use super::model::{Node, NodeId};
use super::store;
use crate::app::App;
use kit::clock::Time;
use kit::db::DbResult;

/// When each other node was first seen to have the lease it has, by our own clock: wall clocks may disagree or step.
#[derive(Debug, Default)]
pub(super) struct Peers(HashMap<NodeId, (Time, Instant)>);

impl Peers {
    /// Looks at the other nodes, and deletes those that have not renewed their lease for longer than it lasts; how many
    /// are left.
    pub(super) async fn look(&mut self, app: &App, except: NodeId) -> DbResult<u32> {
        let nodes = store::all(app.db.lease_pools().read).await?;
        let now = Instant::now();
        let mut known = std::mem::take(&mut self.0);
        for node in nodes.into_iter().filter(|node| node.id != except) {
            let (id, lease) = (node.id, node.lease_until);
            let since = known.remove(&id).filter(|(was, _)| *was == lease).map_or(now, |(_, since)| since);
            if now.duration_since(since) < PATIENCE {
                self.0.insert(id, (lease, since));
            } else if store::delete_silent(app.db.lease_pools().write, id, lease).await? {
                tracing::info!(node = %id, name = node.name, address = node.address, "a node has ended without leaving");
            }
        }
        Ok(u32::try_from(self.0.len()).unwrap_or(u32::MAX))
    }
}

/// The nodes whose leases have not run out, by a clock that they share with this process.
pub async fn running(app: &App) -> DbResult<Vec<Node>> {
    let now = app.clock.now();
    let nodes = store::all(app.db.read()).await?;
    Ok(nodes.into_iter().filter(|node| node.lease_until > now).collect())
}
