//! The requests of an endpoint in flight, and the time at which another may begin.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit};
use tokio::task::{self, JoinSet};
use tokio::time::Instant;

use super::attempt::Verdict;
use crate::webhooks::model::DeliveryId;
use kit::lock::lock;

/// The pauses to the next request while one has no connection, and while one has no response: earlier, requests could arrive in
/// another order.
const UNSENT: Duration = Duration::from_millis(500);
const UNANSWERED: Duration = Duration::from_millis(50);

/// The requests in flight.
#[derive(Default)]
pub(super) struct Flight {
    pub(super) tasks: JoinSet<(DeliveryId, Verdict)>,
    pub(super) ids: HashSet<DeliveryId>,
    pub(super) of_task: HashMap<task::Id, DeliveryId>,
    pub(super) progress: Arc<Progress>,
    pub(super) last_start: Option<Instant>,
    /// A permit for the next request, while what it needs is read.
    pub(super) permit: Option<OwnedSemaphorePermit>,
}

/// The state of the requests in flight.
#[derive(Default)]
pub(super) struct Progress {
    /// Requests that were not handed to a connection, and requests without a response.
    unsent: AtomicUsize,
    unanswered: AtomicUsize,
    last_sent: Mutex<Option<Instant>>,
    pub(super) changed: Notify,
}

impl Flight {
    /// Returns the time from which another request may start.
    pub(super) fn may_start_at(&self) -> Option<Instant> {
        if self.progress.unanswered.load(Ordering::SeqCst) == 0 {
            return None;
        }
        if self.progress.unsent.load(Ordering::SeqCst) > 0 {
            return self.last_start.map(|last| last + UNSENT);
        }
        lock(&self.progress.last_sent).map(|last| last + UNANSWERED)
    }
}

/// A request that was not handed to a connection; dropped when it was, or when it never will be.
pub(super) struct Unsent(Arc<Progress>);

/// A request without a response; dropped when there is one, or when there will be none.
pub(super) struct Unanswered(Arc<Progress>);

impl Progress {
    /// Counts a request that starts.
    pub(super) fn begin(self: &Arc<Self>) -> (Unsent, Unanswered) {
        self.unsent.fetch_add(1, Ordering::SeqCst);
        self.unanswered.fetch_add(1, Ordering::SeqCst);
        (Unsent(Arc::clone(self)), Unanswered(Arc::clone(self)))
    }
}

impl Drop for Unsent {
    fn drop(&mut self) {
        *lock(&self.0.last_sent) = Some(Instant::now());
        self.0.unsent.fetch_sub(1, Ordering::SeqCst);
        self.0.changed.notify_one();
    }
}

impl Drop for Unanswered {
    fn drop(&mut self) {
        self.0.unanswered.fetch_sub(1, Ordering::SeqCst);
        self.0.changed.notify_one();
    }
}
