//! The loop that sends heartbeats: each applies all changes and renews this node's lease.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::Instant;

use super::node::Cluster;
use super::peers::Peers;
use super::store;
use kit::db::{is_reported, is_unavailable};

/// The time between two heartbeats when nothing changes.
const HEARTBEAT_INTERVAL: Duration = Duration::from_millis(500);

/// The shortest time between two ERROR lines of one outage.
const LOG_INTERVAL: Duration = Duration::from_mins(1);

/// A database that has not responded for longer than a lease.
#[derive(Default)]
struct Outage {
    logged_at: Option<Instant>,
}

impl Outage {
    fn continues(&mut self) {
        let now = Instant::now();
        if self.logged_at.is_none_or(|at| now.duration_since(at) >= LOG_INTERVAL) {
            self.logged_at = Some(now);
            tracing::error!("the database does not answer: nothing can be written until it does");
        }
    }

    fn ends(&mut self) {
        if self.logged_at.take().is_some() {
            tracing::info!("the database answers again");
        }
    }
}

impl Cluster {
    /// Sends heartbeats until `stop`, at each interval and as soon as another process has changed something.
    pub async fn run(&self, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        let (mut notifications, mut due) = (self.core.db.change_notifications(store::CHANGES), Instant::now());
        let (mut peers, mut outage) = (Peers::default(), Outage::default());
        loop {
            tokio::select! {
                () = notifications.wait(due.saturating_duration_since(Instant::now())) => {}
                () = &mut stop => return,
            }
            self.notifications_live.store(notifications.are_live(), Ordering::Relaxed);
            if Instant::now() >= due || self.is_behind().await {
                due = Instant::now() + HEARTBEAT_INTERVAL;
                if self.try_heartbeat(&mut outage).await {
                    self.update_peers(&mut peers).await;
                }
            }
        }
    }

    /// Returns whether the lease was renewed; failures are logged.
    async fn try_heartbeat(&self, outage: &mut Outage) -> bool {
        // The driver panics at a row that it cannot decode. The node goes on once the row is repaired.
        match AssertUnwindSafe(self.heartbeat()).catch_unwind().await {
            Ok(Ok(())) => {
                outage.ends();
                true
            }
            Ok(Err(error)) => {
                if !is_reported(&error) {
                    tracing::warn!(%error, "the lease could not be renewed");
                    if is_unavailable(&error) && !self.has_lease(self.core.clock.ticks()) {
                        outage.continues();
                    }
                }
                false
            }
            Err(_) => {
                tracing::error!("the lease could not be renewed: something in the database cannot be read");
                // Only a part of the changes may be applied.
                self.distrust_own_row();
                false
            }
        }
    }

    async fn update_peers(&self, peers: &mut Peers) {
        match AssertUnwindSafe(peers.update(&self.core, self.id)).catch_unwind().await {
            Ok(Ok(others)) => self.core.limits.set_nodes(others + 1),
            Ok(Err(error)) if is_reported(&error) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the other nodes could not be looked at"),
            Err(_) => tracing::error!("the other nodes could not be looked at: a row cannot be read"),
        }
    }

    async fn is_behind(&self) -> bool {
        let current = store::current_revision(self.core.db.lease_pools().read).await;
        // The next heartbeat reports a database that does not respond.
        current.is_ok_and(|current| current != self.applied())
    }
}
