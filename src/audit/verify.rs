//! Walks a workspace's chain from its first event and names the first that does not fit.

use super::chain::{GENESIS, Hash, link};
use super::model::EventFilter;
use super::store;
use crate::kit::db::{Db, DbResult, is_unavailable};
use crate::kit::text::hex;
use crate::workspaces::WorkspaceId;

/// Events read at once.
const BATCH: u64 = 1_000;

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
    #[error("event {sequence} ({id}) was altered: its hash does not fit its content and the events before it")]
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
    let head = store::head(db.read(), workspace).await?;
    let (until, head_hash) = head.map_or((0, GENESIS.to_vec()), |head| (head.sequence, head.hash));
    let (mut sequence, mut hash, mut at_once) = (0, GENESIS, BATCH);
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
        for row in batch {
            if row.sequence > until && sequence >= until {
                return Ok(verdict(sequence, &hash, ends(db, workspace, sequence, until, &head_hash, &hash).await?));
            }
            let id = super::model::EventId(row.id).to_string();
            if row.sequence != sequence + 1 {
                return Ok(verdict(sequence, &hash, Some(Fault::Missing { sequence: sequence + 1, found: row.sequence, id })));
            }
            let (stored, number) = (row.hash.clone(), row.sequence);
            let expected = link(&hash, &store::event_of(row));
            if stored != expected {
                return Ok(verdict(sequence, &hash, Some(Fault::Altered { sequence: number, id })));
            }
            (sequence, hash) = (number, expected);
        }
    }
    let fault = (sequence != until || head_hash != hash).then_some(Fault::End { last: sequence, head: until });
    Ok(verdict(sequence, &hash, fault))
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
