//! A cache of the number of keys of each status in a workspace.
//!
//! Counts are computed when a list needs them, and again once any key of any workspace has changed or a key of the workspace has
//! expired or its pause has ended. A recount reads only what is new since the last one: one page of a hundred thousand keys takes a
//! moment to read, counting all of them takes many times as long.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use super::model::StatusCounts;
use super::store::{self, Settled};
use crate::cluster;
use crate::core::Core;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::DbResult;
use kit::lock::lock;

/// The last counts of each workspace whose keys were listed on this node.
#[derive(Debug, Default)]
pub struct KeyCountCache(Mutex<CachedCounts>);

#[derive(Debug, Default)]
struct CachedCounts {
    workspaces: HashMap<WorkspaceId, CachedCount>,
    /// Incremented by every [`KeyCountCache::forget`].
    generation: u64,
}

impl KeyCountCache {
    /// Drops all counts: the database may have lost changes, and may give their revisions to other changes.
    pub fn forget(&self) {
        let mut cached = lock(&self.0);
        cached.workspaces.clear();
        cached.generation += 1;
    }

    /// Returns the cached count of a workspace, and the generation to store its successor with.
    fn find(&self, workspace: WorkspaceId) -> (Option<CachedCount>, u64) {
        let cached = lock(&self.0);
        (cached.workspaces.get(&workspace).copied(), cached.generation)
    }

    /// Stores a count, unless all counts were dropped after `generation` was read.
    fn store(&self, workspace: WorkspaceId, count: CachedCount, generation: u64) {
        let mut cached = lock(&self.0);
        if cached.generation == generation {
            cached.workspaces.insert(workspace, count);
        }
    }

    /// Counts the keys of a workspace by status.
    pub(super) async fn count(&self, core: &Core, workspace: WorkspaceId, now: Time) -> DbResult<StatusCounts> {
        let (db, ticks) = (core.db.read(), core.clock.ticks());
        // Read before the keys: a change that commits in between is counted again next time.
        let revision = cluster::current_revision(db).await?;
        let (cached, generation) = self.find(workspace);
        if let Some(count) = cached.filter(|count| count.is_current(revision, now)) {
            return Ok(count.counts);
        }
        let base = cached.and_then(|count| count.incremental_base(now, ticks));
        let (settled, full_count_at) = base.unwrap_or((Settled::default(), ticks));
        let (counts, settled, next_end) = store::count_since(db, workspace, settled, now).await?;
        let count = CachedCount { counts, revision, at: now, ticks, next_end, settled, full_count_at };
        self.store(workspace, count, generation);
        Ok(counts)
    }
}

/// The longest time between two full counts of a workspace's keys.
const FULL_RECOUNT_INTERVAL: Duration = Duration::from_hours(24);

/// The most microseconds by which the wall clock and the monotonic clock may have drifted apart since the last count. Beyond it,
/// a time that was settled then may lie in the future again.
const MAX_CLOCK_DRIFT: i64 = 60_000_000;

#[derive(Clone, Copy, Debug)]
struct CachedCount {
    counts: StatusCounts,
    /// The last revision of any key before the count.
    revision: i64,
    at: Time,
    /// The time of the count by the monotonic clock.
    ticks: Duration,
    next_end: Option<Time>,
    settled: Settled,
    /// The time of the last full count by the monotonic clock.
    full_count_at: Duration,
}

impl CachedCount {
    fn is_current(&self, revision: i64, now: Time) -> bool {
        self.revision == revision && self.at <= now && self.next_end.is_none_or(|expiry| now < expiry)
    }

    /// Returns the settled part of the count and the time of its last full count, for an incremental count.
    ///
    /// `None` if the clock was set, or a full count is due: it finds rows that were written without the product.
    fn incremental_base(self, now: Time, ticks: Duration) -> Option<(Settled, Duration)> {
        let elapsed = i64::try_from(ticks.saturating_sub(self.ticks).as_micros()).unwrap_or(i64::MAX);
        let drift = (now.micros() - self.at.micros()).saturating_sub(elapsed).abs();
        let is_recent = ticks.saturating_sub(self.full_count_at) < FULL_RECOUNT_INTERVAL;
        (drift <= MAX_CLOCK_DRIFT && is_recent).then_some((self.settled, self.full_count_at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: i64) -> Time {
        Time::from_micros(micros).expect("a time")
    }

    const COUNTED: Duration = Duration::from_hours(100);

    fn count(at: Time, next_end: Option<Time>) -> CachedCount {
        let (counts, settled) = (StatusCounts::default(), Settled::default());
        CachedCount { counts, revision: 7, at, ticks: COUNTED, next_end, settled, full_count_at: COUNTED }
    }

    #[test]
    fn full_count_is_due_after_a_day_or_a_change_of_the_clock() {
        let (start, minutes) = (at(1_800_000_000_000_000), Duration::from_mins);
        let is_incremental = |now, elapsed| count(start, None).incremental_base(now, COUNTED + elapsed).is_some();
        assert!(is_incremental(start, minutes(0)) && is_incremental(start.after(minutes(1_439)), minutes(1_439)));
        assert!(!is_incremental(start.after(FULL_RECOUNT_INTERVAL), FULL_RECOUNT_INTERVAL), "a day");
        assert!(!is_incremental(start.before(minutes(2)), minutes(0)), "set back");
        assert!(!is_incremental(start.after(minutes(30)), minutes(90)), "set back, and has caught up");
        assert!(!is_incremental(start.after(minutes(90)), minutes(30)), "set forward");
    }

    #[test]
    fn count_is_current_until_a_key_changes_or_expires() {
        let count = count(at(10), Some(at(20)));
        assert!(count.is_current(7, at(10)) && count.is_current(7, at(19)));
        assert!(!count.is_current(8, at(10)), "a key has changed");
        assert!(!count.is_current(7, at(20)), "a key is expired from then on");
        assert!(!count.is_current(7, at(9)), "the clock was set back: a key may not have expired yet");
        assert!(CachedCount { next_end: None, ..count }.is_current(7, at(1_000_000)));
    }
}
