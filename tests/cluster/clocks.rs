//! Machines whose clocks are hours apart, with Debian's `faketime` where it is installed: a key expires by the server's
//! clock, on every node.

use std::time::{Duration, Instant};

use kit::clock::Clock;
use serde_json::json;
use testkit::{Key, Node, until};

use crate::test_cluster::{TestCluster, insist, metric, refuses, whoami};

/// Tolerance for a node's expiry: the time that a query for the server's clock takes on a busy machine.
const SKEW: Duration = Duration::from_millis(500);

#[test]
fn key_expires_by_the_clock_of_the_server_on_every_node() {
    let cluster = TestCluster::new();
    let nodes = ["+5h", "-5h", "+0"].map(|offset| node_whose_clock_is_wrong(&cluster, offset));
    assert!(metric(&nodes[0], "clock_ahead_seconds") > 17_000.0, "the first node's clock is five hours ahead");
    assert!(metric(&nodes[1], "clock_ahead_seconds") < -17_000.0, "the second's is behind");
    let mut owner = nodes[0].owner();
    let life = Duration::from_secs(6);
    let (begun, expiry) = (Instant::now(), Clock::System.now().after(life));
    let body = json!({ "name": "Short", "permissions": "read_only", "expiresAt": expiry, "rateLimit": null });
    let key = Key::from_json(&owner.post("/api/v1/api-keys", &body).is(201).json["data"]);
    while begun.elapsed() + SKEW < life {
        for node in &nodes {
            let answer = insist(|| whoami(node, &key));
            assert!(answer.status == 200 || begun.elapsed() + SKEW >= life, "too early: {}", answer.body);
        }
    }
    until("its time is over", || begun.elapsed() > life + SKEW);
    for node in &nodes {
        insist(|| whoami(node, &key)).is(401).code("API_KEY_EXPIRED");
    }
    // Sessions are a matter of clocks, too: each node knows those that another has opened.
    let token = nodes[1].sign_in();
    for node in &nodes {
        node.owner_with(&token).get("/api/v1/api-keys").is(200);
    }
    let key = owner.create_key("Key", &["trips:read"]);
    nodes[1].owner_with(&token).revoke(&key);
    refuses(&nodes.each_ref(), &key);
    cluster.site.verify_audit_log();
}

fn node_whose_clock_is_wrong(cluster: &TestCluster, by: &str) -> Node {
    let mut command = cluster.site.command(&["serve", "--listen", "127.0.0.1:0"]);
    // As `faketime` does, which would stay between the test and the node as a parent process. `$LIB` is the linker's.
    command.env("LD_PRELOAD", "/usr/$LIB/faketime/libfaketime.so.1").env("FAKETIME", by);
    // Only the clock of the wall: what goes forward by itself goes on as it is.
    command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    Node::start(command)
}
