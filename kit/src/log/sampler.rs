//! Lines of requests that no credential let in: so many for one client and for all, the others as sums.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

use super::TARGET;
use crate::http::client_ip::network;
use crate::limit::{Gcra, Limits, Rate};
use crate::lock::lock;

/// Lines for one client: a hundred at once, twenty a second.
const CLIENT: Rate = Rate { requests: 100, per: Duration::from_secs(5) };

/// Lines for all clients together. A line has a kilobyte at most, so that a flood writes 100 kB a second.
const TOTAL: Rate = Rate { requests: 100, per: Duration::from_secs(1) };

/// The most clients with a counter of their own. While all are active, lines of further clients are left out.
const CLIENTS: usize = 4_096;

/// Decides which requests without an admitted credential have a line of their own.
#[derive(Debug)]
pub struct Sampler {
    clients: Limits<IpAddr>,
    total: Gcra,
    left_out: Mutex<BTreeMap<u16, u64>>,
}

impl Default for Sampler {
    fn default() -> Self {
        Self { clients: Limits::new(CLIENT, CLIENTS), total: Gcra::default(), left_out: Mutex::default() }
    }
}

impl Sampler {
    /// Returns whether a request from this address gets a line of its own; otherwise counts it under its status.
    pub fn admits(&self, address: IpAddr, status: u16, ticks: Duration) -> bool {
        let is_admitted =
            self.clients.try_acquire(network(address), ticks).is_ok() && self.total.try_acquire(TOTAL, ticks).is_ok();
        if !is_admitted {
            *lock(&self.left_out).entry(status).or_default() += 1;
        }
        is_admitted
    }

    /// Logs how many had no line of their own, by status, if there were any.
    pub fn sum_up(&self) {
        let counts = std::mem::take(&mut *lock(&self.left_out));
        let left_out: u64 = counts.values().sum();
        if left_out > 0 {
            let by_status: Vec<String> = counts.iter().map(|(status, count)| format!("{status}: {count}")).collect();
            let by_status = by_status.join(", ");
            tracing::info!(target: TARGET, left_out, by_status, "more requests without a credential than are logged one by one");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn admitted(sampler: &Sampler, requests: impl Iterator<Item = IpAddr>, ticks: Duration) -> usize {
        requests.filter(|address| sampler.admits(*address, 404, ticks)).count()
    }

    #[test]
    fn client_has_a_hundred_lines_at_once_and_twenty_a_second() {
        let sampler = Sampler::default();
        let one = || std::iter::repeat_n(IpAddr::from([203, 0, 113, 7]), 1_000);
        assert_eq!(admitted(&sampler, one(), SECOND), 100);
        assert_eq!(admitted(&sampler, one(), 2 * SECOND), 20);
        assert_eq!(lock(&sampler.left_out).get(&404), Some(&1_880));
        assert!(sampler.admits([203, 0, 113, 8].into(), 404, 2 * SECOND), "another client has its own");
    }

    #[test]
    fn addresses_of_one_ipv6_network_are_one_client() {
        let sampler = Sampler::default();
        let addresses = (0..1_000).map(|number| IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, number]));
        assert_eq!(admitted(&sampler, addresses, SECOND), 100);
        assert_eq!(admitted(&sampler, std::iter::once([203, 0, 113, 7].into()), 2 * SECOND), 1);
    }

    #[test]
    fn many_clients_share_a_hundred_lines_a_second() {
        let sampler = Sampler::default();
        let address = |number: u32| IpAddr::from(number.to_be_bytes());
        assert_eq!(admitted(&sampler, (0..100_000).map(address), SECOND), 100);
        assert_eq!(admitted(&sampler, (100_000..200_000).map(address), 2 * SECOND), 100);
    }
}
