//! The verification of a chain: a walk over its events that names the first event that does not fit.

use std::ops::ControlFlow;

use super::action::Action;
use super::bulk_verify::advance;
use super::chain::{GENESIS, Hash, link};
use super::event::{Event, EventId};
use super::store;
use super::tables::{event, head};
use super::target::TargetKind;
use crate::workspaces::WorkspaceId;
use kit::db::{Db, DbResult, is_unavailable};

/// The outcome of a verification.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// The number of events that fit, from the first on.
    pub events: i64,
    /// The hash of the last of these events, in hexadecimal. A copy kept elsewhere shows a later rewriting of the log.
    pub head: String,
    pub fault: Option<Fault>,
}

/// The first place at which a chain is broken.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Fault {
    #[error("event {sequence} ({id}) was altered: its hash does not match its stored content and the events before it")]
    Altered { sequence: i64, id: String },
    #[error("event {sequence} is missing: the next one found is {found} ({id})")]
    Missing { sequence: i64, found: i64, id: String },
    #[error("event {sequence} was altered: it cannot even be read")]
    Unreadable { sequence: i64 },
    #[error("event {sequence} ({id}) was inserted: the first event has number 1")]
    BeforeFirst { sequence: i64, id: String },
    #[error("event 1 ({id}) is not the one with which this workspace's log began: the log is another's, or was rewritten")]
    Foreign { id: String },
    #[error("the log is empty: its events were removed, since every log begins with the creation of its workspace")]
    Empty,
    #[error("the head of the log cannot be read: it was removed or altered, so the end of the log is unknown")]
    Headless,
    #[error("event {sequence} is not the one that was verified here before: the log was rewritten or truncated since")]
    Rewritten { sequence: i64 },
    #[error("the log ends at event {last}, but its head says {head}: events were removed from or added to the end")]
    End { last: i64, head: i64 },
}

/// Verifies the whole chain of a workspace.
pub async fn verify(db: &Db, workspace: WorkspaceId) -> DbResult<Verdict> {
    let Walk { position, fault, .. } = walk(db, workspace, Position::START, i64::MAX).await?;
    Ok(Verdict { events: position.sequence, head: hex::encode(position.hash), fault })
}

/// The last event up to which a chain fits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Position {
    pub(super) sequence: i64,
    pub(super) hash: Hash,
}

impl Position {
    pub(super) const START: Self = Self { sequence: 0, hash: GENESIS };
}

/// The outcome of a part of a walk.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    pub(super) position: Position,
    /// The sequence of the log's head when the walk began.
    pub(super) head: i64,
    pub(super) fault: Option<Fault>,
}

/// Walks over about `most` events after `from`, which is known to fit.
pub(super) async fn walk(db: &Db, workspace: WorkspaceId, from: Position, most: i64) -> DbResult<Walk> {
    // Read first: events written meanwhile lie past it and are left to the next walk.
    let head = match store::head(db.read(), workspace).await {
        Ok(Some(head)) => head,
        Err(error) if is_unavailable(&error) => return Err(error),
        Ok(None) | Err(_) => return Ok(Walk { position: from, head: 0, fault: Some(Fault::Headless) }),
    };
    let last = head.sequence;
    if let Some(fault) = before_the_first(db, workspace).await? {
        return Ok(Walk { position: Position::START, head: last, fault: Some(fault) });
    }
    let end = from.sequence.saturating_add(most).min(last);
    let mut position = from;
    loop {
        // Boxed, as the futures of its batches are large.
        position = Box::pin(advance(db, workspace, position, end)).await?;
        if position.sequence - from.sequence >= most && position.sequence < last {
            return Ok(Walk { position, head: last, fault: None });
        }
        // The next event is past the end, or may have a fault.
        let row = match store::next(db.read(), workspace, position.sequence).await {
            Ok(Some(row)) => row,
            Ok(None) => return Ok(Walk { position, head: last, fault: at_the_end(position, &head) }),
            Err(error) if is_unavailable(&error) => return Err(error),
            Err(_) => {
                return Ok(Walk { position, head: last, fault: Some(Fault::Unreadable { sequence: position.sequence + 1 }) });
            }
        };
        match pass(db, &head, position, row).await? {
            ControlFlow::Continue(next) => position = next,
            ControlFlow::Break(fault) => return Ok(Walk { position, head: last, fault }),
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

/// Verifies the event that follows `position`. Breaks if it does not fit or lies past the head.
async fn pass(
    db: &Db,
    head: &head::Model,
    position: Position,
    row: event::Model,
) -> DbResult<ControlFlow<Option<Fault>, Position>> {
    if row.sequence > head.sequence && position.sequence >= head.sequence {
        return Ok(ControlFlow::Break(past_the_head(db, position, head).await?));
    }
    let id = EventId(row.id).to_string();
    if row.sequence != position.sequence + 1 {
        let fault = Fault::Missing { sequence: position.sequence + 1, found: row.sequence, id };
        return Ok(ControlFlow::Break(Some(fault)));
    }
    let form = (row.sequence, row.occurred_at, row.details.clone());
    let is_as_written = !store::as_written(db.read(), head.workspace_id, vec![form]).await?.is_empty();
    let (stored, sequence) = (row.hash.clone(), row.sequence);
    let event = store::event_of(row);
    let hash = link(&position.hash, &event);
    if stored != hash || !is_as_written {
        return Ok(ControlFlow::Break(Some(Fault::Altered { sequence, id })));
    }
    if sequence == 1 && !begins(head.workspace_id, &event) {
        return Ok(ControlFlow::Break(Some(Fault::Foreign { id })));
    }
    Ok(ControlFlow::Continue(Position { sequence, hash }))
}

/// Compares the end of the chain with its head.
fn at_the_end(position: Position, head: &head::Model) -> Option<Fault> {
    match (position.sequence, head.sequence) {
        (0, 0) => Some(Fault::Empty),
        (last, expected) => (last != expected || head.hash != position.hash).then_some(Fault::End { last, head: expected }),
    }
}

/// Returns whether `event` says that `workspace` was created. The hash does not cover the workspace's id, so this ties a
/// chain to its workspace.
pub(super) fn begins(workspace: WorkspaceId, event: &Event) -> bool {
    let target = event
        .target
        .as_ref()
        .filter(|target| target.known_kind() == Some(TargetKind::Workspace))
        .and_then(|target| target.id.as_deref());
    event.action == Action::WorkspaceCreated.as_str() && target == Some(workspace.to_string().as_str())
}

/// Events past the head were either written meanwhile, in which case the head has advanced, or inserted.
async fn past_the_head(db: &Db, position: Position, head: &head::Model) -> DbResult<Option<Fault>> {
    let now = store::head(db.read(), head.workspace_id).await?.map_or(0, |head| head.sequence);
    let fits = now > head.sequence && head.hash == position.hash;
    Ok((!fits).then_some(Fault::End { last: position.sequence + 1, head: head.sequence }))
}
