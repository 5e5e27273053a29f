//! Headers: credentials, addresses, conditions, forms of content.

use axum::body::Body;
use axum::http::{HeaderValue, Method};
use proptest::collection::vec;
use proptest::prelude::*;

use super::{Target, config, is_decent, text};

const NAMES: [&str; 14] = [
    "x-api-key",
    "authorization",
    "cookie",
    "accept",
    "content-type",
    "if-none-match",
    "if-match",
    "idempotency-key",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-request-id",
    "origin",
    "user-agent",
    "accept-language",
];

/// Valid beginnings of each header, so that generated values get past the first check.
const STARTS: [&str; 12] = [
    "",
    "Bearer ",
    "bearer  pck_",
    "pck_",
    "Basic ",
    "planeconnection_session=",
    "application/json;",
    "W/\"",
    "\"",
    "127.0.0.1, ",
    "for=",
    "https://",
];

fn value() -> impl Strategy<Value = HeaderValue> {
    let bytes = prop_oneof![vec(any::<u8>(), 0..300), text().prop_map(String::into_bytes)];
    (proptest::sample::select(STARTS.to_vec()), bytes)
        .prop_filter_map("no header value", |(start, rest)| HeaderValue::from_bytes(&[start.as_bytes(), &rest].concat()).ok())
}

fn headers() -> impl Strategy<Value = Vec<(&'static str, HeaderValue)>> {
    vec((proptest::sample::select(NAMES.to_vec()), value()), 0..6)
}

#[test]
fn arbitrary_headers_grant_no_access() {
    let target = Target::new();
    proptest!(config(), |(headers in headers(), path in proptest::sample::select(vec!["/api/v1/auth/whoami", "/api/v1/ops/trips", "/settings/api-keys", "/sign-in", "/openapi.json", "/nothing"]))| {
        let client = headers.iter().cloned().fold(target.t.anonymous(), |client, (name, value)| client.header_value(name, value));
        let answer = target.answer(client.get(path));
        is_decent(&answer)?;
        let is_closed = path.starts_with("/api/") || path.starts_with("/settings/");
        prop_assert!(!is_closed || answer.status != 200, "{}", answer.text);
    });
}

#[test]
fn arbitrary_header_does_not_change_the_rights_of_a_key() {
    let target = Target::new();
    let key = target.runtime.block_on(target.t.key(&["trips:read"]));
    proptest!(config(), |(headers in headers())| {
        let client = headers.iter().cloned().fold(target.t.with(&key), |client, (name, value)| client.header_value(name, value));
        let answer = target.answer(client.get("/api/v1/ops/aircraft"));
        is_decent(&answer)?;
        prop_assert!(answer.status >= 400, "{}", answer.text);
        prop_assert!(!answer.text.contains(&key.secret), "{}", answer.text);
    });
}

#[test]
fn arbitrary_headers_with_a_body_get_a_response() {
    let target = Target::new();
    let admin = target.runtime.block_on(target.t.admin());
    proptest!(config(), |(headers in headers(), body in vec(any::<u8>(), 0..64))| {
        let client = headers.iter().cloned().fold(admin.clone(), |client, (name, value)| client.header_value(name, value));
        is_decent(&target.answer(client.send(Method::POST, "/api/v1/ops/aircraft", Body::from(body))))?;
    });
}
