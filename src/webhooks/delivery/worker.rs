//! The deliveries of one endpoint, as long as some are due.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::{self, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until, timeout};

use super::attempt::Verdict;
use super::disable;
use super::engine::{Engine, Next, open_secrets};
use super::recorder::Stored;
use super::store::{self, Due, Planned};
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

/// The time between two looks for deliveries while requests are in flight.
const LOOK: Duration = Duration::from_secs(1);

/// The pause after an end that the database refuses, so that the request is not repeated at once.
const REFUSED: Duration = Duration::from_mins(1);

/// The pauses to the next request while one has no connection, and while one has no response: earlier, requests could arrive in
/// another order.
const UNSENT: Duration = Duration::from_millis(500);
const UNANSWERED: Duration = Duration::from_millis(50);

/// The parts of a node that the deliveries of every endpoint use.
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
    of_task: HashMap<task::Id, DeliveryId>,
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

/// Delivers until nothing is due, the node loses the endpoint, or the process stops. Returns when no request is in flight, also if
/// the database fails meanwhile.
pub(super) async fn run(context: &Context, id: EndpointId, signal: &Signal) -> DbResult<()> {
    let mut flight = Flight::default();
    let delivered = deliver(context, id, signal, &mut flight).await;
    // Each ends when its end is stored.
    while flight.tasks.join_next().await.is_some() {}
    delivered
}

async fn deliver(context: &Context, id: EndpointId, signal: &Signal, flight: &mut Flight) -> DbResult<()> {
    let mut stop = context.stop.clone();
    let (mut queue, mut target, mut looked_at) = (VecDeque::new(), None::<Target>, None::<Instant>);
    // True if the cursor of the endpoint is not as it was read.
    let mut has_moved = false;
    loop {
        if *stop.borrow() {
            return Ok(());
        }
        let is_new = signal.take();
        let start_at = flight.may_start_at();
        let has_room = target.as_ref().is_none_or(|target| flight.tasks.len() < width(&target.endpoint));
        let looks = has_room && queue.is_empty() && (is_new || looked_at.is_none_or(|at| at.elapsed() >= LOOK));
        let starts = has_room && !queue.is_empty() && start_at.is_none_or(|at| at <= Instant::now());
        if is_new || (looks || starts) && (has_moved || !target.as_ref().is_some_and(Target::is_current)) {
            target = read(context, id).await?;
            has_moved = false;
        }
        let Some(current) = &target else {
            queue.clear();
            match flight.tasks.join_next_with_id().await {
                Some(done) => ended(context, id, flight, done).await?,
                None => return Ok(()),
            }
            continue;
        };
        if looks {
            let planned = store::plan(&context.core, &current.row, context.cluster.id()).await?;
            queue.extend(store::due(&context.core, id, &flight.ids, READ_AT_ONCE).await?);
            // There may be more events when these are sent.
            has_moved = planned == Planned::Moved;
            looked_at = (!has_moved).then(Instant::now);
            if queue.is_empty() && !has_moved && flight.tasks.is_empty() {
                return Ok(());
            }
            continue;
        }
        if starts {
            if let Some(next) = queue.front()
                && start(context, current, *next, flight).await?
            {
                queue.pop_front();
            }
            continue;
        }
        let pause = start_at.filter(|_| has_room && !queue.is_empty()).unwrap_or_else(|| Instant::now() + LOOK);
        let progress = Arc::clone(&flight.progress);
        let done = tokio::select! {
            Some(done) = flight.tasks.join_next_with_id() => Some(done),
            () = progress.changed.notified() => None,
            () = signal.notify.notified() => None,
            () = sleep_until(pause) => None,
            _ = stop.changed() => None,
        };
        if let Some(done) = done {
            // It may have been the last one, or its delivery may be due again.
            looked_at = None;
            ended(context, id, flight, done).await?;
        }
    }
}

impl Target {
    fn is_current(&self) -> bool {
        self.read_at.elapsed() < CURRENT
    }
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

/// Starts the next attempt of a delivery, unless it is not due any more. Returns false if it keeps its place: the endpoint must be read
/// again before.
async fn start(context: &Context, target: &Target, id: DeliveryId, flight: &mut Flight) -> DbResult<bool> {
    // Fair among endpoints: each waits for one permit at a time, in the order of their requests.
    let Ok(permit) = Arc::clone(&context.engine.permits).acquire_owned().await else { return Ok(false) };
    if *context.stop.borrow() || !target.is_current() {
        return Ok(false);
    }
    let Some(Due { delivery, body }) = store::still_due(&context.core, id).await? else { return Ok(true) };
    // Planned before the subscription became narrower. Somebody who may read the event has asked for one that is sent again.
    if delivery.resend_of.is_none() && !target.endpoint.events.includes_name(&delivery.event_type) {
        store::cancel(&context.core, id).await?;
        return Ok(true);
    }
    let owner = Some(context.cluster.id());
    let (core, engine, mut stop) = (context.core.clone(), Arc::clone(&context.engine), context.stop.clone());
    let (endpoint, secrets) = (target.endpoint.clone(), Arc::clone(&target.secrets));
    flight.ids.insert(id);
    flight.last_start = Some(Instant::now());
    let (unsent, unanswered) = (Unsent::new(&flight.progress), Unanswered::new(&flight.progress));
    let task = flight.tasks.spawn(async move {
        let next = Next { delivery, body, owner };
        let response = move || drop((permit, unanswered));
        let (_, verdict, stored) =
            engine.attempt(&core, &endpoint, &secrets, next, Box::new(move || drop(unsent)), response).await;
        if stored == Stored::Refused {
            // The delivery is as due as before.
            let _stopped = timeout(REFUSED, stop.wait_for(|stop| *stop)).await;
        }
        (id, verdict)
    });
    flight.of_task.insert(task.id(), id);
    Ok(true)
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
    ended: Result<(task::Id, (DeliveryId, Verdict)), JoinError>,
) -> DbResult<()> {
    match ended {
        Ok((task, (id, verdict))) => {
            flight.of_task.remove(&task);
            flight.ids.remove(&id);
            if verdict == Verdict::Gone {
                disable::disable(&context.core, endpoint, "the server answered 410: the endpoint is gone").await?;
            }
        }
        // Its delivery stays among those in flight, so that it is not sent again before the worker ends.
        Err(error) => {
            let delivery = flight.of_task.remove(&error.id());
            tracing::error!(%error, %endpoint, delivery = delivery.map(tracing::field::display), "an attempt of a webhook panicked");
        }
    }
    Ok(())
}
