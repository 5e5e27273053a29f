//! Re-authentication over the API: which calls need a recent proof of identity, and how a session gets one.

use std::time::Duration;

use kit::random::Random;
use planeconnection::access::RECENT;
use planeconnection::app::App;
use planeconnection::config::Config;
use planeconnection::members::Role;
use planeconnection::router;
use serde_json::{Value, json};
use testkit::{KEYS, WHOAMI};

use crate::support::{Client, PASSWORD, Response, TestApp, read_only_key};

const PROVE: &str = "/api/v1/auth/reauthenticate";
const MEMBERS: &str = "/api/v1/members";
const EXPORT: &str = "/api/v1/audit-log/export?format=ndjson";
const SECOND: Duration = Duration::from_secs(1);

async fn prove(client: &Client, password: &str) -> Response {
    client.post(PROVE, json!({ "password": password })).await
}

#[track_caller]
fn asks(refused: Response) {
    let refused = refused.is(403).code("REAUTHENTICATION_REQUIRED");
    assert_eq!(refused.at("/error/methods"), &json!(["password"]));
}

fn invitation(role: &str) -> Value {
    json!({ "name": "Dee Brandt", "email": format!("{role}@skyline.example"), "role": role })
}

/// The owner, whose sign-in is a little older than the calls accept.
async fn old_session(t: &TestApp) -> Client {
    let owner = t.owner().await;
    t.advance(RECENT + SECOND).await;
    owner
}

#[tokio::test]
async fn sign_in_permits_to_create_keys_for_15_minutes_and_use_does_not_extend_it() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    for minute in 0..3 {
        owner.get(WHOAMI).await.is(200);
        owner.post(KEYS, read_only_key(&format!("Key {minute}"))).await.is(201);
        t.advance(Duration::from_mins(5)).await;
    }
    let key = owner.post(KEYS, read_only_key("Last")).await.is(201).text_at("/data/apiKey/id");
    t.advance(SECOND).await;
    asks(owner.post(KEYS, read_only_key("Late")).await);
    asks(owner.post(&format!("{KEYS}/{key}/rotate"), json!({})).await);
    assert_eq!(owner.get(KEYS).await.is(200).at("/data/total"), 4);
    t.owner().await.post(KEYS, read_only_key("Late")).await.is(201);
}

#[tokio::test]
async fn proof_refreshes_the_session_and_keeps_its_token() {
    let t = TestApp::new().await;
    let owner = old_session(&t).await;
    asks(owner.post(KEYS, read_only_key("Fleet")).await);
    let proved = prove(&owner, PASSWORD).await.is(200);
    let expected = json!({
        "authenticatedAt": "2026-11-23T09:45:01Z", "methods": ["password"], "recentUntil": "2026-11-23T10:00:01Z",
    });
    assert_eq!(proved.at("/data"), &expected);
    owner.post(KEYS, read_only_key("Fleet")).await.is(201);
    t.audit_ends_with(&["member.reauthenticated", "api_key.created"]).await;
    t.advance(RECENT).await;
    owner.post(KEYS, read_only_key("Fleet 2")).await.is(201);
    t.advance(SECOND).await;
    asks(owner.post(KEYS, read_only_key("Fleet 3")).await);
}

#[tokio::test]
async fn proof_holds_on_every_node_and_for_this_session_only() {
    let t = TestApp::new().await;
    let (owner, other) = (t.owner().await, t.owner().await);
    t.advance(RECENT + SECOND).await;
    let clock = t.app.clock.clone();
    let second = App::open_with(Config::default(), t.location(), clock, Random::seeded(9)).await.expect("a database");
    second.cluster.join("second").await.expect("a lease");
    let on_second = owner.via(&router::router(second.clone()));
    asks(on_second.post(KEYS, read_only_key("Fleet")).await);
    prove(&owner, PASSWORD).await.is(200);
    on_second.post(KEYS, read_only_key("Fleet")).await.is(201);
    asks(other.post(KEYS, read_only_key("Other")).await);
    second.cluster.leave().await.expect("the node has left");
}

#[tokio::test]
async fn wrong_passwords_count_like_those_of_a_sign_in() {
    let t = TestApp::new().await;
    let owner = old_session(&t).await;
    for _ in 0..10 {
        prove(&owner, "a guess at the password").await.is(401).code("INVALID_CREDENTIALS");
    }
    let limited = prove(&owner, PASSWORD).await.is(429).code("RATE_LIMITED");
    assert!(limited.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0));
    asks(owner.post(KEYS, read_only_key("Fleet")).await);
    let failed = t.audit().await.into_iter().filter(|event| event["action"] == "member.sign_in_failed").count();
    assert!(failed > 0, "wrong passwords are in the log");
    t.advance(Duration::from_mins(5)).await;
    prove(&owner, PASSWORD).await.is(200);
}

#[tokio::test]
async fn proof_needs_a_session_and_its_own_password() {
    let t = TestApp::new().await;
    let pilot = t.member(Role::Pilot).await;
    prove(&pilot, PASSWORD).await.is(401).code("INVALID_CREDENTIALS");
    prove(&t.anonymous(), PASSWORD).await.is(401).code("AUTHENTICATION_REQUIRED");
    let key = t.key(&["trips:read"]).await;
    prove(&t.with(&key), PASSWORD).await.is(403).code("PERSON_REQUIRED");
    let owner = t.owner().await;
    owner.post(PROVE, json!({ "password": PASSWORD, "method": "passkey" })).await.is(400).names_field("method");
    owner.post("/api/v1/auth/sign-out", json!({})).await.is(200);
    prove(&owner, PASSWORD).await.is(401).code("SESSION_INVALID");
}

#[tokio::test]
async fn administrators_are_made_and_roles_changed_after_a_recent_proof_only() {
    let t = TestApp::new().await;
    let owner = old_session(&t).await;
    let pilot = owner.post(MEMBERS, invitation("pilot")).await.is(201).text_at("/data/member/id");
    asks(owner.post(MEMBERS, invitation("admin")).await);
    asks(owner.post(MEMBERS, invitation("account_owner")).await);
    asks(owner.patch(&format!("{MEMBERS}/{pilot}"), json!({ "role": "dispatcher" })).await);
    prove(&owner, PASSWORD).await.is(200);
    owner.post(MEMBERS, invitation("admin")).await.is(201);
    owner.patch(&format!("{MEMBERS}/{pilot}"), json!({ "role": "dispatcher" })).await.is(200);
}

#[tokio::test]
async fn repeated_invitation_of_a_pilot_who_became_administrator_needs_a_proof() {
    let t = TestApp::new().await;
    let owner = old_session(&t).await;
    let repeating = owner.clone().header("idempotency-key", "invite-1");
    let invited = repeating.post(MEMBERS, invitation("pilot")).await.is(201).text_at("/data/member/id");
    repeating.post(MEMBERS, invitation("pilot")).await.is(201);
    t.owner().await.patch(&format!("{MEMBERS}/{invited}"), json!({ "role": "admin" })).await.is(200);
    asks(repeating.post(MEMBERS, invitation("pilot")).await);
}

#[tokio::test]
async fn log_is_exported_after_a_recent_proof_and_keys_are_never_asked() {
    let t = TestApp::new().await;
    let (key, auditor) = (t.key(&["audit:read"]).await, t.member(Role::Auditor).await);
    let owner = old_session(&t).await;
    owner.get("/api/v1/audit-log").await.is(200);
    asks(owner.get(EXPORT).await);
    asks(auditor.get(EXPORT).await);
    t.with(&key).get(EXPORT).await.is(200);
    prove(&owner, PASSWORD).await.is(200);
    owner.get(EXPORT).await.is(200);
}

#[tokio::test]
async fn taking_access_away_never_needs_a_proof() {
    let t = TestApp::new().await;
    let (key, pilot) = (t.key(&["trips:read"]).await, t.add_member(Role::Pilot).await);
    t.owner().await;
    let owner = old_session(&t).await;
    t.advance(Duration::from_hours(5)).await;
    owner.post(&format!("{KEYS}/{}/revoke", key.id), json!({})).await.is(200);
    owner.delete(&format!("{MEMBERS}/{}", pilot.id)).await.is(200);
    owner.put("/api/v1/settings/api-keys", json!({ "enabled": false })).await.is(200);
    owner.post("/api/v1/auth/sessions/revoke-others", json!({})).await.is(200);
    owner.post("/api/v1/auth/sign-out", json!({})).await.is(200);
}

#[tokio::test]
async fn session_of_the_version_before_was_authenticated_when_it_was_created() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    t.tamper("UPDATE sessions SET auth_time = NULL").await;
    owner.post(KEYS, read_only_key("Fleet")).await.is(201);
    t.advance(RECENT + SECOND).await;
    asks(owner.post(KEYS, read_only_key("Later")).await);
}
