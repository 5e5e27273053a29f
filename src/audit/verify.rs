//! Walks a workspace's chain from its first event and names the first that does not fit.

use std::ops::ControlFlow;

use super::chain::{GENESIS, Hash, link};
use super::model::{Action, Event, EventFilter, EventId};
use super::store;
use super::tables::{event, head};
use crate::workspaces::WorkspaceId;
use kit::db::{Db, DbResult, is_unavailable};

/// Events read at once.
pub(super) const BATCH: u64 = 250;

/// What the walk found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// Events that fit, from the first on.
    pub events: i64,
    /// The hash of the last of them: note it elsewhere, and a later walk can be held against it.
    pub head: String,
    /// The first event that does not fit, if there is one.
    pub fault: Option<Fault>,
}

/// Why the chain is broken, and where.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Fault {
    /// An event is not the one that was written.
    #[error("event {sequence} ({id}) was altered: its hash does not match its stored content and the events before it")]
    Altered {
        /// Its number.
        sequence: i64,
        /// Its id.
        id: String,
    },
    /// An event is missing.
    #[error("event {sequence} is missing: the next one found is {found} ({id})")]
    Missing {
        /// The number that should come next.
        sequence: i64,
        /// The number that comes next.
        found: i64,
        /// The id of that one.
        id: String,
    },
    /// An event is there, but is no event.
    #[error("event {sequence} was altered: it cannot even be read")]
    Unreadable {
        /// Its number.
        sequence: i64,
    },
    /// An event has a number that no event can have.
    #[error("event {sequence} ({id}) was inserted: the first event has number 1")]
    BeforeFirst {
        /// Its number.
        sequence: i64,
        /// Its id.
        id: String,
    },
    /// The first event does not say that this workspace was made.
    #[error("event 1 ({id}) is not the one with which this workspace's log began: the log is another's, or was rewritten")]
    Foreign {
        /// The id of that event.
        id: String,
    },
    /// There is no event, though every log begins with one.
    #[error("the log is empty: its events were removed, since every log begins with the creation of its workspace")]
    Empty,
    /// What the log ends with is not on record.
    #[error("the head of the log cannot be read: it was removed or altered, so the end of the log is unknown")]
    Headless,
    /// What this process has walked over is not there any more.
    #[error("event {sequence} is not the one that was verified here before: the log was rewritten or truncated since")]
    Rewritten {
        /// The number of the last event it had walked over.
        sequence: i64,
    },
    /// The last events are missing, or some were added at the end.
    #[error("the log ends at event {last}, but its head says {head}: events were removed from or added to the end")]
    End {
        /// The last event there is.
        last: i64,
        /// The last event there was.
        head: i64,
    },
}

/// Verifies the chain of `workspace`.
pub async fn verify(db: &Db, workspace: WorkspaceId) -> DbResult<Verdict> {
    let Walk { place, fault, .. } = walk(db, workspace, Place::START, i64::MAX).await?;
    Ok(Verdict { events: place.sequence, head: hex::encode(place.hash), fault })
}

/// Up to which event a chain fits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Place {
    pub(super) sequence: i64,
    pub(super) hash: Hash,
}

impl Place {
    /// Before the first event.
    pub(super) const START: Self = Self { sequence: 0, hash: GENESIS };
}

/// What a part of a walk found.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    /// The last event that fits.
    pub(super) place: Place,
    /// The last event there was when the walk began.
    pub(super) until: i64,
    /// The first that does not fit, if the walk came to one.
    pub(super) fault: Option<Fault>,
}

/// Walks on `from` a place that is known to fit, over about `most` events.
pub(super) async fn walk(db: &Db, workspace: WorkspaceId, from: Place, most: i64) -> DbResult<Walk> {
    // The head first: events written meanwhile lie past it and are left to the next walk.
    let head = match store::head(db.read(), workspace).await {
        Ok(Some(head)) => head,
        Err(error) if is_unavailable(&error) => return Err(error),
        Ok(None) | Err(_) => return Ok(Walk { place: from, until: 0, fault: Some(Fault::Headless) }),
    };
    let until = head.sequence;
    if let Some(fault) = before_the_first(db, workspace).await? {
        return Ok(Walk { place: Place::START, until, fault: Some(fault) });
    }
    let (mut place, mut at_once) = (from, BATCH);
    loop {
        if place.sequence - from.sequence >= most && place.sequence < until {
            return Ok(Walk { place, until, fault: None });
        }
        let batch = match store::after(db.read(), workspace, &EventFilter::default(), place.sequence, at_once).await {
            Ok(batch) => batch,
            Err(error) if is_unavailable(&error) => return Err(error),
            // One of the rows cannot be read: on, row by row, to the one that cannot.
            Err(_) if at_once > 1 => {
                at_once = 1;
                continue;
            }
            Err(_) => return Ok(Walk { place, until, fault: Some(Fault::Unreadable { sequence: place.sequence + 1 }) }),
        };
        if batch.is_empty() {
            return Ok(Walk { place, until, fault: at_the_end(place, &head) });
        }
        if let ControlFlow::Break(fault) = pass(db, &head, &mut place, batch).await? {
            return Ok(Walk { place, until, fault });
        }
    }
}

async fn before_the_first(db: &Db, workspace: WorkspaceId) -> DbResult<Option<Fault>> {
    match store::before_the_first(db.read(), workspace).await {
        Ok(row) => Ok(row.map(|row| Fault::BeforeFirst { sequence: row.sequence, id: EventId(row.id).to_string() })),
        Err(error) if is_unavailable(&error) => Err(error),
        Err(_) => Ok(Some(Fault::Unreadable { sequence: 0 })),
    }
}

/// Goes on over events that were read together, to the first that does not fit or lies past the head.
async fn pass(db: &Db, head: &head::Model, place: &mut Place, batch: Vec<event::Model>) -> DbResult<ControlFlow<Option<Fault>>> {
    let as_written = store::as_written(db.read(), head.workspace_id, &batch).await?;
    for row in batch {
        if row.sequence > head.sequence && place.sequence >= head.sequence {
            return Ok(ControlFlow::Break(past_the_head(db, *place, head).await?));
        }
        let id = EventId(row.id).to_string();
        if row.sequence != place.sequence + 1 {
            let fault = Fault::Missing { sequence: place.sequence + 1, found: row.sequence, id };
            return Ok(ControlFlow::Break(Some(fault)));
        }
        let (stored, sequence) = (row.hash.clone(), row.sequence);
        let event = store::event_of(row);
        let hash = link(&place.hash, &event);
        if stored != hash || !as_written.contains(&sequence) {
            return Ok(ControlFlow::Break(Some(Fault::Altered { sequence, id })));
        }
        if sequence == 1 && !begins(head.workspace_id, &event) {
            return Ok(ControlFlow::Break(Some(Fault::Foreign { id })));
        }
        *place = Place { sequence, hash };
    }
    Ok(ControlFlow::Continue(()))
}

/// What is wrong where no event follows any more.
fn at_the_end(place: Place, head: &head::Model) -> Option<Fault> {
    match (place.sequence, head.sequence) {
        (0, 0) => Some(Fault::Empty),
        (last, until) => (last != until || head.hash != place.hash).then_some(Fault::End { last, head: until }),
    }
}

/// Whether `event` says that `workspace` was made: the hash knows of no workspace, so this ties a chain to its own.
fn begins(workspace: WorkspaceId, event: &Event) -> bool {
    let target = event.target.as_ref().filter(|target| target.kind == "workspace").and_then(|target| target.id.as_deref());
    event.action == Action::WorkspaceCreated.as_str() && target == Some(workspace.to_string().as_str())
}

/// Events past the head we read were either written meanwhile, so that the head has moved on, or slipped in.
async fn past_the_head(db: &Db, place: Place, head: &head::Model) -> DbResult<Option<Fault>> {
    let now = store::head(db.read(), head.workspace_id).await?.map_or(0, |head| head.sequence);
    let fits = now > head.sequence && head.hash == place.hash;
    Ok((!fits).then_some(Fault::End { last: place.sequence + 1, head: head.sequence }))
}
