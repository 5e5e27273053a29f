//! Requests by member, by workspace and by its keys.

use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use planeconnection::limits::Limit;
use planeconnection::members::Role;
use serde_json::json;
use testkit::{KEYS, TRIPS, WHOAMI};

use super::{refusals, with};
use crate::support::{Client, Response, TestApp, TestKey};

fn is_limited(refused: &Response, policy: &str, seconds: &str) {
    assert_eq!((refused.status, &refused.json["error"]["code"]), (429, &json!("RATE_LIMITED")), "{}", refused.text);
    assert_eq!(refused.header("retry-after"), seconds);
    assert_eq!(refused.header("ratelimit-policy"), policy);
    let name = policy.split(';').next().unwrap_or_default();
    assert_eq!(refused.header("ratelimit"), format!("{name};r=0;t={seconds}"));
}

async fn head(client: &Client, path: &str) -> Response {
    client.send(Method::HEAD, path, Body::empty()).await
}

#[tokio::test]
async fn member_reads_are_limited_across_sessions_api_and_pages() {
    let t = TestApp::new().await;
    let member = t.add_member(Role::Dispatcher).await;
    let sessions = [t.signed_in(member.clone()).await, t.signed_in(member.clone()).await];
    for number in 0..600 {
        let session = &sessions[number % 2];
        if number % 3 == 0 {
            head(session, TRIPS).await.is(200)
        } else {
            session.get(WHOAMI).await.is(200)
        };
    }
    is_limited(&sessions[0].get(TRIPS).await, "\"member-reads\";q=600;w=60", "1");
    assert_eq!(head(&sessions[1], WHOAMI).await.status, 429);
    // The cookie of a page is another door for the same person.
    let cookie = format!("planeconnection_session={}", t.token_of(member.clone()).await);
    let page = t.anonymous().header("cookie", &cookie).get("/account").await.is(429);
    assert!(page.text.contains("Try again in 1 second."), "{}", page.text);
    assert_eq!(page.header("retry-after"), "1");
    t.member(Role::Dispatcher).await.get(TRIPS).await.is(200);
    t.advance(Duration::from_secs(1)).await;
    sessions[0].get(TRIPS).await.is(200);
    assert_eq!(refusals(&t, Limit::MemberReads).await, 3);
}

#[tokio::test]
async fn member_writes_are_limited_including_denied_ones() {
    let t = TestApp::new().await;
    let pilot = t.member(Role::Pilot).await;
    for number in 0..120 {
        match number % 3 {
            0 => pilot.post(KEYS, json!({})).await.is(403),
            1 => pilot.patch(&format!("{TRIPS}/none"), json!({})).await.is(403),
            _ => pilot.put(&format!("{TRIPS}/by-external-id/x"), json!({})).await.is(403),
        };
    }
    is_limited(&pilot.post(TRIPS, json!({})).await, "\"member-writes\";q=120;w=60", "1");
    pilot.get(TRIPS).await.is(200);
    assert_eq!(refusals(&t, Limit::MemberWrites).await, 1);
}

#[tokio::test]
async fn replay_counts_as_a_write() {
    let t = with([(Limit::MemberWrites, 3)]).await;
    let admin = t.admin().await.header("idempotency-key", "one");
    let trip = json!({ "tripType": "charter", "origin": "LSZH", "destination": "EGGW", "departureDate": "2026-12-01T08:00:00Z" });
    for _ in 0..3 {
        admin.post(TRIPS, trip.clone()).await.is(201);
    }
    admin.post(TRIPS, trip).await.is(429).code("RATE_LIMITED");
}

#[tokio::test]
async fn members_share_a_limit_apart_from_administrators() {
    let t = with([(Limit::WorkspaceReads, 10), (Limit::WorkspaceWrites, 4)]).await;
    let pilots = [t.member(Role::Pilot).await, t.member(Role::Pilot).await, t.member(Role::Auditor).await];
    for number in 0..10 {
        pilots[number % 3].get(WHOAMI).await.is(200);
    }
    is_limited(&pilots[0].get(WHOAMI).await, "\"workspace-reads\";q=10;w=60", "6");
    for number in 0..4 {
        pilots[number % 3].post(KEYS, json!({})).await.is(403);
    }
    is_limited(&pilots[1].post(KEYS, json!({})).await, "\"workspace-writes\";q=4;w=60", "15");
    let admins = [t.admin().await, t.admin().await];
    for number in 0..10 {
        admins[number % 2].get(WHOAMI).await.is(200);
    }
    admins[1].get(WHOAMI).await.is(429);
    let (_, other) = t.other_workspace().await;
    other.get(WHOAMI).await.is(200);
    assert_eq!((refusals(&t, Limit::WorkspaceReads).await, refusals(&t, Limit::WorkspaceWrites).await), (2, 1));
}

#[tokio::test]
async fn keys_share_the_write_limit_of_their_workspace() {
    let t = with([(Limit::KeyWrites, 12)]).await;
    let mut keys: Vec<TestKey> = Vec::new();
    for _ in 0..3 {
        keys.push(t.key(&["trips:write"]).await);
    }
    // A sandbox has no limits of its own.
    let test = json!({ "name": "Trial", "permissions": "custom", "scopes": ["trips:write"], "expiresAt": null, "test": true });
    keys.push(t.key_with(test).await);
    for number in 0..12 {
        let key = t.with(&keys[number % 4]);
        key.put(&format!("{TRIPS}/by-external-id/x"), json!({})).await.is(400);
    }
    let refused = t.with(&keys[0]).patch(&format!("{TRIPS}/none"), json!({})).await;
    is_limited(&refused, "\"key-writes\";q=12;w=60", "5");
    t.with(&keys[1]).get(TRIPS).await.is(200);
    let elsewhere = t.other_workspace().await.1;
    elsewhere.get(WHOAMI).await.is(200);
    t.audit_ends_with(&["api_key.denied"]).await;
    assert_eq!(refusals(&t, Limit::KeyWrites).await, 1);
}

#[tokio::test]
async fn access_can_be_revoked_despite_exhausted_limits() {
    let t = with([(Limit::MemberReads, 1), (Limit::MemberWrites, 2)]).await;
    let (key, leaver) = (t.key(&["trips:read"]).await, t.add_member(Role::Pilot).await);
    let by_key = t.with(&t.key(&["trips:write"]).await);
    t.app.limits.charge(t.workspace.id, 1 << 40, t.app.limits.moment(t.app.clock.ticks()));
    let owner = t.owner().await;
    owner.get(WHOAMI).await.is(200);
    owner.get(WHOAMI).await.is(429);
    owner.patch(&format!("{KEYS}/{}", key.id), json!({ "name": "Other" })).await.is(429);
    by_key.post(TRIPS, json!({})).await.is(429).code("RATE_LIMITED");
    owner.post(&format!("{KEYS}/{}/revoke", key.id), json!({})).await.is(200);
    t.with(&key).get(WHOAMI).await.is(401).code("API_KEY_REVOKED");
    owner.put("/api/v1/settings/api-keys", json!({ "enabled": false })).await.is(200);
    owner.delete(&format!("/api/v1/members/{}", leaver.id)).await.is(200);
    owner.post("/api/v1/auth/sign-out", json!({})).await.is(200);
    owner.get(WHOAMI).await.is(401);
}

#[tokio::test]
async fn revoking_calls_have_their_own_limit() {
    let t = with([(Limit::MemberRevocations, 5)]).await;
    let key = t.key(&["trips:read"]).await;
    let owner = t.owner().await;
    for _ in 0..5 {
        owner.post(&format!("{KEYS}/{}/revoke", key.id), json!({})).await.is(200);
    }
    is_limited(&owner.delete("/api/v1/members/none").await, "\"member-revocations\";q=5;w=60", "12");
    owner.get(WHOAMI).await.is(200);
    owner.patch(&format!("{KEYS}/none"), json!({})).await.is(404);
}

#[tokio::test]
async fn member_limits_are_shared_among_nodes() {
    let t = with([(Limit::MemberReads, 10)]).await;
    let admin = t.admin().await;
    t.app.limits.set_nodes(2);
    for _ in 0..5 {
        admin.get(WHOAMI).await.is(200);
    }
    is_limited(&admin.get(WHOAMI).await, "\"member-reads\";q=10;w=60", "12");
}
