//! Rules before routing and for every response: Host, unauthenticated bodies, headers, access log.

use axum::body::Body;
use axum::http::{Method, Request, Version, header};
use planeconnection::config::Config;
use planeconnection::members::Role;
use serde_json::json;
use testkit::KEYS;
use tower::ServiceExt;

use crate::support::{Lines, PASSWORD, TestApp};

/// The status of a request with these `Host` headers.
async fn status(t: &TestApp, version: Version, hosts: &[&str]) -> u16 {
    let request = Request::builder().version(version).uri("/health");
    let request = hosts.iter().fold(request, |request, host| request.header(header::HOST, *host));
    let response = t.router.clone().oneshot(request.body(Body::empty()).expect("a request")).await.expect("an answer");
    response.status().as_u16()
}

#[tokio::test]
async fn request_with_two_hosts_is_refused() {
    let t = TestApp::new().await;
    for host in ["localhost", "keys.skyline.example:8080", "[2001:db8::1]:80", "203.0.113.7", "x%20y", "xn--bcher-kva.example"] {
        assert_eq!(status(&t, Version::HTTP_11, &[host]).await, 200, "{host}");
    }
    for hosts in [&[][..], &[""], &["a b"], &["a/b"], &["user@a"], &["a,b c"], &["a", "a"], &["a", "b"], &["a", ""]] {
        assert_eq!(status(&t, Version::HTTP_11, hosts).await, 400, "{hosts:?}");
    }
    assert_eq!(status(&t, Version::HTTP_10, &[]).await, 200);
    assert_eq!(status(&t, Version::HTTP_10, &["a", "b"]).await, 400);
}

#[tokio::test]
async fn body_without_credential_is_limited_to_eight_kibibytes() {
    let t = TestApp::new().await;
    let sized = |size: usize| json!({ "email": "ana@skyline.example", "password": "x".repeat(size) });
    t.anonymous().post("/api/v1/auth/sign-in", sized(7_000)).await.is(401).code("INVALID_CREDENTIALS");
    let refused = t.anonymous().post("/api/v1/auth/sign-in", sized(8_192)).await.is(413).code("PAYLOAD_TOO_LARGE");
    assert!(refused.text_at("/error/message").contains("8 KiB"), "{}", refused.text);
    let pieces = std::iter::repeat_with(|| Ok::<_, std::convert::Infallible>(vec![b' '; 1 << 10])).take(9);
    let client = t.anonymous().header("content-type", "application/json");
    let body = Body::from_stream(futures_util::stream::iter(pieces));
    client.send(Method::POST, "/api/v1/auth/sign-in", body).await.is(413);
    // A credential that is not admitted is none, and is refused before the body.
    t.anonymous().header("x-api-key", "pck_wrong").post(KEYS, sized(100_000)).await.is(401);
    t.owner().await.post(KEYS, sized(100_000)).await.is(400);
}

#[tokio::test]
async fn form_without_session_is_limited_to_eight_kibibytes() {
    let t = TestApp::new().await;
    let long = "x".repeat(9_000);
    let fields = [("email", "ana@skyline.example"), ("password", long.as_str())];
    let refused = t.anonymous_person().submit("/sign-in", "/sign-in", &fields).await.is(413);
    refused.says("8 KiB");
    t.anonymous_person().post("/settings/api-keys/management", &[("name", &long)]).await.is(413);
    let ana = t.person(Role::AccountOwner).await;
    ana.post("/settings/api-keys/management", &[("name", &long)]).await.is(403);
    ana.post("/settings/api-keys/management", &[("name", &long.repeat(15))]).await.is(413).says("128 KiB");
}

#[tokio::test]
async fn concurrent_bodies_share_a_budget() {
    let t = TestApp::with_config(Config { body_bytes: 512, ..Config::default() }).await;
    let owner = t.owner().await;
    let body = json!({ "name": "x".repeat(230), "permissions": "read_only", "expiresAt": null });
    let refused = owner.post(KEYS, body).await.is(503).code("OVERLOADED");
    assert_eq!(refused.header("retry-after"), "2");
    owner.post(KEYS, json!({ "name": "A", "permissions": "read_only", "expiresAt": null })).await.is(201);
    let sign_in = json!({ "email": "ana@skyline.example", "password": "a wrong one, which is long" });
    t.anonymous().post("/api/v1/auth/sign-in", sign_in).await.is(503).code("OVERLOADED");
    assert_eq!(t.app.bodies.held(), 0);
}

#[tokio::test]
async fn hsts_is_sent_where_the_public_url_is_https() {
    let t = TestApp::new().await;
    assert!(t.anonymous().get("/sign-in").await.headers.get("strict-transport-security").is_none());
    let t = TestApp::with_config(Config { public_url: "https://keys.skyline.example".to_owned(), ..Config::default() }).await;
    for path in ["/sign-in", "/api/v1/auth/whoami", "/nothing", "/assets/page.css", "/health"] {
        assert_eq!(t.anonymous().get(path).await.header("strict-transport-security"), "max-age=31536000", "{path}");
    }
}

#[tokio::test]
async fn responses_that_set_a_cookie_are_not_cached() {
    let t = TestApp::new().await;
    let ana = t.anonymous_person();
    let owner = [("email", "ana@skyline.example"), ("password", PASSWORD)];
    let signed_in = ana.submit("/sign-in", "/sign-in", &owner).await.is(303);
    let signed_out = ana.submit("/account", "/sign-out", &[]).await.is(303);
    for answer in [signed_in, signed_out] {
        assert!(answer.headers.contains_key("set-cookie"));
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

/// Lines about requests with this in them.
fn lines_with(log: &Lines, text: &str) -> Vec<String> {
    let log = String::from_utf8(log.bytes()).expect("text");
    log.lines().filter(|line| line.contains("access_log") && line.contains(text)).map(str::to_owned).collect()
}

#[tokio::test]
async fn access_log_truncates_long_paths() {
    let t = TestApp::new().await;
    let (log, _logging) = Lines::of_this_thread();
    t.anonymous().header("x-request-id", "a\"ip=\"1.2.3.4").get(&format!("/{}", "a".repeat(30_000))).await.is(404);
    let lines = lines_with(&log, "/aaaa");
    assert!(lines.len() == 1 && lines[0].len() < 500, "{lines:?}");
    assert!(lines[0].contains(&format!("path=\"/{}…\"", "a".repeat(196))), "{lines:?}");
    assert!(lines[0].contains(r#"request_id="a\"ip=\"1.2.3.4""#), "{lines:?}");
}

#[tokio::test]
async fn unauthenticated_requests_are_sampled_in_the_access_log() {
    let t = TestApp::new().await;
    let (key, owner) = (t.key(&["trips:read"]).await, t.owner().await);
    let (log, _logging) = Lines::of_this_thread();
    for path in ["/nothing", "/health", "/api/v1/auth/whoami", "/api/v1/ops/trips", "/docs?v=1"] {
        for _ in 0..100 {
            t.anonymous().from("203.0.113.7").get(path).await;
        }
    }
    for _ in 0..300 {
        t.with(&key).from("203.0.113.7").get("/api/v1/auth/whoami").await.is(200);
        owner.get("/api/v1/auth/whoami").await.is(200);
    }
    assert_eq!(lines_with(&log, "ip=203.0.113.7").len(), 100 + 300);
    assert_eq!(lines_with(&log, "path=\"/api/v1/auth/whoami\" status=200").len(), 600);
    t.app.log_sampler.sum_up();
    let sums = lines_with(&log, "left_out=400");
    assert!(sums.len() == 1 && sums[0].contains("by_status=\"200: 200, 401: 200\""), "{sums:?}");
}
