//! `Idempotency-Key` where a secret is made: a retry never makes a second key, and never shows the first one again.

use std::time::Duration;

use serde_json::json;
use testkit::KEYS;

use crate::support::{Client, TestApp, read_only_key};

async fn once(t: &TestApp, key: &str) -> Client {
    t.owner().await.header("idempotency-key", key)
}

#[tokio::test]
async fn replayed_creation_returns_the_created_key() {
    let t = TestApp::new().await;
    let client = once(&t, "retry-1").await;
    let made = client.post(KEYS, read_only_key("Once")).await.is(201);
    let again = client.post(KEYS, read_only_key("Once")).await.is(409).code("ALREADY_CREATED");
    assert_eq!(again.at("/error/apiKeyId"), made.at("/data/apiKey/id"));
    assert!(!again.text.contains(&made.text_at("/data/secret")[8..38]));
    client.post(KEYS, read_only_key("Another")).await.is(422).code("IDEMPOTENCY_KEY_REUSED");
}

#[tokio::test]
async fn replayed_rotation_returns_the_successor() {
    let t = TestApp::new().await;
    let (old, other) = (t.key_with(read_only_key("Old")).await, t.key_with(read_only_key("Other")).await);
    let client = once(&t, "retry-2").await;
    let made = client.post(&format!("{KEYS}/{}/rotate", old.id), json!({})).await.is(201);
    let again = client.post(&format!("{KEYS}/{}/rotate", old.id), json!({})).await.is(409).code("ALREADY_CREATED");
    assert_eq!(again.at("/error/apiKeyId"), made.at("/data/apiKey/id"));
    client.post(&format!("{KEYS}/{}/rotate", other.id), json!({})).await.is(422).code("IDEMPOTENCY_KEY_REUSED");
}

#[tokio::test]
async fn concurrent_identical_requests_create_one_key() {
    let t = TestApp::new().await;
    let client = once(&t, "retry-3").await;
    let (first, second) = tokio::join!(client.post(KEYS, read_only_key("Once")), client.post(KEYS, read_only_key("Once")));
    let (made, refused) = if first.status == 201 { (first, second) } else { (second, first) };
    assert_eq!(refused.is(409).code("ALREADY_CREATED").at("/error/apiKeyId"), made.is(201).at("/data/apiKey/id"));
    assert_eq!(client.get(KEYS).await.is(200).items("name"), ["Once"]);
}

#[tokio::test]
async fn failed_request_is_not_remembered() {
    let t = TestApp::new().await;
    t.key_with(read_only_key("Taken")).await;
    let client = once(&t, "retry-4").await;
    client.post(KEYS, read_only_key("Taken")).await.is(409).code("CONFLICT");
    client.post(KEYS, read_only_key("Free")).await.is(201);
}

#[tokio::test]
async fn idempotency_key_expires_after_a_day() {
    let t = TestApp::new().await;
    once(&t, "retry-5").await.post(KEYS, read_only_key("One")).await.is(201);
    t.advance(Duration::from_hours(24)).await;
    once(&t, "retry-5").await.post(KEYS, read_only_key("Two")).await.is(201);
}

#[tokio::test]
async fn idempotency_keys_are_scoped_to_the_member() {
    let t = TestApp::new().await;
    once(&t, "retry-6").await.post(KEYS, read_only_key("One")).await.is(201);
    t.admin().await.header("idempotency-key", "retry-6").post(KEYS, read_only_key("Two")).await.is(201);
}

#[tokio::test]
async fn malformed_idempotency_key_is_refused() {
    let t = TestApp::new().await;
    let too_long = "x".repeat(256);
    for wrong in ["", "a b", "ä", too_long.as_str()] {
        once(&t, wrong).await.post(KEYS, read_only_key("One")).await.is(400).code("INVALID_REQUEST");
    }
    let two = once(&t, "a").await.header("idempotency-key", "b");
    two.post(KEYS, read_only_key("One")).await.is(400).code("INVALID_REQUEST");
    once(&t, &too_long[1..]).await.post(KEYS, read_only_key("One")).await.is(201);
}
