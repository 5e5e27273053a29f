//! JSON bodies: values of any shape, valid ones with one member replaced, and bytes that are no JSON.

use axum::body::Body;
use axum::http::Method;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Target, config, is_decent, text};

/// A path and a body that it takes.
fn valid() -> impl Strategy<Value = (&'static str, Value)> {
    proptest::sample::select(vec![
        (
            "/api/v1/api-keys",
            json!({ "name": "Fuzz", "permissions": "custom", "scopes": ["trips:read"], "expiresAt": "2027-01-01T00:00:00Z", "ipAllowlist": ["10.0.0.0/8"], "rateLimit": { "requests": 60, "seconds": 60 }, "description": "x" }),
        ),
        ("/api/v1/ops/aircraft", json!({ "tailNumber": "HB-JVA", "type": "PC-24", "homeBase": "LSZH", "status": "available" })),
        (
            "/api/v1/ops/trips",
            json!({ "departure": "LSZH", "arrival": "LFMN", "departsAt": "2026-12-08T08:00:00Z", "arrivesAt": "2026-12-08T09:00:00Z" }),
        ),
        (
            "/api/v1/ops/invoices",
            json!({ "customer": { "name": "A" }, "currency": "CHF", "lines": [{ "description": "x", "quantity": "1", "unitPrice": "10.00" }] }),
        ),
        (
            "/api/v1/sms/reports",
            json!({ "category": "bird_strike", "description": "x", "occurredAt": "2026-11-20T08:00:00Z", "confidential": true }),
        ),
        ("/api/v1/members", json!({ "name": "Lea", "email": "lea@skyline.example", "role": "pilot" })),
    ])
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
fn any_json_is_answered() {
    let target = Target::new();
    let owner = target.runtime.block_on(target.t.owner());
    proptest!(config(), |((path, _) in valid(), body in value())| {
        is_decent(&target.runtime.block_on(owner.post(path, body)))?;
    });
}

#[test]
fn any_value_in_the_place_of_a_member_is_answered() {
    let target = Target::new();
    let owner = target.runtime.block_on(target.t.owner());
    proptest!(config(), |((path, mut body) in valid(), place: prop::sample::Index, other in value())| {
        let members = body.as_object_mut().expect("an object");
        let name = members.keys().nth(place.index(members.len())).cloned().unwrap_or_default();
        members.insert(name, other);
        is_decent(&target.runtime.block_on(owner.post(path, body)))?;
    });
}

#[test]
fn bytes_that_are_no_json_are_answered() {
    let target = Target::new();
    let owner = target.runtime.block_on(target.t.owner());
    // Brackets without an end are where a parser that calls itself runs out of stack.
    let nested = (proptest::sample::select(vec!["[", "{\"a\":", "{\"name\":[", "\""]), 0..20_000_usize)
        .prop_map(|(part, times)| part.repeat(times).into_bytes());
    let bytes = prop_oneof![vec(any::<u8>(), 0..2000), nested];
    proptest!(config(), |((path, _) in valid(), bytes in bytes)| {
        let client = owner.clone().header("content-type", "application/json");
        is_decent(&target.runtime.block_on(client.send(Method::POST, path, Body::from(bytes))))?;
    });
}
