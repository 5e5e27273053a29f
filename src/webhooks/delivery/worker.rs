//! The deliveries of one endpoint, as long as some are due.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
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

/// Requests in flight to one endpoint, and to one that is failing.
const MAX_IN_FLIGHT: usize = 8;
const MAX_IN_FLIGHT_FAILING: usize = 1;

/// Deliveries that are read at once.
const READ_AT_ONCE: u64 = 64;

/// The time for which an endpoint that was read is current: one that another node changes or deletes gets no request later.
const CURRENT: Duration = Duration::from_millis(100);

/// The time to the next request while one has no connection: earlier, requests could arrive in another order.
const STAGGER: Duration = Duration::from_millis(500);

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
    /// Requests that were not handed to a connection.
    unsent: Arc<AtomicUsize>,
    sent: Arc<Notify>,
    last_start: Option<Instant>,
}

impl Flight {
    /// Returns the time from which another request may start.
    fn may_start_at(&self) -> Option<Instant> {
        let last = self.last_start.filter(|_| self.unsent.load(Ordering::SeqCst) > 0)?;
        Some(last + STAGGER)
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
        let sent = Arc::clone(&flight.sent);
        let done = tokio::select! {
            Some(done) = flight.tasks.join_next() => Some(done),
            () = sent.notified() => None,
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
    let (unsent, sent) = (Arc::clone(&flight.unsent), Arc::clone(&flight.sent));
    flight.ids.insert(id);
    flight.unsent.fetch_add(1, Ordering::SeqCst);
    flight.last_start = Some(Instant::now());
    flight.tasks.spawn(async move {
        let _permit = permit;
        let next = Next { delivery, body, owner };
        // Dropped unsent if there is no connection.
        let unsent = Unsent { count: unsent, sent };
        let (_, verdict) = engine.attempt(&core, &endpoint, &secrets, next, Box::new(move || drop(unsent))).await;
        (id, verdict)
    });
}

/// A request that was not handed to a connection; dropped when it was, or when it never will be.
struct Unsent {
    count: Arc<AtomicUsize>,
    sent: Arc<Notify>,
}

impl Drop for Unsent {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::SeqCst);
        self.sent.notify_one();
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
