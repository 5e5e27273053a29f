//! `Idempotency-Key` across rotations: a retry with a successor is the same request.

use std::time::Duration;

use kit::random::Random;
use planeconnection::app::App;
use planeconnection::config::Config;
use planeconnection::router;
use serde_json::{Value, json};
use testkit::{INVOICES, KEYS, REPORTS, TRIPS};

use crate::support::{Client, Response, TestApp, TestKey};

const SCOPES: [&str; 4] = ["trips:write", "fleet:write", "safety:write", "invoices:write"];

fn invoice() -> Value {
    let line = json!({ "description": "Flight", "quantity": "1", "unitPrice": 100_000 });
    json!({ "client": { "name": "Acme" }, "currency": "EUR", "lineItems": [line], "dueDate": "2099-01-01" })
}

async fn rotated(t: &TestApp, key: &TestKey) -> TestKey {
    let made = t.admin().await.post(&format!("{KEYS}/{}/rotate", key.id), json!({})).await.is(201);
    TestKey { id: made.text_at("/data/apiKey/id"), secret: made.text_at("/data/secret") }
}

async fn revoke(t: &TestApp, key: &TestKey) {
    t.admin().await.post(&format!("{KEYS}/{}/revoke", key.id), json!({})).await.is(200);
}

fn retry(t: &TestApp, key: &TestKey, name: &str) -> Client {
    t.with(key).header("idempotency-key", name)
}

#[track_caller]
fn is_replay(answer: &Response, first: &Response) {
    assert_eq!(answer.header("idempotent-replayed"), "true");
    assert_eq!((answer.status, &answer.json), (first.status, &first.json));
}

#[tokio::test]
async fn retry_with_any_successor_returns_the_first_response() {
    let t = TestApp::new().await;
    let mut keys = vec![t.key(&SCOPES).await];
    let first = retry(&t, &keys[0], "order-77").post(INVOICES, invoice()).await.is(201);
    for _ in 0..3 {
        let successor = rotated(&t, &keys[keys.len() - 1]).await;
        is_replay(&retry(&t, &successor, "order-77").post(INVOICES, invoice()).await, &first);
        keys.push(successor);
    }
    for key in &keys {
        is_replay(&retry(&t, key, "order-77").post(INVOICES, invoice()).await, &first);
    }
    assert_eq!(t.owner().await.get(INVOICES).await.is(200).at("/data/total"), 1);
}

#[tokio::test]
async fn retry_with_an_older_key_returns_the_response_to_its_successor() {
    let t = TestApp::new().await;
    let old = t.key(&SCOPES).await;
    // A key can be rotated more than once: the chain has branches.
    let branches = [rotated(&t, &old).await, rotated(&t, &old).await];
    let newest = rotated(&t, &branches[0]).await;
    let first = retry(&t, &newest, "order-1").post(INVOICES, invoice()).await.is(201);
    for key in [&old, &branches[0], &branches[1]] {
        is_replay(&retry(&t, key, "order-1").post(INVOICES, invoice()).await, &first);
    }
}

#[tokio::test]
async fn other_request_with_a_successor_is_refused() {
    let t = TestApp::new().await;
    let old = t.key(&SCOPES).await;
    retry(&t, &old, "order-2").post(INVOICES, invoice()).await.is(201);
    let new = rotated(&t, &old).await;
    let mut other = invoice();
    other["notes"] = json!("Another one");
    retry(&t, &new, "order-2").post(INVOICES, other).await.is(422).code("IDEMPOTENCY_KEY_REUSED");
    let trip = json!({ "tripType": "charter", "origin": "LSZH", "destination": "EGLL", "departureDate": "2026-12-01T14:00:00Z" });
    retry(&t, &new, "order-2").post(TRIPS, trip).await.is(422).code("IDEMPOTENCY_KEY_REUSED");
    assert_eq!(t.owner().await.get(INVOICES).await.is(200).at("/data/total"), 1);
}

#[tokio::test]
async fn retried_payment_is_recorded_once_after_rotation_and_revocation() {
    let t = TestApp::new().await;
    let old = t.key(&SCOPES).await;
    let invoice = t.with(&old).post(INVOICES, invoice()).await.is(201).text_at("/data/id");
    t.with(&old).post(&format!("{INVOICES}/{invoice}/send"), json!({})).await.is(200);
    let payments = format!("{INVOICES}/{invoice}/payments");
    let first = retry(&t, &old, "pay-1").post(&payments, json!({ "amount": 40_000 })).await.is(201);
    assert_eq!(first.at("/data/amountPaid"), 40_000);
    let new = rotated(&t, &old).await;
    revoke(&t, &old).await;
    is_replay(&retry(&t, &new, "pay-1").post(&payments, json!({ "amount": 40_000 })).await, &first);
    retry(&t, &new, "pay-1").post(&payments, json!({ "amount": 1 })).await.is(422);
    assert_eq!(t.with(&new).get(&format!("{INVOICES}/{invoice}")).await.is(200).at("/data/amountPaid"), 40_000);
    retry(&t, &new, "pay-2").post(&payments, json!({ "amount": 1 })).await.is(201);
}

#[tokio::test]
async fn retried_invoice_is_created_once_after_the_old_key_expired() {
    let t = TestApp::new().await;
    let body = json!({ "name": "Short", "permissions": "read_write", "expiresAt": "2026-11-23T10:30:00Z" });
    let old = t.key_with(body).await;
    let first = retry(&t, &old, "order-3").post(INVOICES, invoice()).await.is(201);
    let made = t.admin().await.post(&format!("{KEYS}/{}/rotate", old.id), json!({ "expiresAt": null })).await.is(201);
    let new = TestKey { id: made.text_at("/data/apiKey/id"), secret: made.text_at("/data/secret") };
    t.advance(Duration::from_hours(23)).await;
    is_replay(&retry(&t, &new, "order-3").post(INVOICES, invoice()).await, &first);
    t.advance(Duration::from_hours(1)).await;
    retry(&t, &new, "order-3").post(INVOICES, invoice()).await.is(201);
}

#[tokio::test]
async fn key_of_another_chain_has_its_own_idempotency_keys() {
    let t = TestApp::new().await;
    let old = t.key(&SCOPES).await;
    let first = retry(&t, &old, "order-4").post(INVOICES, invoice()).await.is(201);
    let (new, other) = (rotated(&t, &old).await, t.key(&SCOPES).await);
    let other_new = rotated(&t, &other).await;
    for client in [retry(&t, &other_new, "order-4"), t.owner().await.header("idempotency-key", "order-4")] {
        let own = client.post(INVOICES, invoice()).await.is(201);
        assert!(!own.headers.contains_key("idempotent-replayed"));
        assert_ne!(own.at("/data/id"), first.at("/data/id"));
    }
    let (_, neighbour) = t.other_workspace().await;
    let made = neighbour.post(KEYS, json!({ "name": "Theirs", "permissions": "read_write", "expiresAt": null })).await.is(201);
    let theirs = t.anonymous().header("x-api-key", &made.text_at("/data/secret")).header("idempotency-key", "order-4");
    assert!(!theirs.post(INVOICES, invoice()).await.is(201).headers.contains_key("idempotent-replayed"));
    is_replay(&retry(&t, &new, "order-4").post(INVOICES, invoice()).await, &first);
}

#[tokio::test]
async fn every_creating_call_is_replayed_for_a_successor() {
    let t = TestApp::new().await;
    let old = t.key(&SCOPES).await;
    let new = rotated(&t, &old).await;
    let report = json!({
        "reportType": "hazard", "title": "Loose panel", "severity": "minor", "confidentiality": "standard",
        "occurredAt": "2026-11-22T08:00:00Z",
        "description": "A panel of the left wing was found loose during the walk-around before the first flight.",
    });
    let calls = [
        (
            TRIPS,
            json!({ "tripType": "charter", "origin": "LSZH", "destination": "EGLL", "departureDate": "2026-12-01T14:00:00Z" }),
        ),
        (
            "/api/v1/ops/aircraft",
            json!({ "tailNumber": "HB-JSA", "typeDesignator": "PC24", "model": "PC-24", "homeBase": "LSZH" }),
        ),
        (REPORTS, report),
        (INVOICES, invoice()),
    ];
    for (path, body) in calls {
        let first = retry(&t, &old, path).post(path, body.clone()).await;
        assert_eq!(first.status, 201, "{path}: {}", first.text);
        is_replay(&retry(&t, &new, path).post(path, body).await, &first);
        assert_eq!(t.owner().await.get(path).await.is(200).at("/data/total"), 1, "{path}");
    }
}

#[tokio::test]
async fn concurrent_retries_on_two_nodes_with_two_keys_create_one_invoice() {
    let t = TestApp::new().await;
    let old = t.key(&SCOPES).await;
    let new = rotated(&t, &old).await;
    let other =
        App::open_with(Config::default(), t.location(), t.app.clock.clone(), Random::seeded(9)).await.expect("a database");
    other.cluster.join("other").await.expect("a lease");
    let there = Client::on(&router::router(other)).header("x-api-key", &new.secret).header("idempotency-key", "order-5");
    let here = retry(&t, &old, "order-5");
    for _ in 0..5 {
        let (one, two) = tokio::join!(here.post(INVOICES, invoice()), there.post(INVOICES, invoice()));
        assert_eq!(one.is(201).at("/data/id"), two.is(201).at("/data/id"));
    }
    assert_eq!(t.owner().await.get(INVOICES).await.is(200).at("/data/total"), 1);
}

#[tokio::test]
async fn rows_of_the_previous_version_belong_to_the_chain() {
    let t = TestApp::new().await;
    let mut keys = vec![t.key(&SCOPES).await];
    for _ in 0..3 {
        keys.push(rotated(&t, &keys[keys.len() - 1]).await);
    }
    // A node of the previous version rotates without a root.
    t.tamper("UPDATE api_keys SET rotation_root = NULL").await;
    let first = retry(&t, &keys[1], "order-6").post(INVOICES, invoice()).await.is(201);
    for key in &keys {
        is_replay(&retry(&t, key, "order-6").post(INVOICES, invoice()).await, &first);
    }
    t.tamper("UPDATE api_keys SET rotation_root = NULL").await;
    let newest = rotated(&t, &keys[3]).await;
    is_replay(&retry(&t, &newest, "order-6").post(INVOICES, invoice()).await, &first);
}
