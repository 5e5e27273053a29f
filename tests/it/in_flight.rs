//! Credentials that end while the body of their request is on its way: the write asks again, in its transaction.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::Method;
use planeconnection::members::Role;
use planeconnection::safety::Confidentiality;
use serde_json::{Value, json};
use testkit::{REPORTS, TRIPS};
use tokio::sync::oneshot;

use crate::support::{Client, Response, TestApp};

fn trip() -> Value {
    json!({ "tripType": "charter", "origin": "KTEB", "destination": "KBOS", "departureDate": "2026-12-01T14:00:00Z" })
}

fn report(confidentiality: Confidentiality) -> Value {
    json!({
        "reportType": "concern",
        "title": "Fuel cap found open",
        "description": "During the walk-around before the second leg the left fuel cap was found open.",
        "occurredAt": "2026-11-22T17:05:00Z",
        "confidentiality": confidentiality,
    })
}

/// Sends a request whose body arrives after `meanwhile`, which starts once the request was authorized.
async fn send_in_two_parts(
    client: &Client,
    method: Method,
    path: &str,
    body: Value,
    meanwhile: impl Future<Output = ()>,
) -> Response {
    let ((reached, is_reached), (send_rest, rest)) = (oneshot::channel(), oneshot::channel::<Bytes>());
    // Polled only once the request was admitted.
    let stream = Body::from_stream(futures_util::stream::once(async {
        reached.send(()).expect("somebody waits");
        rest.await
    }));
    let meanwhile = async {
        is_reached.await.expect("the request is admitted");
        meanwhile.await;
        send_rest.send(body.to_string().into()).expect("the request still waits");
    };
    let client = client.clone().header("content-type", "application/json");
    let (answer, ()) = tokio::join!(client.send(method, path, stream), meanwhile);
    answer
}

#[tokio::test]
async fn key_revoked_while_the_body_arrives_writes_nothing() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let existing = owner.post(TRIPS, trip()).await.is(201).text_at("/data/id");
    let calls = [
        (Method::POST, TRIPS.to_owned(), trip()),
        (Method::PATCH, format!("{TRIPS}/{existing}"), json!({ "notes": "Too late" })),
        (Method::PUT, format!("{TRIPS}/by-external-id/T-1"), trip()),
    ];
    for (method, path, body) in calls {
        let key = t.key(&["trips:write"]).await;
        let revoke = async {
            owner.post(&format!("/api/v1/api-keys/{}/revoke", key.id), json!({})).await.is(200);
        };
        let client = t.with(&key).header("idempotency-key", &key.id);
        let answer = send_in_two_parts(&client, method, &path, body, revoke).await.is(401).code("API_KEY_REVOKED");
        assert!(answer.header("www-authenticate").contains("invalid_token"));
        let denied = t.audit().await.into_iter().rfind(|event| event["action"] == "api_key.denied").expect("an event");
        assert_eq!((&denied["target"]["id"], &denied["details"]["reason"]), (&json!(key.id), &json!("revoked")));
    }
    assert_eq!(owner.get(TRIPS).await.is(200).items("id"), [existing]);
    let written =
        t.audit().await.into_iter().filter(|event| event["action"].as_str().is_some_and(|name| name.starts_with("trip.")));
    assert_eq!(written.count(), 1, "the first trip, by the owner");
}

#[tokio::test]
async fn key_expired_paused_or_restricted_while_the_body_arrives_writes_nothing() {
    let t = TestApp::new().await;
    let expiring =
        json!({ "name": "Short", "permissions": "custom", "scopes": ["trips:write"], "expiresAt": "2026-11-23T09:31:00Z" });
    let key = t.key_with(expiring).await;
    let wait = async { t.app.clock.advance(Duration::from_mins(1)) };
    send_in_two_parts(&t.with(&key), Method::POST, TRIPS, trip(), wait).await.is(401).code("API_KEY_EXPIRED");

    let (key, owner) = (t.key(&["trips:write"]).await, t.owner().await);
    let pause = async {
        owner.post(&format!("/api/v1/api-keys/{}/pause", key.id), json!({})).await.is(200);
    };
    send_in_two_parts(&t.with(&key), Method::POST, TRIPS, trip(), pause).await.is(401).code("API_KEY_PAUSED");

    let key = t.key(&["trips:write"]).await;
    let restrict = async {
        owner.patch(&format!("/api/v1/api-keys/{}", key.id), json!({ "ipAllowlist": ["203.0.113.0/24"] })).await.is(200);
    };
    send_in_two_parts(&t.with(&key), Method::POST, TRIPS, trip(), restrict).await.is(403).code("IP_NOT_ALLOWED");
    // A change that takes nothing away does not matter.
    let key = t.key(&["trips:write"]).await;
    let rename = async {
        owner
            .patch(&format!("/api/v1/api-keys/{}", key.id), json!({ "name": "Renamed", "ipAllowlist": ["192.0.2.0/24"] }))
            .await
            .is(200);
    };
    send_in_two_parts(&t.with(&key), Method::POST, TRIPS, trip(), rename).await.is(201);
    assert_eq!(owner.get(TRIPS).await.is(200).items("id").len(), 1);
}

/// Another node, or the command line, revoked it: this node has not heard of it yet.
#[tokio::test]
async fn write_rechecks_the_key_in_the_database() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:write"]).await;
    t.tamper("UPDATE api_keys SET revoked_at = created_at").await;
    t.with(&key).post(TRIPS, trip()).await.is(401).code("API_KEY_REVOKED");
}

#[tokio::test]
async fn report_of_a_member_removed_meanwhile_is_refused() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    for confidentiality in [Confidentiality::Standard, Confidentiality::Confidential, Confidentiality::Anonymous] {
        let pilot = t.add_member(Role::Pilot).await;
        let client = t.signed_in(pilot.clone()).await;
        let remove = async {
            owner.delete(&format!("/api/v1/members/{}", pilot.id)).await.is(200);
        };
        let answer = send_in_two_parts(&client, Method::POST, REPORTS, report(confidentiality), remove).await;
        answer.is(401).code("SESSION_INVALID");
    }
    assert_eq!(owner.get(REPORTS).await.is(200).at("/data/items"), &json!([]));
}

#[tokio::test]
async fn report_with_a_key_revoked_meanwhile_is_refused() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    for confidentiality in [Confidentiality::Standard, Confidentiality::Confidential, Confidentiality::Anonymous] {
        let key = t.key(&["safety:write"]).await;
        let client = t.with(&key).header("user-agent", "a-reporters-own/1").header("x-request-id", "a-reporters-own-request");
        let revoke = async {
            owner.post(&format!("/api/v1/api-keys/{}/revoke", key.id), json!({})).await.is(200);
        };
        let answer = send_in_two_parts(&client, Method::POST, REPORTS, report(confidentiality), revoke).await;
        answer.is(401).code("API_KEY_REVOKED");
        let denied = t.audit().await.into_iter().rfind(|event| event["action"] == "api_key.denied").expect("an event");
        let is_named = confidentiality == Confidentiality::Standard;
        assert_eq!((denied["userAgent"].is_string(), denied["requestId"].is_string()), (is_named, is_named), "{confidentiality}");
    }
    assert_eq!(owner.get(REPORTS).await.is(200).at("/data/items"), &json!([]));
}
