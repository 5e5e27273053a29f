//! Limits on the connections of a listener, in total and per client.
//!
//! Past either limit a few more connections enter an overflow lane, where each lives for seconds and serves one request:
//! health probes are answered there, everything else gets a 503. Beyond that, connections are closed unanswered.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use super::client_ip::{canonical, network};
use crate::cidr::Cidr;
use crate::lock::lock;

/// Connections in the overflow lane, in all.
pub const OVERFLOW: usize = 32;

/// Connections in the overflow lane, for one client.
const OVERFLOW_SHARE: usize = 16;

/// Bounds on connections, and the count of those that are open.
#[derive(Clone, Debug)]
pub struct Connections(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    most: usize,
    share: usize,
    has_overflow: bool,
    exempt: Vec<Cidr>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    regular: Lane,
    overflow: Lane,
    refused: Refused,
    /// Refused ones that were logged already.
    logged: Refused,
}

#[derive(Debug, Default)]
struct Lane {
    open: usize,
    /// By network: an IPv6 /64 is one client.
    clients: HashMap<IpAddr, usize>,
}

/// Connections that were not served in full since the start.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Refused {
    /// Their client had its share.
    pub by_share: u64,
    /// There were as many as are served.
    pub by_total: u64,
    /// Of both, those that were closed unanswered.
    pub unanswered: u64,
}

/// The service that a connection gets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Service {
    /// All requests, with the usual timeouts.
    Regular,
    /// One request, which is refused unless it is a probe of health.
    Overflow,
}

/// An open connection, counted until this is dropped.
#[derive(Debug)]
pub(super) struct Open {
    connections: Connections,
    client: IpAddr,
    pub(super) service: Service,
}

impl Connections {
    /// At `most` connections, a quarter of them for one client. Trusted proxies have no share, as all come from them.
    pub fn new(most: usize, exempt: Vec<Cidr>) -> Self {
        Self::with(most, (most / 4).max(1), true, exempt)
    }

    /// At `most` connections from whatever address, without an overflow lane.
    pub fn few(most: usize) -> Self {
        Self::with(most, most, false, Vec::new())
    }

    fn with(most: usize, share: usize, has_overflow: bool, exempt: Vec<Cidr>) -> Self {
        Self(Arc::new(Inner { most, share, has_overflow, exempt, state: Mutex::default() }))
    }

    /// Counts a connection from `peer`, unless it has to be closed unanswered.
    pub(super) fn admit(&self, peer: IpAddr) -> Option<Open> {
        let Inner { most, share, has_overflow, exempt, state } = &*self.0;
        let peer = canonical(peer);
        let client = network(peer);
        let share = if exempt.iter().any(|block| block.contains(&peer)) { *most } else { *share };
        let State { regular, overflow, refused, .. } = &mut *lock(state);
        let open = |service| Some(Open { connections: self.clone(), client, service });
        if regular.add(client, *most, share) {
            return open(Service::Regular);
        }
        *if regular.open >= *most { &mut refused.by_total } else { &mut refused.by_share } += 1;
        if *has_overflow && overflow.add(client, OVERFLOW, OVERFLOW_SHARE) {
            return open(Service::Overflow);
        }
        refused.unanswered += 1;
        None
    }

    /// Connections that are open now, those in the overflow lane included.
    pub fn open(&self) -> usize {
        let state = lock(&self.0.state);
        state.regular.open + state.overflow.open
    }

    /// Connections that were not served in full since the start.
    pub fn refused(&self) -> Refused {
        lock(&self.0.state).refused
    }

    /// Logs how many were refused since the last time, if any were.
    pub fn sum_up(&self) {
        let State { refused, logged, .. } = &mut *lock(&self.0.state);
        let (by_share, by_total) = (refused.by_share - logged.by_share, refused.by_total - logged.by_total);
        let unanswered = refused.unanswered - logged.unanswered;
        *logged = *refused;
        if by_share + by_total > 0 {
            let Inner { most, share, .. } = &*self.0;
            tracing::warn!(
                by_share,
                by_total,
                unanswered,
                most,
                share,
                "connections were refused: a client, or all of them, had too many"
            );
        }
    }
}

impl Lane {
    fn add(&mut self, client: IpAddr, most: usize, share: usize) -> bool {
        if self.open >= most {
            return false;
        }
        let of_client = self.clients.entry(client).or_default();
        if *of_client >= share {
            return false;
        }
        *of_client += 1;
        self.open += 1;
        true
    }

    fn remove(&mut self, client: IpAddr) {
        self.open = self.open.saturating_sub(1);
        if let Some(of_client) = self.clients.get_mut(&client) {
            *of_client -= 1;
            if *of_client == 0 {
                self.clients.remove(&client);
            }
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let state = &mut *lock(&self.connections.0.state);
        match self.service {
            Service::Regular => state.regular.remove(self.client),
            Service::Overflow => state.overflow.remove(self.client),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(connections: &Connections, peers: &[&str]) -> Vec<Option<Open>> {
        peers.iter().map(|peer| connections.admit(peer.parse().expect("an address"))).collect()
    }

    fn services(opened: &[Option<Open>]) -> Vec<Option<Service>> {
        opened.iter().map(|open| open.as_ref().map(|open| open.service)).collect()
    }

    const REGULAR: Option<Service> = Some(Service::Regular);
    const OVERFLOWED: Option<Service> = Some(Service::Overflow);

    #[test]
    fn client_has_a_quarter_and_gets_it_back() {
        let connections = Connections::new(8, Vec::new());
        let open = opened(&connections, &["203.0.113.7", "203.0.113.7", "203.0.113.7", "203.0.113.8"]);
        assert_eq!(services(&open), [REGULAR, REGULAR, OVERFLOWED, REGULAR]);
        assert_eq!((connections.open(), connections.refused().by_share), (4, 1));
        drop(open);
        assert_eq!(connections.open(), 0);
        assert!(lock(&connections.0.state).regular.clients.is_empty());
        assert_eq!(services(&opened(&connections, &["203.0.113.7"])), [REGULAR]);
    }

    #[test]
    fn network_of_an_ipv6_address_is_one_client_and_so_is_a_mapped_address() {
        let connections = Connections::new(4, Vec::new());
        let open = opened(&connections, &["2001:db8::1", "2001:db8::2", "203.0.113.7", "::ffff:203.0.113.7", "2001:db8:0:1::1"]);
        assert_eq!(services(&open), [REGULAR, OVERFLOWED, REGULAR, OVERFLOWED, REGULAR]);
    }

    #[test]
    fn trusted_proxy_has_no_share() {
        let connections = Connections::new(4, vec!["10.0.0.0/8".parse().expect("a block")]);
        let open = opened(&connections, &["10.0.0.1"; 5]);
        assert_eq!(services(&open), [REGULAR, REGULAR, REGULAR, REGULAR, OVERFLOWED]);
        assert_eq!((connections.refused().by_share, connections.refused().by_total), (0, 1));
    }

    #[test]
    fn overflow_lane_is_bounded_too() {
        let connections = Connections::new(1, Vec::new());
        let open = opened(&connections, &["203.0.113.7"; 18]);
        assert_eq!(services(&open)[..17], [&[REGULAR][..], &[OVERFLOWED; OVERFLOW_SHARE]].concat());
        assert!(open[17].is_none());
        assert_eq!(connections.refused(), Refused { by_share: 0, by_total: 17, unanswered: 1 });
        let others: Vec<_> =
            (0..OVERFLOW).map(|number| connections.admit([192, 0, 2, u8::try_from(number).expect("small")].into())).collect();
        assert_eq!(others.iter().flatten().count(), OVERFLOW - OVERFLOW_SHARE);
        assert!(opened(&Connections::few(1), &["203.0.113.7", "203.0.113.7"])[1].is_none());
    }
}
