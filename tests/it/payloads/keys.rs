//! API keys: every event, and never a secret.

use std::time::Duration;

use planeconnection::audit::{AuditedTx, EventType};
use planeconnection::keys::{Leak, OnLeak, record_leak};
use serde_json::{Value, json};
use testkit::{KEYS, WHOAMI};

use super::{all_data, data, payloads, receiving};
use crate::support::{TestApp, TestKey};

async fn key(t: &TestApp, name: &str, expires_at: Value) -> TestKey {
    let body = json!({ "name": name, "permissions": "custom", "scopes": ["trips:read"], "expiresAt": expires_at });
    t.key_with(body).await
}

/// Records that a key was found, as a report of secret scanning does.
async fn leak(t: &TestApp, key: &TestKey) {
    let (id, workspace) = (key.id.parse().expect("an id"), t.workspace.id);
    let mut tx = AuditedTx::begin_system(&t.app, workspace).await.expect("a transaction");
    let key = planeconnection::keys::find(tx.db(), workspace, id).await.expect("an answer").expect("a key");
    let leak =
        Leak { found_by: "github", location: "commit", url: "https://github.com/skyline", is_live: true, remedy: OnLeak::Notify };
    record_leak(&mut tx, &key, leak).await.expect("an event");
    tx.commit().await.expect("a commit");
}

/// Makes every kind of change.
pub(super) async fn change_everything(t: &TestApp) {
    let owner = t.owner().await;
    let (used, short) = (key(t, "Used", Value::Null).await, key(t, "Short", json!("2026-11-23T10:00:00Z")).await);
    owner.patch(&format!("{KEYS}/{}", used.id), json!({ "description": "For tests" })).await.is(200);
    owner.post(&format!("{KEYS}/{}/pause", used.id), json!({})).await.is(200);
    owner.post(&format!("{KEYS}/{}/resume", used.id), json!({})).await.is(200);
    owner.post(&format!("{KEYS}/{}/rotate", short.id), json!({})).await.is(201);
    for address in ["198.51.100.1", "203.0.113.9"] {
        t.with(&used).from(address).get(WHOAMI).await.is(200);
    }
    t.anonymous().get(&format!("{WHOAMI}?api_key={}", used.secret)).await.is(400);
    leak(t, &used).await;
    owner.post(&format!("{KEYS}/{}/revoke", used.id), json!({})).await.is(200);
    key(t, "Long", json!("2026-12-01T09:00:00Z")).await;
    let replaced = key(t, "Replaced", Value::Null).await;
    owner.post(&format!("{KEYS}/{}/rotate", replaced.id), json!({ "revokeOldAfter": "12h" })).await.is(201);
    t.with(&replaced).get(WHOAMI).await.is(200);
    t.flush().await;
    t.advance(Duration::from_hours(12)).await;
    planeconnection::keys::end_rotations(&t.app.keys).await.expect("a run");
    t.advance(Duration::from_hours(12)).await;
    planeconnection::keys::record_expiring(&t.app).await.expect("a run");
}

#[tokio::test]
async fn payload_of_a_key_has_exactly_the_documented_fields_through_its_life() {
    let t = receiving().await;
    let owner = t.owner().await;
    let old = key(&t, "Ops sync", json!("2026-12-23T09:30:00Z")).await;
    let mut expected = json!({
        "api_key_id": old.id, "name": "Ops sync", "hint": null, "status": "active", "permissions": "custom",
        "scopes": ["trips:read"], "expires_at": "2026-12-23T09:30:00Z", "paused_until": null, "revoked_at": null, "rotated_from": null, "rotated_to": null,
        "revoke_old_at": null,
    });
    let created = data(&t, EventType::KeyCreated).await;
    expected["hint"] = created["hint"].clone();
    assert_eq!(created, expected);

    owner.patch(&format!("{KEYS}/{}", old.id), json!({ "name": "Ops", "ipAllowlist": ["203.0.113.0/24"] })).await.is(200);
    expected["name"] = json!("Ops");
    let mut updated = data(&t, EventType::KeyUpdated).await;
    let mut changed = updated.as_object_mut().expect("an object").remove("changed").expect("names");
    changed.as_array_mut().expect("names").sort_by_key(Value::to_string);
    assert_eq!((changed, &updated), (json!(["ip_allowlist", "name"]), &expected));

    let rotation = json!({ "name": "Ops 2", "revokeOldAfter": "7d" });
    let rotated = owner.post(&format!("{KEYS}/{}/rotate", old.id), rotation).await.is(201);
    let new = rotated.text_at("/data/apiKey/id");
    (expected["rotated_to"], expected["revoke_old_at"]) = (json!(new), json!("2026-11-30T09:30:00Z"));
    assert_eq!(data(&t, EventType::KeyRotated).await, expected);
    let successor = all_data(&t, EventType::KeyCreated).await.pop().expect("a payload");
    assert_eq!(
        [&successor["api_key_id"], &successor["rotated_from"], &successor["rotated_to"]],
        [&json!(new), &json!(old.id), &Value::Null]
    );

    owner.post(&format!("{KEYS}/{}/pause", old.id), json!({ "minutes": 60 })).await.is(200);
    (expected["status"], expected["paused_until"]) = (json!("paused"), json!("2026-11-23T10:30:00Z"));
    assert_eq!(data(&t, EventType::KeyPaused).await, expected);
    owner.post(&format!("{KEYS}/{}/resume", old.id), json!({})).await.is(200);
    (expected["status"], expected["paused_until"]) = (json!("active"), Value::Null);
    assert_eq!(data(&t, EventType::KeyResumed).await, expected);

    owner.post(&format!("{KEYS}/{}/revoke", old.id), json!({ "reason": "Rotated by Ms Baumann" })).await.is(200);
    (expected["status"], expected["revoked_at"]) = (json!("revoked"), json!("2026-11-23T09:30:00Z"));
    assert_eq!(data(&t, EventType::KeyRevoked).await, expected);
    assert_eq!(data(&t, EventType::KeyRefusedEverywhere).await, expected);

    t.advance(Duration::from_hours(24 * 31)).await;
    let expired = data(&t, EventType::KeyExpired).await;
    assert_eq!([&expired["api_key_id"], &expired["status"]], [&json!(new), &json!("expired")]);

    let text = json!(payloads(&t).await).to_string();
    for secret in [&old.secret, &rotated.text_at("/data/secret")] {
        assert!(!text.contains(secret.as_str()) && !text.contains("ingerprint"), "{text}");
    }
}

#[tokio::test]
async fn revocation_of_all_keys_is_an_event_for_each() {
    let t = receiving().await;
    let keys = [key(&t, "One", Value::Null).await, key(&t, "Two", Value::Null).await];
    let body = json!({ "revokeApiKeys": true });
    t.owner().await.post("/api/v1/settings/security/sign-out-everyone", body).await.is(200);
    for event_type in [EventType::KeyRevoked, EventType::KeyRefusedEverywhere] {
        let mut ids: Vec<Value> = all_data(&t, event_type).await.iter().map(|data| data["api_key_id"].clone()).collect();
        ids.sort_by_key(Value::to_string);
        let mut expected: Vec<Value> = keys.iter().map(|key| json!(key.id)).collect();
        expected.sort_by_key(Value::to_string);
        assert_eq!(ids, expected, "{event_type}");
        assert!(all_data(&t, event_type).await.iter().all(|data| data["status"] == "revoked"));
    }
}

#[tokio::test]
async fn unusual_use_of_a_key_has_its_reason_and_the_first_use_is_not_unusual() {
    let t = receiving().await;
    let key = key(&t, "Ops sync", Value::Null).await;
    t.with(&key).from("198.51.100.1").get(WHOAMI).await.is(200);
    t.flush().await;
    assert_eq!(all_data(&t, EventType::KeyUnusual).await.len(), 0);
    t.with(&key).from("203.0.113.9").get(WHOAMI).await.is(200);
    t.flush().await;
    let unusual = data(&t, EventType::KeyUnusual).await;
    assert_eq!([&unusual["reason"], &unusual["api_key_id"]], [&json!("used from a new address"), &json!(key.id)]);

    t.owner().await.post(&format!("{KEYS}/{}/revoke", key.id), json!({})).await.is(200);
    t.with(&key).from("203.0.113.9").get(WHOAMI).await.is(401);
    t.flush().await;
    let reasons: Vec<Value> = all_data(&t, EventType::KeyUnusual).await.iter().map(|data| data["reason"].clone()).collect();
    assert_eq!(reasons, ["used from a new address", "a revoked key is still in use"]);
}

#[tokio::test]
async fn key_in_a_url_is_one_event_without_the_url() {
    let t = receiving().await;
    let key = key(&t, "Ops sync", Value::Null).await;
    t.anonymous().get(&format!("{WHOAMI}?api_key={}", key.secret)).await.is(400);
    t.flush().await;
    let leaked = data(&t, EventType::KeyLeakedInUrl).await;
    assert_eq!([&leaked["api_key_id"], &leaked["status"]], [&json!(key.id), &json!("active")]);
    assert!(!leaked.to_string().contains(&key.secret), "{leaked}");
    let unusual = data(&t, EventType::KeyUnusual).await;
    let reason = "was sent in a URL, where proxies and histories keep its secret";
    assert_eq!([&unusual["kind"], &unusual["reason"]], [&json!("leak"), &json!(reason)]);
}

#[tokio::test]
async fn key_that_was_found_in_public_has_the_address() {
    let t = receiving().await;
    let key = key(&t, "Ops sync", Value::Null).await;
    leak(&t, &key).await;
    let leaked = data(&t, EventType::KeyLeaked).await;
    let url = json!("https://github.com/skyline");
    assert_eq!([&leaked["api_key_id"], &leaked["status"], &leaked["url"]], [&json!(key.id), &json!("active"), &url]);
}
