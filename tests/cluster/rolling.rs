//! A rolling restart behind a load balancer, which sends requests to the nodes that are ready, on connections that it keeps.

use std::net::SocketAddr;
use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rustix::process::Signal;
use testkit::{Client, Key, Node, Response, WHOAMI, until};

use crate::test_cluster::{TestCluster, create, is_ready_again, refuses, revoking_takes, status};

/// Longer than the test: the balancer decides when a node may stop.
const DELAY: [&str; 4] = ["--shutdown-delay", "1h", "--limits", "member-writes=none"];

/// Nodes behind the balancer.
const PLACES: usize = 3;

/// Clients of the balancer.
const CLIENTS: usize = 6;

/// Requests that show that clients use a node.
const SEVERAL: usize = 50;

#[test]
fn rolling_restart_of_three_nodes_leaves_no_gap_in_service() {
    let cluster = TestCluster::new();
    let start = || cluster.site.node_with(&DELAY);
    let mut nodes: Vec<Node> = (0..PLACES).map(|_| start()).collect();
    nodes.iter().for_each(is_ready_again);
    let token = nodes[0].sign_in();
    let mut owner = nodes[0].owner_with(&token);
    let [good, ending] = ["Good", "Ending"].map(|name| create(&mut owner, name));
    let balancer = &Balancer::new(nodes.iter().map(|node| node.address), good, ending);
    std::thread::scope(|scope| {
        let _over = Over(balancer);
        for _ in 0..CLIENTS {
            scope.spawn(|| balancer.send());
        }
        for place in 0..PLACES {
            balancer.wait_for_requests(place);
            let node = nodes.remove(place);
            node.signal(Signal::TERM);
            until("the balancer learns that the node is not ready", || status(&node, "/readiness") == 503);
            balancer.wait_for_requests(place);
            balancer.remove(place);
            // The rest of the delay is of no use.
            let (ended, _, stderr) = node.stop();
            assert_eq!(ended.code(), Some(0), "{stderr}");
            let node = start();
            is_ready_again(&node);
            balancer.add(place, node.address);
            if place == 1 {
                revoking_takes(&mut node.owner_with(&token), &balancer.ending);
                balancer.is_revoked.store(true, Ordering::Release);
            }
            nodes.insert(place, node);
        }
        (0..PLACES).for_each(|place| balancer.wait_for_requests(place));
    });
    refuses(&nodes.iter().collect::<Vec<_>>(), &balancer.ending);
    cluster.site.verify_audit_log();
}

/// Places for nodes, and the keys that clients present to them.
struct Balancer {
    places: Vec<Place>,
    good: Key,
    /// A key that is revoked meanwhile.
    ending: Key,
    /// True once the revocation has returned.
    is_revoked: AtomicBool,
    is_over: AtomicBool,
}

#[derive(Default)]
struct Place {
    /// The address of the node while it is ready. Locked for reading during a request, so that a writer waits for its response.
    ready: RwLock<Option<SocketAddr>>,
    answered: AtomicUsize,
}

/// Ends the clients when dropped, also by a failure of the test.
struct Over<'a>(&'a Balancer);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.is_over.store(true, Ordering::Release);
    }
}

impl Balancer {
    fn new(addresses: impl Iterator<Item = SocketAddr>, good: Key, ending: Key) -> Self {
        let places = addresses.map(|address| Place { ready: RwLock::new(Some(address)), ..Place::default() }).collect();
        Self { places, good, ending, is_revoked: AtomicBool::default(), is_over: AtomicBool::default() }
    }

    /// Sends no further request to the node at a place, and waits for the responses to those in progress.
    fn remove(&self, place: usize) {
        *self.places[place].ready.write().expect("no panic") = None;
    }

    fn add(&self, place: usize, address: SocketAddr) {
        *self.places[place].ready.write().expect("no panic") = Some(address);
    }

    #[track_caller]
    fn wait_for_requests(&self, place: usize) {
        let answered = || self.places[place].answered.load(Ordering::Acquire);
        let before = answered();
        until("the node has answered several requests", || answered() >= before + SEVERAL);
    }

    /// Sends requests in turn to the nodes that are ready, until the end.
    fn send(&self) {
        let mut connections: Vec<Option<(SocketAddr, Client)>> = (0..PLACES).map(|_| None).collect();
        for number in 0.. {
            if self.is_over.load(Ordering::Acquire) {
                break;
            }
            let place = number % PLACES;
            let ready = self.places[place].ready.read().expect("no panic");
            let Some(address) = *ready else { continue };
            let kept = connections[place].take().filter(|(of, _)| *of == address);
            let mut client = kept.map_or_else(|| Client::connect(address).expect("a connection"), |(_, client)| client);
            let response = self.ask(&mut client, number);
            self.places[place].answered.fetch_add(1, Ordering::AcqRel);
            let is_last = response.headers.iter().any(|(name, value)| name == "connection" && value == "close");
            connections[place] = (!is_last).then_some((address, client));
        }
    }

    /// Asks with one of the keys. A request fails the test if it is not answered, or not as its key demands.
    fn ask(&self, client: &mut Client, number: usize) -> Response {
        // One round with one key, and the next with the other.
        if (number / PLACES).is_multiple_of(2) {
            return client.try_get_with(&self.good, WHOAMI).expect("a response").is(200);
        }
        let was_revoked = self.is_revoked.load(Ordering::Acquire);
        let response = client.try_get_with(&self.ending, WHOAMI).expect("a response");
        match response.status {
            200 => assert!(!was_revoked, "accepted after the revocation returned"),
            401 => assert_eq!(response.json["error"]["code"], "API_KEY_REVOKED", "{}", response.body),
            status => panic!("{status}: {}", response.body),
        }
        response
    }
}
