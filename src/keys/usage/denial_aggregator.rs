//! [`DenialAggregator`]: denied requests in memory, grouped by key, reason and client network. Groups are bounded, so that an
//! attacker fills neither the disk nor the memory.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use kit::clock::Time;
use kit::http::client_ip;

use super::flush_throttle::Flush;
use crate::keys::denial::DenialReason;
use crate::keys::index::EntryRef;
use crate::keys::model::KeyId;

/// The time between two events of one group.
const WINDOW: Duration = Duration::from_mins(1);

/// The maximum of groups in memory. Past it, new requests are grouped by key and reason only.
const MAX_GROUPS: usize = 10_000;

/// The maximum of groups by network for one key and reason: more than a person would read. Requests from further networks share
/// one more group.
const MAX_NETWORKS: usize = 16;

/// Denied requests until they are flushed.
#[derive(Debug, Default)]
pub(super) struct DenialAggregator {
    /// Groups of a key and reason, at most [`MAX_NETWORKS`] + 1.
    groups: HashMap<(KeyId, DenialReason), Vec<Group>>,
    /// The number of groups of all keys.
    count: usize,
}

#[derive(Debug)]
struct Group {
    entry: EntryRef,
    /// The client network; `None` for the group that further networks share.
    network: Option<IpAddr>,
    count: u64,
    first: Time,
    last: Time,
    request_id: String,
    user_agent: Option<String>,
    reported_at: Option<Time>,
}

/// Denied requests of one group, for one audit event.
#[derive(Debug)]
pub(super) struct AggregatedDenial {
    pub(super) entry: EntryRef,
    pub(super) reason: DenialReason,
    /// The client network; `None` for several.
    pub(super) network: Option<IpAddr>,
    pub(super) count: u64,
    pub(super) first: Time,
    pub(super) last: Time,
    /// Of the first request.
    pub(super) request_id: String,
    /// Of the first request.
    pub(super) user_agent: Option<String>,
}

/// The properties of a denied request that its audit event names.
#[derive(Clone, Debug)]
pub struct DeniedRequest<'a> {
    pub address: IpAddr,
    pub now: Time,
    pub request_id: &'a str,
    pub user_agent: Option<String>,
}

impl DenialAggregator {
    pub(super) fn add(&mut self, entry: &EntryRef, reason: DenialReason, request: DeniedRequest<'_>) {
        let groups = self.groups.entry((entry.id, reason)).or_default();
        let mut network = Some(client_ip::network(request.address));
        let is_known = groups.iter().any(|group| group.network == network);
        let networks = groups.iter().filter(|group| group.network.is_some()).count();
        if !is_known && (networks >= MAX_NETWORKS || self.count >= MAX_GROUPS) {
            network = None;
        }
        let at = groups.iter().position(|group| group.network == network).unwrap_or_else(|| {
            self.count += 1;
            groups.push(Group::new(entry, network, request.now));
            groups.len() - 1
        });
        let group = &mut groups[at];
        if group.count == 0 {
            group.first = request.now;
            request.request_id.clone_into(&mut group.request_id);
            group.user_agent = request.user_agent;
        }
        group.count += 1;
        group.last = request.now;
    }

    /// Takes the denials of groups that were not reported within the last [`WINDOW`]; the last flush takes all.
    pub(super) fn take_due(&mut self, now: Time, which: Flush) -> Vec<AggregatedDenial> {
        let mut due = Vec::new();
        self.groups.retain(|(_, reason), groups| {
            groups.retain_mut(|group| {
                let is_due = group.reported_at.is_none_or(|at| now.since(at) >= WINDOW);
                if group.count > 0 && (is_due || which == Flush::Last) {
                    due.push(group.take(*reason, now));
                    return true;
                }
                group.count > 0 || !is_due
            });
            !groups.is_empty()
        });
        self.count = self.groups.values().map(Vec::len).sum();
        due
    }

    /// Puts back denials that could not be written.
    pub(super) fn restore(&mut self, denial: AggregatedDenial) {
        // The group still exists: one flush follows another, and only the next one removes groups that this one has emptied.
        let groups = self.groups.get_mut(&(denial.entry.id, denial.reason));
        if let Some(group) = groups.and_then(|groups| groups.iter_mut().find(|group| group.network == denial.network)) {
            group.count += denial.count;
            group.first = denial.first;
            group.request_id = denial.request_id;
            group.user_agent = denial.user_agent;
            group.reported_at = None;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.groups.values().flatten().all(|group| group.count == 0)
    }
}

impl Group {
    fn new(entry: &EntryRef, network: Option<IpAddr>, now: Time) -> Self {
        Self {
            entry: entry.clone(),
            network,
            count: 0,
            first: now,
            last: now,
            request_id: String::new(),
            user_agent: None,
            reported_at: None,
        }
    }

    fn take(&mut self, reason: DenialReason, now: Time) -> AggregatedDenial {
        self.reported_at = Some(now);
        AggregatedDenial {
            entry: self.entry.clone(),
            reason,
            network: self.network,
            count: std::mem::take(&mut self.count),
            first: self.first,
            last: self.last,
            request_id: std::mem::take(&mut self.request_id),
            user_agent: self.user_agent.take(),
        }
    }
}
