//! Nodes that ended without saying so: their rows would make every change wait for as long as a lease lasts.

use std::collections::HashMap;

use tokio::time::Instant;
use uuid::Uuid;

use super::node::PATIENCE;
use super::store;
use crate::app::App;
use crate::kit::clock::Time;
use crate::kit::db::DbResult;

/// When each other node was first seen to have the lease it has, by our own clock: wall clocks may disagree or step.
#[derive(Debug, Default)]
pub(super) struct Silent(HashMap<Uuid, (Time, Instant)>);

impl Silent {
    /// Looks at the other nodes, and deletes those that have not renewed their lease for longer than it lasts.
    pub(super) async fn forget(&mut self, app: &App, except: Uuid) -> DbResult<()> {
        let leases = store::leases(app.db.read(), except).await?;
        let now = Instant::now();
        let mut known = std::mem::take(&mut self.0);
        for (id, lease) in leases {
            let since = known.remove(&id).filter(|(was, _)| *was == lease).map_or(now, |(_, since)| since);
            if now.duration_since(since) < PATIENCE {
                self.0.insert(id, (lease, since));
            } else if store::delete_silent(&app.db, id, lease).await? {
                tracing::info!(node = %id, "a node has ended without leaving");
            }
        }
        Ok(())
    }
}
