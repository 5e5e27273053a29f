//! The verification of very many events: batches are read packed, the next one while the last one is hashed.
//!
//! It only finds that events fit. Where it cannot, [`super::verify`] reads the next event by itself and names the fault.

use serde_json::Value;

use super::chain::link;
use super::filter::EventFilter;
use super::store;
use super::stored_event::{PackedEvents, StoredEvent, decode, on_own_thread, read};
use super::verify::{Position, begins};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{Db, DbResult, padded};

/// Events of one batch. Two batches are in memory at a time.
const AT_ONCE: i64 = 1_000;

/// An event whose hash fits, but whose details may be stored in another form than the log writes.
struct Doubtful {
    /// The event before it.
    previous: Position,
    sequence: i64,
    occurred_at: Time,
    details: Value,
}

/// The result for a batch.
struct Linked {
    /// The last event whose hash fits.
    position: Position,
    doubtful: Vec<Doubtful>,
}

/// Walks over events after `from` and up to `until`, and returns the last one up to which all fit.
pub(super) async fn advance(db: &Db, workspace: WorkspaceId, from: Position, until: i64) -> DbResult<Position> {
    let (mut position, mut at_once) = (from, AT_ONCE);
    let mut batch = read_batch(db, workspace, position.sequence, until, at_once).await?;
    while position.sequence < until {
        let end = position.sequence.saturating_add(at_once);
        let mut reached = None;
        if let Some(events) = batch.take() {
            let (linked, next) =
                tokio::join!(link_batch(workspace, position, events), read_batch(db, workspace, end, until, at_once));
            reached = confirm(db, workspace, linked?).await?;
            batch = next?;
        }
        match reached {
            Some(reached) if reached.sequence == end => position = reached,
            Some(reached) => return Ok(reached),
            None if at_once == 1 => return Ok(position),
            // A value of the batch cannot be read. Approaches it in smaller batches.
            None => {
                at_once /= 10;
                batch = read_batch(db, workspace, position.sequence, until, at_once).await?;
            }
        }
    }
    Ok(position)
}

async fn read_batch(db: &Db, workspace: WorkspaceId, after: i64, until: i64, at_once: i64) -> DbResult<Option<PackedEvents>> {
    if after >= until {
        return Ok(None);
    }
    read(db.read(), workspace, &EventFilter::default(), after, until, at_once.unsigned_abs()).await
}

/// Links the events of a batch as far as their hashes fit; `None` if a value cannot be read.
async fn link_batch(workspace: WorkspaceId, from: Position, events: PackedEvents) -> DbResult<Option<Linked>> {
    on_own_thread(move || decode(events).map(|events| link_all(workspace, from, events))).await
}

fn link_all(workspace: WorkspaceId, mut position: Position, events: Vec<StoredEvent>) -> Linked {
    let mut doubtful = Vec::new();
    for stored in events {
        let Some((next, doubt)) = link_one(workspace, position, stored) else { break };
        doubtful.extend(doubt);
        position = next;
    }
    Linked { position, doubtful }
}

/// Links an event to the one before it. `None` if it does not fit.
fn link_one(workspace: WorkspaceId, previous: Position, stored: StoredEvent) -> Option<(Position, Option<Doubtful>)> {
    let (sequence, occurred_at, hash) = (stored.sequence(), stored.occurred_at(), stored.hash());
    let details = stored.details().ok()?;
    let is_as_written = stored.is_as_written(&details);
    let event = stored.into_event(details);
    let follows = sequence == previous.sequence + 1 && (sequence != 1 || begins(workspace, &event));
    if !follows || link(&previous.hash, &event) != hash {
        return None;
    }
    let doubt = (!is_as_written).then_some(Doubtful { previous, sequence, occurred_at, details: event.details });
    Some((Position { sequence, hash }, doubt))
}

/// Asks the database about doubtful events: Postgres writes some numbers of JSON in another form than this program. Returns the
/// last event up to which all fit.
async fn confirm(db: &Db, workspace: WorkspaceId, linked: Option<Linked>) -> DbResult<Option<Position>> {
    let Some(Linked { position, doubtful }) = linked else { return Ok(None) };
    if doubtful.is_empty() {
        return Ok(Some(position));
    }
    let forms = doubtful.iter().map(|event| (event.sequence, event.occurred_at, event.details.clone())).collect();
    let as_written = store::as_written(db.read(), workspace, padded(forms)).await?;
    let altered = doubtful.iter().find(|event| !as_written.contains(&event.sequence));
    Ok(Some(altered.map_or(position, |event| event.previous)))
}
