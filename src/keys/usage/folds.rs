//! Refusals while they are in memory: folded by key, reason and address, so that an attacker cannot fill the disk.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::Flush;
use crate::keys::index::Entry;
use crate::keys::model::KeyId;
use crate::keys::scope::Scope;
use crate::kit::clock::Time;

/// One event for the same refusals in this time.
const FOLD: Duration = Duration::from_mins(1);

/// Different refusals remembered at once; past it, strangers' addresses are folded into one.
const MOST_FOLDS: usize = 10_000;

/// Refusals on their way to the log.
#[derive(Debug, Default)]
pub(super) struct Folds(HashMap<FoldKey, Fold>);

type FoldKey = (KeyId, Reason, Option<IpAddr>);

/// Why requests were refused.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Reason {
    Revoked,
    Expired,
    Address,
    Limited,
    Scope(Scope),
    PersonRequired,
    LeakedInUrl,
}

impl Reason {
    /// In the words of the log.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Address => "ip_not_allowed",
            Self::Limited => "rate_limited",
            Self::Scope(_) => "scope_required",
            Self::PersonRequired => "person_required",
            Self::LeakedInUrl => "leaked_in_url",
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
#[derive(Debug)]
pub(super) struct Denial {
    pub(super) entry: Arc<Entry>,
    pub(super) reason: Reason,
    /// From where; `None` if from more addresses than are told apart.
    pub(super) address: Option<IpAddr>,
    pub(super) count: u64,
    pub(super) first: Time,
    pub(super) last: Time,
    /// The first one's request.
    pub(super) request_id: String,
    /// The first one's program.
    pub(super) user_agent: Option<String>,
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

impl Folds {
    pub(super) fn add(&mut self, entry: &Arc<Entry>, reason: Reason, origin: Origin<'_>) {
        let mut key = (entry.id, reason, Some(origin.address));
        if self.0.len() >= MOST_FOLDS && !self.0.contains_key(&key) {
            key.2 = None;
        }
        let fold = self.0.entry(key).or_insert_with(|| Fold {
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

    /// Takes what is to be told now; of what was told less than [`FOLD`] ago, more may come.
    pub(super) fn take_due(&mut self, now: Time, which: Flush) -> Vec<Denial> {
        let mut due = Vec::new();
        self.0.retain(|(_, reason, address), fold| {
            let quiet = fold.reported_at.is_none_or(|at| now.since(at) >= FOLD);
            if fold.count > 0 && (quiet || which == Flush::Last) {
                due.push(Denial {
                    entry: Arc::clone(&fold.entry),
                    reason: *reason,
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
    pub(super) fn put_back(&mut self, denial: Denial) {
        // It is still there: flushes follow one another, and taking it has left it for the next to remove.
        if let Some(fold) = self.0.get_mut(&(denial.entry.id, denial.reason, denial.address)) {
            fold.count += denial.count;
            fold.first = denial.first;
            fold.request_id = denial.request_id;
            fold.user_agent = denial.user_agent;
            fold.reported_at = None;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.values().all(|fold| fold.count == 0)
    }
}
