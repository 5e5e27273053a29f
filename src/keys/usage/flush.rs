//! The way of usage from memory to the database.

use kit::db::{is_orphan, is_reported};

use super::flush_throttle::Flush;
use super::recorder::{DrainGuard, Recorder};
use super::{Batch, addresses, counts, denials};
use crate::core::Core;
use crate::keys::index::{Drained, EntryRef};
use crate::keys::store;

impl Recorder {
    /// Writes denials, and counts unless they are throttled. Returns false if something could not be written: it stays in memory
    /// for the next flush, and the cause is logged.
    pub async fn flush(&self, core: &Core, which: Flush) -> bool {
        let (now, mut is_written) = (core.clock.now(), true);
        if which == Flush::Last || self.throttle.is_due(core.clock.ticks(), now) {
            let keys;
            (keys, is_written) = self.write_counts(core).await;
            self.throttle.delay(keys, core.clock.ticks(), now);
        }
        denials::write(core, self, self.take_denials(core.clock.now(), which)).await && is_written
    }

    /// Returns the number of keys that were written, and whether all were.
    async fn write_counts(&self, core: &Core) -> (usize, bool) {
        let (mut written, mut guard) = (0, DrainGuard::new(self));
        while let Some(entries) = guard.next_batch() {
            let drain = |entry: EntryRef| {
                let drained = entry.counters().drain();
                (entry, drained)
            };
            let keys = entries.len();
            let is_written = self.write(core, entries.into_iter().map(drain).collect()).await;
            guard.finish_batch(keys);
            if !is_written {
                // The next batch would wait for the same database, and delay a graceful stop.
                return (written, false);
            }
            written += keys;
        }
        (written, true)
    }

    /// Returns false if something has to be written again.
    async fn write(&self, core: &Core, batch: Batch) -> bool {
        if let Err(error) = counts::write(core, &batch, core.clock.now()).await {
            let batch = if is_orphan(&error) { without_missing_keys(core, batch).await } else { batch };
            if !is_reported(&error) {
                tracing::warn!(%error, keys = batch.len(), "could not write usage; kept for the next flush");
            }
            self.restore(batch);
            false
        } else if let Err(error) = addresses::write(core, self, &batch).await {
            if !is_reported(&error) {
                tracing::warn!(%error, "could not write client addresses; kept for the next flush");
            }
            let networks_only = |Drained { networks, .. }| Drained { networks, ..Drained::default() };
            self.restore(batch.into_iter().map(|(entry, drained)| (entry, networks_only(drained))).collect());
            false
        } else {
            true
        }
    }
}

/// Removes keys from a batch that the database has lost in a rollback or failover: their usage cannot be written, and must not
/// keep that of others from being written. If the database cannot be asked, the batch stays whole.
async fn without_missing_keys(core: &Core, batch: Batch) -> Batch {
    match store::existing(core.db.read(), batch.iter().map(|(entry, _)| entry.id).collect()).await {
        Ok(existing) => batch.into_iter().filter(|(entry, _)| existing.contains(&entry.id)).collect(),
        Err(_) => batch,
    }
}
