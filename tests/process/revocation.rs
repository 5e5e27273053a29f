//! A revocation holds on every node once it returns, from the API and the command line, whatever the nodes are doing.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use planeconnection::cluster::LEASE;
use serde_json::json;
use testkit::{Key, Node, Site, WHOAMI, until};

use crate::BINARY;

/// A machine that is busy with other things may take this much longer.
const SLACK: Duration = Duration::from_secs(8);

fn create(site: &Site, name: &str) -> Key {
    let arguments =
        ["keys", "create", "--name", name, "--permissions", "custom", "--scope", "trips:read", "--no-expiration", "--json"];
    site.run(&arguments).is(0).key()
}

#[track_caller]
fn is_refused(node: &Node, key: &Key) {
    node.with_key(key).get(WHOAMI).is(401).code("API_KEY_REVOKED");
}

#[test]
fn running_node_applies_commands_at_once() {
    let site = Site::new(BINARY);
    let node = site.node();
    let mut took = Vec::new();
    for round in 0..30 {
        let key = create(&site, &format!("Key {round}"));
        node.with_key(&key).get(WHOAMI).is(200);
        let begun = Instant::now();
        site.run(&["keys", "revoke", &key.id]).is(0);
        took.push(begun.elapsed());
        is_refused(&node, &key);
    }
    took.sort_unstable();
    assert!(took[15] < LEASE / 2, "a healthy node lets no one wait for a lease: {took:?}");
    let old = create(&site, "Fleet board");
    let new = site.run(&["keys", "rotate", "Fleet board", "--json"]).is(0).key();
    node.with_key(&new).get(WHOAMI).is(200);
    node.with_key(&old).get(WHOAMI).is(200);
    site.run(&["keys", "revoke", "Fleet board"]).is(0);
    is_refused(&node, &old);
    node.with_key(&new).get(WHOAMI).is(200);
    site.verify_audit_log();
}

#[test]
fn members_and_workspaces_changed_by_command_apply_at_once() {
    let site = Site::new(BINARY);
    let node = site.node();
    let add = ["members", "add", "--email", "ben@skyline.example", "--name", "Ben", "--role", "admin", "--password-stdin"];
    site.run_with_input(&add, "a long enough password").is(0);
    let body = json!({ "email": "ben@skyline.example", "password": "a long enough password" });
    let token = node.anonymous().post("/api/v1/auth/sign-in", &body).is(200).json["data"]["token"].clone();
    let bearer = format!("Bearer {}", token.as_str().expect("a token"));
    let mut ben = node.anonymous().header("authorization", &bearer);
    ben.get(WHOAMI).is(200);
    site.run(&["members", "set-role", "--email", "ben@skyline.example", "--role", "pilot"]).is(0);
    ben.get("/api/v1/api-keys").is(403).code("ROLE_REQUIRED");
    site.run(&["members", "remove", "--email", "ben@skyline.example"]).is(0);
    ben.get(WHOAMI).is(401).code("SESSION_INVALID");

    site.create_workspace("northwind", "cleo@northwind.example").is(0);
    let body = json!({ "email": "cleo@northwind.example", "password": testkit::PASSWORD });
    let token = node.anonymous().post("/api/v1/auth/sign-in", &body).is(200).json["data"]["token"].clone();
    let mut cleo = node.anonymous().header("authorization", &format!("Bearer {}", token.as_str().expect("a token")));
    assert_eq!(cleo.get(WHOAMI).is(200).json["data"]["workspace"]["slug"], "northwind");
}

#[test]
fn frozen_node_delays_a_revocation_by_its_lease_and_then_refuses() {
    let site = Site::new(BINARY);
    let node = site.node();
    let (first, second) = (create(&site, "First"), create(&site, "Second"));
    node.with_key(&first).get(WHOAMI).is(200);
    node.with_key(&second).get(WHOAMI).is(200);
    // A request that is sent meanwhile waits in the socket, and is the first that the node sees.
    let mut waiting = node.with_key(&first);
    node.pause();
    let begun = Instant::now();
    site.run(&["keys", "revoke", &first.id]).is(0);
    let took = begun.elapsed();
    assert!(took >= LEASE, "the node could still have accepted it: {took:?}");
    assert!(took < LEASE + SLACK, "the lease had run out: {took:?}");
    waiting.write(format!("GET {WHOAMI} HTTP/1.1\r\nhost: x\r\nx-api-key: {}\r\n\r\n", first.secret).as_bytes()).expect("sent");
    node.resume();
    waiting.read_response().expect("an answer").is(401).code("API_KEY_REVOKED");
    is_refused(&node, &first);

    // It was forgotten while it was stopped; it takes part again before it trusts its memory.
    until("the node is ready", || node.anonymous().get("/readiness").status == 200);
    site.run(&["keys", "revoke", &second.id]).is(0);
    is_refused(&node, &second);
}

#[test]
fn dead_node_is_waited_for_once() {
    let site = Site::new(BINARY);
    let node = site.node();
    let keys: Vec<Key> = (0..6).map(|number| create(&site, &format!("Key {number}"))).collect();
    node.kill();
    let mut took: Vec<Duration> = keys.iter().map(|key| revoking_takes(&site, key)).collect();
    assert!(took[0] < LEASE + SLACK, "{took:?}");
    took[1..].sort_unstable();
    assert!(took[3] < LEASE, "{took:?}");
    let node = site.node();
    for key in &keys {
        is_refused(&node, key);
    }
}

fn revoking_takes(site: &Site, key: &Key) -> Duration {
    let begun = Instant::now();
    site.run(&["keys", "revoke", &key.id]).is(0);
    begun.elapsed()
}

#[test]
fn dead_node_is_removed_by_live_nodes() {
    let site = Site::new(BINARY);
    let (dead, alive) = (site.node(), site.node());
    let keys: Vec<Key> = (0..3).map(|number| create(&site, &format!("Key {number}"))).collect();
    dead.kill();
    until("its end is noticed", || alive.stderr().contains("a node has ended without leaving"));
    let took: Vec<Duration> = keys.iter().map(|key| revoking_takes(&site, key)).collect();
    assert!(took.iter().any(|took| *took < LEASE), "{took:?}");
}

#[test]
fn no_node_accepts_a_request_after_the_revocation_returned() {
    const ROUNDS: usize = 12;
    let site = Site::new(BINARY);
    let (one, other) = (site.node(), site.node());
    let mut owner = one.owner();
    for round in 0..ROUNDS {
        let key = owner.create_key(&format!("Key {round}"), &["trips:read"]);
        let (is_over, accepted) = (AtomicBool::new(false), Mutex::new(Vec::new()));
        let answered_at = std::thread::scope(|scope| {
            for node in [&one, &other, &other] {
                let (key, is_over, accepted) = (&key, &is_over, &accepted);
                scope.spawn(move || {
                    let mut client = node.with_key(key);
                    let mut starts = Vec::new();
                    let mut refused = 0;
                    while !is_over.load(Ordering::Acquire) || refused < 20 {
                        let start = Instant::now();
                        match client.get(WHOAMI).status {
                            200 => starts.push(start),
                            401 => refused += 1,
                            // Without a lease and without an answer of the database: neither accepted nor refused.
                            503 => {}
                            status => panic!("{status}"),
                        }
                    }
                    accepted.lock().expect("no panic").extend(starts);
                });
            }
            until("the key is in use", || other.with_key(&key).get(WHOAMI).status == 200);
            owner.revoke(&key);
            let answered_at = Instant::now();
            is_over.store(true, Ordering::Release);
            answered_at
        });
        let late = accepted.lock().expect("no panic").iter().filter(|start| **start > answered_at).count();
        assert_eq!(late, 0, "in round {round}");
    }
}

#[test]
fn keys_are_verified_and_revoked_despite_a_long_write_lock() {
    let site = Site::new(BINARY);
    let node = site.node();
    let (kept, gone) = (create(&site, "Kept"), create(&site, "Gone"));
    let lock = site.lock_writes();
    until("the lease has run out", || node.anonymous().get("/readiness").status == 503);
    // Keys are looked up one by one: the node knows nothing that could be stale.
    node.with_key(&kept).get(WHOAMI).is(200);
    node.anonymous().get("/health").is(200);
    std::thread::scope(|scope| {
        let revoking = scope.spawn(|| site.run(&["keys", "revoke", &gone.id]).is(0));
        node.with_key(&kept).get(WHOAMI).is(200);
        assert!(!revoking.is_finished(), "it cannot have been written");
        lock.release();
    });
    is_refused(&node, &gone);
    until("the node is ready again", || node.anonymous().get("/readiness").status == 200);
    node.with_key(&kept).get(WHOAMI).is(200);
}
