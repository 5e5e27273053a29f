//! Planning: turning events into deliveries, for endpoints that ask at about the same time in one transaction.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use sea_orm::DbErr;
use tokio::sync::{mpsc, oneshot};

use super::store::{self, Cursor, Outcomes, Planned};
use crate::core::Core;
use kit::db::{DbResult, is_reported, is_unavailable};

/// Endpoints that one transaction plans at most. As many wait in the queue; workers wait for room.
const AT_ONCE: usize = 64;

/// An endpoint to plan.
struct Request {
    cursor: Cursor,
    answer: oneshot::Sender<DbResult<Option<Planned>>>,
}

impl Request {
    fn answer(self, planned: DbResult<Option<Planned>>) {
        // The worker may have ended with its process.
        let _gone = self.answer.send(planned);
    }
}

/// The queue of endpoints to plan.
#[derive(Clone, Debug)]
pub(super) struct Planner(mpsc::Sender<Request>);

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.cursor.fmt(f)
    }
}

impl Planner {
    /// Starts the task that plans, which ends with the last handle.
    pub(super) fn start(core: Core) -> Self {
        let (sender, queue) = mpsc::channel(AT_ONCE);
        tokio::spawn(run(core, queue));
        Self(sender)
    }

    /// Turns the next events of an endpoint into deliveries, and moves its cursor. `None` if the database was away: another
    /// endpoint of the transaction has the error.
    pub(super) async fn plan(&self, cursor: Cursor) -> DbResult<Option<Planned>> {
        let (answer, answered) = oneshot::channel();
        if self.0.send(Request { cursor, answer }).await.is_err() {
            return Ok(None);
        }
        answered.await.unwrap_or(Ok(None))
    }
}

async fn run(core: Core, mut queue: mpsc::Receiver<Request>) {
    let mut requests = Vec::with_capacity(AT_ONCE);
    while queue.recv_many(&mut requests, AT_ONCE).await > 0 {
        let cursors: Vec<Cursor> = requests.iter().map(|request| request.cursor).collect();
        let Some(Outcomes { planned, error }) = plan(&core, &cursors).await else {
            plan_each(&core, requests.drain(..)).await;
            continue;
        };
        let (done, failed): (Vec<_>, Vec<_>) = requests.drain(..).zip(planned).partition(|(_, planned)| planned.is_some());
        for (request, planned) in done {
            request.answer(Ok(planned));
        }
        let mut failed = failed.into_iter().map(|(request, _)| request);
        match error {
            // The first has the error; the others are started again by the dispatcher, as it is.
            Some(error) if failed.len() == 1 || is_unavailable(&error) || is_reported(&error) => {
                if let Some(first) = failed.next() {
                    first.answer(Err(error));
                }
            }
            // One endpoint that cannot be planned must not hold up the others.
            Some(_) => plan_each(&core, failed).await,
            None => {}
        }
    }
}

/// Plans together. `None` if the driver panicked, as it does at a row that it cannot decode.
async fn plan(core: &Core, cursors: &[Cursor]) -> Option<Outcomes> {
    let planned = AssertUnwindSafe(store::plan(core, cursors)).catch_unwind().await.ok()?;
    let failed = |error| Outcomes { planned: vec![None; cursors.len()], error: Some(error) };
    Some(planned.unwrap_or_else(failed))
}

async fn plan_each(core: &Core, requests: impl Iterator<Item = Request>) {
    for request in requests {
        let unreadable = || DbErr::Custom(format!("events of {} cannot be read", request.cursor.endpoint));
        let planned = match plan(core, &[request.cursor]).await {
            Some(Outcomes { planned, error: None }) => Ok(planned.into_iter().next().flatten()),
            Some(Outcomes { error: Some(error), .. }) => Err(error),
            None => Err(unreadable()),
        };
        request.answer(planned);
    }
}
