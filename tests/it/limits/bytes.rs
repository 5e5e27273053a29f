//! The quota of bytes that a workspace stores in a day.

use std::time::Duration;

use planeconnection::limits::Limit;
use planeconnection::members::Role;
use serde_json::{Value, json};
use testkit::INVOICES;

use super::{refusals, with};
use crate::support::{Client, TestApp};

fn invoice(lines: usize) -> Value {
    let line = json!({ "description": "Flight hours ".repeat(12), "quantity": "1", "unitPrice": 100 });
    json!({
        "client": { "name": "Alpine Logistics", "email": "billing@alpine.example" },
        "currency": "CHF",
        "dueDate": "2026-12-31",
        "lineItems": vec![line; lines],
    })
}

/// Requests of about 30 kB each that fit into the quota of 1 MB.
async fn taken(t: &TestApp, key: &Client, keep: bool) -> usize {
    for number in 0..200 {
        let key = if keep { key.clone().header("idempotency-key", &format!("number-{number}")) } else { key.clone() };
        let answer = key.post(INVOICES, invoice(100)).await;
        if answer.status == 429 {
            assert_eq!(answer.header("ratelimit-policy"), "\"stored-bytes\";q=1000000;w=86400;qu=\"content-bytes\"");
            assert!(answer.text.contains("reached its daily storage limit"), "{}", answer.text);
            assert_eq!(refusals(t, Limit::StoredBytes).await, 1);
            return number;
        }
        answer.is(201);
    }
    panic!("nothing was refused")
}

#[tokio::test]
async fn stored_bytes_include_rows_and_replays_for_a_day() {
    let t = with([(Limit::StoredBytes, 1_000_000)]).await;
    let key = t.with(&t.key(&["invoices:write"]).await);
    let rows = taken(&t, &key, false).await;
    t.advance(Duration::from_hours(12)).await;
    key.post(INVOICES, invoice(1)).await.is(201);
    key.get(INVOICES).await.is(200);

    let t = with([(Limit::StoredBytes, 1_000_000)]).await;
    let key = t.with(&t.key(&["invoices:write"]).await);
    let kept = taken(&t, &key, true).await;
    assert!(kept * 2 <= rows + 2 && kept > 5, "{kept} with a kept answer, {rows} without");
}

#[tokio::test]
async fn stored_bytes_include_audit_events() {
    let t = with([(Limit::StoredBytes, 60_000)]).await;
    let key = t.with(&t.key(&["fleet:write"]).await);
    let aircraft = json!({ "tailNumber": "HB-JVA", "typeDesignator": "PC24", "model": "Pilatus PC-24" });
    let made = key.post("/api/v1/ops/aircraft", aircraft).await.is(201);
    let path = format!("/api/v1/ops/aircraft/{}", made.text_at("/data/id"));
    let mut changes = 0;
    while key.patch(&path, json!({ "statusNote": format!("Note {changes}") })).await.status == 200 {
        changes += 1;
    }
    assert!((20..100).contains(&changes), "{changes}");
    let dispatcher = t.member(Role::Dispatcher).await;
    dispatcher.patch(&path, json!({ "statusNote": "Mine" })).await.is(429).code("RATE_LIMITED");
    t.other_workspace().await.1.post("/api/v1/api-keys", json!({})).await.is(400);
}

#[tokio::test]
async fn stored_bytes_include_what_batches_and_replacements_write() {
    let trip = |number: usize, note: usize| {
        json!({
            "externalId": format!("T{number}"), "tripType": "charter", "origin": "KTEB", "destination": "KBOS",
            "departureDate": "2026-12-01T14:00:00Z", "notes": format!("{note} {}", "n".repeat(4_000)),
        })
    };
    let t = with([(Limit::StoredBytes, 200_000)]).await;
    let key = t.with(&t.key(&["trips:write"]).await);
    let batch = |numbers: std::ops::Range<usize>| json!({ "items": numbers.map(|number| trip(number, 0)).collect::<Vec<_>>() });
    key.post("/api/v1/ops/trips/batch", batch(0..30)).await.is(200);
    // Sent again, it stores nothing.
    key.post("/api/v1/ops/trips/batch", batch(0..30)).await.is(200);
    key.post("/api/v1/ops/trips/batch", batch(30..45)).await.is(200);
    key.post("/api/v1/ops/trips/batch", batch(45..46)).await.is(429).code("RATE_LIMITED");

    let t = with([(Limit::StoredBytes, 200_000)]).await;
    let key = t.with(&t.key(&["trips:write"]).await);
    let mut written = 0;
    while key.put("/api/v1/ops/trips/by-external-id/T1", trip(1, written)).await.status < 300 {
        written += 1;
    }
    assert!((20..60).contains(&written), "{written}");
}
