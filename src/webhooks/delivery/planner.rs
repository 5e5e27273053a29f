//! Planning: turning events into deliveries, for endpoints that ask at about the same time in one transaction.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use sea_orm::DbErr;
use tokio::sync::{mpsc, oneshot};

use super::store::{self, Place, Planned};
use crate::core::Core;
use kit::db::{DbResult, is_reported, is_unavailable};

/// Endpoints that one transaction plans at most. As many wait in the queue; workers wait for room.
const AT_ONCE: usize = 64;

struct Asked {
    place: Place,
    answer: oneshot::Sender<DbResult<Planned>>,
}

/// The queue of endpoints to plan.
#[derive(Clone, Debug)]
pub(super) struct Planner(mpsc::Sender<Asked>);

impl std::fmt::Debug for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.place.fmt(f)
    }
}

impl Planner {
    /// Starts the task that plans, which ends with the last handle.
    pub(super) fn start(core: Core) -> Self {
        let (sender, queue) = mpsc::channel(AT_ONCE);
        tokio::spawn(run(core, queue));
        Self(sender)
    }

    /// Turns the next events of an endpoint into deliveries, and moves its place. `None` if the database was away: another endpoint of
    /// the transaction has the error.
    pub(super) async fn plan(&self, place: Place) -> DbResult<Option<Planned>> {
        let (answer, answered) = oneshot::channel();
        if self.0.send(Asked { place, answer }).await.is_err() {
            return Ok(None);
        }
        answered.await.ok().transpose()
    }
}

async fn run(core: Core, mut queue: mpsc::Receiver<Asked>) {
    let mut asked = Vec::with_capacity(AT_ONCE);
    while queue.recv_many(&mut asked, AT_ONCE).await > 0 {
        let (places, answers): (Vec<_>, Vec<_>) = asked.drain(..).map(|asked| (asked.place, asked.answer)).unzip();
        // The driver panics at a row that it cannot decode.
        match AssertUnwindSafe(store::plan(&core, &places)).catch_unwind().await {
            Ok(Ok(outcomes)) => {
                for (answer, planned) in answers.into_iter().zip(outcomes) {
                    // The worker may have ended with its process.
                    let _gone = answer.send(Ok(planned));
                }
            }
            Ok(Err(error)) if places.len() == 1 || is_unavailable(&error) || is_reported(&error) => {
                if let Some(first) = answers.into_iter().next() {
                    let _gone = first.send(Err(error));
                }
            }
            // Something of one endpoint: it must not hold up the others.
            Ok(Err(_)) | Err(_) => plan_each(&core, places, answers).await,
        }
    }
}

async fn plan_each(core: &Core, places: Vec<Place>, answers: Vec<oneshot::Sender<DbResult<Planned>>>) {
    for (place, answer) in places.into_iter().zip(answers) {
        let planned = AssertUnwindSafe(store::plan(core, &[place])).catch_unwind().await;
        let unreadable = || DbErr::Custom(format!("events of {} cannot be read", place.endpoint));
        let planned = planned.unwrap_or_else(|_| Err(unreadable()));
        let _gone = answer.send(planned.and_then(|planned| planned.into_iter().next().ok_or_else(unreadable)));
    }
}
