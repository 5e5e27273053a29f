//! The promise under load.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, RwLock};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use testkit::wait::pause;
use testkit::{Client, Key, Node};

use crate::load::Load;
use crate::test_cluster::{TestCluster, accepts, create, is_ready_again, refuses, revoking_takes};

#[test]
fn no_node_of_three_accepts_a_request_after_the_revocation_returned() {
    const ROUNDS: usize = 40;
    let cluster = TestCluster::new();
    let nodes = cluster.nodes::<3>();
    let token = nodes[0].sign_in();
    let mut owners = nodes.each_ref().map(|node| node.owner_with(&token));
    let load = Load::default();
    for number in 0..4 {
        load.add(create(&mut owners[0], &format!("First {number}")));
    }
    let mut took: Vec<Duration> = Vec::new();
    std::thread::scope(|scope| {
        for node in nodes.iter().cycle().take(6) {
            scope.spawn(|| load.run(|| node.address));
        }
        for round in 0..ROUNDS {
            let key = load.any(round);
            took.push(revoking_takes(&mut owners[round % 3], &key));
            load.answered(&key);
            refuses(&nodes.each_ref(), &key);
            load.remove(&key);
            // A new key works on every node once it is shown.
            let new = create(&mut owners[(round + 1) % 3], &format!("Next {round}"));
            accepts(&nodes.each_ref(), &new);
            load.add(new);
        }
        load.end();
    });
    let (late, accepted) = load.late();
    took.sort_unstable();
    println!(
        "{accepted} accepted of {}; revoking took {:?} in the middle, {:?} at most",
        load.requests(),
        took[ROUNDS / 2],
        took[ROUNDS - 1]
    );
    assert!(accepted > 1_000, "that was no load: {accepted}");
    assert_eq!(late, 0);
    cluster.site.verify_audit_log();
}

#[test]
fn no_late_request_is_accepted_while_nodes_freeze_die_and_start() {
    const ROUNDS: usize = 100;
    let cluster = TestCluster::new();
    let troop = Troop::new(&cluster);
    let (token, keys) = troop.keys(ROUNDS + 4);
    let load = Load::default();
    let (first, others) = keys.split_at(4);
    for key in first {
        load.add(key.clone());
    }
    std::thread::scope(|scope| {
        for place in (0..3).cycle().take(6) {
            let (load, troop) = (&load, &troop);
            scope.spawn(move || load.run(|| troop.address(place)));
        }
        scope.spawn(|| troop.suffer(&cluster, &load));
        for (key, next) in keys.iter().zip(others) {
            troop.revoke(&token, key);
            load.answered(key);
            load.add(next.clone());
            load.remove(key);
        }
        load.end();
    });
    let (late, accepted) = load.late();
    println!("{accepted} accepted of {}; {} blows", load.requests(), troop.blows.load(Ordering::Acquire));
    assert!(accepted > 1_000, "that was no load: {accepted}");
    assert_eq!(late, 0);
    assert!(troop.blows.load(Ordering::Acquire) >= 20, "that was no hard time");
    for node in &troop.nodes {
        let node = node.lock().expect("no panic");
        is_ready_again(node.as_ref().expect("a node"));
    }
    cluster.site.verify_audit_log();
}

/// Three nodes, of which one at a time has a hard time.
struct Troop {
    nodes: [Mutex<Option<Node>>; 3],
    addresses: [RwLock<SocketAddr>; 3],
    /// The index of that node.
    sufferer: AtomicUsize,
    blows: AtomicUsize,
}

impl Troop {
    fn new(cluster: &TestCluster) -> Self {
        let nodes = cluster.nodes::<3>();
        let addresses = nodes.each_ref().map(|node| RwLock::new(node.address));
        let nodes = nodes.map(|node| Mutex::new(Some(node)));
        Self { nodes, addresses, sufferer: AtomicUsize::new(0), blows: AtomicUsize::new(0) }
    }

    fn address(&self, place: usize) -> SocketAddr {
        *self.addresses[place].read().expect("no panic")
    }

    /// Freezes a node or kills it, and lets it come back, again and again.
    fn suffer(&self, cluster: &TestCluster, load: &Load) {
        let mut random = StdRng::seed_from_u64(11);
        while !load.is_over() {
            let place = random.random_range(0..3);
            self.sufferer.store(place, Ordering::Release);
            let mut slot = self.nodes[place].lock().expect("no panic");
            if random.random_bool(0.5) {
                let node = slot.as_ref().expect("a node");
                node.pause();
                pause(Duration::from_millis(random.random_range(50..2_500)));
                node.resume();
            } else {
                slot.take().expect("a node").kill();
                pause(Duration::from_millis(random.random_range(0..500)));
                let node = cluster.node();
                *self.addresses[place].write().expect("no panic") = node.address;
                *slot = Some(node);
            }
            self.blows.fetch_add(1, Ordering::AcqRel);
            pause(Duration::from_millis(random.random_range(0..300)));
        }
    }

    /// As many keys, and the token of who made them.
    fn keys(&self, count: usize) -> (String, Vec<Key>) {
        let node = self.nodes[0].lock().expect("no panic");
        let node = node.as_ref().expect("a node");
        let token = node.sign_in();
        let mut owner = node.owner_with(&token);
        let keys = (0..count).map(|number| create(&mut owner, &format!("Key {number}"))).collect();
        (token, keys)
    }

    /// Asks one node after another until one answers, beginning with one that has no hard time.
    fn revoke(&self, token: &str, key: &Key) {
        let (deadline, path) = (Instant::now() + testkit::DEADLINE, format!("/api/v1/api-keys/{}/revoke", key.id));
        for place in self.sufferer.load(Ordering::Acquire) + 1.. {
            assert!(Instant::now() < deadline, "nobody revokes {}", key.id);
            let Ok(client) = Client::connect(self.address(place % 3)) else { continue };
            let mut client = client.header("authorization", &format!("Bearer {token}"));
            match client.try_send("POST", &path, Some("{}")) {
                Ok(answer) if answer.status == 200 => return,
                Ok(answer) => assert_eq!(answer.status, 503, "{}", answer.body),
                Err(_) => {}
            }
        }
    }
}
