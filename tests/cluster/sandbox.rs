//! Test keys on two nodes: each knows the sandbox, its data and the end of a key as soon as the call on the other returns.

use serde_json::{Value, json};
use testkit::{KEYS, Key, Node, TRIPS, create_key_body};

use crate::test_cluster::{TestCluster, accepts, insist, refuses, whoami};

const SCOPES: [&str; 2] = ["trips:read", "trips:write"];

fn trip() -> Value {
    json!({ "tripType": "charter", "origin": "KTEB", "destination": "KBOS", "departureDate": "2026-12-01T14:00:00Z" })
}

/// Returns the number of trips that a key sees on a node.
#[track_caller]
fn trips(node: &Node, key: &Key) -> Value {
    insist(|| node.with_key(key).get(TRIPS)).is(200).json["data"]["total"].clone()
}

#[test]
fn test_key_its_data_and_its_end_are_known_on_the_other_node_when_the_call_returns() {
    let cluster = TestCluster::new();
    let [one, other] = cluster.nodes::<2>();
    let mut owner = one.owner();
    let live = owner.create_key("Live", &SCOPES);
    // The other node has never heard of the sandbox, which is created with the key.
    let mut body = create_key_body("Trial", &SCOPES);
    body["test"] = json!(true);
    let test = Key::from_json(&owner.post(KEYS, &body).is(201).json["data"]);
    let seen = insist(|| whoami(&other, &test)).is(200);
    assert_eq!(seen.json["data"]["workspace"]["slug"], "skyline_test", "{}", seen.body);
    accepts(&[&one, &other], &live);

    let made = insist(|| one.with_key(&test).post(TRIPS, &trip())).is(201);
    let path = format!("{TRIPS}/{}", made.json["data"]["id"].as_str().expect("an id"));
    insist(|| other.with_key(&test).get(&path)).is(200);
    insist(|| other.with_key(&live).get(&path)).is(404);
    assert_eq!((trips(&other, &test), trips(&other, &live)), (json!(1), json!(0)));

    insist(|| owner.post("/api/v1/sandbox/reset", &json!({}))).is(200);
    insist(|| other.with_key(&test).get(&path)).is(404);
    assert_eq!(trips(&other, &test), json!(0));
    insist(|| other.with_key(&test).post(TRIPS, &trip())).is(201);
    assert_eq!(trips(&one, &test), json!(1));

    owner.revoke(&test);
    refuses(&[&one, &other], &test);
    insist(|| other.with_key(&test).post(TRIPS, &trip())).is(401).code("API_KEY_REVOKED");
    accepts(&[&one, &other], &live);
}
