//! Refusals while they are in memory: folded by key, reason and address, and of each key and reason no more addresses
//! are told apart than a person would read, so that an attacker fills neither the disk nor the table.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use super::Flush;
use crate::keys::index::EntryRef;
use crate::keys::model::KeyId;
use crate::scopes::Scope;
use kit::clock::Time;
use kit::http::client;

/// One event for the same refusals in this time.
const FOLD: Duration = Duration::from_mins(1);

/// Different refusals remembered at once; past it, addresses are told apart no more.
const MOST_FOLDS: usize = 10_000;

/// Addresses that are told apart for one key and reason at once; whoever tries a key from more is one event more.
const MOST_ADDRESSES: usize = 16;

/// Refusals on their way to the log.
#[derive(Debug, Default)]
pub(super) struct Folds {
    /// By address, of which there are few.
    folds: HashMap<(KeyId, Reason), Vec<Fold>>,
    /// How many there are in all.
    count: usize,
}

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
    entry: EntryRef,
    /// Or a network of them; `None` for all that are not told apart.
    address: Option<IpAddr>,
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
    pub(super) entry: EntryRef,
    pub(super) reason: Reason,
    /// From where, of IPv6 the network; `None` if from more addresses than are told apart.
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
#[derive(Clone, Debug)]
pub struct Origin<'a> {
    pub address: IpAddr,
    pub now: Time,
    pub request_id: &'a str,
    pub user_agent: Option<String>,
}

impl Folds {
    pub(super) fn add(&mut self, entry: &EntryRef, reason: Reason, origin: Origin<'_>) {
        let folds = self.folds.entry((entry.id, reason)).or_default();
        let mut address = Some(client::network(origin.address));
        let is_known = folds.iter().any(|fold| fold.address == address);
        let told_apart = folds.iter().filter(|fold| fold.address.is_some()).count();
        if !is_known && (told_apart >= MOST_ADDRESSES || self.count >= MOST_FOLDS) {
            address = None;
        }
        let at = folds.iter().position(|fold| fold.address == address).unwrap_or_else(|| {
            self.count += 1;
            folds.push(Fold::new(entry, address, origin.now));
            folds.len() - 1
        });
        let fold = &mut folds[at];
        if fold.count == 0 {
            fold.first = origin.now;
            origin.request_id.clone_into(&mut fold.request_id);
            fold.user_agent = origin.user_agent;
        }
        fold.count += 1;
        fold.last = origin.now;
    }

    /// Takes what is to be told now; of what was told less than [`FOLD`] ago, more may come.
    pub(super) fn take_due(&mut self, now: Time, which: Flush) -> Vec<Denial> {
        let mut due = Vec::new();
        self.folds.retain(|(_, reason), folds| {
            folds.retain_mut(|fold| {
                let quiet = fold.reported_at.is_none_or(|at| now.since(at) >= FOLD);
                if fold.count > 0 && (quiet || which == Flush::Last) {
                    due.push(fold.take(*reason, now));
                    return true;
                }
                fold.count > 0 || !quiet
            });
            !folds.is_empty()
        });
        self.count = self.folds.values().map(Vec::len).sum();
        due
    }

    /// Puts back what could not be written.
    pub(super) fn put_back(&mut self, denial: Denial) {
        // It is still there: flushes follow one another, and taking it has left it for the next to remove.
        let folds = self.folds.get_mut(&(denial.entry.id, denial.reason));
        if let Some(fold) = folds.and_then(|folds| folds.iter_mut().find(|fold| fold.address == denial.address)) {
            fold.count += denial.count;
            fold.first = denial.first;
            fold.request_id = denial.request_id;
            fold.user_agent = denial.user_agent;
            fold.reported_at = None;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.folds.values().flatten().all(|fold| fold.count == 0)
    }
}

impl Fold {
    fn new(entry: &EntryRef, address: Option<IpAddr>, now: Time) -> Self {
        Self {
            entry: entry.clone(),
            address,
            count: 0,
            first: now,
            last: now,
            request_id: String::new(),
            user_agent: None,
            reported_at: None,
        }
    }

    /// What there is to tell; nothing is left to tell.
    fn take(&mut self, reason: Reason, now: Time) -> Denial {
        self.reported_at = Some(now);
        Denial {
            entry: self.entry.clone(),
            reason,
            address: self.address,
            count: std::mem::take(&mut self.count),
            first: self.first,
            last: self.last,
            request_id: std::mem::take(&mut self.request_id),
            user_agent: self.user_agent.take(),
        }
    }
}
