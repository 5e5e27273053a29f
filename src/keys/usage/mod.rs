//! What requests with keys leave behind in memory, on its way to the database.
//!
//! Accepted requests are counted in their entry; refusals are folded by key, reason and address, one audit event a
//! minute each, and of each key and reason 16 addresses at once are told apart, so that an attacker cannot fill the
//! disk. A graceful stop writes everything; a crash loses what was counted since the last flush, a second at most.
//!
//! - `counts` by the hour, and last uses; `addresses` where from
//! - `report` both, as they are told
//! - `folds` refusals in memory; `denials` the same as audit events

mod addresses;
mod counts;
mod denials;
mod folds;
mod report;

use std::net::IpAddr;
use std::sync::Mutex;

pub(super) use addresses::{addresses, count_addresses, first_use};
pub use counts::import as import_usage;
pub(super) use counts::{DayCount, days, last_uses};
pub use folds::Origin;
use folds::{Denial, Folds, Reason};
pub(super) use report::{Bucket, Report, Sum, report};

use super::index::{Drained, EntryRef, Refusal};
use super::scope::Scope;
use super::store;
use crate::app::App;
use crate::kit::clock::Time;
use crate::kit::db::is_orphan;
use crate::kit::lock::lock;

/// Usage of keys, as it is written.
type Batch = Vec<(EntryRef, Drained)>;

/// Keys in one transaction: others who write, the node's own lease among them, get their turn in between.
const BATCH: usize = 1_000;

/// Rows in one statement: SQLite binds at most 32,766 values.
const CHUNK: usize = 4_000;

/// Collects usage of keys and writes it in batches.
#[derive(Debug, Default)]
pub struct Recorder {
    queue: Mutex<Vec<EntryRef>>,
    folds: Mutex<Folds>,
}

impl Recorder {
    /// Counts an accepted request.
    pub fn allow(&self, entry: &EntryRef, scope: Option<Scope>, address: IpAddr, now: Time) {
        if entry.counters().allow(scope, address, now) {
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
        if entry.counters().deny(scope) {
            lock(&self.queue).push(entry.clone());
        }
        lock(&self.folds).add(entry, reason, origin);
    }

    /// Writes what was counted; on a failure it stays in memory for the next time.
    pub async fn flush(&self, app: &App, which: Flush) {
        let entries = std::mem::take(&mut *lock(&self.queue));
        for entries in entries.chunks(BATCH) {
            let drain = |entry: &EntryRef| (entry.clone(), entry.counters().drain());
            self.write(app, entries.iter().map(drain).collect()).await;
        }
        let denials = lock(&self.folds).take_due(app.clock.now(), which);
        if !denials.is_empty() {
            denials::write(app, denials).await;
        }
    }

    async fn write(&self, app: &App, batch: Batch) {
        if let Err(error) = counts::write(app, &batch, app.clock.now()).await {
            let batch = if is_orphan(&error) { without_forgotten(app, batch).await } else { batch };
            tracing::warn!(%error, keys = batch.len(), "usage could not be written; it is kept for the next time");
            self.restore(batch);
        } else if let Err(error) = addresses::write(app, &batch).await {
            tracing::warn!(%error, "addresses of use could not be written; they are kept for the next time");
            let of_addresses = |Drained { addresses, .. }| Drained { addresses, ..Drained::default() };
            self.restore(batch.into_iter().map(|(entry, drained)| (entry, of_addresses(drained))).collect());
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
        lock(&self.queue).is_empty() && lock(&self.folds).is_empty()
    }

    /// How many keys have counts that are not written yet.
    pub fn waiting(&self) -> usize {
        lock(&self.queue).len()
    }

    /// Puts back what could not be written.
    fn put_back(&self, denial: Denial) {
        lock(&self.folds).put_back(denial);
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
