//! The way of the request log from memory to the database, in the background.

use std::collections::HashMap;
use std::time::Duration;

use super::log::{MAX_LATEST, RequestLog};
use super::model::KEPT;
use super::store;
use crate::core::Core;
use crate::keys::{Flush, KeyId, Recorder};
use crate::workspaces::WorkspaceId;
use kit::db::DbResult;
use kit::ids::uuid_v7;
use kit::lock::lock;

/// Rows that one transaction writes: other writers, the node's lease among them, get their turn in between.
const AT_ONCE: usize = 512;

/// The pause after writing latest requests, for each of them: at most 200 a second.
const PAUSE_PER_ROW: Duration = Duration::from_millis(5);

/// The time between two rows of one workspace about refusals that were not kept, and between two deletions of surplus requests.
const MINUTE: Duration = Duration::from_mins(1);

/// Keys whose surplus requests one statement deletes.
const KEYS_AT_ONCE: usize = 100;

/// The shortest and the longest time between two requests of one key in the sample, in microseconds.
const INTERVALS: (i64, i64) = (1_000_000, 600_000_000);

impl RequestLog {
    /// Writes what is in memory. What could not be written stays there for the next flush, as far as there is room.
    pub async fn flush(&self, core: &Core, recorder: &Recorder, which: Flush) -> DbResult<()> {
        let _alone = self.flushing.lock().await;
        self.flush_refusals(core).await?;
        self.flush_gaps(core, which).await?;
        self.flush_latest(core, recorder, which).await?;
        self.trim(core, which).await
    }

    async fn flush_refusals(&self, core: &Core) -> DbResult<()> {
        loop {
            let batch = self.refusals.first(AT_ONCE);
            if batch.is_empty() {
                return Ok(());
            }
            let tx = core.db.begin().await?;
            store::insert_refusals(&tx, batch.iter().map(AsRef::as_ref)).await?;
            tx.commit().await?;
            self.refusals.remove_first(batch.len());
        }
    }

    async fn flush_gaps(&self, core: &Core, which: Flush) -> DbResult<()> {
        let ticks = core.clock.ticks();
        if which == Flush::Regular && ticks < lock(&self.schedule).gaps_due {
            return Ok(());
        }
        let now = core.clock.now();
        let row = |(workspace, count): (&Option<WorkspaceId>, &u64)| (uuid_v7(now, &core.random), *workspace, *count);
        let counts: Vec<_> = lock(&self.skipped).iter().map(row).collect();
        if counts.is_empty() {
            return Ok(());
        }
        let tx = core.db.begin().await?;
        store::insert_gaps(&tx, &counts, now).await?;
        tx.commit().await?;
        let mut skipped = lock(&self.skipped);
        for (_, workspace, written) in counts {
            if let Some(count) = skipped.get_mut(&workspace) {
                *count = count.saturating_sub(written);
            }
        }
        skipped.retain(|_, count| *count > 0);
        drop(skipped);
        lock(&self.schedule).gaps_due = ticks + MINUTE;
        Ok(())
    }

    async fn flush_latest(&self, core: &Core, recorder: &Recorder, which: Flush) -> DbResult<()> {
        if which == Flush::Regular && core.clock.ticks() < lock(&self.schedule).latest_due {
            return Ok(());
        }
        let waiting = self.latest.len();
        let mut left = waiting;
        while left > 0 {
            let batch = self.latest.first(left.min(AT_ONCE));
            let tx = core.db.begin().await?;
            store::insert_latest(&tx, batch.iter().map(AsRef::as_ref)).await?;
            tx.commit().await?;
            self.latest.remove_first(batch.len());
            lock(&self.schedule).untrimmed.extend(batch.iter().map(|request| (request.workspace, request.key)));
            left -= batch.len();
        }
        let pause = PAUSE_PER_ROW.saturating_mul(u32::try_from(waiting).unwrap_or(u32::MAX));
        lock(&self.schedule).latest_due = core.clock.ticks() + pause;
        recorder.set_sample_interval(next_interval(recorder.sample_interval(), waiting));
        Ok(())
    }

    /// Deletes surplus requests of the keys that were written since the last time. After a failure, those of a key stay until it is
    /// used again.
    async fn trim(&self, core: &Core, which: Flush) -> DbResult<()> {
        let ticks = core.clock.ticks();
        let keys = {
            let mut schedule = lock(&self.schedule);
            if which == Flush::Regular && ticks < schedule.trim_due {
                return Ok(());
            }
            schedule.trim_due = ticks + MINUTE;
            std::mem::take(&mut schedule.untrimmed)
        };
        let mut by_workspace: HashMap<WorkspaceId, Vec<KeyId>> = HashMap::new();
        for (workspace, key) in keys {
            by_workspace.entry(workspace).or_default().push(key);
        }
        for (workspace, keys) in by_workspace {
            for keys in keys.chunks(KEYS_AT_ONCE) {
                let tx = core.db.begin_essential().await?;
                store::trim(&tx, workspace, keys).await?;
                tx.commit().await?;
            }
        }
        Ok(())
    }
}

/// Returns the next interval of the sample: longer if the queue was half full, so that keys that are rarely used keep their place.
fn next_interval(interval: i64, waiting: usize) -> i64 {
    let (shortest, longest) = INTERVALS;
    if waiting >= MAX_LATEST / 2 {
        (interval * 2).min(longest)
    } else if waiting < MAX_LATEST / 8 {
        (interval / 2).max(shortest)
    } else {
        interval
    }
}

/// Deletes refusals and requests that are past their time.
pub async fn purge(core: &Core) -> DbResult<()> {
    store::purge(&core.db, core.clock.now().before(KEPT)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interval_of_the_sample_grows_under_load_and_shrinks_again() {
        let second = 1_000_000;
        assert_eq!(next_interval(second, 10), second);
        assert_eq!(next_interval(second, MAX_LATEST), 2 * second);
        assert_eq!((0..20).fold(second, |interval, _| next_interval(interval, MAX_LATEST)), 600 * second);
        assert_eq!(next_interval(8 * second, MAX_LATEST / 4), 8 * second);
        assert_eq!(next_interval(8 * second, 0), 4 * second);
    }
}
