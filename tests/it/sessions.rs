//! Signing in and out.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::Method;
use planeconnection::members::Role;
use serde_json::{Value, json};
use testkit::{SIGN_IN, WHOAMI};
use tokio::sync::oneshot;

use crate::support::{Client, PASSWORD, Response, TestApp};

fn credentials(email: &str, password: &str) -> Value {
    json!({ "email": email, "password": password })
}

async fn sign_in(t: &TestApp) -> (Response, Client) {
    let answer = t.anonymous().post(SIGN_IN, credentials("ana@skyline.example", PASSWORD)).await.is(200);
    let client = t.anonymous().header("authorization", &format!("Bearer {}", answer.text_at("/data/token")));
    (answer, client)
}

#[tokio::test]
async fn member_signs_in_and_out() {
    let t = TestApp::new().await;
    let (answer, client) = sign_in(&t).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.at("/data/expiresAt"), "2026-11-30T09:30:00Z");
    assert_eq!(answer.at("/data/workspace/slug"), "skyline");
    assert_eq!(answer.at("/data/member/role"), "account_owner");
    assert_eq!(client.get(WHOAMI).await.is(200).at("/data/type"), "member");
    let (_, elsewhere) = sign_in(&t).await;
    client.post("/api/v1/auth/sign-out", json!({})).await.is(200);
    client.get(WHOAMI).await.is(401).code("SESSION_INVALID");
    client.post("/api/v1/auth/sign-out", json!({})).await.is(401).code("SESSION_INVALID");
    elsewhere.get(WHOAMI).await.is(200);
    let events = t.audit().await;
    assert!(events.iter().any(|event| event["action"] == "member.signed_out" && event["actor"]["name"] == "Ana Keller"));
}

#[tokio::test]
async fn unused_session_expires_after_twelve_hours() {
    let t = TestApp::new().await;
    let ((_, used), (_, unused)) = (sign_in(&t).await, sign_in(&t).await);
    t.advance(Duration::from_hours(12) - Duration::from_secs(1)).await;
    used.get(WHOAMI).await.is(200);
    t.advance(Duration::from_secs(1)).await;
    unused.get(WHOAMI).await.is(401).code("SESSION_INVALID");
    used.get(WHOAMI).await.is(200);
}

#[tokio::test]
async fn wrong_email_and_wrong_password_get_one_error() {
    let t = TestApp::new().await;
    let anyone = t.anonymous().header("x-request-id", "same");
    let wrong_password = anyone.post(SIGN_IN, credentials("ana@skyline.example", "not her password")).await.is(401);
    let wrong_email =
        anyone.post(SIGN_IN, credentials("eve@skyline.example", PASSWORD)).await.is(401).code("INVALID_CREDENTIALS");
    assert_eq!(wrong_password.text, wrong_email.text);
    assert_eq!(wrong_password.headers, wrong_email.headers);
    let workspace = json!({ "email": "ana@skyline.example", "password": PASSWORD, "workspace": "northwind" });
    assert_eq!(anyone.post(SIGN_IN, workspace).await.is(401).text, wrong_email.text);
}

#[tokio::test]
async fn failed_sign_in_is_recorded_without_the_password() {
    let t = TestApp::new().await;
    t.anonymous().post(SIGN_IN, credentials("ana@skyline.example", "not her password")).await.is(401);
    let events = t.audit().await;
    let failed = events.iter().find(|event| event["action"] == "member.sign_in_failed").expect("an event");
    assert_eq!((&failed["outcome"], &failed["actor"]["type"]), (&json!("denied"), &json!("anonymous")));
    assert_eq!((&failed["target"]["name"], &failed["ip"]), (&json!("Ana Keller"), &json!("192.0.2.1")));
    assert!(!json!(events).to_string().contains("not her password"));
}

#[tokio::test]
async fn email_in_two_workspaces_signs_in_where_its_password_matches() {
    let t = TestApp::new().await;
    let (_, other) = t.other_workspace().await;
    let invited = other.post("/api/v1/members", json!({ "name": "Ana", "email": "ana@skyline.example", "role": "pilot" })).await;
    let token = invited.is(201).text_at("/data/inviteUrl").split_once('#').expect("a link").1.to_owned();
    let joined = json!({ "token": token, "password": "another password" });
    t.anonymous().post("/api/v1/auth/join", joined).await.is(200);
    for (workspace, password) in [("skyline", PASSWORD), ("northwind", "another password")] {
        let body = credentials("ana@skyline.example", password);
        assert_eq!(t.anonymous().post(SIGN_IN, body).await.is(200).at("/data/workspace/slug"), workspace);
    }
    for (workspace, password) in [("skyline", PASSWORD), ("northwind", "another password")] {
        let body = json!({ "email": "ana@skyline.example", "password": password, "workspace": workspace });
        assert_eq!(t.anonymous().post(SIGN_IN, body).await.is(200).at("/data/workspace/slug"), workspace);
    }
    let crossed = json!({ "email": "ana@skyline.example", "password": PASSWORD, "workspace": "northwind" });
    t.anonymous().post(SIGN_IN, crossed).await.is(401);
}

#[tokio::test]
async fn guesses_from_one_address_do_not_lock_out_the_owner() {
    let t = TestApp::new().await;
    let guess = async |from: &str| t.anonymous().from(from).post(SIGN_IN, credentials("ana@skyline.example", "a guess")).await;
    for _ in 1..=10 {
        guess("198.51.100.1").await.is(401);
    }
    let slowed = guess("198.51.100.1").await.is(429).code("RATE_LIMITED");
    let seconds: u64 = slowed.header("retry-after").parse().expect("a number");
    t.anonymous().from("203.0.113.7").post(SIGN_IN, credentials("ana@skyline.example", PASSWORD)).await.is(200);
    t.advance(Duration::from_secs(seconds)).await;
    guess("198.51.100.1").await.is(401);
    guess("198.51.100.1").await.is(429);
}

#[tokio::test]
async fn guesses_are_limited_by_email() {
    let t = TestApp::new().await;
    // The workspace is named, because fewer hashes are computed then.
    let body = json!({ "email": "ana@skyline.example", "password": "a guess", "workspace": "skyline" });
    let guess = async |from: &str| t.anonymous().from(from).post(SIGN_IN, body.clone()).await;
    for number in 1..=50 {
        guess(&format!("198.51.100.{number}")).await.is(401);
    }
    guess("198.51.100.99").await.is(429).code("RATE_LIMITED");
}

#[tokio::test]
async fn guesses_are_limited_by_client_ip() {
    let t = TestApp::new().await;
    for number in 1..=20 {
        t.anonymous().post(SIGN_IN, credentials(&format!("user{number}@skyline.example"), "a guess")).await.is(401);
    }
    let slowed = t.anonymous().post(SIGN_IN, credentials("ana@skyline.example", PASSWORD)).await.is(429);
    assert_eq!(slowed.header("retry-after"), "3");
    assert_eq!(slowed.header("ratelimit-policy"), "\"default\";q=20;w=60");
    assert_eq!(slowed.header("ratelimit"), "\"default\";r=0;t=3");
    t.anonymous().from("198.51.100.1").post(SIGN_IN, credentials("ana@skyline.example", PASSWORD)).await.is(200);
}

#[tokio::test]
async fn addresses_of_one_network_share_a_limit() {
    let t = TestApp::new().await;
    let guess = async |from: &str, number: u32| {
        t.anonymous().from(from).post(SIGN_IN, credentials(&format!("user{number}@skyline.example"), "a guess")).await
    };
    for number in 1..=20 {
        guess(&format!("2001:db8::{number:x}:1"), number).await.is(401);
    }
    guess("2001:db8::ffff:ffff", 21).await.is(429);
    guess("2001:db8:0:1::1", 22).await.is(401);
}

#[tokio::test]
async fn correct_password_is_never_rate_limited() {
    let t = TestApp::new().await;
    for _ in 0..25 {
        sign_in(&t).await;
    }
}

#[tokio::test]
async fn invalid_sign_in_is_reported_per_field() {
    let t = TestApp::new().await;
    t.anonymous().post(SIGN_IN, credentials("ana", PASSWORD)).await.is(400).names_field("email");
    t.anonymous().post(SIGN_IN, json!({ "email": "ana@skyline.example" })).await.is(400).code("INVALID_REQUEST");
    let numeric = t.anonymous().post(SIGN_IN, json!({ "email": "ana@skyline.example", "password": 123_456_789_012_u64 })).await;
    assert!(!numeric.is(400).text.contains("123456789012"), "a password is not repeated");
}

#[tokio::test]
async fn key_cannot_sign_out() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    t.with(&key).post("/api/v1/auth/sign-out", json!({})).await.is(403).code("PERSON_REQUIRED");
}

#[tokio::test]
async fn request_in_flight_of_a_removed_member_changes_nothing() {
    let t = TestApp::new().await;
    let admin = t.add_member(Role::Admin).await;
    let (client, owner) = (t.signed_in(admin.clone()).await.header("content-type", "application/json"), t.owner().await);
    let ((reached, is_reached), (send_rest, rest)) = (oneshot::channel(), oneshot::channel::<Bytes>());
    // Polled only once the request was admitted.
    let body = Body::from_stream(futures_util::stream::once(async {
        reached.send(()).expect("somebody waits");
        rest.await
    }));
    let remove = async {
        is_reached.await.expect("the request is admitted");
        owner.delete(&format!("/api/v1/members/{}", admin.id)).await.is(200);
        let input = json!({ "name": "Too late", "permissions": "read_only", "expiresAt": null });
        send_rest.send(input.to_string().into()).expect("the request still waits");
    };
    let (answer, ()) = tokio::join!(client.send(Method::POST, "/api/v1/api-keys", body), remove);
    answer.is(401).code("SESSION_INVALID");
    assert!(owner.get("/api/v1/api-keys").await.is(200).items("name").is_empty());
}
