//! [`Recorder`]: usage of keys in memory.

use std::net::IpAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use kit::clock::Time;
use kit::lock::lock;

use super::denial_aggregator::{AggregatedDenial, DenialAggregator, DeniedRequest};
use super::flush_throttle::{Flush, FlushThrottle};
use super::new_address_limit::NewAddressLimit;
use super::{Batch, MAX_BATCH};
use crate::keys::denial::DenialReason;
use crate::keys::index::EntryRef;
use crate::scopes::Scope;

/// Collects usage of keys until it is flushed.
#[derive(Debug)]
pub struct Recorder {
    queue: Mutex<Vec<EntryRef>>,
    /// Number of keys that a flush has taken from the queue and not written yet.
    draining: AtomicUsize,
    pub(super) throttle: FlushThrottle,
    denials: Mutex<DenialAggregator>,
    pub(super) new_addresses: NewAddressLimit,
    /// Microseconds between two requests of a key that are listed among its latest.
    sample_interval: AtomicI64,
}

impl Default for Recorder {
    fn default() -> Self {
        Self {
            queue: Mutex::default(),
            draining: AtomicUsize::default(),
            throttle: FlushThrottle::default(),
            denials: Mutex::default(),
            new_addresses: NewAddressLimit::default(),
            sample_interval: AtomicI64::new(1_000_000),
        }
    }
}

impl Recorder {
    /// Counts an accepted request. Returns true if it is to be listed among the latest of its key.
    pub fn allow(&self, entry: &EntryRef, scope: Option<Scope>, address: IpAddr, now: Time) -> bool {
        if cfg!(feature = "uncounted") {
            return false;
        }
        let (must_queue, is_sampled) =
            entry.with_counters(|counters| (counters.allow(scope, address, now), counters.sample(now, self.sample_interval())));
        if must_queue {
            lock(&self.queue).push(entry.clone());
        }
        is_sampled
    }

    /// Counts a denied request. Returns true if it is to be listed among the latest of its key.
    pub fn deny(&self, entry: &EntryRef, reason: DenialReason, scope: Option<Scope>, request: DeniedRequest<'_>) -> bool {
        let (must_queue, is_sampled) =
            entry.with_counters(|counters| (counters.deny(scope), counters.sample(request.now, self.sample_interval())));
        if must_queue {
            lock(&self.queue).push(entry.clone());
        }
        lock(&self.denials).add(entry, reason, request);
        is_sampled
    }

    /// Returns the microseconds between two requests of a key that are listed among its latest.
    pub fn sample_interval(&self) -> i64 {
        self.sample_interval.load(Ordering::Relaxed)
    }

    pub fn set_sample_interval(&self, micros: i64) {
        self.sample_interval.store(micros, Ordering::Relaxed);
    }

    /// Returns whether all usage is written.
    pub fn is_empty(&self) -> bool {
        self.pending() == 0 && lock(&self.denials).is_empty()
    }

    /// Returns the number of keys whose usage is not written yet.
    pub fn pending(&self) -> usize {
        lock(&self.queue).len() + self.draining.load(Ordering::Relaxed)
    }

    pub(super) fn take_denials(&self, now: Time, which: Flush) -> Vec<AggregatedDenial> {
        lock(&self.denials).take_due(now, which)
    }

    /// Puts back a denial that could not be written.
    pub(super) fn restore_denial(&self, denial: AggregatedDenial) {
        lock(&self.denials).restore(denial);
    }

    /// Puts back usage that could not be written.
    pub(super) fn restore(&self, batch: Batch) {
        for (entry, drained) in batch {
            if entry.counters().restore(&drained) {
                lock(&self.queue).push(entry);
            }
        }
    }
}

/// Keys that a flush has taken from the queue. Dropping the guard, also when the flush is cancelled, puts the rest back.
pub(super) struct DrainGuard<'a> {
    recorder: &'a Recorder,
    entries: Vec<EntryRef>,
}

impl<'a> DrainGuard<'a> {
    pub(super) fn new(recorder: &'a Recorder) -> Self {
        let mut entries = std::mem::take(&mut *lock(&recorder.queue));
        recorder.draining.fetch_add(entries.len(), Ordering::Relaxed);
        // By workspace, because each batch locks the audit logs of its workspaces; then in the order of the tables' primary
        // keys, so that batches write to different pages. An entry and its workspace are two places in memory: read once each.
        entries.sort_by_cached_key(|entry| (entry.workspace(), entry.id));
        Self { recorder, entries }
    }

    /// Returns the next batch of keys. [`Self::finish_batch`] must follow.
    pub(super) fn next_batch(&mut self) -> Option<Vec<EntryRef>> {
        let batch = self.entries.split_off(self.entries.len().saturating_sub(MAX_BATCH));
        (!batch.is_empty()).then_some(batch)
    }

    /// Notes that so many keys were written or put back.
    pub(super) fn finish_batch(&self, keys: usize) {
        self.recorder.draining.fetch_sub(keys, Ordering::Relaxed);
    }
}

impl Drop for DrainGuard<'_> {
    fn drop(&mut self) {
        self.recorder.draining.fetch_sub(self.entries.len(), Ordering::Relaxed);
        lock(&self.recorder.queue).append(&mut self.entries);
    }
}
