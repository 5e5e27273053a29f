//! Webhooks of a real process: SIGKILL at any moment, a graceful stop, and what commands change.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use testkit::wait::pause;
use testkit::{Node, Receiver, Reply, Site, until};

use crate::BINARY;

const ROUNDS: usize = 50;

/// Flags of a node that delivers to this machine.
const TO_THIS_MACHINE: [&str; 5] = ["--webhook-allow", "127.0.0.0/8", "--webhook-allow-http", "--limits", "member-writes=none"];

/// A workspace, and the file of a secret key for its nodes.
fn site_with_key() -> (Site, String) {
    let site = Site::new(BINARY);
    let key = site.folder().join("given.secret-key").to_str().expect("a path in UTF-8").to_owned();
    site.run(&["secret-key", "new", "--output", &key]).is(0);
    (site, key)
}

fn node(site: &Site, key: &str) -> Node {
    site.node_with(&[&TO_THIS_MACHINE[..], &["--secret-key-file", key]].concat())
}

fn trip() -> String {
    json!({ "tripType": "charter", "origin": "KTEB", "destination": "KMIA", "departureDate": "2027-04-01T10:00:00Z" }).to_string()
}

/// Creates trips until the node ends. Returns the ids of those that were answered.
fn create_until_the_end(address: SocketAddr, token: &str) -> Vec<String> {
    let mut answered = Vec::new();
    let Ok(client) = testkit::Client::connect(address) else { return answered };
    let mut client = client.header("authorization", &format!("Bearer {token}"));
    while let Ok(made) = client.try_send("POST", "/api/v1/ops/trips", Some(&trip())) {
        answered.push(made.is(201).json["data"]["id"].as_str().expect("an id").to_owned());
    }
    answered
}

/// The event of each audit event of a created trip, by sequence: the id of the event, and that of the trip.
fn created_trips(site: &Site) -> BTreeMap<i64, (String, String)> {
    let exported = site.run(&["audit", "export", "--format", "ndjson"]).is(0).stdout;
    let events = exported.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    events
        .filter(|event| event["action"] == "trip.created")
        .map(|event| (event["sequence"].as_i64().expect("a sequence"), (text(&event["id"]), text(&event["target"]["id"]))))
        .collect()
}

#[test]
fn committed_events_are_delivered_in_order_whenever_the_process_is_killed() {
    let mut random = StdRng::seed_from_u64(11);
    let ((site, key), receiver) = (site_with_key(), Receiver::start());
    let node = self::node(&site, &key);
    let token = node.sign_in();
    let endpoint = json!({ "url": receiver.url(), "events": ["trip.created"] });
    node.owner_with(&token).post("/api/v1/webhooks", &endpoint).is(201);
    node.kill();
    let mut answered = Vec::new();
    for _ in 0..ROUNDS {
        // Otherwise each round would wait for the lease of a node that is known to be dead.
        site.execute("DELETE FROM nodes");
        let node = self::node(&site, &key);
        let lives = Duration::from_micros(random.random_range(0..500_000));
        let until = Instant::now() + lives;
        let (address, token) = (node.address, token.clone());
        let writing = std::thread::spawn(move || create_until_the_end(address, &token));
        pause(until.saturating_duration_since(Instant::now()));
        node.kill();
        answered.extend(writing.join().expect("no panic"));
    }
    site.execute("DELETE FROM nodes");
    let node = self::node(&site, &key);
    let committed = created_trips(&site);
    let trips: BTreeSet<&String> = committed.values().map(|(_, trip)| trip).collect();
    assert!(answered.iter().all(|trip| trips.contains(trip)), "answered means stored");
    assert!(committed.len() > ROUNDS / 5, "only {} trips in all rounds", committed.len());
    let seen = || -> BTreeSet<i64> { receiver.requests().iter().map(testkit::ReceivedRequest::sequence).collect() };
    until("every committed event has arrived", || seen().len() >= committed.len());
    let mut latest = 0;
    for request in receiver.requests() {
        let sequence = request.sequence();
        let (event, trip) = committed.get(&sequence).unwrap_or_else(|| panic!("{sequence} was not committed"));
        let body = request.json();
        assert_eq!((&body["id"], &body["data"]["trip_id"]), (&json!(event), &json!(trip)));
        if request.header("x-planeconnection-attempt") == "1" && sequence > latest {
            let missing = committed.range(latest + 1..sequence).count();
            assert_eq!(missing, 0, "{sequence} came before {missing} events in front of it");
            latest = sequence;
        }
    }
    assert_eq!(node.stop().0.code(), Some(0));
    site.verify_audit_log();
}

#[test]
fn process_that_stops_waits_for_requests_in_flight() {
    let ((site, key), receiver) = (site_with_key(), Receiver::start());
    let node = self::node(&site, &key);
    let mut owner = node.owner();
    let endpoint = json!({ "url": receiver.url(), "events": ["trip.*"] });
    let id = owner.post("/api/v1/webhooks", &endpoint).is(201).json["data"]["webhook"]["id"].as_str().expect("an id").to_owned();
    receiver.answer(Reply::After(Duration::from_millis(1500), 200));
    owner.try_send("POST", "/api/v1/ops/trips", Some(&trip())).expect("a response").is(201);
    receiver.wait_for(1);
    assert_eq!(node.stop().0.code(), Some(0));
    let node = self::node(&site, &key);
    let deliveries = node.owner().get(&format!("/api/v1/webhooks/{id}/deliveries")).is(200);
    assert_eq!(deliveries.json["data"]["items"][0]["status"], "delivered", "{}", deliveries.body);
    assert_eq!(receiver.count(), 1);
}
