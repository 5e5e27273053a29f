//! What requests with keys leave behind in memory, on its way to the database.
//!
//! Accepted requests are counted in their entry; refusals are folded by key, reason and address, one audit event a
//! minute each, and of each key and reason 16 addresses at once are told apart, so that an attacker cannot fill the
//! disk. A graceful stop writes everything; a crash loses what was counted since counts were last written: a second ago, or
//! longer if that were very many keys ([`rest`]).
//!
//! - `counts` by the hour, and last uses; `addresses` where from; `arrivals` the limit of events for new ones
//! - `rest` when they are written again; `report` both, as they are told
//! - `folds` refusals in memory; `denials` the same as audit events

mod addresses;
mod arrivals;
mod counts;
mod denials;
mod folds;
mod report;
mod rest;

use std::net::IpAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

pub(super) use addresses::{MOST_LISTED, addresses, count_addresses, first_use};
use arrivals::Arrivals;
pub use counts::import as import_usage;
pub(super) use counts::{DayCount, days, last_uses};
pub use folds::Origin;
use folds::{Denial, Folds, Reason};
pub(super) use report::{Bucket, Report, Sum, report};
use rest::Rest;

use super::index::{Drained, EntryRef, Refusal};
use super::store;
use crate::app::App;
use crate::scopes::Scope;
use kit::clock::Time;
use kit::db::{is_orphan, is_reported};
use kit::lock::lock;

/// Usage of keys, as it is written.
type Batch = Vec<(EntryRef, Drained)>;

/// Keys, or events, in one transaction: others who write, the node's own lease among them, get their turn in between.
const BATCH: usize = 1_024;

/// Collects usage of keys and writes it in batches.
#[derive(Debug, Default)]
pub struct Recorder {
    queue: Mutex<Vec<EntryRef>>,
    /// How many keys a flush has taken from the queue and not written yet.
    taken: AtomicUsize,
    rest: Rest,
    folds: Mutex<Folds>,
    arrivals: Arrivals,
}

impl Recorder {
    /// Counts an accepted request.
    pub fn allow(&self, entry: &EntryRef, scope: Option<Scope>, address: IpAddr, now: Time) {
        if cfg!(feature = "uncounted") {
            return;
        }
        if entry.count(|counters| counters.allow(scope, address, now)) {
            lock(&self.queue).push(entry.clone());
        }
    }

    /// Counts a refused request of a known key.
    pub fn deny(&self, refusal: &Refusal, scope: Option<Scope>, origin: Origin<'_>) {
        let (entry, reason) = match refusal {
            Refusal::Invalid => return,
            Refusal::Revoked(entry) => (entry, Reason::Revoked),
            Refusal::Expired(entry) => (entry, Reason::Expired),
            Refusal::Address(entry) => (entry, Reason::Address),
            Refusal::Limited(entry, _) => (entry, Reason::Limited),
            Refusal::Scope(entry, scope) => (entry, Reason::Scope(*scope)),
        };
        self.fold(entry, reason, scope, origin);
    }

    /// Counts a key's attempt at what only persons may do.
    pub fn deny_person(&self, entry: &EntryRef, origin: Origin<'_>) {
        self.fold(entry, Reason::PersonRequired, None, origin);
    }

    /// Notes that a key was sent in a query string.
    pub fn leaked(&self, entry: &EntryRef, origin: Origin<'_>) {
        self.fold(entry, Reason::LeakedInUrl, None, origin);
    }

    fn fold(&self, entry: &EntryRef, reason: Reason, scope: Option<Scope>, origin: Origin<'_>) {
        if entry.count(|counters| counters.deny(scope)) {
            lock(&self.queue).push(entry.clone());
        }
        lock(&self.folds).add(entry, reason, origin);
    }

    /// Writes denials and usage counters that are due. Returns false if something could not be written: it stays in memory,
    /// and the cause is logged.
    pub async fn flush(&self, app: &App, which: Flush) -> bool {
        let (now, mut is_written) = (app.clock.now(), true);
        if which == Flush::Last || self.rest.is_over(app.clock.ticks(), now) {
            let keys;
            (keys, is_written) = self.write_counts(app).await;
            self.rest.begin(keys, app.clock.ticks(), now);
        }
        let denials = lock(&self.folds).take_due(app.clock.now(), which);
        denials::write(app, denials).await && is_written
    }

    /// Returns how many keys were written, and whether all were.
    async fn write_counts(&self, app: &App) -> (usize, bool) {
        let (mut written, mut taken) = (0, Taken::of(self));
        while let Some(entries) = taken.some() {
            let drain = |entry: EntryRef| {
                let drained = entry.counters().drain();
                (entry, drained)
            };
            let keys = entries.len();
            let is_written = self.write(app, entries.into_iter().map(drain).collect()).await;
            self.taken.fetch_sub(keys, Ordering::Relaxed);
            if !is_written {
                // The others would wait for the same database, and so would a stop.
                return (written, false);
            }
            written += keys;
        }
        (written, true)
    }

    /// False if something has to be written again.
    async fn write(&self, app: &App, batch: Batch) -> bool {
        if let Err(error) = counts::write(app, &batch, app.clock.now()).await {
            let batch = if is_orphan(&error) { without_forgotten(app, batch).await } else { batch };
            if !is_reported(&error) {
                tracing::warn!(%error, keys = batch.len(), "usage could not be written; it is kept for the next time");
            }
            self.restore(batch);
            false
        } else if let Err(error) = addresses::write(app, &batch).await {
            if !is_reported(&error) {
                tracing::warn!(%error, "addresses of use could not be written; they are kept for the next time");
            }
            let of_networks = |Drained { networks, .. }| Drained { networks, ..Drained::default() };
            self.restore(batch.into_iter().map(|(entry, drained)| (entry, of_networks(drained))).collect());
            false
        } else {
            true
        }
    }

    fn restore(&self, batch: Batch) {
        for (entry, drained) in batch {
            if entry.counters().restore(&drained) {
                lock(&self.queue).push(entry);
            }
        }
    }

    /// Whether everything that was counted is written.
    pub fn is_empty(&self) -> bool {
        self.waiting() == 0 && lock(&self.folds).is_empty()
    }

    /// How many keys have counts that are not written yet.
    pub fn waiting(&self) -> usize {
        lock(&self.queue).len() + self.taken.load(Ordering::Relaxed)
    }

    /// Puts back what could not be written.
    fn put_back(&self, denial: Denial) {
        lock(&self.folds).put_back(denial);
    }
}

/// Keys that a flush has taken from the queue. What it does not come to goes back, also if the flush is cut off.
struct Taken<'a> {
    recorder: &'a Recorder,
    entries: Vec<EntryRef>,
}

impl<'a> Taken<'a> {
    fn of(recorder: &'a Recorder) -> Self {
        let mut entries = std::mem::take(&mut *lock(&recorder.queue));
        recorder.taken.fetch_add(entries.len(), Ordering::Relaxed);
        // Those of a workspace together: its log is locked as rarely as can be. And in the order of the tables, so that each
        // batch is about other pages of them.
        entries.sort_unstable_by_key(|entry| (entry.tenant.id, entry.id));
        Self { recorder, entries }
    }

    fn some(&mut self) -> Option<Vec<EntryRef>> {
        let some = self.entries.split_off(self.entries.len().saturating_sub(BATCH));
        (!some.is_empty()).then_some(some)
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.recorder.taken.fetch_sub(self.entries.len(), Ordering::Relaxed);
        lock(&self.recorder.queue).append(&mut self.entries);
    }
}

/// A batch without keys that the database has forgotten: their use cannot be written, and must not keep that of others from
/// being written. If it cannot be asked, everything stays for the next time.
async fn without_forgotten(app: &App, batch: Batch) -> Batch {
    match store::existing(app.db.read(), batch.iter().map(|(entry, _)| entry.id).collect()).await {
        Ok(there) => batch.into_iter().filter(|(entry, _)| there.contains(&entry.id)).collect(),
        Err(_) => batch,
    }
}

/// Whether more flushes will follow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flush {
    /// One of many.
    Regular,
    /// The process is about to end.
    Last,
}
