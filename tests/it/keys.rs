//! A key's life.

use std::time::Duration;

use serde_json::json;

use crate::support::TestApp;

const KEYS: &str = "/api/v1/api-keys";

#[tokio::test]
async fn a_new_key_shows_its_secret_once() {
    let t = TestApp::new().await;
    let body = json!({ "name": " Fleet Dashboard ", "permissions": "read_only", "expiresAt": "2027-02-21T00:00:00Z", "description": "The lobby screen" });
    let made = t.admin().await.post(KEYS, body).await.is(201);
    let secret = made.text_at("/data/secret");
    assert_eq!(made.header("cache-control"), "no-store");
    assert_eq!(secret.len(), 42);
    insta::assert_json_snapshot!(made.at("/data/apiKey"));
    let path = format!("{KEYS}/{}", made.text_at("/data/apiKey/id"));
    for path in [KEYS, &path] {
        assert!(!t.admin().await.get(path).await.is(200).text.contains(&secret[8..38]));
    }
    t.audit_ends_with(&["api_key.created"]).await;
}

#[tokio::test]
async fn a_revoked_key_is_refused_and_stays_in_the_list() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    t.with(&key).get("/api/v1/auth/whoami").await.is(200);
    let admin = t.admin().await;
    let revoked = admin.post(&format!("{KEYS}/{}/revoke", key.id), json!({ "reason": "Left the project" })).await.is(200);
    assert_eq!(revoked.at("/data/status"), "revoked");
    t.with(&key).get("/api/v1/auth/whoami").await.is(401).code("API_KEY_REVOKED");
    let revoked = admin.get(&format!("{KEYS}?status=revoked")).await.is(200);
    assert_eq!(revoked.items("id").join(","), key.id);
    let again = admin.post(&format!("{KEYS}/{}/revoke", key.id), json!({ "reason": "Another" })).await.is(200);
    assert_eq!(again.at("/data/revokeReason"), "Left the project");
    t.audit_ends_with(&["api_key.revoked", "api_key.used", "api_key.denied"]).await;
}

#[tokio::test]
async fn an_expired_key_is_refused_from_its_moment_on() {
    let t = TestApp::new().await;
    let key = t.key_with(json!({ "name": "Soon over", "permissions": "read_only", "expiresAt": "2026-11-23T10:00:00Z" })).await;
    t.advance(Duration::from_secs(30 * 60 - 1)).await;
    t.with(&key).get("/api/v1/auth/whoami").await.is(200);
    t.advance(Duration::from_secs(1)).await;
    t.with(&key).get("/api/v1/auth/whoami").await.is(401).code("API_KEY_EXPIRED");
    t.audit_ends_with(&["api_key.expired", "api_key.denied"]).await;
}
