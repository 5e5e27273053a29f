//! Revocation: at once, for good, and on record.

use axum::body::Body;
use axum::http::Method;
use serde_json::json;
use testkit::{KEYS, WHOAMI};

use crate::support::{TestApp, read_only_key};

#[tokio::test]
async fn revoked_key_is_refused_and_stays_in_the_list() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    t.with(&key).get(WHOAMI).await.is(200);
    let admin = t.admin().await;
    let revoked = admin.post(&format!("{KEYS}/{}/revoke", key.id), json!({ "reason": "Left the project" })).await.is(200);
    assert_eq!(revoked.at("/data/status"), "revoked");
    assert_eq!(revoked.at("/data/revokedAt"), "2026-11-23T09:30:00Z");
    assert_eq!(revoked.at("/data/refusedEverywhereAt"), "2026-11-23T09:30:00Z");
    assert_eq!(revoked.at("/data/revokedBy/name"), "Test admin");
    t.with(&key).get(WHOAMI).await.is(401).code("API_KEY_REVOKED");
    let listed = admin.get(&format!("{KEYS}?status=revoked")).await.is(200);
    assert_eq!(listed.items("id"), [key.id]);
    t.audit_ends_with(&["api_key.revoked", "api_key.refused_everywhere", "api_key.used", "api_key.denied"]).await;
    let events = t.audit().await;
    let proof = events.iter().find(|event| event["action"] == "api_key.refused_everywhere").expect("the event");
    assert_eq!(proof["details"]["refusedEverywhereAt"], "2026-11-23T09:30:00Z");
    assert_eq!(proof["details"]["confirmedBy"], json!([{ "id": t.app.cluster.id() }]), "by its id, without name or address");
    assert_eq!((&proof["details"]["leaseRanOut"], &proof["details"]["gone"]), (&json!([]), &json!([])));
}

#[tokio::test]
async fn node_that_left_during_a_revocation_is_recorded() {
    let t = TestApp::new().await;
    let (key, owner) = (t.key(&["trips:read"]).await, t.owner().await);
    // It has not applied the revocation, so that the call waits for it.
    t.other_node("south", "0", "2026-11-23 09:30:01+00:00").await;
    let path = format!("{KEYS}/{}", key.id);
    let revoking = async { owner.post(&format!("{path}/revoke"), json!({})).await.is(200) };
    let leaving = async {
        while owner.get(&path).await.is(200).at("/data/status") != "revoked" {}
        // By then the waiting call has looked at the nodes.
        for _ in 0..20 {
            owner.get(&path).await.is(200);
        }
        t.tamper("DELETE FROM nodes WHERE name = 'south'").await;
    };
    tokio::join!(revoking, leaving);
    let events = t.audit().await;
    let proof = events.iter().find(|event| event["action"] == "api_key.refused_everywhere").expect("the event");
    let gone = proof["details"]["gone"].as_array().expect("a list");
    assert_eq!(gone.len(), 1, "{proof}");
    assert!(gone[0]["id"].as_str().is_some_and(|id| id.starts_with("node_")), "{proof}");
    assert_eq!(gone[0].as_object().map(serde_json::Map::len), Some(1), "nothing but the id: {proof}");
    assert_eq!(proof["details"]["leaseRanOut"], json!([]));
}

#[tokio::test]
async fn second_revocation_changes_nothing() {
    let t = TestApp::new().await;
    let (key, admin) = (t.key(&["trips:read"]).await, t.admin().await);
    let path = format!("{KEYS}/{}/revoke", key.id);
    let first = admin.post(&path, json!({ "reason": "Left the project" })).await.is(200);
    t.advance(std::time::Duration::from_mins(1)).await;
    let second = t.owner().await.post(&path, json!({ "reason": "Another" })).await.is(200);
    assert_eq!(first.at("/data"), second.at("/data"));
    t.audit_ends_with(&["api_key.created", "api_key.revoked", "api_key.refused_everywhere"]).await;
}

#[tokio::test]
async fn second_revocation_records_an_interrupted_confirmation() {
    let t = TestApp::new().await;
    let (key, admin) = (t.key(&["trips:read"]).await, t.admin().await);
    let path = format!("{KEYS}/{}", key.id);
    assert_eq!(admin.get(&path).await.is(200).at("/data/refusedEverywhereAt"), &json!(null));
    let first = admin.post(&format!("{path}/revoke"), json!({})).await.is(200);
    t.tamper("UPDATE api_keys SET refused_everywhere_at = NULL").await;
    for minutes in [1, 5] {
        t.advance(std::time::Duration::from_mins(minutes)).await;
        let again = admin.post(&format!("{path}/revoke"), json!({})).await.is(200);
        assert_eq!(again.at("/data/refusedEverywhereAt"), "2026-11-23T09:31:00Z");
        assert_eq!(again.at("/data/revokedAt"), first.at("/data/revokedAt"));
        assert_eq!(admin.get(&path).await.is(200).at("/data"), again.at("/data"));
    }
    t.audit_ends_with(&["api_key.revoked", "api_key.refused_everywhere", "api_key.refused_everywhere"]).await;
}

#[tokio::test]
async fn revocation_succeeds_without_the_confirmation_event() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    t.database.reject_writes("INSERT", "audit_events", "NEW.action = 'api_key.refused_everywhere'").await;
    let admin = t.admin().await;
    let revoked = admin.post(&format!("{KEYS}/{}/revoke", key.id), json!({})).await.is(200);
    assert_eq!(revoked.at("/data/refusedEverywhereAt"), "2026-11-23T09:30:00Z", "it is true all the same");
    assert_eq!(revoked.at("/data/status"), "revoked");
    assert_eq!(admin.get(&format!("{KEYS}/{}", key.id)).await.is(200).at("/data/refusedEverywhereAt"), &json!(null));
    t.with(&key).get(WHOAMI).await.is(401).code("API_KEY_REVOKED");
}

#[tokio::test]
async fn concurrent_revocations_leave_one_event() {
    let t = TestApp::new().await;
    let (key, one, other) = (t.key(&["trips:read"]).await, t.admin().await, t.admin().await);
    let path = format!("{KEYS}/{}/revoke", key.id);
    let (first, second) = tokio::join!(one.post(&path, json!({ "reason": "A" })), other.post(&path, json!({ "reason": "B" })));
    assert_eq!(first.is(200).at("/data/revokeReason"), second.is(200).at("/data/revokeReason"));
    t.audit_ends_with(&["api_key.created", "api_key.revoked", "api_key.refused_everywhere"]).await;
}

#[tokio::test]
async fn revocation_needs_no_body() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    t.admin().await.send(Method::POST, &format!("{KEYS}/{}/revoke", key.id), Body::empty()).await.is(200);
    t.with(&key).get(WHOAMI).await.is(401).code("API_KEY_REVOKED");
}

#[tokio::test]
async fn expired_key_can_be_revoked() {
    let t = TestApp::new().await;
    let key = t.key_with(super::with(read_only_key("Over"), "expiresAt", json!("2026-11-23T09:31:00Z"))).await;
    t.advance(std::time::Duration::from_mins(1)).await;
    let revoked = t.admin().await.post(&format!("{KEYS}/{}/revoke", key.id), json!({})).await.is(200);
    assert_eq!(revoked.at("/data/status"), "revoked");
}

#[tokio::test]
async fn key_in_the_reason_is_refused_without_side_effects() {
    let t = TestApp::new().await;
    let (key, admin) = (t.key(&["trips:read"]).await, t.admin().await);
    let path = format!("{KEYS}/{}/revoke", key.id);
    let reason = format!("{} was posted in a chat", key.secret);
    let refused = admin.post(&path, json!({ "reason": reason })).await.is(400).names_field("reason");
    assert!(!refused.text.contains(&key.secret), "{}", refused.text);
    admin.post(&path, json!({ "reason": "It was posted in a chat" })).await.is(200);
    t.with(&key).get(WHOAMI).await.is(401).code("API_KEY_REVOKED");
}

#[tokio::test]
async fn reason_has_at_most_500_characters() {
    let t = TestApp::new().await;
    let (key, admin) = (t.key(&["trips:read"]).await, t.admin().await);
    let path = format!("{KEYS}/{}/revoke", key.id);
    admin.post(&path, json!({ "reason": "x".repeat(501) })).await.is(400).names_field("reason");
    t.with(&key).get(WHOAMI).await.is(200);
    admin.post(&path, json!({ "reason": "x".repeat(500) })).await.is(200);
}

#[tokio::test]
async fn revoked_key_cannot_be_restored() {
    let t = TestApp::new().await;
    let (key, admin) = (t.key(&["trips:read"]).await, t.admin().await);
    let path = format!("{KEYS}/{}", key.id);
    admin.post(&format!("{path}/revoke"), json!({})).await.is(200);
    admin.patch(&path, json!({ "name": "Back again" })).await.is(409).code("CONFLICT");
    for field in ["status", "revokedAt", "revoked"] {
        admin.patch(&path, json!({ field: null })).await.is(400).code("INVALID_REQUEST");
    }
    admin.delete(&path).await.is(405);
    admin.put(&path, json!({ "status": "active" })).await.is(405);
    t.with(&key).get(WHOAMI).await.is(401).code("API_KEY_REVOKED");
}
