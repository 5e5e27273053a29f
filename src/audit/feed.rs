//! The log as a feed: the events after a cursor, in order and without gaps, and a wake-up for a reader that has read all.
//!
//! A cursor is the sequence of the last event that was read, 0 before the first. Writers of a workspace hold the lock of its
//! head until they commit. So an event is visible only after every event before it, and a reader that continues at its cursor
//! misses nothing and reads nothing twice.
//!
//! A commit of this process wakes its readers at once; it costs the writer one atomic load while nothing waits. Commits of
//! other processes are found by [`CommitPoll`]. They are not announced by NOTIFY: Postgres holds a lock across the commit of
//! every transaction that notifies, so writers of all workspaces would wait for one another.

use std::collections::HashMap;
use std::sync::Mutex;

use super::action::Action;
use super::event::Event;
use super::store;
use crate::core::Core;
use crate::workspaces::WorkspaceId;
use kit::db::{DbResult, Source};
use kit::lock::lock;
use kit::wakeups::Subscription;

/// Events that one query looks through.
const WINDOW: i64 = 5_000;

/// Queries of one read.
const WINDOWS: usize = 4;

/// Heads that one query of the poll reads.
const HEADS: usize = 500;

/// A part of the feed.
#[derive(Debug)]
pub struct Batch {
    pub events: Vec<Event>,
    /// The cursor to go on from: no event between the one that was asked for and this one is missing from `events`.
    pub next: i64,
    /// The sequence of the last event of the workspace.
    pub latest: i64,
}

/// Reads up to `limit` events with one of these actions after `cursor`, the oldest first. The events that are looked through
/// are bounded: a batch may be empty and end before the latest event.
pub async fn read(db: &impl Source, workspace: WorkspaceId, actions: &[Action], cursor: i64, limit: u64) -> DbResult<Batch> {
    // First: whatever it counts is visible to the queries that follow.
    let latest = store::head(db, workspace).await?.map_or(0, |head| head.sequence);
    let (mut events, mut next) = (Vec::new(), cursor);
    for _window in 0..WINDOWS {
        if next >= latest || !events.is_empty() {
            break;
        }
        let until = latest.min(next.saturating_add(WINDOW));
        let rows = store::of_actions(db, workspace, actions, [next, until], Some(limit)).await?;
        let is_full = rows.len() as u64 >= limit;
        next = rows.last().filter(|_| is_full).map_or(until, |last| last.sequence);
        events = rows.into_iter().map(store::event_of).collect();
    }
    Ok(Batch { events, next, latest })
}

/// Subscribes to the commits of a workspace. A reader must subscribe before it reads.
pub fn subscribe(core: &Core, workspace: WorkspaceId) -> Subscription {
    core.commits.subscribe(workspace)
}

/// The poll for commits of other processes. Its cost does not depend on the number of readers of a workspace.
#[derive(Debug, Default)]
pub struct CommitPoll {
    /// The last event of each workspace with readers at the poll before.
    seen: Mutex<HashMap<WorkspaceId, i64>>,
}

impl CommitPoll {
    /// Wakes the readers of workspaces that have new events since the poll before. Readers that have subscribed since then may
    /// be woken for nothing.
    pub async fn run(&self, core: &Core) -> DbResult<()> {
        let mut heads = HashMap::new();
        for workspaces in core.commits.keys().chunks(HEADS) {
            heads.extend(store::sequences(core.db.read(), workspaces).await?);
        }
        let before = std::mem::replace(&mut *lock(&self.seen), heads.clone());
        for (workspace, sequence) in heads {
            if before.get(&workspace) != Some(&sequence) {
                core.commits.wake(&workspace);
            }
        }
        Ok(())
    }
}
