//! The loop that keeps the lease.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::Instant;

use super::node::Cluster;
use super::peers::Peers;
use super::store;
use crate::app::App;
use kit::db::{is_reported, is_unavailable};

/// How often a lease is renewed when nothing happens.
const BEAT: Duration = Duration::from_millis(500);

/// The shortest time between two ERROR lines of one outage.
const REPEAT: Duration = Duration::from_mins(1);

/// A database that does not answer for longer than a lease.
#[derive(Default)]
struct Outage {
    logged_at: Option<Instant>,
}

impl Outage {
    fn lasts(&mut self) {
        let now = Instant::now();
        if self.logged_at.is_none_or(|at| now.duration_since(at) >= REPEAT) {
            self.logged_at = Some(now);
            tracing::error!("the database does not answer: nothing can be written until it does");
        }
    }

    fn is_over(&mut self) {
        if self.logged_at.take().is_some() {
            tracing::info!("the database answers again");
        }
    }
}

impl Cluster {
    /// Keeps the lease until `stop`, waking at once when another process has changed something.
    pub async fn run(&self, app: &App, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        let (mut news, mut due) = (app.db.news(), Instant::now());
        let (mut peers, mut outage) = (Peers::default(), Outage::default());
        loop {
            tokio::select! {
                () = news.wait(due.saturating_duration_since(Instant::now())) => {}
                () = &mut stop => return,
            }
            self.is_prompt.store(news.is_prompt(), Ordering::Relaxed);
            if Instant::now() >= due || self.is_behind(app).await {
                due = Instant::now() + BEAT;
                self.beat_and_look(app, &mut peers, &mut outage).await;
            }
        }
    }

    async fn beat_and_look(&self, app: &App, peers: &mut Peers, outage: &mut Outage) {
        // A row that cannot even be read makes the driver panic; when it is mended, the node goes on.
        match AssertUnwindSafe(self.beat(app)).catch_unwind().await {
            Ok(Ok(())) => outage.is_over(),
            Ok(Err(error)) => {
                if !is_reported(&error) {
                    tracing::warn!(%error, "the lease could not be renewed");
                    if is_unavailable(&error) && !self.has_lease(app.clock.ticks()) {
                        outage.lasts();
                    }
                }
                return;
            }
            Err(_) => {
                tracing::error!("the lease could not be renewed: something in the database cannot be read");
                // It may have ended halfway through the changes.
                self.doubt();
                return;
            }
        }
        match AssertUnwindSafe(peers.look(app, self.id)).catch_unwind().await {
            Ok(Ok(others)) => {
                app.index.set_nodes(others + 1);
                app.budgets.set_nodes(others + 1);
            }
            Ok(Err(error)) if is_reported(&error) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the other nodes could not be looked at"),
            Err(_) => tracing::error!("the other nodes could not be looked at: a row cannot be read"),
        }
    }

    async fn is_behind(&self, app: &App) -> bool {
        let current = store::current_revision(app.db.lease_pools().read).await;
        // A database that does not answer is found out by the next beat.
        current.is_ok_and(|current| current != self.applied())
    }
}
