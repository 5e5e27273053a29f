//! The log as an outbox: the events after a cursor, in order and without gaps, and a wake-up for a reader that has read all.
//!
//! A cursor is the sequence of the last event that was read, 0 before the first. Writers of a workspace hold the lock of its
//! head until they commit. So an event is visible only after every event before it, and a reader that continues at its cursor
//! misses nothing and reads nothing twice.
//!
//! A commit of this process wakes its readers at once; it costs the writer one atomic load while nothing waits. Commits of
//! other processes are found by reading the head every `POLL_INTERVAL`. They are not announced by NOTIFY: Postgres holds a
//! lock across the commit of every transaction that notifies, so writers of all workspaces would wait for one another.

use std::time::Duration;

use sea_orm::ConnectionTrait;
use tokio::time::{Instant, timeout, timeout_at};

use super::event::Event;
use super::filter::EventFilter;
use super::store;
use crate::core::Core;
use crate::workspaces::WorkspaceId;
use kit::db::DbResult;
use kit::wakeups::Subscription;

/// The largest batch.
pub const MAX_BATCH: u64 = 500;

/// The interval at which a waiting reader looks for commits of other processes.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// The last event of a workspace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FeedHead {
    pub workspace: WorkspaceId,
    /// The sequence of the last event.
    pub sequence: i64,
}

/// Lists the events of a workspace after `cursor`, the oldest first: at most `limit`, and at most [`MAX_BATCH`].
pub async fn after(db: &impl ConnectionTrait, workspace: WorkspaceId, cursor: i64, limit: u64) -> DbResult<Vec<Event>> {
    let rows = store::after(db, workspace, &EventFilter::default(), cursor, limit.min(MAX_BATCH)).await?;
    Ok(rows.into_iter().map(store::event_of).collect())
}

/// Lists up to `limit` heads after that of the workspace `after`, in the order of workspace ids: for a reader of every
/// workspace, which compares them with its cursors.
pub async fn heads(db: &impl ConnectionTrait, after: Option<WorkspaceId>, limit: u64) -> DbResult<Vec<FeedHead>> {
    let heads = store::heads_after(db, after, limit.min(MAX_BATCH)).await?;
    Ok(heads.into_iter().map(|head| FeedHead { workspace: head.workspace_id, sequence: head.sequence }).collect())
}

/// Subscribes to the commits of one workspace, or of every workspace. A reader must subscribe before it looks for events.
pub fn subscribe(core: &Core, workspace: Option<WorkspaceId>) -> Subscription {
    core.commits.subscribe(workspace)
}

/// Waits until there may be a new event: until a commit of this process, or until it is time to look for those of others.
pub async fn next_wakeup(subscription: &Subscription) {
    let _elapsed = timeout(POLL_INTERVAL, subscription.woken()).await;
}

/// Waits until a workspace has an event after `cursor`, for at most `longest`. Returns whether it has one.
pub async fn wait(core: &Core, workspace: WorkspaceId, cursor: i64, longest: Duration) -> DbResult<bool> {
    let subscription = subscribe(core, Some(workspace));
    let end = Instant::now() + longest;
    loop {
        let head = store::head(core.db.read(), workspace).await?;
        if head.is_some_and(|head| head.sequence > cursor) {
            return Ok(true);
        }
        if timeout_at(end, next_wakeup(&subscription)).await.is_err() {
            return Ok(false);
        }
    }
}
