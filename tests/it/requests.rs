//! The request log: why a request was refused, and the latest requests of a key.

mod bounds;
mod latest;
mod page;

use serde_json::{Value, json};
use testkit::{AIRCRAFT, KEYS, TRIPS, WHOAMI};

use crate::support::{Client, Response, TestApp, TestKey, read_only_key};

/// An id as a tracing system makes it: long enough to be kept without a key.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn path(id: &str) -> String {
    format!("/api/v1/requests/{id}")
}

/// The explanations of a request, as the owner reads them.
async fn explained(t: &TestApp, refused: &Response) -> Vec<Value> {
    found(&t.owner().await.get(&path(refused.header("x-request-id"))).await.is(200))
}

fn found(answer: &Response) -> Vec<Value> {
    answer.at("/data/items").as_array().cloned().expect("a list")
}

async fn revoke(t: &TestApp, key: &TestKey) {
    t.owner().await.post(&format!("{KEYS}/{}/revoke", key.id), json!({})).await.is(200);
}

fn with_id(client: &Client, id: &str) -> Client {
    client.clone().header("x-request-id", id)
}

#[tokio::test]
async fn refused_request_is_explained_before_and_after_it_is_stored() {
    let t = TestApp::new().await;
    let key = t.key_with(json!({
        "name": "Fleet Dashboard", "permissions": "custom", "scopes": ["fleet:read", "trips:read"],
        "expiresAt": "2026-12-23T09:30:00Z", "ipAllowlist": ["203.0.113.0/24"],
    }));
    let key = key.await;
    let refused = t.with(&key).from("203.0.113.7").post(TRIPS, json!({})).await.is(403);
    let expected = json!({
        "requestId": refused.header("x-request-id"), "at": "2026-11-23T09:30:00Z", "method": "POST", "route": TRIPS,
        "status": 403, "code": "SCOPE_REQUIRED", "apiKey": { "id": key.id, "name": "Fleet Dashboard" },
        "reason": "The request needs the scope trips:write, which the key does not have. It has trips:read, fleet:read.",
        "remedy": "The scopes of a key cannot be widened. If the application needs this one, create another key with it.",
        "facts": {
            "status": "active", "scopes": ["trips:read", "fleet:read"], "requiredScope": "trips:write",
            "ipAllowlist": ["203.0.113.0/24"], "address": "203.0.113.7", "expiresAt": "2026-12-23T09:30:00Z", "limit": null,
        },
    });
    assert_eq!(explained(&t, &refused).await, std::slice::from_ref(&expected));
    t.flush().await;
    assert_eq!(explained(&t, &refused).await, [expected], "from the database");
    assert_eq!(t.number("SELECT count(*) FROM refused_requests").await, 1);
}

#[tokio::test]
async fn every_rule_of_keys_is_named() {
    let t = TestApp::new().await;
    let (key, revoked) = (t.named_key("Reader").await, t.named_key("Old").await);
    let expired = t.key_with(json!({ "name": "Short", "permissions": "read_only", "expiresAt": "2026-11-23T09:40:00Z" })).await;
    let near = json!({ "name": "Near", "permissions": "read_only", "expiresAt": null, "ipAllowlist": ["203.0.113.0/24"] });
    let slow = json!({ "name": "Slow", "permissions": "read_only", "expiresAt": null,
        "rateLimit": { "requests": 1, "perSeconds": 90 } });
    let (near, slow) = (t.key_with(near).await, t.key_with(slow).await);
    let trial = t.key_with(json!({ "name": "Trial", "permissions": "read_only", "expiresAt": null, "test": true })).await;
    revoke(&t, &revoked).await;
    let paused = t.named_key("Paused").await;
    t.owner().await.post(&format!("{KEYS}/{}/pause", paused.id), json!({})).await.is(200);
    t.advance(std::time::Duration::from_mins(11)).await;
    t.with(&slow).get(WHOAMI).await.is(200);
    let in_url = format!("{WHOAMI}?api_key={}", key.secret);
    let cases = [
        (t.with(&revoked).get(WHOAMI).await, "API_KEY_REVOKED", "revoked", "The key was revoked."),
        (t.with(&paused).get(WHOAMI).await, "API_KEY_PAUSED", "paused", "The key was paused."),
        (t.with(&expired).get(WHOAMI).await, "API_KEY_EXPIRED", "expired", "The key expired at 2026-11-23T09:40:00Z."),
        (
            t.with(&near).from("198.51.100.7").get(WHOAMI).await,
            "IP_NOT_ALLOWED",
            "active",
            "The request came from 198.51.100.7, and the key may be used from 203.0.113.0/24 only.",
        ),
        (
            t.with(&slow).get(WHOAMI).await,
            "RATE_LIMITED",
            "active",
            "The key sent more requests than its rate limit allows, 1 in 90 seconds.",
        ),
        (t.with(&key).get(KEYS).await, "PERSON_REQUIRED", "active", "API keys cannot do this, whatever their scopes."),
        (
            t.with(&trial).get("/api/v1/auth/check?scope=trips:read").await,
            "TEST_KEY",
            "active",
            "The key is a test key, and the service behind the proxy has no sandbox.",
        ),
        (
            t.anonymous().get(&in_url).await,
            "CREDENTIAL_IN_URL",
            "active",
            "The key was sent in the URL, where proxies and histories keep it.",
        ),
    ];
    for (refused, code, status, reason) in cases {
        let items = explained(&t, &refused).await;
        let [item] = items.as_slice() else { panic!("{code}: {items:?}") };
        let is = [&item["code"], &item["facts"]["status"], &item["reason"]].map(|text| text.as_str().unwrap_or_default());
        assert_eq!(is, [code, status, reason]);
        assert_eq!(item["status"], refused.status, "{code}");
        assert!(item["remedy"].as_str().is_some_and(|remedy| remedy.len() > 20), "{code}");
    }
}

#[tokio::test]
async fn scope_that_only_a_part_of_the_request_needs_is_explained() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    let refused = t.with(&key).get("/api/v1/auth/check?scope=fleet:read").await.is(403);
    let items = explained(&t, &refused).await;
    assert_eq!((items.len(), &items[0]["facts"]["requiredScope"]), (1, &json!("fleet:read")));
    assert_eq!(items[0]["route"], "/api/v1/auth/check");
}

#[tokio::test]
async fn answered_request_and_unknown_id_have_no_explanation() {
    let t = TestApp::new().await;
    let key = t.named_key("Reader").await;
    let owner = t.owner().await;
    with_id(&t.with(&key), TRACE).get(TRIPS).await.is(200);
    with_id(&t.with(&key), TRACE).get(&format!("{TRIPS}/none")).await.is(404);
    let answer = owner.get(&path(TRACE)).await.is(200);
    assert_eq!(answer.json["data"], json!({ "items": [], "sampled": false }));
    for id in [&"x".repeat(129), "a%20b", "%C3%A4", &key.secret] {
        owner.get(&path(id)).await.is(404);
    }
}

#[tokio::test]
async fn id_is_chosen_by_the_caller_and_may_have_any_visible_character() {
    let t = TestApp::new().await;
    let key = t.named_key("Reader").await;
    let id = "a/b?c=<d>&e%2F\"";
    for _ in 0..3 {
        with_id(&t.with(&key), id).post(TRIPS, json!({})).await.is(403);
        t.advance(std::time::Duration::from_secs(1)).await;
    }
    let encoded = "a%2Fb%3Fc%3D%3Cd%3E%26e%252F%22";
    let items = found(&t.owner().await.get(&path(encoded)).await.is(200));
    let times: Vec<_> = items.iter().map(|item| item["at"].as_str().unwrap_or_default()).collect();
    assert_eq!(times, ["2026-11-23T09:30:02Z", "2026-11-23T09:30:01Z", "2026-11-23T09:30:00Z"], "the newest first");
    assert_eq!(items[0]["requestId"], id);
}

#[tokio::test]
async fn request_without_a_known_key_tells_no_more_than_its_caller_knows() {
    let t = TestApp::new().await;
    let unknown = format!("pck_{}", "aB3".repeat(13).split_at(38).0);
    let stranger = t.anonymous().from("198.51.100.7");
    let cases = [
        (stranger.clone().header("x-api-key", &unknown), 401, "API_KEY_INVALID"),
        (stranger.clone().header("x-api-key", "a mistyped key"), 401, "API_KEY_INVALID"),
        (stranger.clone(), 401, "AUTHENTICATION_REQUIRED"),
        (stranger.clone().header("x-api-key", "a").header("x-api-key", "b"), 400, "AMBIGUOUS_CREDENTIALS"),
        (stranger.clone().header("authorization", "Bearer not-a-session"), 401, "SESSION_INVALID"),
    ];
    let (_, other) = t.other_workspace().await;
    for (number, (client, status, code)) in cases.into_iter().enumerate() {
        let id = format!("{TRACE}-{number}");
        with_id(&client, &id).get(TRIPS).await.is(status).code(code);
        if number % 2 == 0 {
            t.flush().await;
        }
        for reader in [&t.owner().await, &other] {
            let answer = reader.get(&path(&id)).await.is(200);
            let items = found(&answer);
            assert_eq!(items.len(), 1, "{code}");
            let [api_key, facts] = [&items[0]["apiKey"], &items[0]["facts"]];
            assert_eq!((items[0]["code"].as_str(), api_key, facts), (Some(code), &Value::Null, &Value::Null));
            for hidden in ["198.51.100.7", "aB3aB3", "mistyped", "not-a-session"] {
                assert!(!answer.text.contains(hidden), "{hidden}: {}", answer.text);
            }
        }
    }
}

#[tokio::test]
async fn guessable_id_of_a_request_without_a_known_key_is_not_kept() {
    let t = TestApp::new().await;
    with_id(&t.anonymous().header("x-api-key", "pck_no"), "test-1").get(TRIPS).await.is(401);
    assert!(found(&t.owner().await.get(&path("test-1")).await.is(200)).is_empty());
    let own = t.anonymous().header("x-api-key", "pck_no").get(TRIPS).await.is(401);
    assert_eq!(explained(&t, &own).await.len(), 1, "this server's own id cannot be guessed");
}

#[tokio::test]
async fn refusals_of_another_workspace_are_not_shown() {
    let t = TestApp::new().await;
    let (_, other) = t.other_workspace().await;
    let made = other.post(KEYS, read_only_key("Theirs")).await.is(201);
    let theirs = t.anonymous().header("x-api-key", &made.text_at("/data/secret"));
    let ours = t.named_key("Ours").await;
    for is_stored in [false, true] {
        with_id(&theirs, TRACE).post(TRIPS, json!({})).await.is(403);
        with_id(&t.with(&ours), TRACE).post(AIRCRAFT, json!({})).await.is(403);
        if is_stored {
            t.flush().await;
        }
    }
    for (reader, name, route) in [(&t.owner().await, "Ours", AIRCRAFT), (&other, "Theirs", TRIPS)] {
        let answer = reader.get(&path(TRACE)).await.is(200);
        let items = found(&answer);
        assert_eq!(items.len(), 2);
        assert!(items.iter().all(|item| item["apiKey"]["name"] == name && item["route"] == route), "{}", answer.text);
    }
    let id = made.text_at("/data/apiKey/id");
    t.owner().await.get(&format!("{KEYS}/{id}/requests")).await.is(404);
}

#[tokio::test]
async fn keys_and_members_who_are_no_administrators_read_no_refusals() {
    let t = TestApp::new().await;
    let key = t.key(&["audit:read"]).await;
    t.with(&key).get(&path(TRACE)).await.is(403).code("PERSON_REQUIRED");
    for role in [planeconnection::members::Role::Auditor, planeconnection::members::Role::Pilot] {
        t.member(role).await.get(&path(TRACE)).await.is(403).code("ROLE_REQUIRED");
    }
}

#[tokio::test]
async fn key_that_is_revoked_while_its_request_is_under_way_is_explained() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:write"]).await;
    // Another node revokes the key, and this one has not heard of it yet.
    t.tamper("UPDATE api_keys SET revoked_at = created_at").await;
    let trip = json!({ "tripType": "charter", "origin": "KTEB", "destination": "KBOS", "departureDate": "2026-12-01T14:00:00Z" });
    let refused = t.with(&key).post(TRIPS, trip).await.is(401).code("API_KEY_REVOKED");
    let items = explained(&t, &refused).await;
    assert_eq!((items.len(), &items[0]["facts"]["status"]), (1, &json!("revoked")));
}
