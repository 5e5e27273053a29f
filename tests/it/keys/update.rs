//! What can be changed of a key, and that it acts at once.

use serde_json::{Value, json};

use super::{KEYS, WHOAMI, named, with};
use crate::support::{Response, TestApp, TestKey};

async fn patch(t: &TestApp, key: &TestKey, body: Value) -> Response {
    t.admin().await.patch(&format!("{KEYS}/{}", key.id), body).await
}

#[tokio::test]
async fn name_and_description_change_and_the_log_says_from_what_to_what() {
    let t = TestApp::new().await;
    let key = t.key_with(with(named("Old"), "description", json!("Before"))).await;
    let changed = patch(&t, &key, json!({ "name": " New ", "description": "After\nthat" })).await.is(200);
    assert_eq!((changed.at("/data/name"), changed.at("/data/description")), (&json!("New"), &json!("After\nthat")));
    assert_eq!(t.with(&key).get(WHOAMI).await.is(200).at("/data/apiKey/name"), "New");
    let events = t.audit().await;
    let event = events.iter().find(|event| event["action"] == "api_key.updated").expect("an event");
    assert_eq!(event["details"]["name"], json!({ "from": "Old", "to": "New" }));
    assert_eq!(patch(&t, &key, json!({ "description": null })).await.is(200).at("/data/description"), &json!(null));
}

#[tokio::test]
async fn an_allow_list_acts_at_once() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    t.with(&key).from("198.51.100.1").get(WHOAMI).await.is(200);
    patch(&t, &key, json!({ "ipAllowlist": ["203.0.113.0/24"] })).await.is(200);
    t.with(&key).from("198.51.100.1").get(WHOAMI).await.is(403).code("IP_NOT_ALLOWED");
    t.with(&key).from("203.0.113.200").get(WHOAMI).await.is(200);
    for anywhere in [json!([]), json!(null)] {
        patch(&t, &key, json!({ "ipAllowlist": ["203.0.113.0/24"] })).await.is(200);
        assert_eq!(patch(&t, &key, json!({ "ipAllowlist": anywhere })).await.is(200).at("/data/ipAllowlist"), &json!([]));
        t.with(&key).from("198.51.100.1").get(WHOAMI).await.is(200);
    }
}

#[tokio::test]
async fn a_limit_acts_at_once() {
    let t = TestApp::new().await;
    let key = t.key_with(with(named("Limited"), "rateLimit", json!({ "requests": 1, "perSeconds": 86_400 }))).await;
    t.with(&key).get(WHOAMI).await.is(200);
    t.with(&key).get(WHOAMI).await.is(429);
    patch(&t, &key, json!({ "rateLimit": { "requests": 2, "perSeconds": 60 } })).await.is(200);
    t.with(&key).get(WHOAMI).await.is(200);
    t.with(&key).get(WHOAMI).await.is(200);
    t.with(&key).get(WHOAMI).await.is(429);
    patch(&t, &key, json!({ "rateLimit": null })).await.is(200);
    t.with(&key).get(WHOAMI).await.is(200);
}

#[tokio::test]
async fn a_change_of_something_else_does_not_fill_the_limit_up_again() {
    let t = TestApp::new().await;
    let key = t.key_with(with(named("Limited"), "rateLimit", json!({ "requests": 1, "perSeconds": 60 }))).await;
    t.with(&key).get(WHOAMI).await.is(200);
    patch(&t, &key, json!({ "name": "Still limited", "rateLimit": { "requests": 1, "perSeconds": 60 } })).await.is(200);
    t.with(&key).get(WHOAMI).await.is(429);
}

#[tokio::test]
async fn permissions_and_expiry_never_change() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    for body in [json!({ "expiresAt": null }), json!({ "permissions": "read_write" }), json!({ "scopes": ["trips:write"] })] {
        patch(&t, &key, body).await.is(400).code("INVALID_REQUEST");
    }
}

#[tokio::test]
async fn the_rules_of_a_new_key_hold_for_a_change() {
    let t = TestApp::new().await;
    let (key, _) = (t.key_with(named("One")).await, t.key_with(named("Other")).await);
    for (body, field) in [
        (json!({ "name": "" }), "name"),
        (json!({ "name": null }), "name"),
        (json!({ "name": key.secret }), "name"),
        (json!({ "description": "x".repeat(1_001) }), "description"),
        (json!({ "ipAllowlist": ["x"] }), "ipAllowlist[0]"),
        (json!({ "rateLimit": { "requests": 0, "perSeconds": 1 } }), "rateLimit.requests"),
    ] {
        patch(&t, &key, body).await.is(400).names_field(field);
    }
    patch(&t, &key, json!({ "name": "Other" })).await.is(409).code("CONFLICT");
    patch(&t, &key, json!({ "name": "One" })).await.is(200);
}

#[tokio::test]
async fn a_change_to_the_same_is_no_event() {
    let t = TestApp::new().await;
    let key = t.key_with(with(named("Same"), "ipAllowlist", json!(["10.0.0.0/8", "192.0.2.0/24"]))).await;
    patch(&t, &key, json!({ "name": "Same", "ipAllowlist": ["192.0.2.0/24", "10.0.0.0/8"] })).await.is(200);
    patch(&t, &key, json!({})).await.is(200);
    t.audit_ends_with(&["api_key.created"]).await;
}

#[tokio::test]
async fn two_administrators_who_change_different_fields_both_succeed() {
    let t = TestApp::new().await;
    let (key, one, other) = (t.key_with(named("Before")).await, t.admin().await, t.admin().await);
    let path = format!("{KEYS}/{}", key.id);
    let (first, second) =
        tokio::join!(one.patch(&path, json!({ "name": "After" })), other.patch(&path, json!({ "description": "Both" })));
    assert_eq!((first.status, second.status), (200, 200));
    let now = one.get(&path).await.is(200);
    assert_eq!((now.at("/data/name"), now.at("/data/description")), (&json!("After"), &json!("Both")));
}
