//! Rate limits and allow-lists of keys.

use std::time::Duration;

use axum::http::HeaderValue;
use planeconnection::config::Config;
use planeconnection::trips::TripId;
use serde_json::{Value, json};
use testkit::{TRIPS, WHOAMI};

use super::with;
use crate::support::{TestApp, TestKey, read_only_key};

async fn limited(t: &TestApp, requests: u32, per_seconds: u32) -> TestKey {
    t.key_with(with(read_only_key("Limited"), "rateLimit", json!({ "requests": requests, "perSeconds": per_seconds }))).await
}

#[tokio::test]
async fn rate_limited_key_gets_retry_after() {
    let t = TestApp::new().await;
    let key = limited(&t, 3, 60).await;
    for _ in 0..3 {
        t.with(&key).get(WHOAMI).await.is(200);
    }
    let refused = t.with(&key).get(WHOAMI).await.is(429).code("RATE_LIMITED");
    assert_eq!(refused.header("retry-after"), "20");
    assert_eq!(refused.header("ratelimit-policy"), "\"default\";q=3;w=60");
    assert_eq!(refused.header("ratelimit"), "\"default\";r=0;t=20");
}

#[tokio::test]
async fn response_to_a_limited_key_tells_the_rest_of_its_limit() {
    let t = TestApp::new().await;
    let key = limited(&t, 3, 60).await;
    let trip = format!("{TRIPS}/{}", TripId::new(t.app.clock.now(), &t.app.random));
    for (path, status, state) in [(TRIPS, 200, "r=2;t=20"), (trip.as_str(), 404, "r=1;t=20"), (TRIPS, 200, "r=0;t=20")] {
        let answer = t.with(&key).get(path).await.is(status);
        assert_eq!(answer.header("ratelimit-policy"), "\"default\";q=3;w=60");
        assert_eq!(answer.header("ratelimit"), format!("\"default\";{state}"));
    }
    t.with(&key).get(TRIPS).await.is(429);
    t.advance(Duration::from_secs(45)).await;
    assert_eq!(t.with(&key).get(TRIPS).await.is(200).header("ratelimit"), "\"default\";r=1;t=15");
    // Checks of a credential are as cheap as they can be, and some keys have no limit.
    let checked = t.with(&key).get(WHOAMI).await.is(200);
    let unlimited = t.key_with(with(read_only_key("Unlimited"), "rateLimit", Value::Null)).await;
    for answer in [checked, t.with(&unlimited).get(TRIPS).await.is(200), t.owner().await.get(TRIPS).await.is(200)] {
        assert!(answer.headers.get("ratelimit").is_none() && answer.headers.get("ratelimit-policy").is_none());
    }
}

#[tokio::test]
async fn request_after_retry_after_is_accepted() {
    let t = TestApp::new().await;
    let key = limited(&t, 7, 60).await;
    for _ in 0..7 {
        t.with(&key).get(WHOAMI).await.is(200);
    }
    let refused = t.with(&key).get(WHOAMI).await.is(429);
    let seconds: u64 = refused.header("retry-after").parse().expect("a number");
    t.advance(Duration::from_secs(seconds)).await;
    t.with(&key).get(WHOAMI).await.is(200);
    t.with(&key).get(WHOAMI).await.is(429);
}

#[tokio::test]
async fn refused_request_consumes_no_permit() {
    let t = TestApp::new().await;
    let key = limited(&t, 1, 10).await;
    t.with(&key).get(WHOAMI).await.is(200);
    for _ in 0..50 {
        t.with(&key).get(WHOAMI).await.is(429);
    }
    t.advance(Duration::from_secs(10)).await;
    t.with(&key).get(WHOAMI).await.is(200);
}

#[tokio::test]
async fn rate_limits_of_keys_are_independent() {
    let t = TestApp::new().await;
    let (busy, other) = (limited(&t, 1, 60).await, t.key(&["trips:read"]).await);
    t.with(&busy).get(WHOAMI).await.is(200);
    t.with(&busy).get(WHOAMI).await.is(429);
    t.with(&other).get(WHOAMI).await.is(200);
}

#[tokio::test]
async fn key_without_rate_limit_is_never_limited() {
    let t = TestApp::new().await;
    let key = t.key_with(with(read_only_key("Free"), "rateLimit", json!(null))).await;
    for _ in 0..1_000 {
        t.with(&key).get(WHOAMI).await.is(200);
    }
}

#[tokio::test]
async fn key_is_accepted_from_its_allow_list_only() {
    let t = TestApp::new().await;
    let key = t.key_with(with(read_only_key("Office"), "ipAllowlist", json!(["203.0.113.0/24", "2001:db8::/32"]))).await;
    for inside in ["203.0.113.0", "203.0.113.255", "::ffff:203.0.113.7", "2001:db8:ffff::1"] {
        t.with(&key).from(inside).get(WHOAMI).await.is(200);
    }
    for outside in ["203.0.112.255", "203.0.114.0", "::1", "2001:db9::1", "::203.0.113.7"] {
        let refused = t.with(&key).from(outside).get(WHOAMI).await.is(403).code("IP_NOT_ALLOWED");
        assert!(refused.text.contains("allow-list"), "{}", refused.text);
    }
}

#[tokio::test]
async fn forwarded_header_of_an_untrusted_peer_is_ignored() {
    let t = TestApp::new().await;
    let key = t.key_with(with(read_only_key("Office"), "ipAllowlist", json!(["203.0.113.7"]))).await;
    let lying = t.with(&key).from("198.51.100.1").header("x-forwarded-for", "203.0.113.7");
    lying.get(WHOAMI).await.is(403).code("IP_NOT_ALLOWED");
}

#[tokio::test]
async fn trusted_proxy_determines_the_client_ip() {
    for block in ["10.0.0.0/8", "::ffff:10.0.0.0/104"] {
        trusted_proxy_determines_the_client_ip_of(block).await;
    }
}

async fn trusted_proxy_determines_the_client_ip_of(block: &str) {
    let trusted_proxies = vec![block.parse().expect("a block")];
    let t = TestApp::with_config(Config { trusted_proxies, ..Config::default() }).await;
    let key = t.key_with(with(read_only_key("Office"), "ipAllowlist", json!(["203.0.113.7"]))).await;
    let through = |hops: &str| t.with(&key).from("10.1.2.3").header("x-forwarded-for", hops);
    through("203.0.113.7").get(WHOAMI).await.is(200);
    t.with(&key).from("::ffff:10.1.2.3").header("x-forwarded-for", "::ffff:203.0.113.7").get(WHOAMI).await.is(200);
    through("198.51.100.1, 203.0.113.7, 10.9.9.9").get(WHOAMI).await.is(200);
    // Entries left of the address that the proxy saw were written by the caller.
    through("203.0.113.7, 198.51.100.1").get(WHOAMI).await.is(403).code("IP_NOT_ALLOWED");
    t.with(&key).from("10.1.2.3").get(WHOAMI).await.is(403);
    t.with(&key).from("198.51.100.1").header("x-forwarded-for", "203.0.113.7").get(WHOAMI).await.is(403);
}

#[tokio::test]
async fn client_without_forwarded_ip_is_not_taken_for_the_proxy() {
    let trusted_proxies = vec!["10.0.0.0/8".parse().expect("a block")];
    let t = TestApp::with_config(Config { trusted_proxies, ..Config::default() }).await;
    let key = t.key_with(with(read_only_key("Office"), "ipAllowlist", json!(["10.0.0.0/8", "0.0.0.0/0"]))).await;
    let narrow = t.key_with(with(read_only_key("Proxy"), "ipAllowlist", json!(["10.0.0.0/8"]))).await;
    t.with(&narrow).from("10.1.2.3").get(WHOAMI).await.is(200);
    let odd = HeaderValue::from_bytes(b"\xe9, 198.51.100.9").expect("a header value");
    t.with(&narrow)
        .from("10.1.2.3")
        .header_value("x-forwarded-for", odd.clone())
        .get(WHOAMI)
        .await
        .is(403)
        .code("IP_NOT_ALLOWED");
    t.with(&key).from("10.1.2.3").header_value("x-forwarded-for", odd).get(WHOAMI).await.is(200);
    let unnamed = t.with(&key).from("10.1.2.3").header("x-forwarded-for", "198.51.100.9, unknown");
    let refused = unnamed.get(WHOAMI).await.is(403).code("IP_NOT_ALLOWED");
    assert!(!refused.text.contains("10.1.2.3"), "{}", refused.text);
}
