//! Storing the ends of attempts: those that end at about the same time in one transaction.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::{mpsc, oneshot};

use super::health::Outcome;
use super::store::{self, Ended};
use crate::cluster::NodeId;
use crate::core::Core;
use crate::webhooks::model::{EndpointId, Health};
use crate::webhooks::rows;
use crate::webhooks::tables::endpoint;
use kit::db::{DbResult, Tx, is_reported, is_unavailable};

/// Ends that one transaction stores at most. As many wait in the queue; senders wait for room.
const AT_ONCE: usize = 200;

/// The pause after a transaction that failed.
const PAUSE: Duration = Duration::from_millis(500);

/// The end of an attempt that is to be stored.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) ended: Ended,
    pub(super) outcome: Outcome,
    /// The node that made the attempt as the owner of the endpoint: if it is not any more, nothing is stored.
    pub(super) owner: Option<NodeId>,
}

/// The outcome of storing the end of an attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stored {
    Yes,
    /// Nothing was stored: the delivery has changed since, or the endpoint is gone or has another owner.
    Superseded,
    /// The database refuses it.
    Refused,
}

impl Report {
    /// Returns the health of the endpoint after this attempt.
    fn applied_to(&self, health: Health) -> Health {
        let Self { ended, outcome, .. } = self;
        // A test has no sequence.
        if ended.delivery.sequence.is_some() { health.after(*outcome, ended.at) } else { health.after_test(*outcome, ended.at) }
    }
}

struct Queued {
    report: Report,
    stored: oneshot::Sender<Stored>,
}

/// The queue of ends that are to be stored.
#[derive(Clone, Debug)]
pub(super) struct Recorder(mpsc::Sender<Queued>);

impl std::fmt::Debug for Queued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.report.fmt(f)
    }
}

impl Recorder {
    /// Starts the task that stores, which ends with the last handle.
    pub(super) fn start(core: Core) -> Self {
        let (sender, queue) = mpsc::channel(AT_ONCE);
        tokio::spawn(run(core, queue));
        Self(sender)
    }

    /// Returns when the end of an attempt is stored, however long the database is away.
    pub(super) async fn record(&self, report: Report) -> Stored {
        let (stored, answer) = oneshot::channel();
        match self.0.send(Queued { report, stored }).await {
            Ok(()) => answer.await.unwrap_or(Stored::Refused),
            Err(_) => Stored::Refused,
        }
    }
}

async fn run(core: Core, mut queue: mpsc::Receiver<Queued>) {
    let mut batch = Vec::with_capacity(AT_ONCE);
    while queue.recv_many(&mut batch, AT_ONCE).await > 0 {
        let (reports, answers): (Vec<_>, Vec<_>) = batch.drain(..).map(|queued| (queued.report, queued.stored)).unzip();
        let count = reports.len();
        // The driver panics at a row that it cannot decode.
        let stored = AssertUnwindSafe(store_all(&core, reports)).catch_unwind().await;
        let stored = stored.unwrap_or_else(|_| vec![Stored::Refused; count]);
        for (answer, stored) in answers.into_iter().zip(stored) {
            // The attempt's task may have ended with its process.
            let _gone = answer.send(stored);
        }
    }
}

/// Stores all, and tries again until the database takes them. A report that it refuses does not hold up the others.
async fn store_all(core: &Core, reports: Vec<Report>) -> Vec<Stored> {
    loop {
        match store_together(core, &reports).await {
            Ok(stored) => return stored,
            Err(error) if is_unavailable(&error) || is_reported(&error) => {
                tracing::debug!(%error, "ends of attempts could not be stored yet");
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) if reports.len() == 1 => {
                tracing::error!(%error, delivery = %reports[0].ended.delivery.id, "the end of an attempt could not be stored");
                return vec![Stored::Refused];
            }
            Err(_) => break,
        }
    }
    let mut stored = Vec::with_capacity(reports.len());
    for report in reports {
        stored.extend(Box::pin(store_all(core, vec![report])).await);
    }
    stored
}

async fn store_together(core: &Core, reports: &[Report]) -> DbResult<Vec<Stored>> {
    let tx = core.db.begin_essential().await?;
    let endpoints = store::lock(&tx, reports.iter().map(|report| report.ended.delivery.endpoint).collect()).await?;
    // Another node may own the endpoint by now.
    let is_owned = |report: &&Report| {
        let row = endpoints.get(&report.ended.delivery.endpoint);
        row.is_some_and(|row| report.owner.is_none_or(|owner| row.owner == Some(owner)))
    };
    let owned: Vec<&Ended> = reports.iter().filter(is_owned).map(|report| &report.ended).collect();
    let stored = store::end_attempts(&tx, &owned).await?;
    let is_stored = |report: &&Report| is_owned(report) && stored.contains(&report.ended.delivery.id);
    set_health(&tx, endpoints.values(), reports.iter().filter(is_stored)).await?;
    tx.commit().await?;
    let moment = core.limits.moment(core.clock.ticks());
    for report in reports {
        let Ended { delivery, attempt, .. } = &report.ended;
        core.limits.charge(delivery.workspace, attempt.stored_bytes(), moment);
    }
    let outcome = |report: &Report| if is_stored(&report) { Stored::Yes } else { Stored::Superseded };
    Ok(reports.iter().map(outcome).collect())
}

/// Stores the health of endpoints after attempts that were stored. Most were well before: of these only the last success changes.
async fn set_health<'a>(
    tx: &Tx,
    endpoints: impl Iterator<Item = &'a endpoint::Model>,
    reports: impl Iterator<Item = &'a Report>,
) -> DbResult<()> {
    let mut by_endpoint: HashMap<EndpointId, Vec<&Report>> = HashMap::new();
    for report in reports {
        by_endpoint.entry(report.ended.delivery.endpoint).or_default().push(report);
    }
    let (mut well, mut last_success) = (Vec::new(), None);
    for row in endpoints {
        let Some(reports) = by_endpoint.remove(&row.id) else { continue };
        let before = rows::endpoint_of(row.clone()).health;
        let after = reports.iter().fold(before.clone(), |health, report| report.applied_to(health));
        if after == (Health { last_success_at: after.last_success_at, ..before.clone() }) {
            well.push(row.id);
            last_success = last_success.max(after.last_success_at);
        } else {
            store::set_health(tx, row.id, &after).await?;
        }
    }
    match last_success {
        Some(at) => store::set_successes(tx, well, at).await,
        None => Ok(()),
    }
}
