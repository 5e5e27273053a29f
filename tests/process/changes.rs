//! The changes feed of a real process: a reader that stores one number reads every change once and in order, whatever happens to the
//! process and to its key.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use testkit::wait::pause;
use testkit::{Client, Key, Site, TRIPS, until};

use crate::BINARY;

const KILLS: usize = 12;

/// The two places that a reader looks at when it has lost its connection: where a node is, and the key.
#[derive(Clone)]
struct Access {
    address: SocketAddr,
    secret: String,
}

/// A change as the reader and the audit log name it: its sequence and its trip.
type Change = (i64, String);

#[test]
fn reader_sees_every_change_once_and_in_order_whenever_the_process_is_killed() {
    let mut random = StdRng::seed_from_u64(21);
    let site = Site::new(BINARY);
    let start = || {
        // Otherwise the first change would wait for the lease of a node that is known to be dead.
        site.execute("DELETE FROM nodes");
        site.node_with(&["--limits", "member-writes=none,workspace-writes=none"])
    };
    let node = start();
    let token = node.sign_in();
    let mut key = node.owner_with(&token).create_key("Sync", &["trips:read"]);
    let access = Mutex::new(Some(Access { address: node.address, secret: key.secret.clone() }));
    let (seen, answered) = (Mutex::new(Vec::new()), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| follow(&access, &seen));
        let mut node = Some(node);
        for round in 0..KILLS {
            let running = node.take().expect("a node");
            let (address, enough) = (running.address, answered.load(Ordering::SeqCst) + random.random_range(2..12));
            for writer in 0..2 {
                let (token, answered) = (&token, &answered);
                scope.spawn(move || {
                    write_until_the_end(address, token, u64::try_from(round * 2 + writer).expect("a seed"), answered);
                });
            }
            until("the changes of this round were answered", || answered.load(Ordering::SeqCst) >= enough);
            if round % 3 == 1 {
                key = rotate(&mut running.owner_with(&token), &key);
                *access.lock().expect("no panic") = Some(Access { address, secret: key.secret.clone() });
            }
            pause(Duration::from_micros(random.random_range(0..40_000)));
            running.kill();
            let next = start();
            *access.lock().expect("no panic") = Some(Access { address: next.address, secret: key.secret.clone() });
            node = Some(next);
        }
        let expected = logged(&site);
        until("the reader has read all changes", || seen.lock().expect("no panic").len() >= expected.len());
        assert_eq!(*seen.lock().expect("no panic"), expected);
        // The call that waits is answered by the stop.
        *access.lock().expect("no panic") = None;
        let stopping = Instant::now();
        let (status, _, stderr) = node.take().expect("a node").stop();
        assert_eq!(status.code(), Some(0), "{stderr}");
        assert!(!stderr.contains("did not finish in time"), "{:?}: {stderr}", stopping.elapsed());
    });
    site.verify_audit_log();
}

/// Creates and changes trips until the node ends, and counts the answers.
fn write_until_the_end(address: SocketAddr, token: &str, seed: u64, answered: &AtomicUsize) {
    let mut random = StdRng::seed_from_u64(seed);
    let Ok(client) = Client::connect(address) else { return };
    let mut client = client.header("authorization", &format!("Bearer {token}"));
    let mut trips: Vec<String> = Vec::new();
    loop {
        let (method, path, body) = if trips.is_empty() || random.random_bool(0.5) {
            let trip = json!({ "tripType": "charter", "origin": "KTEB", "destination": "KMIA", "departureDate": "2027-04-01T10:00:00Z" });
            ("POST", TRIPS.to_owned(), trip)
        } else {
            let trip = &trips[random.random_range(0..trips.len())];
            ("PATCH", format!("{TRIPS}/{trip}"), json!({ "passengerCount": random.random_range(0..20) }))
        };
        let Ok(made) = client.try_send(method, &path, Some(&body.to_string())) else { return };
        if method == "POST" {
            trips.push(made.is(201).json["data"]["id"].as_str().expect("an id").to_owned());
        }
        answered.fetch_add(1, Ordering::SeqCst);
    }
}

/// Follows the changes, and stores the number of the last response with what it had. Ends when there is no node any more.
fn follow(access: &Mutex<Option<Access>>, seen: &Mutex<Vec<Change>>) {
    let mut random = StdRng::seed_from_u64(1);
    let mut after = 0;
    loop {
        let Some(Access { address, secret }) = access.lock().expect("no panic").clone() else { return };
        let Ok(client) = Client::connect(address) else {
            pause(Duration::from_millis(5));
            continue;
        };
        let mut client = client.header("x-api-key", &secret);
        loop {
            let limit = random.random_range(1..8);
            let path = format!("/api/v1/changes?module=trips&view=ids&wait=30&limit={limit}&after={after}");
            let Ok(answer) = client.try_send("GET", &path, None) else { break };
            let data = &answer.is(200).json["data"];
            let mut seen = seen.lock().expect("no panic");
            seen.extend(data["items"].as_array().expect("items").iter().map(|item| change(item, "/id")));
            after = data["next"].as_i64().expect("a number");
        }
    }
}

fn change(item: &Value, id: &str) -> Change {
    let id = item.pointer(id).and_then(Value::as_str).expect("an id");
    (item["sequence"].as_i64().expect("a sequence"), id.to_owned())
}

/// Lists the changes of trips by the audit log.
fn logged(site: &Site) -> Vec<Change> {
    let exported = site.run(&["audit", "export", "--format", "ndjson"]).is(0).stdout;
    let events = exported.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let of_trips = events.filter(|event| event["action"].as_str().is_some_and(|action| action.starts_with("trip.")));
    let mut changes: Vec<Change> = of_trips.map(|event| change(&event, "/target/id")).collect();
    changes.sort();
    changes
}

fn rotate(owner: &mut Client, key: &Key) -> Key {
    let rotated = owner.post(&format!("/api/v1/api-keys/{}/rotate", key.id), &json!({})).is(201);
    Key::from_json(&rotated.json["data"])
}
