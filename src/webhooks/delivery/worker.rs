//! The deliveries of one endpoint, as long as some are due.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::{self, JoinError};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::attempt::Verdict;
use super::disable;
use super::engine::{Engine, Next, open_secrets};
use super::flight::Flight;
use super::queue::{CURRENT, Queue, ticks};
use super::recorder::Stored;
use super::store::{self, Cursor, Due, Planned};
use crate::cluster::Cluster;
use crate::core::Core;
use crate::webhooks::model::{DeliveryId, Endpoint, EndpointId, EndpointStatus};
use crate::webhooks::rows;
use crate::webhooks::secret::SigningSecret;
use kit::db::DbResult;

/// Requests in flight to one endpoint, and to one that is failing.
const MAX_IN_FLIGHT: usize = 8;
const MAX_IN_FLIGHT_FAILING: usize = 1;

/// The time between two looks for deliveries while requests are in flight.
const LOOK: Duration = Duration::from_secs(1);

/// The first pause before an endpoint is planned whose row another transaction has locked. Each later one is twice as long, up to
/// [`CURRENT`].
const LOCKED: Duration = Duration::from_millis(5);

/// The pause after an end that the database refuses, so that the request is not repeated at once.
const REFUSED: Duration = Duration::from_mins(1);

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
    endpoint: Arc<Endpoint>,
    /// The sequence up to which its events are planned.
    planned: i64,
    /// The present secret as it is stored.
    sealed: Vec<u8>,
    secrets: Arc<[SigningSecret]>,
    read_at: Duration,
}

/// The work for an endpoint, as far as it is known.
struct Work {
    queue: Queue,
    /// True until everything that was published before the last look is planned.
    has_events: bool,
    /// True until everything that was due at the last look is read.
    has_more: bool,
    looked_at: Instant,
    /// The next pause if the endpoint's row is locked.
    locked: Duration,
}

impl Work {
    fn new() -> Self {
        Self { queue: Queue::new(), has_events: true, has_more: true, looked_at: Instant::now(), locked: LOCKED }
    }

    /// Returns true if nothing else is due. Without a signal, something may be after a while.
    fn is_known(&self) -> bool {
        !self.has_events && !self.has_more && self.looked_at.elapsed() < LOOK
    }
}

/// The outcome of a look for work.
enum Looked {
    /// New events are planned, and the first deliveries that are due were read.
    Read,
    /// The endpoint must be read again.
    Changed,
    /// The database is away: the dispatcher starts the endpoint again.
    Later,
}

/// Delivers until nothing is due, the node loses the endpoint, or the process stops. Returns when no request is in flight, also if
/// the database fails meanwhile.
pub(super) async fn run(context: &Context, id: EndpointId, signal: &Signal) -> DbResult<()> {
    let mut flight = Flight::default();
    let delivered = deliver(context, id, signal, &mut flight).await;
    flight.permit = None;
    // Each ends when its end is stored.
    while flight.tasks.join_next().await.is_some() {}
    delivered
}

async fn deliver(context: &Context, id: EndpointId, signal: &Signal, flight: &mut Flight) -> DbResult<()> {
    let mut stop = context.stop.clone();
    let (mut work, mut target) = (Work::new(), None::<Target>);
    loop {
        if *stop.borrow() {
            return Ok(());
        }
        work.has_events |= signal.take();
        work.has_more |= work.queue.discard_old();
        if work.queue.is_empty() && work.is_known() && flight.tasks.is_empty() {
            return Ok(());
        }
        let start_at = flight.may_start_at();
        let has_room = target.as_ref().is_none_or(|target| flight.tasks.len() < width(&target.endpoint));
        let may_start = has_room && start_at.is_none_or(|at| at <= Instant::now());
        let wants = !work.queue.is_empty() || !work.is_known();
        if may_start && wants {
            if !work.queue.is_starved() && !target.as_ref().is_some_and(Target::is_current) {
                target = read(context, id, target).await?;
            }
            let Some(current) = &mut target else {
                (work.queue, flight.permit) = (Queue::new(), None);
                match flight.tasks.join_next_with_id().await {
                    Some(done) => work.has_more |= ended(context, id, flight, done).await?,
                    None => return Ok(()),
                }
                continue;
            };
            if flight.tasks.len() >= width(&current.endpoint) {
                continue;
            }
            if work.queue.is_empty() {
                match look(context, current, &mut work, flight).await? {
                    Looked::Read => {}
                    Looked::Changed => target = None,
                    Looked::Later => return Ok(()),
                }
            } else {
                work.has_more |= start(context, current, &mut work.queue, flight).await?;
            }
            continue;
        }
        // Others use it while this worker waits.
        flight.permit = None;
        let pause = start_at.filter(|_| has_room && wants).unwrap_or_else(|| Instant::now() + LOOK);
        let progress = Arc::clone(&flight.progress);
        let done = tokio::select! {
            Some(done) = flight.tasks.join_next_with_id() => Some(done),
            () = progress.changed.notified() => None,
            () = signal.notify.notified() => None,
            () = sleep_until(pause) => None,
            _ = stop.changed() => None,
        };
        if let Some(done) = done {
            // The delivery may be due again.
            work.has_more |= ended(context, id, flight, done).await?;
        }
    }
}

impl Target {
    fn is_current(&self) -> bool {
        ticks().saturating_sub(self.read_at) < CURRENT
    }
}

fn width(endpoint: &Endpoint) -> usize {
    if endpoint.status() == EndpointStatus::Failing { MAX_IN_FLIGHT_FAILING } else { MAX_IN_FLIGHT }
}

/// Reads the endpoint, if this node may deliver to it now. `before` is the endpoint as it was read before.
async fn read(context: &Context, id: EndpointId, before: Option<Target>) -> DbResult<Option<Target>> {
    let Context { core, cluster, .. } = context;
    if !cluster.has_lease(core.clock.ticks()) {
        return Ok(None);
    }
    let read_at = ticks();
    let Some(row) = store::find_owned(core.db.read(), id, cluster.id()).await? else { return Ok(None) };
    // A rotation replaces the present secret. A former one ends with time.
    let secrets = match before {
        Some(before) if before.secrets.len() == 1 && before.sealed == row.secret => before.secrets,
        _ => open_secrets(core, &row).await?.into(),
    };
    let (planned, sealed) = (row.planned_sequence, row.secret.clone());
    Ok(Some(Target { endpoint: rows::endpoint_of(row).into(), planned, sealed, secrets, read_at }))
}

/// Plans new events if there may be some, and reads deliveries that are due.
async fn look(context: &Context, target: &mut Target, work: &mut Work, flight: &Flight) -> DbResult<Looked> {
    let (core, endpoint) = (&context.core, &target.endpoint);
    if work.has_events || work.looked_at.elapsed() >= LOOK {
        let cursor =
            Cursor { endpoint: endpoint.id, workspace: endpoint.workspace, planned: target.planned, owner: context.cluster.id() };
        let pause = std::mem::replace(&mut work.locked, LOCKED);
        match context.engine.planner(core).await.plan(cursor).await? {
            None => return Ok(Looked::Later),
            Some(Planned::Nothing) => work.has_events = false,
            Some(Planned::Moved { planned, has_more }) => (target.planned, work.has_events) = (planned, has_more),
            Some(Planned::Locked) => {
                work.locked = (pause * 2).min(CURRENT);
                sleep(pause).await;
            }
            Some(Planned::Changed) => return Ok(Looked::Changed),
        }
    }
    let (read_at, looked_at, limit) = (ticks(), Instant::now(), work.queue.limit());
    let due = store::due(core, endpoint.id, flight.ids.iter().copied(), limit).await?;
    work.has_more = due.len() as u64 == limit;
    work.looked_at = looked_at;
    work.queue.fill(due, read_at);
    Ok(Looked::Read)
}

/// Starts the next attempt. Returns true if the deliveries must be read again before, in their order.
async fn start(context: &Context, target: &Target, queue: &mut Queue, flight: &mut Flight) -> DbResult<bool> {
    // Fair among endpoints: each waits for one permit at a time, in the order of their requests. It keeps the permit while it reads
    // what is not current after the wait.
    let asked_at = ticks();
    let permit = match flight.permit.take() {
        Some(permit) => permit,
        None => match Arc::clone(&context.engine.permits).acquire_owned().await {
            Ok(permit) => permit,
            Err(_) => return Ok(false),
        },
    };
    if *context.stop.borrow() {
        return Ok(false);
    }
    let has_waited = ticks().saturating_sub(asked_at) >= CURRENT;
    if !(target.is_current() && queue.is_current()) && (has_waited || !queue.is_starved()) {
        flight.permit = Some(permit);
        queue.discard();
        return Ok(true);
    }
    let Some(Due { delivery, body }) = queue.pop() else { return Ok(false) };
    let id = delivery.id;
    // Planned before the subscription became narrower. Somebody who may read the event has asked for one that is sent again.
    if delivery.resend_of.is_none() && !target.endpoint.events.includes_name(&delivery.event_type) {
        flight.permit = Some(permit);
        store::cancel(&context.core, id).await?;
        return Ok(false);
    }
    let owner = Some(context.cluster.id());
    let (core, engine, mut stop) = (context.core.clone(), Arc::clone(&context.engine), context.stop.clone());
    let (endpoint, secrets) = (Arc::clone(&target.endpoint), Arc::clone(&target.secrets));
    flight.ids.insert(id);
    flight.last_start = Some(Instant::now());
    let (unsent, unanswered) = flight.progress.begin();
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
    Ok(false)
}

/// Takes note of the end of an attempt. Returns whether its delivery may be due again.
async fn ended(
    context: &Context,
    endpoint: EndpointId,
    flight: &mut Flight,
    ended: Result<(task::Id, (DeliveryId, Verdict)), JoinError>,
) -> DbResult<bool> {
    match ended {
        Ok((task, (id, verdict))) => {
            flight.of_task.remove(&task);
            flight.ids.remove(&id);
            if verdict == Verdict::Gone {
                disable::disable(&context.core, endpoint, "the server answered 410: the endpoint is gone").await?;
            }
            Ok(verdict != Verdict::Delivered)
        }
        // Its delivery stays among those in flight, so that it is not sent again before the worker ends.
        Err(error) => {
            let delivery = flight.of_task.remove(&error.id());
            tracing::error!(%error, %endpoint, delivery = delivery.map(tracing::field::display), "an attempt of a webhook panicked");
            Ok(false)
        }
    }
}
