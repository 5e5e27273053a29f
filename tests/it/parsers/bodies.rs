//! JSON bodies: values of any shape, valid ones with one member replaced, and bytes that are no JSON.

use axum::body::Body;
use axum::http::Method;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Value, json};
use testkit::REPORTS;

use super::{Target, config, is_decent, text};
use crate::support::TestApp;

/// Paths, each with a body that it takes.
fn valid() -> Vec<(&'static str, Value)> {
    let key = json!({
        "name": "Crew app", "description": "On phones", "permissions": "custom", "scopes": ["trips:read"],
        "expiresAt": "2027-01-01T00:00:00Z", "ipAllowlist": ["10.0.0.0/8"], "rateLimit": { "requests": 60, "perSeconds": 60 },
    });
    let trip = json!({ "tripType": "charter", "origin": "KTEB", "destination": "KBOS", "departureDate": "2026-12-01T14:00:00Z" });
    let report = json!({
        "reportType": "concern", "title": "Fuel cap found open", "occurredAt": "2026-11-22T17:05:00Z", "severity": "hazardous",
        "description": "During the walk-around before the second leg the left fuel cap was found open.",
        "location": "LSZH", "confidentiality": "confidential",
    });
    let invoice = json!({
        "client": { "name": "Alpine Charter AG", "email": "accounts@alpine.example" }, "currency": "CHF", "dueDate": "2026-12-23",
        "lineItems": [{ "description": "Flight hours", "quantity": "2.5", "unitPrice": 480_001 }],
    });
    vec![
        ("/api/v1/api-keys", key),
        (
            "/api/v1/ops/aircraft",
            json!({ "tailNumber": "HB-JVA", "typeDesignator": "C25B", "model": "Citation", "status": "active" }),
        ),
        ("/api/v1/ops/trips", trip),
        ("/api/v1/ops/invoices", invoice),
        (REPORTS, report),
        ("/api/v1/members", json!({ "name": "Lea Winter", "email": "lea@skyline.example", "role": "pilot" })),
    ]
}

fn one() -> impl Strategy<Value = (&'static str, Value)> {
    proptest::sample::select(valid())
}

#[tokio::test]
async fn varied_bodies_are_parsed_exactly() {
    let t = TestApp::new().await;
    for (path, body) in valid() {
        t.owner().await.post(path, body).await.is(201);
    }
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..8).prop_map(Value::from),
            btree_map("[a-zA-Z]{0,12}", inner, 0..8).prop_map(Value::from_iter),
        ]
    })
}

#[test]
fn arbitrary_json_gets_a_response() {
    let target = Target::new();
    let owner = target.runtime.block_on(target.t.owner());
    proptest!(config(), |((path, _) in one(), body in value())| {
        let answer = target.answer(owner.post(path, body));
        is_decent(&answer)?;
        prop_assert!(answer.status != 429 || path == REPORTS, "no parser is reached behind a limit: {}", answer.text);
    });
}

#[test]
fn arbitrary_member_value_gets_a_response() {
    let target = Target::new();
    let owner = target.runtime.block_on(target.t.owner());
    proptest!(config(), |((path, mut body) in one(), place: prop::sample::Index, other in value())| {
        let members = body.as_object_mut().expect("an object");
        let name = members.keys().nth(place.index(members.len())).cloned().unwrap_or_default();
        members.insert(name, other);
        let answer = target.answer(owner.post(path, body));
        is_decent(&answer)?;
        prop_assert!(answer.status != 429 || path == REPORTS, "no parser is reached behind a limit: {}", answer.text);
    });
}

#[test]
fn arbitrary_bytes_get_a_response() {
    let target = Target::new();
    let owner = target.runtime.block_on(target.t.owner());
    // Brackets without an end are where a parser that calls itself runs out of stack.
    let nested = (proptest::sample::select(vec!["[", "{\"a\":", "{\"name\":[", "\""]), 0..20_000_usize)
        .prop_map(|(part, times)| part.repeat(times).into_bytes());
    let bytes = prop_oneof![vec(any::<u8>(), 0..2000), nested];
    proptest!(config(), |((path, _) in one(), bytes in bytes)| {
        let client = owner.clone().header("content-type", "application/json");
        is_decent(&target.answer(client.send(Method::POST, path, Body::from(bytes))))?;
    });
}
