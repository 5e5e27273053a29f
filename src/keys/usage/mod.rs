//! What requests with keys leave behind in memory, on its way to the database.
//!
//! Accepted requests are counted in their entry; refusals are folded by key, reason and address, one audit event a
//! minute each, so that an attacker cannot fill the disk. A graceful stop writes everything; a crash loses what was
//! counted since the last flush, a second at most.
//!
//! - `counts` by the hour, and last uses; `addresses` where from; `denials` refusals as audit events

mod addresses;
mod counts;
mod denials;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(super) use addresses::addresses;
pub use counts::import as import_usage;
pub(super) use counts::{hours, last_uses};

use super::index::{Drained, Entry, Refusal};
use super::model::KeyId;
use super::scope::Scope;
use crate::app::App;
use crate::kit::clock::Time;
use crate::kit::lock::lock;

/// Usage of keys, as it is written.
type Batch = Vec<(Arc<Entry>, Drained)>;

/// Rows in one statement: SQLite binds at most 32,766 values.
const CHUNK: usize = 4_000;

/// The reason that has an action of its own.
const LEAKED: &str = "leaked_in_url";

/// One event for the same refusals in this time.
const FOLD: Duration = Duration::from_mins(1);

/// Different refusals remembered at once; past it, strangers' addresses are folded into one.
const MOST_FOLDS: usize = 10_000;

/// Collects usage of keys and writes it in batches.
#[derive(Debug, Default)]
pub struct Recorder {
    queue: Mutex<Vec<Arc<Entry>>>,
    folds: Mutex<HashMap<FoldKey, Fold>>,
}

type FoldKey = (KeyId, Reason, Option<IpAddr>);

/// Why requests were refused, in the words of the log.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Reason {
    Revoked,
    Expired,
    Address,
    Limited,
    Scope(Scope),
    PersonRequired,
    LeakedInUrl,
}

impl Reason {
    fn as_str(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Address => "ip_not_allowed",
            Self::Limited => "rate_limited",
            Self::Scope(_) => "scope_required",
            Self::PersonRequired => "person_required",
            Self::LeakedInUrl => LEAKED,
        }
    }
}

#[derive(Debug)]
struct Fold {
    entry: Arc<Entry>,
    count: u64,
    first: Time,
    last: Time,
    request_id: String,
    user_agent: Option<String>,
    reported_at: Option<Time>,
}

/// Refusals folded into one, for the log.
#[derive(Clone, Debug)]
pub struct Denial {
    /// The key.
    pub entry: Arc<Entry>,
    /// Why, in the log's words.
    pub reason: &'static str,
    /// The scope that was missing.
    pub scope: Option<Scope>,
    /// From where; `None` if from more addresses than are told apart.
    pub address: Option<IpAddr>,
    /// How many.
    pub count: u64,
    /// The first of them.
    pub first: Time,
    /// The last of them.
    pub last: Time,
    /// The first one's request.
    pub request_id: String,
    /// The first one's program.
    pub user_agent: Option<String>,
}

/// The request that was refused.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "they are what they are called")]
pub struct Origin<'a> {
    pub address: IpAddr,
    pub now: Time,
    pub request_id: &'a str,
    pub user_agent: Option<&'a str>,
}

impl Recorder {
    /// Counts an accepted request.
    pub fn allow(&self, entry: &Arc<Entry>, scope: Option<Scope>, address: IpAddr, now: Time) {
        if entry.counters().allow(scope, address, now) {
            lock(&self.queue).push(Arc::clone(entry));
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
    pub fn deny_person(&self, entry: &Arc<Entry>, origin: Origin<'_>) {
        self.fold(entry, Reason::PersonRequired, None, origin);
    }

    /// Notes that a key was sent in a query string.
    pub fn leaked(&self, entry: &Arc<Entry>, origin: Origin<'_>) {
        self.fold(entry, Reason::LeakedInUrl, None, origin);
    }

    fn fold(&self, entry: &Arc<Entry>, reason: Reason, scope: Option<Scope>, origin: Origin<'_>) {
        if entry.counters().deny(scope) {
            lock(&self.queue).push(Arc::clone(entry));
        }
        let mut folds = lock(&self.folds);
        let mut key = (entry.id, reason, Some(origin.address));
        if folds.len() >= MOST_FOLDS && !folds.contains_key(&key) {
            key.2 = None;
        }
        let fold = folds.entry(key).or_insert_with(|| Fold {
            entry: Arc::clone(entry),
            count: 0,
            first: origin.now,
            last: origin.now,
            request_id: String::new(),
            user_agent: None,
            reported_at: None,
        });
        if fold.count == 0 {
            fold.first = origin.now;
            origin.request_id.clone_into(&mut fold.request_id);
            fold.user_agent = origin.user_agent.map(str::to_owned);
        }
        fold.count += 1;
        fold.last = origin.now;
    }

    /// Writes what was counted; on a failure it stays in memory for the next time.
    pub async fn flush(&self, app: &App, which: Flush) {
        let entries = std::mem::take(&mut *lock(&self.queue));
        if !entries.is_empty() {
            let batch = entries.into_iter().map(|entry| {
                let drained = entry.counters().drain();
                (entry, drained)
            });
            self.write(app, batch.collect()).await;
        }
        let denials = self.due(app.clock.now(), which);
        if !denials.is_empty() {
            denials::write(app, denials).await;
        }
    }

    async fn write(&self, app: &App, batch: Batch) {
        if let Err(error) = counts::write(app, &batch, app.clock.now()).await {
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
        lock(&self.queue).is_empty() && lock(&self.folds).values().all(|fold| fold.count == 0)
    }

    fn due(&self, now: Time, which: Flush) -> Vec<Denial> {
        let mut due = Vec::new();
        lock(&self.folds).retain(|(_, reason, address), fold| {
            let quiet = fold.reported_at.is_none_or(|at| now.since(at) >= FOLD);
            if fold.count > 0 && (quiet || which == Flush::Last) {
                due.push(Denial {
                    entry: Arc::clone(&fold.entry),
                    reason: reason.as_str(),
                    scope: if let Reason::Scope(scope) = reason { Some(*scope) } else { None },
                    address: *address,
                    count: fold.count,
                    first: fold.first,
                    last: fold.last,
                    request_id: std::mem::take(&mut fold.request_id),
                    user_agent: fold.user_agent.take(),
                });
                fold.count = 0;
                fold.reported_at = Some(now);
                return true;
            }
            fold.count > 0 || !quiet
        });
        due
    }

    /// Puts back what could not be written.
    pub(super) fn put_back(&self, denial: Denial) {
        let mut folds = lock(&self.folds);
        for ((id, reason, address), fold) in folds.iter_mut() {
            if *id == denial.entry.id && reason.as_str() == denial.reason && *address == denial.address {
                fold.count += denial.count;
                fold.first = denial.first;
                fold.request_id = denial.request_id;
                fold.user_agent = denial.user_agent;
                fold.reported_at = None;
                return;
            }
        }
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
