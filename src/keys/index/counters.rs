//! What requests with one key leave behind, until it is written.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex};

use crate::scopes::Scope;
use kit::clock::Time;
use kit::http::client;
use kit::lock::lock;

/// Requests since counts were last written. Two relaxed atomics a request, once its address is known.
///
/// In this order, as what a request needs is then side by side: with very many keys in use, each cache line is a miss.
#[derive(Debug)]
#[repr(C)]
pub struct Counters {
    last_used_at: AtomicI64,
    last_ip: AtomicU64,
    is_queued: AtomicBool,
    allowed: [AtomicU32; PLACES],
    denied: [AtomicU32; PLACES],
    networks: Mutex<HashMap<IpAddr, Seen>>,
    known_ip: AtomicU64,
}

/// One for each scope, and the last for calls that need none.
pub(super) const PLACES: usize = 13;

/// Networks remembered for one key between two writes; one more takes the place of the longest unused.
const MOST_NETWORKS: usize = 1_000;

/// When accepted requests came from a network: an IPv4 address, or 64 bits of IPv6.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    pub first: Time,
    pub last: Time,
    /// The address of the last of them.
    pub address: IpAddr,
}

/// What a write takes away.
#[derive(Debug, Default)]
pub struct Drained {
    /// By scope (`None`: none needed): allowed and denied.
    pub counts: Vec<(Option<Scope>, u32, u32)>,
    /// The networks accepted requests came from, in the order they were first seen.
    pub networks: Vec<(IpAddr, Seen)>,
    /// The last accepted request.
    pub last_used_at: Option<Time>,
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            last_used_at: AtomicI64::new(0),
            last_ip: AtomicU64::new(0),
            is_queued: AtomicBool::new(false),
            allowed: [const { AtomicU32::new(0) }; PLACES],
            denied: [const { AtomicU32::new(0) }; PLACES],
            networks: Mutex::default(),
            known_ip: AtomicU64::new(0),
        }
    }
}

impl Counters {
    /// Counts an accepted request; true if the key must now be queued for the next write.
    pub fn allow(&self, scope: Option<Scope>, address: IpAddr, now: Time) -> bool {
        self.allowed[place(scope)].fetch_add(1, Ordering::Relaxed);
        self.last_used_at.store(now.micros(), Ordering::Relaxed);
        let mark = mark(address);
        if self.last_ip.load(Ordering::Relaxed) != mark {
            self.last_ip.store(mark, Ordering::Relaxed);
            note(&mut lock(&self.networks), address, now);
        }
        self.queue()
    }

    /// Counts a refused request; true if the key must now be queued for the next write.
    pub fn deny(&self, scope: Option<Scope>) -> bool {
        self.denied[place(scope)].fetch_add(1, Ordering::Relaxed);
        self.queue()
    }

    fn queue(&self) -> bool {
        !self.is_queued.load(Ordering::Relaxed) && !self.is_queued.swap(true, Ordering::AcqRel)
    }

    /// Takes what was counted, once it is its turn in the queue.
    pub fn drain(&self) -> Drained {
        // First: a request counted from here on queues the key again.
        self.is_queued.store(false, Ordering::Release);
        let mut drained = Drained::default();
        for at in 0..PLACES {
            let (allowed, denied) = (self.allowed[at].swap(0, Ordering::AcqRel), self.denied[at].swap(0, Ordering::AcqRel));
            if allowed > 0 || denied > 0 {
                drained.counts.push((Scope::from_index(at), allowed, denied));
            }
        }
        let last_used_at = Time::from_micros(self.last_used_at.swap(0, Ordering::AcqRel)).filter(|time| *time > Time::FIRST);
        self.last_ip.store(0, Ordering::Relaxed);
        let mut networks = std::mem::take(&mut *lock(&self.networks));
        // The address last seen may have been used again since it was noted.
        if let (Some(last), Some(newest)) = (last_used_at, networks.values_mut().max_by_key(|seen| seen.last)) {
            newest.last = last.max(newest.last);
        }
        drained.networks = networks.into_iter().collect();
        drained.networks.sort_unstable_by_key(|(_, seen)| seen.first);
        drained.last_used_at = last_used_at;
        drained
    }

    /// Puts back what could not be written; true if the key must be queued again.
    pub fn restore(&self, drained: &Drained) -> bool {
        for (scope, allowed, denied) in &drained.counts {
            self.allowed[place(*scope)].fetch_add(*allowed, Ordering::Relaxed);
            self.denied[place(*scope)].fetch_add(*denied, Ordering::Relaxed);
        }
        if let Some(at) = drained.last_used_at {
            self.last_used_at.fetch_max(at.micros(), Ordering::Relaxed);
        }
        let mut networks = lock(&self.networks);
        for (network, seen) in &drained.networks {
            if networks.len() < MOST_NETWORKS || networks.contains_key(network) {
                networks.entry(*network).or_insert(*seen).first = seen.first;
            }
        }
        drop(networks);
        self.queue()
    }

    /// Notes a network that the database has, in place of the one before.
    pub fn note_known(&self, network: IpAddr) {
        self.known_ip.store(mark(network), Ordering::Relaxed);
    }

    /// Whether it is that one, so that the database need not be asked.
    pub fn is_known(&self, network: IpAddr) -> bool {
        self.known_ip.load(Ordering::Relaxed) == mark(network)
    }
}

/// Notes a request from an address. Of too many networks the longest unused is forgotten: a new one must not go unseen.
fn note(networks: &mut HashMap<IpAddr, Seen>, address: IpAddr, now: Time) {
    let network = client::network(address);
    if networks.len() >= MOST_NETWORKS && !networks.contains_key(&network) {
        let oldest = networks.iter().min_by_key(|(_, seen)| seen.last).map(|(network, _)| *network);
        oldest.and_then(|oldest| networks.remove(&oldest));
    }
    let seen = networks.entry(network).or_insert(Seen { first: now, last: now, address });
    (seen.last, seen.address) = (now, address);
}

/// The place of a scope.
pub(super) fn place(scope: Option<Scope>) -> usize {
    scope.map_or(PLACES - 1, Scope::index)
}

/// A number for an address that is never zero. Two addresses of one number would be listed as one, so that nobody may be able to
/// choose an address by the number of another: that of IPv6 is a hash by a secret of this process.
fn mark(address: IpAddr) -> u64 {
    static SECRET: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    match address {
        IpAddr::V4(v4) => u64::from(v4.to_bits()) | 1 << 32,
        // The top bit keeps it apart from every number of IPv4.
        IpAddr::V6(v6) => SECRET.hash_one(v6) | 1 << 63,
    }
}
