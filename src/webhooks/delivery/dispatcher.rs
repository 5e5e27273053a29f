//! The task that starts the deliveries of this node's endpoints.
//!
//! Each endpoint has one owner, a node with a lease, so that its first attempts leave in order. Which node it should be follows
//! from the ids of endpoint and nodes, so that nodes agree without talking; an owner that has lost its lease is replaced.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use sea_orm::{ConnectionTrait, DbBackend};
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use tokio::task::{self, JoinSet};
use tokio::time::{Instant, sleep_until, timeout};

use super::engine::Engine;
use super::store::{self, Ownership};
use super::worker::{self, Context, Signal};
use crate::cluster::{self, Cluster, NodeId};
use crate::core::Core;
use crate::webhooks::model::EndpointId;
use crate::workspaces::WorkspaceId;
use kit::db::{ChangeNotifications, Channel, DbResult, is_reported};

/// Notifies other nodes of events for their endpoints.
const EVENTS: Channel = Channel("planeconnection_events");

/// The interval at which endpoints without an owner, retries and events of other nodes are looked for.
const SWEEP: Duration = Duration::from_secs(1);

/// The time for requests in flight when the process stops. The rest is still due.
const SHUTDOWN: Duration = Duration::from_secs(8);

struct Dispatcher {
    context: Context,
    workers: JoinSet<(EndpointId, DbResult<()>)>,
    running: HashMap<EndpointId, Arc<Signal>>,
    tasks: HashMap<task::Id, EndpointId>,
    /// The nodes with a lease, as of the last sweep.
    live: Vec<NodeId>,
    /// True if another node should own endpoints of this one.
    is_unbalanced: bool,
}

/// Delivers events until `stop` is set to true, then waits for requests in flight. A node without a secret key delivers none.
pub async fn run(core: Core, cluster: Arc<Cluster>, engine: Arc<Engine>, stop: watch::Receiver<bool>) {
    if core.config.secret_keys.is_none() {
        return;
    }
    let mut stopped = stop.clone();
    core.published.open();
    let mut notifications = core.db.change_notifications(EVENTS);
    // In a file, a poll would find each commit of this process, which has marked its workspace already.
    let is_shared = core.db.read().get_database_backend() != DbBackend::Sqlite;
    let context = Context { core: core.clone(), cluster, engine, stop };
    let mut dispatcher = Dispatcher::new(context);
    let mut sweep_at = Instant::now();
    loop {
        tokio::select! {
            marked = core.published.take() => guarded(Box::pin(dispatcher.wake(marked))).await,
            Some(ended) = dispatcher.workers.join_next_with_id() => dispatcher.ended(ended),
            () = next_look(is_shared.then_some(&mut notifications), sweep_at) => {
                if Instant::now() >= sweep_at {
                    guarded(Box::pin(dispatcher.sweep())).await;
                    sweep_at = Instant::now() + SWEEP;
                } else {
                    guarded(dispatcher.start_those_with_work()).await;
                }
            }
            () = async { drop(stopped.wait_for(|stop| *stop).await) } => break,
        }
    }
    let in_time = timeout(SHUTDOWN, async { while dispatcher.workers.join_next().await.is_some() {} }).await;
    if in_time.is_err() {
        tracing::info!("requests of webhooks were in flight at the end: they are made again");
    }
    guarded(Box::pin(dispatcher.release_all())).await;
}

/// Delivers all that is due to the endpoints of this node, and returns when nothing is left: for tests and commands.
pub async fn deliver_due(core: &Core, cluster: &Arc<Cluster>, engine: &Arc<Engine>) -> DbResult<()> {
    let (_keep, stop) = watch::channel(false);
    let context = Context { core: core.clone(), cluster: Arc::clone(cluster), engine: Arc::clone(engine), stop };
    let mut dispatcher = Dispatcher::new(context);
    Box::pin(dispatcher.sweep()).await?;
    while let Some(ended) = dispatcher.workers.join_next_with_id().await {
        if let Ok((_, (_, Err(error)))) = ended {
            return Err(error);
        }
        dispatcher.ended(ended);
    }
    Ok(())
}

/// Waits until it is time to sweep, or until another process has announced events.
async fn next_look(notifications: Option<&mut ChangeNotifications>, sweep_at: Instant) {
    if let Some(notifications) = notifications {
        notifications.wait(sweep_at.saturating_duration_since(Instant::now())).await;
    } else {
        sleep_until(sweep_at).await;
    }
}

/// Runs a step and logs why it failed. The driver panics at a row that it cannot decode: the node goes on once it is repaired.
async fn guarded(step: impl Future<Output = DbResult<()>>) {
    if let Ok(done) = AssertUnwindSafe(step).catch_unwind().await {
        log(done);
    } else {
        tracing::error!("webhooks could not be looked after: something in the database cannot be read");
    }
}

fn log(done: DbResult<()>) {
    if let Err(error) = done
        && !is_reported(&error)
    {
        tracing::warn!(%error, "webhooks could not be looked after: tried again");
    }
}

impl Dispatcher {
    fn new(context: Context) -> Self {
        Self {
            context,
            workers: JoinSet::new(),
            running: HashMap::new(),
            tasks: HashMap::new(),
            live: Vec::new(),
            is_unbalanced: false,
        }
    }

    fn id(&self) -> NodeId {
        self.context.cluster.id()
    }

    fn has_lease(&self) -> bool {
        self.context.cluster.has_lease(self.context.core.clock.ticks())
    }

    /// Starts the endpoints of workspaces in which this process has published events, and notifies the owners of others.
    async fn wake(&mut self, workspaces: impl IntoIterator<Item = WorkspaceId>) -> DbResult<()> {
        let core = self.context.core.clone();
        let found = store::of_workspaces(core.db.read(), workspaces).await?;
        let (mine, others): (Vec<_>, Vec<_>) = found.into_iter().partition(|found| found.owner == Some(self.id()));
        for found in mine {
            self.start(found.endpoint);
        }
        let (owned, unowned): (Vec<_>, Vec<_>) = others.into_iter().partition(|found| self.is_live(found.owner));
        if !unowned.is_empty() {
            self.claim(unowned).await?;
        }
        if !owned.is_empty() {
            let tx = core.db.begin_essential().await?;
            tx.announce(EVENTS).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    fn is_live(&self, node: Option<NodeId>) -> bool {
        node.is_some_and(|node| self.live.contains(&node))
    }

    async fn sweep(&mut self) -> DbResult<()> {
        if !self.has_lease() {
            return Ok(());
        }
        let running = cluster::running(&self.context.core).await?.into_iter().filter(|node| node.delivers);
        let mut live: Vec<NodeId> = running.map(|node| node.id).collect();
        if !live.contains(&self.id()) {
            live.push(self.id());
        }
        live.sort_unstable();
        self.is_unbalanced |= live != self.live;
        self.live = live;
        let unowned = store::unowned(self.context.core.db.read(), self.live.iter().copied()).await?;
        self.claim(unowned).await?;
        if self.is_unbalanced {
            self.release_those_of_others().await?;
        }
        self.start_those_with_work().await
    }

    /// Takes the endpoints that this node should own.
    async fn claim(&mut self, unowned: Vec<Ownership>) -> DbResult<()> {
        let me = self.id();
        let wanted: Vec<Ownership> = unowned.into_iter().filter(|found| chosen(found.endpoint, &self.live) == Some(me)).collect();
        store::hand_over(&self.context.core, &wanted, Some(me)).await?;
        for found in wanted {
            self.start(found.endpoint);
        }
        Ok(())
    }

    /// Hands idle endpoints to the nodes that should own them.
    async fn release_those_of_others(&mut self) -> DbResult<()> {
        let core = &self.context.core;
        let owned = store::owned(core.db.read(), self.id()).await?;
        let moving = owned.into_iter().filter(|found| chosen(found.endpoint, &self.live) != Some(self.id()));
        let (busy, idle): (Vec<_>, Vec<_>) = moving.partition(|found| self.running.contains_key(&found.endpoint));
        store::hand_over(core, &idle, None).await?;
        self.is_unbalanced = !busy.is_empty();
        Ok(())
    }

    async fn release_all(&self) -> DbResult<()> {
        let core = &self.context.core;
        let owned = store::owned(core.db.read(), self.id()).await?;
        store::hand_over(core, &owned, None).await
    }

    async fn start_those_with_work(&mut self) -> DbResult<()> {
        let core = &self.context.core;
        for endpoint in store::with_work(core.db.read(), self.id(), core.clock.now()).await? {
            self.start(endpoint);
        }
        Ok(())
    }

    /// Starts the deliveries of an endpoint, or wakes them.
    fn start(&mut self, endpoint: EndpointId) {
        let signal = self.running.entry(endpoint).or_insert_with(|| {
            let signal = Arc::<Signal>::default();
            let (context, own) = (self.context.clone(), Arc::clone(&signal));
            let worker = self.workers.spawn(async move { (endpoint, worker::run(&context, endpoint, &own).await) });
            self.tasks.insert(worker.id(), endpoint);
            signal
        });
        signal.set();
    }

    fn ended(&mut self, ended: Result<(task::Id, (EndpointId, DbResult<()>)), task::JoinError>) {
        match ended {
            Ok((task, (endpoint, done))) => {
                self.tasks.remove(&task);
                let was_woken = self.running.remove(&endpoint).is_some_and(|signal| signal.take());
                let is_well = done.is_ok();
                log(done);
                if was_woken && is_well && !*self.context.stop.borrow() {
                    self.start(endpoint);
                }
            }
            // Started again by the next look.
            Err(error) => {
                let endpoint = self.tasks.remove(&error.id());
                tracing::error!(%error, endpoint = endpoint.map(tracing::field::display), "the deliveries of an endpoint panicked");
                if let Some(endpoint) = endpoint {
                    self.running.remove(&endpoint);
                }
            }
        }
    }
}

/// Returns the node of `live` that should own an endpoint, by rendezvous hashing: a node that comes or goes moves only its own.
fn chosen(endpoint: EndpointId, live: &[NodeId]) -> Option<NodeId> {
    let weight = |node: &NodeId| Sha256::new().chain_update(node.0.as_bytes()).chain_update(endpoint.0.as_bytes()).finalize();
    live.iter().copied().max_by_key(|node| weight(node).to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::clock::Time;
    use kit::random::Random;

    #[test]
    fn node_that_joins_takes_endpoints_and_moves_no_others() {
        let (random, now) = (Random::seeded(7), Time::from_micros(1_774_000_000_000_000).expect("a time"));
        let nodes: Vec<NodeId> = (0..4).map(|_| NodeId::new(now, &random)).collect();
        let endpoints: Vec<EndpointId> = (0..400).map(|_| EndpointId::new(now, &random)).collect();
        let moved: Vec<NodeId> = endpoints
            .iter()
            .filter_map(|endpoint| {
                let (before, after) = (chosen(*endpoint, &nodes[..3]), chosen(*endpoint, &nodes));
                after.filter(|_| before != after)
            })
            .collect();
        assert!(moved.iter().all(|node| *node == nodes[3]));
        assert!((50..150).contains(&moved.len()), "{}", moved.len());
    }
}
