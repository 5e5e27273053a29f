//! Other changes that end or grant access on every node when their call returns.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use kit::clock::Clock;
use serde_json::json;
use testkit::{Key, Node, PASSWORD, WHOAMI, until};

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
        owner.patch(&path, &json!({ "ipAllowlist": ["203.0.113.0/24"] })).is(200);
        for node in &nodes {
            insist(|| whoami(node, &key)).is(403).code("IP_NOT_ALLOWED");
        }
        owner.patch(&path, &json!({ "ipAllowlist": ["203.0.113.0/24", "127.0.0.0/8"] })).is(200);
        accepts(&nodes.each_ref(), &key);
        owner.patch(&path, &json!({ "rateLimit": { "requests": 3, "perSeconds": 86_400 } })).is(200);
        accepts(&nodes.each_ref(), &key);
        for node in &nodes {
            insist(|| whoami(node, &key)).is(429).code("RATE_LIMITED");
        }
        owner.patch(&path, &json!({ "rateLimit": null })).is(200);
        accepts(&nodes.each_ref(), &key);
    }
}

#[test]
fn paused_key_is_refused_on_every_node_until_the_pause_ends_on_every_node() {
    let cluster = TestCluster::new();
    let nodes = cluster.nodes::<3>();
    let all_refuse = |key: &Key| nodes.iter().for_each(|node| drop(insist(|| whoami(node, key)).is(401).code("API_KEY_PAUSED")));
    let mut owners = nodes.each_ref().map(Node::owner);
    for round in 0..5 {
        let key = owners[0].create_key(&format!("Key {round}"), &["trips:read"]);
        accepts(&nodes.each_ref(), &key);
        let path = format!("/api/v1/api-keys/{}", key.id);
        insist(|| owners[round % 3].post(&format!("{path}/pause"), &json!({}))).is(200);
        all_refuse(&key);
        insist(|| owners[(round + 1) % 3].post(&format!("{path}/resume"), &json!({}))).is(200);
        accepts(&nodes.each_ref(), &key);
    }
    // This one ends by itself. Its minute is cut short.
    let key = owners[0].create_key("By itself", &["trips:read"]);
    insist(|| owners[1].post(&format!("/api/v1/api-keys/{}/pause", key.id), &json!({ "minutes": 1 }))).is(200);
    all_refuse(&key);
    cluster.site.execute(
        "BEGIN; UPDATE revisions SET value = value + 1; UPDATE api_keys SET paused_until = now() + interval '1 second', \
         revision = (SELECT value FROM revisions) WHERE paused_until IS NOT NULL; COMMIT",
    );
    for node in &nodes {
        until("the node accepts the key", || whoami(node, &key).status == 200);
    }
    let resumed = format!("/api/v1/audit-log?action=api_key.resumed&api_key_id={}", key.id);
    until("the end of the pause is recorded", || owners[2].get(&resumed).is(200).json["data"]["total"] == 1);
    accepts(&nodes.each_ref(), &key);
    // Every node has run the job since.
    let begun = Instant::now();
    until("two more runs are over", || begun.elapsed() > std::time::Duration::from_secs(2));
    assert_eq!(owners[2].get(&resumed).is(200).json["data"]["total"], 1);
    cluster.site.verify_audit_log();
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
fn rotated_key_is_revoked_on_every_node_at_its_planned_end_by_one_of_them() {
    let cluster = TestCluster::new();
    let nodes = cluster.nodes::<3>();
    let mut owner = nodes[0].owner();
    let old = owner.create_key("Fleet Dashboard", &["fleet:read"]);
    let path = format!("/api/v1/api-keys/{}", old.id);
    owner.post(&format!("{path}/rotate"), &json!({})).is(201);
    accepts(&nodes.each_ref(), &old);
    let at = Clock::System.now().after(Duration::from_secs(2));
    let end = json!({ "at": at, "force": true });
    owner.try_send("PUT", &format!("{path}/revoke-at"), Some(&end.to_string())).expect("an answer").is(200);
    until("the end", || Clock::System.now() > at);
    until("the old key is refused", || whoami(&nodes[0], &old).status == 401);
    until("the proof", || owner.get(&path).is(200).json["data"]["refusedEverywhereAt"].is_string());
    refuses(&nodes.each_ref(), &old);
    let revoked = owner.get(&format!("/api/v1/audit-log?action=api_key.revoked&api_key_id={}", old.id)).is(200);
    assert_eq!(revoked.json["data"]["items"].as_array().map(Vec::len), Some(1), "{}", revoked.json);
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

/// The answers of a session on one node, each with the time at which its request began.
fn use_until(node: &testkit::Node, bearer: &str, stop: &AtomicBool) -> Vec<(Instant, u16)> {
    let mut answers = Vec::new();
    loop {
        let is_last = stop.load(Ordering::Acquire);
        let mut client = node.anonymous().header("authorization", bearer);
        let begun = Instant::now();
        answers.push((begun, client.get(WHOAMI).status));
        if is_last {
            return answers;
        }
    }
}

#[test]
fn no_node_admits_a_session_in_use_once_the_call_that_ended_it_has_returned() {
    let cluster = TestCluster::new();
    let unlimited = ["--limits", "member-writes=none,member-reads=none,workspace-reads=none"];
    let nodes: [testkit::Node; 2] = std::array::from_fn(|_| cluster.site.node_with(&unlimited));
    let sign_in = || format!("Bearer {}", nodes[0].sign_in());
    for round in 0..6 {
        let (mut owner, ending) = (nodes[round % 2].owner(), sign_in());
        let (stop, returned) = (AtomicBool::new(false), OnceLock::new());
        let answers: Vec<(Instant, u16)> = thread::scope(|scope| {
            let users = nodes.each_ref().map(|node| {
                let (ending, stop) = (&ending, &stop);
                scope.spawn(move || use_until(node, ending, stop))
            });
            until("both nodes admit it", || {
                nodes.iter().all(|node| node.anonymous().header("authorization", &ending).get(WHOAMI).status == 200)
            });
            match round % 3 {
                0 => owner.post("/api/v1/auth/sessions/revoke-others", &json!({})).is(200),
                1 => {
                    let path = format!("/api/v1/auth/sessions/{}", other_session(&mut owner));
                    owner.try_send("DELETE", &path, None).expect("an answer").is(200)
                }
                _ => {
                    let change = json!({ "currentPassword": PASSWORD, "newPassword": "gliders over the lake" });
                    let changed = owner.post("/api/v1/auth/password", &change).is(200);
                    let token = changed.json["data"]["token"].as_str().expect("a token").to_owned();
                    returned.get_or_init(Instant::now);
                    let back = json!({ "currentPassword": "gliders over the lake", "newPassword": PASSWORD });
                    nodes[0].owner_with(&token).post("/api/v1/auth/password", &back).is(200)
                }
            };
            returned.get_or_init(Instant::now);
            until("every user has been refused", || {
                nodes.iter().all(|node| node.anonymous().header("authorization", &ending).get(WHOAMI).status == 401)
            });
            stop.store(true, Ordering::Release);
            users.into_iter().flat_map(|user| user.join().expect("answers")).collect()
        });
        let returned = returned.get().expect("the call has returned");
        let (before, after): (Vec<_>, Vec<_>) = answers.into_iter().partition(|(begun, _)| begun <= returned);
        assert!(before.iter().any(|(_, status)| *status == 200), "round {round}: it was in use");
        assert!(after.iter().all(|(_, status)| *status == 401), "round {round}: {after:?}");
        assert!(!after.is_empty(), "round {round}: requests began after the answer");
    }
}

/// The id of the newest session of the caller but their own.
fn other_session(owner: &mut testkit::Client) -> String {
    let listed = owner.get("/api/v1/auth/sessions").is(200);
    let sessions = listed.json["data"]["items"].as_array().expect("a list");
    let others = sessions.iter().filter(|session| session["current"] == false);
    let newest = others.max_by_key(|session| session["createdAt"].as_str().map(str::to_owned)).expect("another session");
    newest["id"].as_str().expect("an id").to_owned()
}
