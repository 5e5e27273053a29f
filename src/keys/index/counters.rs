//! [`Counters`]: usage of one key in memory until it is flushed.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex};

use kit::clock::Time;
use kit::http::client_ip;
use kit::lock::lock;

use crate::scopes::Scope;

/// Usage since the last flush. A request costs two relaxed atomic operations once its address is known.
///
/// The order of the fields keeps those of one request side by side: with very many keys in use, each cache line is a miss.
#[derive(Debug)]
#[repr(C)]
pub struct Counters {
    last_used_at: AtomicI64,
    last_ip: AtomicU64,
    /// The last request that is listed among the latest.
    sampled_at: AtomicI64,
    is_queued: AtomicBool,
    allowed: [AtomicU32; SCOPE_SLOTS],
    denied: [AtomicU32; SCOPE_SLOTS],
    /// The hour in which `known_ip` was remembered, counted from 1970.
    known_hour: AtomicU32,
    networks: Mutex<HashMap<IpAddr, NetworkUse>>,
    known_ip: AtomicU64,
}

/// One slot per scope, and the last one for calls that need none.
pub(super) const SCOPE_SLOTS: usize = 13;

/// Networks remembered per key between two flushes. One more replaces the one that was unused for longest.
const MAX_NETWORKS: usize = 1_000;

/// Hours for which a network is remembered: of a key that was not used for longer, the database tells the last use.
const REMEMBERED_HOURS: u32 = 7 * 24;

/// Accepted requests from one network: an IPv4 address, or 64 bits of IPv6.
#[derive(Clone, Copy, Debug)]
pub struct NetworkUse {
    pub first: Time,
    pub last: Time,
    /// The client IP of the last request.
    pub address: IpAddr,
}

/// Usage that a flush has taken from the counters.
#[derive(Debug, Default)]
pub struct Drained {
    /// Allowed and denied requests by scope; `None` for calls that need none.
    pub counts: Vec<(Option<Scope>, u32, u32)>,
    /// Networks of accepted requests, in the order of their first use.
    pub networks: Vec<(IpAddr, NetworkUse)>,
    /// Time of the last accepted request.
    pub last_used_at: Option<Time>,
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            last_used_at: AtomicI64::new(0),
            last_ip: AtomicU64::new(0),
            sampled_at: AtomicI64::new(0),
            is_queued: AtomicBool::new(false),
            allowed: [const { AtomicU32::new(0) }; SCOPE_SLOTS],
            denied: [const { AtomicU32::new(0) }; SCOPE_SLOTS],
            known_hour: AtomicU32::new(0),
            networks: Mutex::default(),
            known_ip: AtomicU64::new(0),
        }
    }
}

impl Counters {
    /// Counts an accepted request. Returns true if the key must now be queued for the next flush.
    pub fn allow(&self, scope: Option<Scope>, address: IpAddr, now: Time) -> bool {
        self.allowed[scope_slot(scope)].fetch_add(1, Ordering::Relaxed);
        self.last_used_at.store(now.micros(), Ordering::Relaxed);
        let fingerprint = address_fingerprint(address);
        if self.last_ip.load(Ordering::Relaxed) != fingerprint {
            self.last_ip.store(fingerprint, Ordering::Relaxed);
            note_network(&mut lock(&self.networks), address, now);
        }
        self.queue()
    }

    /// Counts a denied request. Returns true if the key must now be queued for the next flush.
    pub fn deny(&self, scope: Option<Scope>) -> bool {
        self.denied[scope_slot(scope)].fetch_add(1, Ordering::Relaxed);
        self.queue()
    }

    /// Returns whether a request is to be listed among the latest: at most one in `interval` microseconds.
    pub fn sample(&self, now: Time, interval: i64) -> bool {
        let (now, last) = (now.micros(), self.sampled_at.load(Ordering::Relaxed));
        // A clock that was set back must not end the sample.
        let is_due = !(last..last.saturating_add(interval)).contains(&now);
        is_due && self.sampled_at.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    fn queue(&self) -> bool {
        !self.is_queued.load(Ordering::Relaxed) && !self.is_queued.swap(true, Ordering::AcqRel)
    }

    /// Takes all usage, for a flush.
    pub fn drain(&self) -> Drained {
        // First: a request counted from here on queues the key again.
        self.is_queued.store(false, Ordering::Release);
        let mut drained = Drained::default();
        for slot in 0..SCOPE_SLOTS {
            let (allowed, denied) = (self.allowed[slot].swap(0, Ordering::AcqRel), self.denied[slot].swap(0, Ordering::AcqRel));
            if allowed > 0 || denied > 0 {
                drained.counts.push((Scope::from_index(slot), allowed, denied));
            }
        }
        let last_used_at = Time::from_micros(self.last_used_at.swap(0, Ordering::AcqRel)).filter(|time| *time > Time::FIRST);
        self.last_ip.store(0, Ordering::Relaxed);
        let mut networks = std::mem::take(&mut *lock(&self.networks));
        // Requests from the address of `last_ip` do not update its network: its last use may be newer.
        if let (Some(last), Some(newest)) = (last_used_at, networks.values_mut().max_by_key(|network| network.last)) {
            newest.last = last.max(newest.last);
        }
        drained.networks = networks.into_iter().collect();
        drained.networks.sort_unstable_by_key(|(_, network)| network.first);
        drained.last_used_at = last_used_at;
        drained
    }

    /// Puts back usage that could not be written. Returns true if the key must be queued again.
    pub fn restore(&self, drained: &Drained) -> bool {
        for (scope, allowed, denied) in &drained.counts {
            self.allowed[scope_slot(*scope)].fetch_add(*allowed, Ordering::Relaxed);
            self.denied[scope_slot(*scope)].fetch_add(*denied, Ordering::Relaxed);
        }
        if let Some(at) = drained.last_used_at {
            self.last_used_at.fetch_max(at.micros(), Ordering::Relaxed);
        }
        let mut networks = lock(&self.networks);
        for (network, used) in &drained.networks {
            if networks.len() < MAX_NETWORKS || networks.contains_key(network) {
                networks.entry(*network).or_insert(*used).first = used.first;
            }
        }
        drop(networks);
        self.queue()
    }

    /// Remembers one network that the database has, in place of the previous one.
    pub fn note_known(&self, network: IpAddr, now: Time) {
        self.known_ip.store(address_fingerprint(network), Ordering::Relaxed);
        self.known_hour.store(hour_number(now), Ordering::Relaxed);
    }

    /// Returns whether `network` is the one that [`Self::note_known`] remembered within a week, which saves a query.
    pub fn is_known(&self, network: IpAddr, now: Time) -> bool {
        let age = hour_number(now).saturating_sub(self.known_hour.load(Ordering::Relaxed));
        age < REMEMBERED_HOURS && self.known_ip.load(Ordering::Relaxed) == address_fingerprint(network)
    }
}

fn hour_number(time: Time) -> u32 {
    const MICROS: i64 = 3_600_000_000;
    u32::try_from(time.micros() / MICROS).unwrap_or_default()
}

/// Records a request from an address. At the maximum a new network replaces the one that was unused for longest: a new network
/// must not go unseen.
fn note_network(networks: &mut HashMap<IpAddr, NetworkUse>, address: IpAddr, now: Time) {
    let network = client_ip::network(address);
    if networks.len() >= MAX_NETWORKS && !networks.contains_key(&network) {
        let oldest = networks.iter().min_by_key(|(_, used)| used.last).map(|(network, _)| *network);
        oldest.and_then(|oldest| networks.remove(&oldest));
    }
    let used = networks.entry(network).or_insert(NetworkUse { first: now, last: now, address });
    (used.last, used.address) = (now, address);
}

pub(super) fn scope_slot(scope: Option<Scope>) -> usize {
    scope.map_or(SCOPE_SLOTS - 1, Scope::index)
}

/// Returns a number for an address, never zero. Two addresses with one number would be listed as one. An attacker must not be
/// able to choose such an address: the number of an IPv6 address is a hash keyed with a secret of this process.
fn address_fingerprint(address: IpAddr) -> u64 {
    static SECRET: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    match address {
        IpAddr::V4(v4) => u64::from(v4.to_bits()) | 1 << 32,
        // The top bit keeps it apart from all numbers of IPv4 addresses.
        IpAddr::V6(v6) => SECRET.hash_one(v6) | 1 << 63,
    }
}
