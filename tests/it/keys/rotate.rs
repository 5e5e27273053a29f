//! Rotation: a successor, and an old key that goes on until it is revoked.

use serde_json::json;
use testkit::{KEYS, WHOAMI};

use super::with;
use crate::support::{TestApp, TestKey, read_only_key};

#[tokio::test]
async fn successor_has_the_same_rights_and_the_old_key_stays_active() {
    let t = TestApp::new().await;
    let body = json!({
        "name": "Scheduler", "permissions": "custom", "scopes": ["trips:write"], "expiresAt": "2026-12-03T09:30:00Z",
        "ipAllowlist": ["192.0.2.0/24"], "rateLimit": { "requests": 5, "perSeconds": 1 }, "description": "For the desk",
    });
    let old = t.key_with(body).await;
    let admin = t.admin().await;
    let made = admin.post(&format!("{KEYS}/{}/rotate", old.id), json!({})).await.is(201);
    assert_eq!(made.header("cache-control"), "no-store");
    let before = admin.get(&format!("{KEYS}/{}", old.id)).await.is(200);
    for field in ["permissions", "scopes", "ipAllowlist", "rateLimit", "description"] {
        assert_eq!(made.at("/data/apiKey")[field], before.at("/data")[field], "{field}");
    }
    assert_eq!(made.at("/data/apiKey/rotatedFrom"), &json!(old.id));
    assert_eq!(before.at("/data/rotatedTo"), made.at("/data/apiKey/id"));
    let new = t.anonymous().header("x-api-key", &made.text_at("/data/secret"));
    new.get(WHOAMI).await.is(200);
    t.with(&old).get(WHOAMI).await.is(200);
    admin.post(&format!("{KEYS}/{}/revoke", old.id), json!({})).await.is(200);
    t.with(&old).get(WHOAMI).await.is(401).code("API_KEY_REVOKED");
    new.get(WHOAMI).await.is(200);
}

#[tokio::test]
async fn rotation_is_recorded_for_both_keys() {
    let t = TestApp::new().await;
    let old = t.key_with(read_only_key("Scheduler")).await;
    let made = t.admin().await.post(&format!("{KEYS}/{}/rotate", old.id), json!({})).await.is(201);
    let events = t.audit().await;
    let of = |action: &str| events.iter().rfind(|event| event["action"] == action).map(|event| event["target"]["id"].clone());
    assert_eq!(of("api_key.rotated"), Some(json!(old.id)));
    assert_eq!(of("api_key.created").as_ref(), Some(made.at("/data/apiKey/id")));
}

#[tokio::test]
async fn successor_has_the_lifetime_of_the_old_key() {
    let t = TestApp::new().await;
    let old = t.key_with(with(read_only_key("Ten days"), "expiresAt", json!("2026-12-03T09:30:00Z"))).await;
    t.advance(std::time::Duration::from_hours(24)).await;
    let made = t.admin().await.post(&format!("{KEYS}/{}/rotate", old.id), json!({})).await.is(201);
    assert_eq!(made.at("/data/apiKey/expiresAt"), "2026-12-04T09:30:00Z");
    let endless = t.key_with(read_only_key("Endless")).await;
    let made = t.admin().await.post(&format!("{KEYS}/{}/rotate", endless.id), json!({})).await.is(201);
    assert_eq!(made.at("/data/apiKey/expiresAt"), &json!(null));
}

#[tokio::test]
async fn successor_expires_within_five_years() {
    let t = TestApp::new().await;
    let day = std::time::Duration::from_hours(24);
    // From December 2027 five years hold two leap days; from March 2028 they hold one.
    t.advance(373 * day).await;
    let old = t.key_with(with(read_only_key("Long"), "expiresAt", json!("2032-12-01T09:30:00Z"))).await;
    t.advance(91 * day).await;
    let made = t.admin().await.post(&format!("{KEYS}/{}/rotate", old.id), json!({})).await.is(201);
    assert_eq!(made.at("/data/apiKey/expiresAt"), "2033-03-01T09:30:00Z");
}

#[tokio::test]
async fn successor_can_have_its_own_name_and_expiry() {
    let t = TestApp::new().await;
    let (old, admin) = (t.key_with(read_only_key("Scheduler")).await, t.admin().await);
    let path = format!("{KEYS}/{}/rotate", old.id);
    let made = admin.post(&path, json!({ "name": "Planner", "expiresAt": "2027-01-01T00:00:00Z" })).await.is(201);
    assert_eq!(made.at("/data/apiKey/name"), "Planner");
    assert_eq!(made.at("/data/apiKey/expiresAt"), "2027-01-01T00:00:00Z");
    admin.post(&path, json!({ "name": "Scheduler" })).await.is(409).code("CONFLICT");
    admin.post(&path, json!({ "expiresAt": "2020-01-01T00:00:00Z" })).await.is(400).names_field("expiresAt");
    admin.post(&path, json!({ "permissions": "read_write" })).await.is(400).code("INVALID_REQUEST");
}

#[tokio::test]
async fn successor_is_named_by_date() {
    let t = TestApp::new().await;
    let admin = t.admin().await;
    let rotated = async |id: &str| admin.post(&format!("{KEYS}/{id}/rotate"), json!({})).await.is(201);
    let old = t.key_with(read_only_key("Scheduler")).await;
    let second = rotated(&old.id).await;
    assert_eq!(second.at("/data/apiKey/name"), "Scheduler (2026-11-23)");
    let third = rotated(&second.text_at("/data/apiKey/id")).await;
    assert_eq!(third.at("/data/apiKey/name"), "Scheduler (2026-11-23 2)");
    let year = t.key_with(read_only_key("Cabin (2020 refit)")).await;
    assert_eq!(rotated(&year.id).await.at("/data/apiKey/name"), "Cabin (2020 refit) (2026-11-23)");
    let long = t.key_with(read_only_key(&"x".repeat(100))).await;
    assert_eq!(rotated(&long.id).await.text_at("/data/apiKey/name"), format!("{} (2026-11-23)", "x".repeat(87)));
}

#[tokio::test]
async fn successor_has_a_whole_rate_limit_of_its_own() {
    let t = TestApp::new().await;
    let limit = json!({ "requests": 1, "perSeconds": 3_600 });
    let old = t.key_with(with(read_only_key("Limited"), "rateLimit", limit)).await;
    t.with(&old).get(WHOAMI).await.is(200);
    t.with(&old).get(WHOAMI).await.is(429);
    let made = t.admin().await.post(&format!("{KEYS}/{}/rotate", old.id), json!({})).await.is(201);
    let new = TestKey { id: made.text_at("/data/apiKey/id"), secret: made.text_at("/data/secret") };
    t.with(&new).get(WHOAMI).await.is(200);
    for key in [&old, &new] {
        t.with(key).get(WHOAMI).await.is(429);
    }
}

#[tokio::test]
async fn inactive_key_cannot_be_rotated() {
    let t = TestApp::new().await;
    let (gone, admin) = (t.key_with(read_only_key("Gone")).await, t.admin().await);
    admin.post(&format!("{KEYS}/{}/revoke", gone.id), json!({})).await.is(200);
    admin.post(&format!("{KEYS}/{}/rotate", gone.id), json!({})).await.is(409).code("CONFLICT");
    let over = t.key_with(with(read_only_key("Over"), "expiresAt", json!("2026-11-23T09:31:00Z"))).await;
    t.advance(std::time::Duration::from_mins(1)).await;
    admin.post(&format!("{KEYS}/{}/rotate", over.id), json!({})).await.is(409).code("CONFLICT");
}

#[tokio::test]
async fn concurrent_rotations_make_two_successors() {
    let t = TestApp::new().await;
    let old = t.key_with(read_only_key("Scheduler")).await;
    let (one, other, path) = (t.admin().await, t.admin().await, format!("{KEYS}/{}/rotate", old.id));
    let (first, second) = tokio::join!(one.post(&path, json!({})), other.post(&path, json!({})));
    let mut names = [first.is(201).text_at("/data/apiKey/name"), second.is(201).text_at("/data/apiKey/name")];
    names.sort();
    assert_eq!(names, ["Scheduler (2026-11-23 2)", "Scheduler (2026-11-23)"]);
}

#[tokio::test]
async fn rotation_can_narrow_the_permissions_and_never_widen_them() {
    let t = TestApp::new().await;
    let admin = t.admin().await;
    let body = with(with(read_only_key("Desk"), "permissions", json!("custom")), "scopes", json!(["trips:write", "fleet:read"]));
    let old = t.key_with(body).await;
    let path = format!("{KEYS}/{}/rotate", old.id);
    let rotated = async |body: serde_json::Value| admin.post(&path, body).await;
    for wider in [
        json!({ "scopes": ["trips:write", "fleet:write"] }),
        json!({ "scopes": ["invoices:read"] }),
        json!({ "permissions": "custom", "scopes": ["trips:read", "audit:read"] }),
        json!({ "scopes": [] }),
    ] {
        rotated(wider).await.is(400).code("INVALID_REQUEST").names_field("scopes");
    }
    for wider in [json!({ "permissions": "read_only" }), json!({ "permissions": "read_write" })] {
        rotated(wider).await.is(400).names_field("permissions");
    }
    rotated(json!({ "permissions": "custom" })).await.is(400).names_field("scopes");
    rotated(json!({ "permissions": "read_only", "scopes": ["trips:read"] })).await.is(400).names_field("scopes");
    assert_eq!(t.number("SELECT COUNT(*) FROM api_keys").await, 1, "nothing was created");
    let narrow = rotated(json!({ "scopes": ["trips:read"] })).await.is(201);
    assert_eq!(narrow.at("/data/apiKey/permissions"), "custom");
    assert_eq!(narrow.at("/data/apiKey/scopes"), &json!(["trips:read"]), "write includes read");
    let all = t.key_with(with(read_only_key("All"), "permissions", json!("read_write"))).await;
    let read = admin.post(&format!("{KEYS}/{}/rotate", all.id), json!({ "permissions": "read_only" })).await.is(201);
    assert_eq!(read.at("/data/apiKey/permissions"), "read_only");
    let new = t.anonymous().header("x-api-key", &read.text_at("/data/secret"));
    new.get("/api/v1/auth/check?scope=trips:read").await.is(200);
    new.get("/api/v1/auth/check?scope=trips:write").await.is(403);
}
