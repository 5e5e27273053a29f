//! SIGTERM: requests in flight are finished, and usage is flushed.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::process::Signal;
use serde_json::json;
use testkit::{Client, Key, Node, Site, WHOAMI, until};

use crate::BINARY;

#[test]
fn graceful_stop_flushes_all_usage() {
    const ENOUGH: u32 = 5_000;
    let site = Site::new(BINARY);
    let node = site.node();
    let mut owner = node.owner();
    let (free, narrow, dead) = (
        owner.create_key("Free", &["audit:read"]),
        owner.create_key("Narrow", &["trips:read"]),
        owner.create_key("Dead", &["fleet:read"]),
    );
    owner.revoke(&dead);
    let plans: [(&Key, &str, u16); 6] = [
        (&free, WHOAMI, 200),
        (&free, WHOAMI, 200),
        (&narrow, WHOAMI, 200),
        (&narrow, "/api/v1/audit-log?page_size=1", 403),
        (&dead, WHOAMI, 401),
        (&free, "/api/v1/api-keys", 403),
    ];
    let answered = AtomicU32::new(0);
    let counts: Mutex<Vec<(&str, i64, i64)>> = Mutex::default();
    std::thread::scope(|scope| {
        for (key, path, status) in plans {
            let (node, answered, counts) = (&node, &answered, &counts);
            scope.spawn(move || {
                let mut client = node.with_key(key);
                let mut count = 0;
                // Until the node goes away.
                while let Ok(answer) = client.try_send("GET", path, None) {
                    assert_eq!(answer.status, status, "{}", answer.body);
                    count += 1;
                    answered.fetch_add(1, Ordering::Relaxed);
                    if answer.headers.contains(&("connection".to_owned(), "close".to_owned())) {
                        break;
                    }
                }
                let (allowed, denied) = if status == 200 { (count, 0) } else { (0, count) };
                counts.lock().expect("no panic").push((&key.id, allowed, denied));
            });
        }
        until("enough requests were answered", || answered.load(Ordering::Relaxed) >= ENOUGH);
        node.signal(Signal::TERM);
    });
    let (status, _, stderr) = node.wait_for_exit();
    assert_eq!(status.code(), Some(0), "{stderr}");

    let node = site.node();
    let mut owner = node.owner();
    let counts = counts.into_inner().expect("no panic");
    for key in [&free, &narrow, &dead] {
        let mine = counts.iter().filter(|(id, ..)| *id == key.id);
        let expected = mine.fold((0, 0), |sum, (_, allowed, denied)| (sum.0 + allowed, sum.1 + denied));
        assert_eq!(usage(&mut owner, key), expected);
    }
    site.verify_audit_log();
}

/// Requests allowed and denied, in all buckets.
fn usage(owner: &mut Client, key: &Key) -> (i64, i64) {
    let usage = owner.get(&format!("/api/v1/api-keys/{}/usage", key.id)).is(200);
    let buckets = usage.json["data"]["buckets"].as_array().expect("buckets").clone();
    let sum = |field: &str| buckets.iter().filter_map(|bucket| bucket[field].as_i64()).sum();
    (sum("allowed"), sum("denied"))
}

#[test]
fn graceful_stop_finishes_requests_in_flight() {
    let site = Site::new(BINARY);
    let node = site.node();
    let mut owner = node.owner();
    let body = testkit::create_key_body("In flight", &["trips:read"]).to_string();
    // The answer to the first request says that the node reads this connection; half of the second is on its way.
    owner.get(WHOAMI).is(200);
    let (first, second) = body.split_at(body.len() / 2);
    owner.begin_post("/api/v1/api-keys", body.len(), first).expect("sent");
    let address = node.address;
    // A request is in flight once the node has read its head: it has by the time it answers a later one.
    node.anonymous().get("/health").is(200);
    node.signal(Signal::TERM);
    until("the node takes no new connection", || Client::connect(address).is_err());
    owner.write(second.as_bytes()).expect("sent");
    let key = Key::from_json(&owner.read_response().expect("an answer").is(201).json["data"]);
    let (status, _, stderr) = node.wait_for_exit();
    assert_eq!(status.code(), Some(0), "{stderr}");
    let node = site.node();
    node.with_key(&key).get(WHOAMI).is(200);
}

#[test]
fn graceful_stop_waits_for_the_last_flush() {
    let site = Site::new(BINARY);
    let node = site.node();
    let key = node.owner().create_key("Key", &["trips:read"]);
    let lock = site.lock_writes();
    let mut client = node.with_key(&key);
    for _request in 0..10 {
        client.get(WHOAMI).is(200);
    }
    let address = node.address;
    node.signal(Signal::TERM);
    until("the node takes no new connection", || Client::connect(address).is_err());
    lock.release();
    assert_eq!(node.wait_for_exit().0.code(), Some(0));
    assert_eq!(usage(&mut site.node().owner(), &key), (10, 0));
}

#[test]
fn stopping_node_serves_without_being_ready_until_the_second_signal() {
    let site = Site::new(BINARY);
    let node = site.node_with(&["--shutdown-delay", "1h"]);
    let key = node.owner().create_key("Key", &["trips:read"]);
    let mut kept = node.with_key(&key);
    kept.get(WHOAMI).is(200);
    node.signal(Signal::TERM);
    until("the node is not ready", || node.anonymous().get("/readiness").status == 503);
    for answer in [kept.get(WHOAMI), node.with_key(&key).get(WHOAMI)] {
        let answer = answer.is(200);
        assert!(answer.headers.contains(&("connection".to_owned(), "close".to_owned())), "{answer:?}");
    }
    node.anonymous().get("/health").is(200);
    node.signal(Signal::TERM);
    let (status, _, stderr) = node.wait_for_exit();
    assert_eq!(status.code(), Some(0), "{stderr}");
    assert_eq!(usage(&mut site.node().owner(), &key), (3, 0));
}

#[test]
fn stopping_node_ends_when_the_delay_has_passed() {
    let node = Site::new(BINARY).node_with(&["--shutdown-delay", "1s"]);
    assert_eq!(node.stop().0.code(), Some(0));
}

#[test]
fn interrupt_stops_gracefully() {
    let site = Site::new(BINARY);
    let node = site.node();
    node.signal(Signal::INT);
    assert_eq!(node.wait_for_exit().0.code(), Some(0));
}

#[test]
fn idempotency_key_survives_a_restart() {
    let site = Site::new(BINARY);
    let node = site.node();
    let body = testkit::create_key_body("Once", &["trips:read"]);
    let member = json!({ "name": "Ben", "email": "ben@skyline.example", "role": "pilot" });
    let send = |node: &Node| {
        let mut owner = node.owner().header("idempotency-key", "first-1");
        let mut other = node.owner().header("idempotency-key", "second-2");
        (owner.post("/api/v1/api-keys", &body), other.post("/api/v1/members", &member))
    };
    let (key, invited) = send(&node);
    let (key, invited) = (key.is(201), invited.is(201));
    assert_eq!(node.stop().0.code(), Some(0));

    let node = site.node();
    let (again, invited_again) = send(&node);
    let again = again.is(409).code("ALREADY_CREATED");
    assert_eq!(again.json["error"]["apiKeyId"], key.json["data"]["apiKey"]["id"]);
    assert_eq!(invited_again.is(201).json["data"]["member"]["id"], invited.json["data"]["member"]["id"]);
    node.kill();

    // A crash right after the answer loses nothing either.
    let node = site.node();
    send(&node).0.is(409).code("ALREADY_CREATED");
    let listed = node.owner().get("/api/v1/api-keys").is(200);
    assert_eq!(listed.json["data"]["total"], 1);
}
