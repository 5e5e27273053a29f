//! The deliveries of one endpoint, as long as some are due.

use std::collections::{HashSet, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};

use super::attempt::Verdict;
use super::disable;
use super::engine::{Engine, Next, open_secrets};
use super::store::{self, Due};
use crate::cluster::Cluster;
use crate::core::Core;
use crate::webhooks::model::{DeliveryId, Endpoint, EndpointId, EndpointStatus};
use crate::webhooks::rows;
use crate::webhooks::secret::SigningSecret;
use kit::db::DbResult;
use kit::lock::lock;

/// Requests in flight to one endpoint, and to one that is failing.
const MAX_IN_FLIGHT: usize = 8;
const MAX_IN_FLIGHT_FAILING: usize = 1;

/// Deliveries that are read at once.
const READ_AT_ONCE: u64 = 64;

/// The time for which an endpoint that was read is current: one that another node changes or deletes gets no request later.
const CURRENT: Duration = Duration::from_millis(100);

/// The pauses to the next request while one has no connection, and while one has no response: earlier, requests could arrive in
/// another order.
const UNSENT: Duration = Duration::from_millis(500);
const UNANSWERED: Duration = Duration::from_millis(50);

/// What the deliveries of every endpoint need.
#[derive(Clone, Debug)]
pub(super) struct Context {
    pub(super) core: Core,
    pub(super) cluster: Arc<Cluster>,
    pub(super) engine: Arc<Engine>,
    pub(super) stop: watch::Receiver<bool>,
}

/// Wakes a worker for new events.
#[derive(Debug, Default)]
pub(super) struct Signal {
    is_set: AtomicBool,
    notify: Notify,
}

impl Signal {
    pub(super) fn set(&self) {
        self.is_set.store(true, Ordering::SeqCst);
        self.notify.notify_one();
    }

    /// Returns whether it was set, and resets it.
    pub(super) fn take(&self) -> bool {
        self.is_set.swap(false, Ordering::SeqCst)
    }
}

/// An endpoint as it was read, with its secrets.
struct Target {
    row: crate::webhooks::tables::endpoint::Model,
    endpoint: Endpoint,
    secrets: Arc<[SigningSecret]>,
    read_at: Instant,
}

/// The requests in flight.
#[derive(Default)]
struct Flight {
    tasks: JoinSet<(DeliveryId, Verdict)>,
    ids: HashSet<DeliveryId>,
    progress: Arc<Progress>,
    last_start: Option<Instant>,
}

/// The state of the requests in flight.
#[derive(Default)]
struct Progress {
    /// Requests that were not handed to a connection, and requests without a response.
    unsent: AtomicUsize,
    unanswered: AtomicUsize,
    last_sent: Mutex<Option<Instant>>,
    changed: Notify,
}

impl Flight {
    /// Returns the time from which another request may start.
    fn may_start_at(&self) -> Option<Instant> {
        if self.progress.unanswered.load(Ordering::SeqCst) == 0 {
            return None;
        }
        if self.progress.unsent.load(Ordering::SeqCst) > 0 {
            return self.last_start.map(|last| last + UNSENT);
        }
        lock(&self.progress.last_sent).map(|last| last + UNANSWERED)
    }
}

/// Delivers until nothing is due, the node loses the endpoint, or the process stops.
pub(super) async fn run(context: &Context, id: EndpointId, signal: &Signal) -> DbResult<()> {
    let mut stop = context.stop.clone();
    let (mut flight, mut queue, mut target) = (Flight::default(), VecDeque::new(), None);
    loop {
        let is_new = signal.take();
        let is_stopping = *stop.borrow();
        if is_stopping || !is_current(target.as_ref(), is_new) {
            target = if is_stopping { None } else { read(context, id).await? };
        }
        let Some(target) = &target else {
            queue.clear();
            match flight.tasks.join_next().await {
                Some(done) => ended(context, id, &mut flight, done).await?,
                None => return Ok(()),
            }
            continue;
        };
        if queue.is_empty() {
            let may_have_more = store::plan(&context.core, &target.row, context.cluster.id()).await?;
            queue.extend(store::due(&context.core, &target.endpoint, &flight.ids, READ_AT_ONCE).await?);
            if may_have_more {
                signal.set();
            }
        }
        let has_room = flight.tasks.len() < width(&target.endpoint);
        let start_at = flight.may_start_at();
        if has_room && start_at.is_none_or(|at| at <= Instant::now()) {
            if let Some(due) = queue.pop_front() {
                start(context, target, due, &mut flight).await;
                continue;
            }
            if flight.tasks.is_empty() {
                return Ok(());
            }
        }
        let pause = start_at.filter(|_| has_room && !queue.is_empty()).unwrap_or_else(|| Instant::now() + CURRENT);
        let progress = Arc::clone(&flight.progress);
        let done = tokio::select! {
            Some(done) = flight.tasks.join_next() => Some(done),
            () = progress.changed.notified() => None,
            () = signal.notify.notified() => None,
            () = sleep_until(pause) => None,
            _ = stop.changed() => None,
        };
        if let Some(done) = done {
            ended(context, id, &mut flight, done).await?;
        }
    }
}

fn is_current(target: Option<&Target>, is_new: bool) -> bool {
    !is_new && target.is_some_and(|target| target.read_at.elapsed() < CURRENT)
}

fn width(endpoint: &Endpoint) -> usize {
    if endpoint.status() == EndpointStatus::Failing { MAX_IN_FLIGHT_FAILING } else { MAX_IN_FLIGHT }
}

/// Reads the endpoint, if this node may deliver to it now.
async fn read(context: &Context, id: EndpointId) -> DbResult<Option<Target>> {
    let Context { core, cluster, .. } = context;
    if !cluster.has_lease(core.clock.ticks()) {
        return Ok(None);
    }
    let read_at = Instant::now();
    let Some(row) = store::find_owned(core.db.read(), id, cluster.id()).await? else { return Ok(None) };
    let secrets = open_secrets(core, &row).await?.into();
    Ok(Some(Target { endpoint: rows::endpoint_of(row.clone()), row, secrets, read_at }))
}

async fn start(context: &Context, target: &Target, due: Due, flight: &mut Flight) {
    // Fair among endpoints: each waits for one permit at a time, in the order of their requests.
    let Ok(permit) = Arc::clone(&context.engine.permits).acquire_owned().await else { return };
    let Due { delivery, body } = due;
    let (id, owner) = (delivery.id, Some(context.cluster.id()));
    let (core, engine) = (context.core.clone(), Arc::clone(&context.engine));
    let (endpoint, secrets) = (target.endpoint.clone(), Arc::clone(&target.secrets));
    flight.ids.insert(id);
    flight.last_start = Some(Instant::now());
    let (unsent, unanswered) = (Unsent::new(&flight.progress), Unanswered::new(&flight.progress));
    flight.tasks.spawn(async move {
        let next = Next { delivery, body, owner };
        let response = move || drop((permit, unanswered));
        let (_, verdict) = engine.attempt(&core, &endpoint, &secrets, next, Box::new(move || drop(unsent)), response).await;
        (id, verdict)
    });
}

/// A request that was not handed to a connection; dropped when it was, or when it never will be.
struct Unsent(Arc<Progress>);

impl Unsent {
    fn new(progress: &Arc<Progress>) -> Self {
        progress.unsent.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(progress))
    }
}

impl Drop for Unsent {
    fn drop(&mut self) {
        *lock(&self.0.last_sent) = Some(Instant::now());
        self.0.unsent.fetch_sub(1, Ordering::SeqCst);
        self.0.changed.notify_one();
    }
}

/// A request without a response; dropped when there is one, or when there will be none.
struct Unanswered(Arc<Progress>);

impl Unanswered {
    fn new(progress: &Arc<Progress>) -> Self {
        progress.unanswered.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(progress))
    }
}

impl Drop for Unanswered {
    fn drop(&mut self) {
        self.0.unanswered.fetch_sub(1, Ordering::SeqCst);
        self.0.changed.notify_one();
    }
}

/// Takes note of the end of an attempt.
async fn ended(
    context: &Context,
    endpoint: EndpointId,
    flight: &mut Flight,
    ended: Result<(DeliveryId, Verdict), JoinError>,
) -> DbResult<()> {
    match ended {
        Ok((id, verdict)) => {
            flight.ids.remove(&id);
            if verdict == Verdict::Gone {
                disable::disable(&context.core, endpoint, "the server answered 410: the endpoint is gone").await?;
            }
        }
        // The attempt panicked: its delivery is still due.
        Err(error) => {
            tracing::error!(%error, %endpoint, "an attempt of a webhook panicked");
            flight.ids.clear();
        }
    }
    Ok(())
}
