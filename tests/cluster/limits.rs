//! A key's rate limit, shared by the nodes.

use serde_json::json;
use testkit::{Client, Key, Node, until};

use crate::test_cluster::{TestCluster, metric, whoami};

const LIMIT: u32 = 60;

fn limited(owner: &mut Client, name: &str) -> Key {
    let body = json!({
        "name": name, "permissions": "read_only", "expiresAt": null, "rateLimit": { "requests": LIMIT, "perSeconds": 86_400 },
    });
    Key::from_json(&owner.post("/api/v1/api-keys", &body).is(201).json["data"])
}

/// Counts the accepted requests of twice the limit.
fn let_in(nodes: &[&Node], key: &Key) -> u32 {
    let mut clients: Vec<_> = nodes.iter().map(|node| node.with_key(key)).collect();
    let answers = (0..2 * LIMIT as usize).map(|number| clients[number % nodes.len()].get(testkit::WHOAMI).status);
    u32::try_from(answers.filter(|status| *status == 200).count()).expect("few")
}

fn know_each_other(nodes: &[&Node], count: f64) {
    until("the nodes know of each other", || nodes.iter().all(|node| (metric(node, "nodes") - count).abs() < 0.1));
}

#[test]
fn rate_limit_is_shared_and_follows_joining_and_leaving_nodes() {
    let cluster = TestCluster::new();
    let [one, two, three] = cluster.nodes::<3>();
    know_each_other(&[&one, &two, &three], 3.0);
    let mut owner = one.owner();
    assert_eq!(let_in(&[&one, &two, &three], &limited(&mut owner, "For three")), LIMIT);
    three.kill();
    know_each_other(&[&one, &two], 2.0);
    assert_eq!(let_in(&[&one, &two], &limited(&mut owner, "For two")), LIMIT);
    assert_eq!(two.stop().0.code(), Some(0));
    know_each_other(&[&one], 1.0);
    assert_eq!(let_in(&[&one], &limited(&mut owner, "For one")), LIMIT);
    let key = limited(&mut owner, "Told");
    assert_eq!(let_in(&[&one], &key), LIMIT);
    let refused = whoami(&one, &key).is(429).code("RATE_LIMITED");
    let policy = refused.headers.iter().find(|(name, _)| name == "ratelimit-policy").map(|(_, value)| value.clone());
    assert!(policy.expect("a policy").contains(&format!("q={LIMIT}")), "the limit of the key is reported, not a node's share");
}
