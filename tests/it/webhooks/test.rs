//! Tests of a webhook, against a receiver.

use planeconnection::config::Config;
use planeconnection::webhooks::WebhookSettings;
use serde_json::{Value, json};
use testkit::{Receiver, Reply};

use super::WEBHOOKS;
use crate::support::{Client, TestApp, test_config};

/// Settings by which a receiver on this machine may be reached without TLS.
pub(crate) fn to_loopback() -> Config {
    let mut webhooks = WebhookSettings::default();
    webhooks.allowed.ranges = vec!["127.0.0.0/8".parse().expect("a range")];
    webhooks.allowed.allows_http = true;
    Config { webhooks, ..test_config() }
}

/// The path of a new webhook for a receiver.
async fn endpoint(client: &Client, receiver: &Receiver, events: &[&str]) -> String {
    let made = client.post(WEBHOOKS, json!({ "url": receiver.url(), "events": events, "secret": "x".repeat(30) })).await.is(201);
    format!("{WEBHOOKS}/{}", made.text_at("/data/webhook/id"))
}

#[tokio::test]
async fn test_is_sent_signed_and_answered_with_its_attempt() {
    let (t, receiver) = (TestApp::with_config(to_loopback()).await, Receiver::start());
    let owner = t.owner().await;
    let at = endpoint(&owner, &receiver, &["trip.*"]).await;
    let sent = owner.post(&format!("{at}/test"), json!({})).await.is(200);
    assert_eq!((sent.at("/data/attempt/number"), sent.at("/data/attempt/statusCode")), (&json!(1), &json!(200)), "{}", sent.text);
    assert_eq!(*sent.at("/data/attempt/error"), Value::Null);
    let request = receiver.wait_for(1).remove(0);
    let body = request.json();
    assert_eq!((&body["type"], &body["test"], &body["sequence"]), (&json!("webhook.test"), &json!(true), &Value::Null));
    assert_eq!(
        (request.header("webhook-id"), request.header("x-planeconnection-event")),
        (body["id"].as_str().expect("an id"), "webhook.test")
    );
    assert!(request.header("webhook-signature").starts_with("v1,") && request.header("x-planeconnection-signature").len() == 64);
    let listed = owner.get(&format!("{at}/deliveries")).await.is(200);
    assert_eq!((listed.items("type"), listed.items("status")), (vec!["webhook.test".to_owned()], vec!["delivered".to_owned()]));
    let shown = owner.get(&format!("{at}/deliveries/{}", listed.items("id")[0])).await.is(200);
    assert_eq!((shown.at("/data/payload"), shown.at("/data/sequence")), (&body, &Value::Null));
    for secret in ["x-planeconnection-signature", "webhook-signature"] {
        assert!(!shown.text.contains(request.header(secret)), "{secret} is shown");
    }
    assert!(owner.get(&format!("{at}/events")).await.is(200).at("/data/items").as_array().is_some_and(Vec::is_empty));
}

#[tokio::test]
async fn example_of_a_type_is_sent_also_to_an_endpoint_that_is_off() {
    let (t, receiver) = (TestApp::with_config(to_loopback()).await, Receiver::start());
    let owner = t.owner().await;
    let at = endpoint(&owner, &receiver, &["trip.*"]).await;
    owner.patch(&at, json!({ "active": false })).await.is(200);
    owner.post(&format!("{at}/test"), json!({ "type": "invoice.paid" })).await.is(200);
    let body = receiver.wait_for(1).remove(0).json();
    assert_eq!((&body["type"], &body["test"], &body["sequence"]), (&json!("invoice.paid"), &json!(true), &Value::Null));
    assert_eq!(body["data"]["status"], "paid");
    assert_eq!(body["workspace_id"], json!(t.workspace.id));
    owner.post(&format!("{at}/test"), json!({ "type": "invoice.lost" })).await.is(400).names_field("type");
    owner.post(&format!("{WEBHOOKS}/none/test"), json!({})).await.is(404);
}

#[tokio::test]
async fn failed_test_is_answered_with_its_cause_and_not_repeated() {
    let (t, receiver) = (TestApp::with_config(to_loopback()).await, Receiver::start());
    let owner = t.owner().await;
    let at = endpoint(&owner, &receiver, &["trip.*"]).await;
    receiver.answer(Reply::Status(500));
    let failed = owner.post(&format!("{at}/test"), json!({})).await.is(200);
    assert_eq!(*failed.at("/data/attempt/statusCode"), 500);
    assert!(failed.text_at("/data/attempt/error").contains("500"), "{}", failed.text);
    let delivery = owner.get(&format!("{at}/deliveries")).await.is(200);
    assert_eq!((delivery.items("status"), delivery.at("/data/items/0/nextAttemptAt")), (vec!["failed".to_owned()], &Value::Null));
}

#[tokio::test]
async fn key_tests_with_types_that_it_can_read() {
    let (t, receiver) = (TestApp::with_config(to_loopback()).await, Receiver::start());
    let at = endpoint(&t.owner().await, &receiver, &["trip.*"]).await;
    let key = t.with(&t.key(&["webhooks:write", "trips:read"]).await);
    key.post(&format!("{at}/test"), json!({})).await.is(200);
    key.post(&format!("{at}/test"), json!({ "type": "trip.created" })).await.is(200);
    let refused = key.post(&format!("{at}/test"), json!({ "type": "member.added" })).await.is(403).code("SCOPE_REQUIRED");
    assert_eq!(*refused.at("/error/requiredScope"), "audit:read");
    assert_eq!(receiver.count(), 2);
    let other = endpoint(&t.owner().await, &receiver, &["*"]).await;
    key.post(&format!("{other}/test"), json!({})).await.is(403).code("SCOPE_REQUIRED");
}
