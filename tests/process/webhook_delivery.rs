//! Webhooks of a real process: SIGKILL at any moment, a graceful stop, and what commands change.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use testkit::wait::pause;
use testkit::{Node, Receiver, Reply, Site, until};

use crate::BINARY;

/// Processes that are killed, on so many databases at once.
const KILLS: u64 = 100;
const SITES: u64 = 4;

/// The time for which another process holds the database's lock: longer than a transaction waits.
const LOCKED: Duration = Duration::from_secs(12);

/// Flags of a node that delivers to this machine.
const TO_THIS_MACHINE: [&str; 5] = ["--webhook-allow", "127.0.0.0/8", "--webhook-allow-http", "--limits", "member-writes=none"];

/// A workspace, and the file of a secret key for its nodes.
pub(super) fn site_with_key() -> (Site, String) {
    let site = Site::new(BINARY);
    let key = site.folder().join("given.secret-key").to_str().expect("a path in UTF-8").to_owned();
    site.run(&["secret-key", "new", "--output", &key]).is(0);
    (site, key)
}

pub(super) fn node(site: &Site, key: &str) -> Node {
    site.node_with(&[&TO_THIS_MACHINE[..], &["--secret-key-file", key]].concat())
}

fn trip() -> String {
    json!({ "tripType": "charter", "origin": "KTEB", "destination": "KMIA", "departureDate": "2027-04-01T10:00:00Z" }).to_string()
}

/// Creates trips until the node ends. Adds the ids of those that were answered.
fn create_until_the_end(address: SocketAddr, token: &str, answered: &Mutex<Vec<String>>) {
    let Ok(client) = testkit::Client::connect(address) else { return };
    let mut client = client.header("authorization", &format!("Bearer {token}"));
    while let Ok(made) = client.try_send("POST", "/api/v1/ops/trips", Some(&trip())) {
        let id = made.is(201).json["data"]["id"].as_str().expect("an id").to_owned();
        answered.lock().expect("no panic").push(id);
    }
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
    // Beside each other, since most of the time a process that starts is waited for.
    let sites: Vec<_> = (0..SITES).map(|seed| std::thread::spawn(move || kill_again_and_again(seed))).collect();
    for site in sites {
        site.join().expect("every committed event, in order");
    }
}

fn kill_again_and_again(seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    let ((site, key), receiver) = (site_with_key(), Receiver::start());
    let node = self::node(&site, &key);
    let token = node.sign_in();
    let endpoint = json!({ "url": receiver.url(), "events": ["trip.created"] });
    node.owner_with(&token).post("/api/v1/webhooks", &endpoint).is(201);
    node.kill();
    let answered = Mutex::new(Vec::new());
    for _ in 0..KILLS / SITES {
        // Otherwise each round would wait for the lease of a node that is known to be dead.
        site.execute("DELETE FROM nodes");
        let node = self::node(&site, &key);
        let answers = || answered.lock().expect("no panic").len();
        let enough = answers() + random.random_range(0..8);
        std::thread::scope(|scope| {
            let (address, token, answered) = (node.address, &token, &answered);
            scope.spawn(move || create_until_the_end(address, token, answered));
            until("the trips of this round were answered", || answers() >= enough);
            pause(Duration::from_micros(random.random_range(0..100_000)));
            node.kill();
        });
    }
    site.execute("DELETE FROM nodes");
    let node = self::node(&site, &key);
    let committed = created_trips(&site);
    let trips: BTreeSet<&String> = committed.values().map(|(_, trip)| trip).collect();
    assert!(answered.into_inner().expect("no panic").iter().all(|trip| trips.contains(trip)), "answered means stored");
    let sequences: BTreeSet<i64> = committed.keys().copied().collect();
    until("every committed event has arrived", || arrived(&receiver).len() >= sequences.len());
    receiver.assert_received_in_order(&sequences);
    for request in receiver.requests() {
        let (event, trip) = &committed[&request.sequence()];
        let body = request.json();
        assert_eq!((&body["id"], &body["data"]["trip_id"]), (&json!(event), &json!(trip)));
    }
    assert_eq!(node.stop().0.code(), Some(0));
    site.verify_audit_log();
}

#[test]
fn deliveries_go_on_after_the_database_was_locked() {
    let ((site, key), receiver) = (site_with_key(), Receiver::start());
    let node = self::node(&site, &key);
    let mut owner = node.owner();
    owner.post("/api/v1/webhooks", &json!({ "url": receiver.url(), "events": ["trip.created"] })).is(201);
    let mut create = || owner.try_send("POST", "/api/v1/ops/trips", Some(&trip())).is_ok_and(|made| made.status == 201);
    // Their requests are in flight when another process takes the lock, and their ends cannot be stored.
    receiver.answer(Reply::After(Duration::from_millis(500), 200));
    assert!((0..12).all(|_| create()), "not locked yet");
    receiver.wait_for(1);
    let lock = site.lock_writes();
    pause(LOCKED);
    lock.release();
    receiver.answer(Reply::Status(200));
    until("a trip can be created", create);
    let sequences: BTreeSet<i64> = created_trips(&site).into_keys().collect();
    until("every committed event has arrived", || arrived(&receiver).len() >= sequences.len());
    receiver.assert_received_in_order(&sequences);
    assert_eq!(node.stop().0.code(), Some(0));
    site.verify_audit_log();
}

fn arrived(receiver: &Receiver) -> BTreeSet<i64> {
    receiver.requests().iter().map(testkit::ReceivedRequest::sequence).collect()
}

#[test]
fn endpoint_that_is_this_server_itself_does_not_loop() {
    let (site, key) = site_with_key();
    let node = self::node(&site, &key);
    let mut owner = node.owner();
    let made = owner.create_key("Key", &["trips:read"]);
    // A URL may not carry a key, not even escaped.
    let escaped = made.secret.bytes().fold(String::new(), |text, byte| text + &format!("%{byte:02x}"));
    let own = |path: &str| json!({ "url": format!("http://{}{path}", node.address), "events": ["*"] });
    for secret in [&made.secret, &escaped] {
        owner.post("/api/v1/webhooks", &own(&format!("/api/v1/ops/trips?key={secret}"))).is(400);
    }
    for path in ["/", "/sign-in", "/api/v1/ops/trips", "/api/v1/auth/sign-in", "/api/v1/webhooks", "/health"] {
        owner.post("/api/v1/webhooks", &own(path)).is(201);
    }
    let made = owner.try_send("POST", "/api/v1/ops/trips", Some(&trip())).expect("a response").is(201);
    let id = made.json["data"]["id"].as_str().expect("an id").to_owned();
    let attempted = || {
        let metrics = node.anonymous().get("/metrics").is(200).body;
        let count = |line: &str| line.rsplit_once(' ').and_then(|(_, count)| count.parse::<f64>().ok());
        metrics.lines().filter(|line| line.starts_with("planeconnection_webhook_attempts_total")).filter_map(count).sum::<f64>()
    };
    until("all endpoints were tried", || attempted() >= 6.0);
    let recorded = |owner: &mut testkit::Client| owner.get("/api/v1/audit-log?page_size=1").is(200).json["data"]["total"].clone();
    let (before, tried) = (recorded(&mut owner), attempted());
    // Another change, whose events come after all that the first could have caused.
    owner.patch(&format!("/api/v1/ops/trips/{id}"), &json!({ "status": "confirmed" })).is(200);
    until("they were tried again", || attempted() >= tried + 6.0);
    let after = recorded(&mut owner);
    assert_eq!(after.as_i64(), before.as_i64().map(|before| before + 1), "deliveries are no events");
    assert_eq!(node.stop().0.code(), Some(0));
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
