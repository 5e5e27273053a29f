//! A [`TestCluster`] is a Postgres server with a workspace "skyline" on it, for nodes to be started on.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use planeconnection::cluster::LEASE;
use serde_json::json;
use testkit::postgres::Server;
use testkit::{Cable, Client, Key, Node, Response, Site, WHOAMI, create_key_body, until};

use crate::BINARY;

/// Tolerance beyond a lease on a busy machine.
pub const SLACK: Duration = Duration::from_secs(10);

/// One owner makes and revokes keys as fast as the nodes answer.
const MANY_WRITES: [&str; 2] = ["--limits", "member-writes=none"];

pub struct TestCluster {
    // Dropped first, while the server still runs.
    pub site: Site,
    pub server: Server,
    _alone: MutexGuard<'static, ()>,
}

/// Held by each cluster: leases are short, so tests in threads of one process run one after another.
static ALONE: Mutex<()> = Mutex::new(());

impl TestCluster {
    pub fn new() -> Self {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let server = Server::start().expect("a Postgres server, which is Debian's package postgresql");
        let site = Site::on_server(BINARY, &server.url("postgres"));
        Self { site, server, _alone: alone }
    }

    /// Another database of the server, without anything in it.
    pub fn empty(&self) -> Site {
        Site::empty_on_server(BINARY, &self.server.url("postgres"))
    }

    /// A node with nothing between it and the server.
    pub fn node(&self) -> Node {
        self.site.node_with(&MANY_WRITES)
    }

    pub fn nodes<const N: usize>(&self) -> [Node; N] {
        std::array::from_fn(|_| self.node())
    }

    /// A node on the end of a cable.
    pub fn node_on_a_cable(&self) -> (Node, Cable) {
        let cable = Cable::to(self.server.port());
        let node = self.site.node_at(&cable.url(&self.site.url()), &MANY_WRITES);
        (node, cable)
    }
}

/// Presents a key to a node, on a new connection.
pub fn whoami(node: &Node, key: &Key) -> Response {
    node.with_key(key).get(WHOAMI)
}

/// The first answer but 503: a machine that is busy with other things may be late with a lease, and a node without one
/// that gets no response from the database in time can neither accept nor refuse.
#[track_caller]
pub fn insist(mut ask: impl FnMut() -> Response) -> Response {
    let mut answer = ask();
    until("it is answered", || {
        if answer.status == 503 {
            answer = ask();
        }
        answer.status != 503
    });
    answer
}

#[track_caller]
pub fn accepts(nodes: &[&Node], key: &Key) {
    for node in nodes {
        insist(|| whoami(node, key)).is(200);
    }
}

#[track_caller]
pub fn refuses(nodes: &[&Node], key: &Key) {
    for node in nodes {
        insist(|| whoami(node, key)).is(401).code("API_KEY_REVOKED");
    }
}

/// A key that is shown by a machine that may be busy with other things.
#[track_caller]
pub fn create(owner: &mut Client, name: &str) -> Key {
    let mut attempt = 0;
    let made = insist(|| {
        attempt += 1;
        // The one before may have been made all the same.
        owner.post("/api/v1/api-keys", &create_key_body(&format!("{name} {attempt}"), &["trips:read"]))
    });
    Key::from_json(&made.is(201).json["data"])
}

/// Revokes a key, and returns the duration of the call.
#[track_caller]
pub fn revoking_takes(owner: &mut Client, key: &Key) -> Duration {
    let begun = Instant::now();
    insist(|| owner.post(&format!("/api/v1/api-keys/{}/revoke", key.id), &json!({}))).is(200);
    begun.elapsed()
}

/// A lease may have been waited for, and no more.
#[track_caller]
pub fn is_one_lease(took: Duration) {
    // A heartbeat may be missing: a waiter that watched the silent node for longer may have given up a little earlier.
    assert!(took + Duration::from_millis(600) >= LEASE, "the node could still have accepted it: {took:?}");
    assert!(took < LEASE + SLACK, "the lease had run out: {took:?}");
}

pub fn status(node: &Node, path: &str) -> u16 {
    node.anonymous().get(path).status
}

/// Waits until a node says that it is ready.
#[track_caller]
pub fn is_ready_again(node: &Node) {
    until("the node is ready", || status(node, "/readiness") == 200);
}

/// Waits until a node knows that it must not trust its memory.
#[track_caller]
pub fn is_not_ready(node: &Node) {
    until("the lease has run out", || status(node, "/readiness") == 503 && metric(node, "lease_left_seconds") == 0.0);
}

/// The value of a metric.
#[track_caller]
pub fn metric(node: &Node, name: &str) -> f64 {
    let text = node.anonymous().get("/metrics").is(200).body;
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("planeconnection_{name} ")));
    line.and_then(|value| value.trim().parse().ok()).unwrap_or_else(|| panic!("no {name}: {text}"))
}

/// The event with which nodes confirmed that a key is refused.
#[track_caller]
pub fn proof(owner: &mut Client, key: &Key) -> serde_json::Value {
    let log = owner.get(&format!("/api/v1/audit-log?action=api_key.refused_everywhere&api_key_id={}", key.id)).is(200);
    assert_eq!(log.json["data"]["total"], json!(1), "{}", log.body);
    log.json["data"]["items"][0]["details"].clone()
}
