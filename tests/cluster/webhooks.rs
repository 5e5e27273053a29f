//! Webhooks on three nodes: every committed event arrives, whichever node is killed or frozen.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;
use testkit::wait::pause;
use testkit::{Node, ReceivedRequest, Receiver, Reply, until};

use crate::test_cluster::TestCluster;

/// The kills of one process of three.
const KILLS: usize = 100;

const FLAGS: [&str; 5] = ["--webhook-allow", "127.0.0.0/8", "--webhook-allow-http", "--limits", "member-writes=none"];

fn node(cluster: &TestCluster, key: &str) -> Node {
    cluster.site.node_with(&[&FLAGS[..], &["--secret-key-file", key]].concat())
}

/// A file with a secret key for all nodes.
fn secret_key(cluster: &TestCluster) -> String {
    let path = cluster.site.folder().join("secret-key");
    let path = path.to_str().expect("a path in UTF-8").to_owned();
    cluster.site.run(&["secret-key", "new", "--output", &path]).is(0);
    path
}

/// The time for which the database is away: longer than the lease of a node, and by `DATABASE_AWAY_SECONDS` any other.
fn away() -> Duration {
    let seconds = std::env::var("DATABASE_AWAY_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(seconds.unwrap_or(4))
}

/// Creates a trip. Returns whether it was answered.
fn trip(node: SocketAddr, token: &str) -> bool {
    let body = json!({ "tripType": "charter", "origin": "KTEB", "destination": "KMIA", "departureDate": "2027-04-01T10:00:00Z" });
    let Ok(client) = testkit::Client::connect(node) else { return false };
    let mut client = client.header("authorization", &format!("Bearer {token}"));
    client.try_send("POST", "/api/v1/ops/trips", Some(&body.to_string())).is_ok_and(|made| made.status == 201)
}

fn committed(node: &Node, token: &str) -> BTreeSet<i64> {
    let mut owner = node.owner_with(token);
    let mut sequences = BTreeSet::new();
    for page in 1.. {
        let listed = owner.get(&format!("/api/v1/audit-log?action=trip.created&page_size=100&page={page}")).is(200);
        let items = listed.json["data"]["items"].as_array().expect("a list").clone();
        sequences.extend(items.iter().map(|event| event["sequence"].as_i64().expect("a sequence")));
        if items.len() < 100 {
            break;
        }
    }
    sequences
}

fn arrived(receiver: &Receiver) -> BTreeSet<i64> {
    receiver.requests().iter().map(ReceivedRequest::sequence).collect()
}

#[test]
fn events_of_three_nodes_arrive_whichever_of_them_is_killed() {
    let (cluster, receivers) = (TestCluster::new(), [Receiver::start(), Receiver::start(), Receiver::start()]);
    let key = secret_key(&cluster);
    let mut nodes: Vec<Node> = (0..3).map(|_| node(&cluster, &key)).collect();
    let token = nodes[0].sign_in();
    for receiver in &receivers {
        nodes[0].owner_with(&token).post("/api/v1/webhooks", &json!({ "url": receiver.url(), "events": ["trip.*"] })).is(201);
    }
    let mut random = StdRng::seed_from_u64(3);
    for _ in 0..KILLS {
        for _ in 0..random.random_range(1..6) {
            for node in &nodes {
                trip(node.address, &token);
            }
        }
        pause(Duration::from_millis(random.random_range(0..80)));
        nodes.remove(random.random_range(0..3)).kill();
        nodes.push(node(&cluster, &key));
    }
    let committed = committed(&nodes[0], &token);
    assert!(committed.len() > 3 * KILLS, "{}", committed.len());
    for receiver in &receivers {
        until("every committed event has arrived", || arrived(receiver).len() >= committed.len());
        assert_eq!(arrived(receiver), committed, "and no other");
    }
    cluster.site.verify_audit_log();
}

#[test]
fn deliveries_go_on_by_themselves_after_the_database_was_away() {
    let (cluster, receiver) = (TestCluster::new(), Receiver::start());
    let key = secret_key(&cluster);
    let nodes: [Node; 3] = std::array::from_fn(|_| node(&cluster, &key));
    let token = nodes[0].sign_in();
    nodes[0].owner_with(&token).post("/api/v1/webhooks", &json!({ "url": receiver.url(), "events": ["trip.*"] })).is(201);
    for how in ["immediate", "fast"] {
        // Some are answered while the database is away, so that their ends cannot be stored.
        receiver.answer(Reply::After(Duration::from_millis(500), 200));
        let before = receiver.count();
        for number in 0..12 {
            assert!(trip(nodes[number % 3].address, &token), "the database is there");
        }
        receiver.wait_for(before + 1);
        cluster.server.down(how).expect("it stops");
        pause(away());
        assert!(!trip(nodes[0].address, &token), "the database is away");
        cluster.server.up().expect("it starts");
        receiver.answer(Reply::Status(200));
        until("each node stores a trip", || nodes.iter().all(|node| trip(node.address, &token)));
        let committed = committed(&nodes[1], &token);
        until("every committed event has arrived", || arrived(&receiver).len() >= committed.len());
        receiver.assert_received_in_order(&committed);
    }
    cluster.site.verify_audit_log();
}

#[test]
fn deliveries_of_a_frozen_node_go_on_at_another() {
    let (cluster, receiver) = (TestCluster::new(), Receiver::start());
    let key = secret_key(&cluster);
    let nodes: Vec<Node> = (0..3).map(|_| node(&cluster, &key)).collect();
    let token = nodes[0].sign_in();
    nodes[0].owner_with(&token).post("/api/v1/webhooks", &json!({ "url": receiver.url(), "events": ["trip.*"] })).is(201);
    trip(nodes[0].address, &token);
    receiver.wait_for(1);
    // One of them owns the endpoint: each in turn is frozen while the others write.
    for frozen in 0..3 {
        nodes[frozen].pause();
        let before = receiver.count();
        let writer = &nodes[(frozen + 1) % 3];
        until("a trip is stored", || trip(writer.address, &token));
        receiver.wait_for(before + 1);
        nodes[frozen].resume();
        until("it answers again", || trip(nodes[frozen].address, &token));
    }
    let committed = committed(&nodes[0], &token);
    until("every committed event has arrived", || arrived(&receiver).len() >= committed.len());
    assert_eq!(arrived(&receiver), committed);
}
