//! Walks a workspace's chain from its first event and names the first that does not fit.

use super::chain::{GENESIS, Hash, link};
use super::model::{Action, Event, EventFilter, EventId};
use super::store;
use crate::kit::db::{Db, DbResult, is_unavailable};
use crate::kit::text::hex;
use crate::workspaces::WorkspaceId;

/// Events read at once.
const BATCH: u64 = 250;

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
    #[error("event {sequence} ({id}) was altered: its hash does not fit its stored content and the events before it")]
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
    #[error("the log is empty: its events were removed, as every log begins with the event that its workspace was made")]
    Empty,
    /// What the log ends with is not on record.
    #[error("the log has no head that could be read: it was removed or altered, and nothing says where the log ends")]
    Headless,
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
    // The head first: events written meanwhile lie past it and are left to the next walk.
    let (mut sequence, mut hash, mut at_once) = (0, GENESIS, BATCH);
    let (until, head_hash) = match store::head(db.read(), workspace).await {
        Ok(Some(head)) => (head.sequence, head.hash),
        Err(error) if is_unavailable(&error) => return Err(error),
        Ok(None) | Err(_) => return Ok(verdict(0, &hash, Some(Fault::Headless))),
    };
    match store::before_the_first(db.read(), workspace).await {
        Ok(None) => {}
        Ok(Some(row)) => {
            let fault = Fault::BeforeFirst { sequence: row.sequence, id: EventId(row.id).to_string() };
            return Ok(verdict(0, &hash, Some(fault)));
        }
        Err(error) if is_unavailable(&error) => return Err(error),
        Err(_) => return Ok(verdict(0, &hash, Some(Fault::Unreadable { sequence: 0 }))),
    }
    loop {
        let batch = match store::after(db.read(), workspace, &EventFilter::default(), sequence, at_once).await {
            Ok(batch) => batch,
            Err(error) if is_unavailable(&error) => return Err(error),
            // One of the rows cannot be read: on, row by row, to the one that cannot.
            Err(_) if at_once > 1 => {
                at_once = 1;
                continue;
            }
            Err(_) => return Ok(verdict(sequence, &hash, Some(Fault::Unreadable { sequence: sequence + 1 }))),
        };
        if batch.is_empty() {
            break;
        }
        let as_written = store::as_written(db.read(), workspace, &batch).await?;
        for row in batch {
            if row.sequence > until && sequence >= until {
                return Ok(verdict(sequence, &hash, ends(db, workspace, sequence, until, &head_hash, &hash).await?));
            }
            let id = EventId(row.id).to_string();
            if row.sequence != sequence + 1 {
                return Ok(verdict(sequence, &hash, Some(Fault::Missing { sequence: sequence + 1, found: row.sequence, id })));
            }
            let (stored, number) = (row.hash.clone(), row.sequence);
            let event = store::event_of(row);
            let expected = link(&hash, &event);
            if stored != expected || !as_written.contains(&number) {
                return Ok(verdict(sequence, &hash, Some(Fault::Altered { sequence: number, id })));
            }
            if number == 1 && !begins(workspace, &event) {
                return Ok(verdict(sequence, &hash, Some(Fault::Foreign { id })));
            }
            (sequence, hash) = (number, expected);
        }
    }
    let fault = match (sequence, until) {
        (0, 0) => Some(Fault::Empty),
        _ => (sequence != until || head_hash != hash).then_some(Fault::End { last: sequence, head: until }),
    };
    Ok(verdict(sequence, &hash, fault))
}

/// Whether `event` says that `workspace` was made: the hash knows of no workspace, so this ties a chain to its own.
fn begins(workspace: WorkspaceId, event: &Event) -> bool {
    let target = event.target.as_ref().filter(|target| target.kind == "workspace").and_then(|target| target.id.as_deref());
    event.action == Action::WorkspaceCreated.as_str() && target == Some(workspace.to_string().as_str())
}

/// Events past the head we read were either written meanwhile, so that the head has moved on, or slipped in.
async fn ends(db: &Db, workspace: WorkspaceId, last: i64, until: i64, head_hash: &[u8], hash: &Hash) -> DbResult<Option<Fault>> {
    let now = store::head(db.read(), workspace).await?.map_or(0, |head| head.sequence);
    let fits = now > until && head_hash == hash;
    Ok((!fits).then_some(Fault::End { last: last + 1, head: until }))
}

fn verdict(events: i64, hash: &Hash, fault: Option<Fault>) -> Verdict {
    Verdict { events, head: hex(hash), fault }
}
