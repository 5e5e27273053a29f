//! Other changes that end or grant access on every node when their call returns.

use serde_json::json;
use testkit::{Key, PASSWORD, WHOAMI};

use crate::test_cluster::{TestCluster, accepts, insist, refuses, whoami};

#[test]
fn key_update_holds_on_every_node_when_the_call_returns() {
    let cluster = TestCluster::new();
    let nodes = cluster.nodes::<3>();
    let mut owner = nodes[0].owner();
    for round in 0..5 {
        let key = owner.create_key(&format!("Key {round}"), &["trips:read"]);
        let path = format!("/api/v1/api-keys/{}", key.id);
        accepts(&nodes.each_ref(), &key);
        patch(&mut owner, &path, &json!({ "ipAllowlist": ["203.0.113.0/24"] }));
        for node in &nodes {
            insist(|| whoami(node, &key)).is(403).code("IP_NOT_ALLOWED");
        }
        patch(&mut owner, &path, &json!({ "ipAllowlist": ["203.0.113.0/24", "127.0.0.0/8"] }));
        accepts(&nodes.each_ref(), &key);
        patch(&mut owner, &path, &json!({ "rateLimit": { "requests": 3, "perSeconds": 86_400 } }));
        accepts(&nodes.each_ref(), &key);
        for node in &nodes {
            insist(|| whoami(node, &key)).is(429).code("RATE_LIMITED");
        }
        patch(&mut owner, &path, &json!({ "rateLimit": null }));
        accepts(&nodes.each_ref(), &key);
    }
}

#[track_caller]
fn patch(owner: &mut testkit::Client, path: &str, body: &serde_json::Value) {
    owner.try_send("PATCH", path, Some(&body.to_string())).expect("an answer").is(200);
}

#[test]
fn rotated_key_works_on_every_node_beside_the_old_one() {
    let cluster = TestCluster::new();
    let nodes = cluster.nodes::<3>();
    let mut owner = nodes[0].owner();
    let old = owner.create_key("Fleet Dashboard", &["fleet:read"]);
    let rotated = nodes[1].owner().post(&format!("/api/v1/api-keys/{}/rotate", old.id), &json!({})).is(201);
    let new = Key::from_json(&rotated.json["data"]);
    accepts(&nodes.each_ref(), &old);
    accepts(&nodes.each_ref(), &new);
    nodes[2].owner().revoke(&old);
    refuses(&nodes.each_ref(), &old);
    accepts(&nodes.each_ref(), &new);
}

#[test]
fn ended_session_is_refused_on_every_node() {
    let cluster = TestCluster::new();
    let nodes = cluster.nodes::<3>();
    let add = ["members", "add", "--email", "ben@skyline.example", "--name", "Ben", "--role", "admin", "--password-stdin"];
    cluster.site.run_with_input(&add, PASSWORD).is(0);
    let body = json!({ "email": "ben@skyline.example", "password": PASSWORD });
    let token = |node: usize| {
        let signed_in = nodes[node].anonymous().post("/api/v1/auth/sign-in", &body).is(200);
        format!("Bearer {}", signed_in.json["data"]["token"].as_str().expect("a token"))
    };
    let [ending, removed] = [token(0), token(1)];
    for node in &nodes {
        node.anonymous().header("authorization", &ending).get(WHOAMI).is(200);
        node.anonymous().header("authorization", &removed).get(WHOAMI).is(200);
    }
    nodes[1].anonymous().header("authorization", &ending).post("/api/v1/auth/sign-out", &json!({}));
    for node in &nodes {
        node.anonymous().header("authorization", &ending).get(WHOAMI).is(401).code("SESSION_INVALID");
    }
    let mut owner = nodes[2].owner();
    let members = owner.get("/api/v1/members").is(200);
    let items = members.json["data"]["items"].as_array().expect("a list");
    let ben = items.iter().find(|member| member["name"] == "Ben").and_then(|member| member["id"].as_str()).expect("Ben");
    owner.try_send("DELETE", &format!("/api/v1/members/{ben}"), None).expect("an answer");
    for node in &nodes {
        node.anonymous().header("authorization", &removed).get(WHOAMI).is(401).code("SESSION_INVALID");
    }
}

#[test]
fn disabled_key_management_holds_on_every_node() {
    let cluster = TestCluster::new();
    let nodes = cluster.nodes::<2>();
    let mut owners = nodes.each_ref().map(testkit::Node::owner);
    owners[0].try_send("PUT", "/api/v1/settings/api-keys", Some(r#"{"enabled":false}"#)).expect("an answer").is(200);
    let body = testkit::create_key_body("New", &["trips:read"]);
    owners[1].post("/api/v1/api-keys", &body).is(403).code("API_KEYS_DISABLED");
}
