//! Updates of keys, which take effect at once.

use serde_json::{Value, json};
use testkit::{KEYS, WHOAMI};

use super::with;
use crate::support::{Response, TestApp, TestKey, read_only_key};

async fn patch(t: &TestApp, key: &TestKey, body: Value) -> Response {
    t.admin().await.patch(&format!("{KEYS}/{}", key.id), body).await
}

#[tokio::test]
async fn name_and_description_changes_are_recorded_with_old_and_new_values() {
    let t = TestApp::new().await;
    let key = t.key_with(with(read_only_key("Old"), "description", json!("Before"))).await;
    let changed = patch(&t, &key, json!({ "name": " New ", "description": "After\nthat" })).await.is(200);
    assert_eq!((changed.at("/data/name"), changed.at("/data/description")), (&json!("New"), &json!("After\nthat")));
    assert_eq!(t.with(&key).get(WHOAMI).await.is(200).at("/data/apiKey/name"), "New");
    let events = t.audit().await;
    let event = events.iter().find(|event| event["action"] == "api_key.updated").expect("an event");
    assert_eq!(event["details"]["name"], json!({ "from": "Old", "to": "New" }));
    assert_eq!(patch(&t, &key, json!({ "description": null })).await.is(200).at("/data/description"), &json!(null));
}

#[tokio::test]
async fn allow_list_takes_effect_at_once() {
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
async fn rate_limit_takes_effect_at_once() {
    let t = TestApp::new().await;
    let key = t.key_with(with(read_only_key("Limited"), "rateLimit", json!({ "requests": 1, "perSeconds": 86_400 }))).await;
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
async fn unrelated_update_does_not_reset_the_rate_limit() {
    let t = TestApp::new().await;
    let key = t.key_with(with(read_only_key("Limited"), "rateLimit", json!({ "requests": 1, "perSeconds": 60 }))).await;
    t.with(&key).get(WHOAMI).await.is(200);
    patch(&t, &key, json!({ "name": "Still limited", "rateLimit": { "requests": 1, "perSeconds": 60 } })).await.is(200);
    t.with(&key).get(WHOAMI).await.is(429);
}

#[tokio::test]
async fn permissions_and_expiry_cannot_be_changed() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    for body in [json!({ "expiresAt": null }), json!({ "permissions": "read_write" }), json!({ "scopes": ["trips:write"] })] {
        patch(&t, &key, body).await.is(400).code("INVALID_REQUEST");
    }
}

#[tokio::test]
async fn update_is_validated_like_a_creation() {
    let t = TestApp::new().await;
    let (key, _) = (t.key_with(read_only_key("One")).await, t.key_with(read_only_key("Other")).await);
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
async fn unchanged_update_is_not_recorded() {
    let t = TestApp::new().await;
    let key = t.key_with(with(read_only_key("Same"), "ipAllowlist", json!(["10.0.0.0/8", "192.0.2.0/24"]))).await;
    patch(&t, &key, json!({ "name": "Same", "ipAllowlist": ["192.0.2.0/24", "10.0.0.0/8"] })).await.is(200);
    patch(&t, &key, json!({})).await.is(200);
    t.audit_ends_with(&["api_key.created"]).await;
}

#[tokio::test]
async fn concurrent_updates_of_different_fields_both_succeed() {
    let t = TestApp::new().await;
    let (key, one, other) = (t.key_with(read_only_key("Before")).await, t.admin().await, t.admin().await);
    let path = format!("{KEYS}/{}", key.id);
    let (first, second) =
        tokio::join!(one.patch(&path, json!({ "name": "After" })), other.patch(&path, json!({ "description": "Both" })));
    assert_eq!((first.status, second.status), (200, 200));
    let now = one.get(&path).await.is(200);
    assert_eq!((now.at("/data/name"), now.at("/data/description")), (&json!("After"), &json!("Both")));
}
