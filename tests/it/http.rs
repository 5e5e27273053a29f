//! Rules of every call: hostile bodies and queries, methods, request ids and error pages.

mod bodies;
mod caching;
mod faults;
mod hardening;
mod hosts;
mod operations;

use axum::body::Body;
use axum::http::Method;
use serde_json::{Value, json};
use testkit::KEYS;

use crate::support::{Response, TestApp};

#[tokio::test]
async fn ten_thousand_parameters_are_refused() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    for parameter in ["a=1&", "page&", "&", "p=1&%&"] {
        let answer = owner.get(&format!("{KEYS}?{}", parameter.repeat(10_000))).await;
        assert_eq!(answer.status, if parameter == "&" { 200 } else { 400 }, "{}", answer.text);
    }
}

#[tokio::test]
async fn garbage_in_a_url_is_not_found() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    for id in [
        "%ff%fe",
        "%00",
        "..%2f..%2fetc",
        "%",
        "%zz",
        "key_",
        "key_0",
        "key_zzzzzzzzzzzzzzzzzzzzzzzzzz",
        "user_01h455vb4pex5vsknk084sn02q",
        "1%20OR%201=1",
    ] {
        owner.get(&format!("{KEYS}/{id}")).await.is(404).code("NOT_FOUND");
        owner.post(&format!("{KEYS}/{id}/revoke"), json!({})).await.is(404).code("NOT_FOUND");
    }
    for query in ["search=%ff%fe", "search=%00", "search=%", "search='%20OR%201=1--"] {
        assert!(owner.get(&format!("{KEYS}?{query}")).await.items_or_refusal());
    }
    owner.get(&format!("{KEYS}?%ff=%fe")).await.is(400).code("INVALID_REQUEST");
    for path in ["/api/v1/audit-log?actor_id=%00", "/api/v1/audit-log?api_key_id=%00", "/api/v1/ops/aircraft?search=%00"] {
        assert!(owner.get(path).await.items_or_refusal(), "{path}");
    }
    let sign_in = json!({ "email": "ana@skyline.example", "password": "wrong password", "workspace": "\u{0}" });
    let refused = t.anonymous().post("/api/v1/auth/sign-in", sign_in).await;
    assert!([400, 401].contains(&refused.status), "{}", refused.text);
}

impl Response {
    /// An empty list, or a 400: never the whole list, never a 500.
    fn items_or_refusal(&self) -> bool {
        self.status == 400 || (self.status == 200 && self.json["data"]["total"] == 0)
    }
}

#[tokio::test]
async fn not_found_is_json_under_api_and_a_page_elsewhere() {
    let t = TestApp::new().await;
    for path in ["/api", "/api/", "/api/v1", "/api/v1/nothing", "/api/v2/api-keys", "/api/v1/api-keys/"] {
        let answer = t.anonymous().get(path).await.is(404).code("NOT_FOUND");
        assert_eq!(answer.header("content-type"), "application/json", "{path}");
    }
    for path in ["/nothing", "/apiary", "/API/v1/api-keys", "//api", "/%00", "/..%2f"] {
        let answer = t.anonymous().get(path).await.is(404);
        assert!(answer.header("content-type").starts_with("text/html"), "{path}");
        assert!(answer.text.contains(answer.header("x-request-id")), "{path}: {}", answer.text);
    }
}

#[tokio::test]
async fn unsupported_method_is_405_with_allow_header() {
    let t = TestApp::new().await;
    let answer = t.owner().await.delete(KEYS).await.is(405).code("METHOD_NOT_ALLOWED");
    for method in ["GET", "POST"] {
        assert!(answer.header("allow").contains(method), "{:?}", answer.headers);
    }
    for method in ["OPTIONS", "TRACE", "PURGE"] {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        t.anonymous().send(method, KEYS, Body::empty()).await.is(405).code("METHOD_NOT_ALLOWED");
    }
    let page = t.anonymous().delete("/health").await.is(405);
    assert!(page.header("content-type").starts_with("text/html") && page.header("allow").contains("GET"));
}

#[tokio::test]
async fn head_is_get_without_a_body() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let (get, head) = (owner.get(KEYS).await.is(200), owner.send(Method::HEAD, KEYS, Body::empty()).await.is(200));
    assert_eq!((head.text.as_str(), head.header("content-type")), ("", get.header("content-type")));
}

#[tokio::test]
async fn request_id_of_the_caller_is_kept() {
    let t = TestApp::new().await;
    let longest = "x".repeat(128);
    for id in ["a", "trace/4bf92f3577b34da6;flags=01", "~!@#$%^&*()", longest.as_str()] {
        let answer = t.anonymous().header("x-request-id", id).get("/api/v1/auth/whoami").await.is(401);
        assert_eq!((answer.header("x-request-id"), answer.at("/error/requestId")), (id, &json!(id)));
    }
}

#[tokio::test]
async fn invalid_request_id_is_replaced() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    let (too_long, embedded) = ("x".repeat(129), format!("my{}x", key.secret));
    let [invitation, set_up, reset] = ["pci_", "pcu_", "pcr_"].map(|prefix| format!("trace-{prefix}{}", "aB3".repeat(15)));
    let session = t.token_of(t.owner.clone()).await.replace('_', "%5f");
    let secrets = [key.secret.as_str(), &embedded, &invitation, &set_up, &reset, &session];
    for id in ["", "a b", "ä", "a\tb", too_long.as_str()].into_iter().chain(secrets) {
        let answer = t.anonymous().header("x-request-id", id).get("/api/v1/auth/whoami").await.is(401);
        assert!(answer.header("x-request-id").starts_with("req_"), "{id}");
        assert_eq!(answer.text_at("/error/requestId"), answer.header("x-request-id"));
    }
}

#[tokio::test]
async fn request_id_is_escaped_in_pages() {
    let t = TestApp::new().await;
    let page = t.anonymous().header("x-request-id", "<script>alert(1)</script>").get("/nothing").await.is(404);
    assert!(!page.text.contains("<script>alert"), "{}", page.text);
}

#[tokio::test]
async fn every_response_has_its_own_request_id() {
    let t = TestApp::new().await;
    let mut seen = std::collections::HashSet::new();
    for path in ["/health", "/nothing", "/api/v1/auth/whoami", "/api/v1/auth/check", KEYS, "/openapi.json"] {
        assert!(seen.insert(t.anonymous().get(path).await.header("x-request-id").to_owned()), "{path}");
    }
}

#[tokio::test]
async fn error_never_echoes_a_key() {
    let t = TestApp::new().await;
    let (key, owner) = (t.key(&["trips:read"]).await, t.owner().await);
    let secret = &key.secret;
    for body in [
        json!({ secret: 1 }),
        json!({ "name": "A", "permissions": secret, "expiresAt": null }),
        json!({ "name": "A", "permissions": "custom", "scopes": [secret], "expiresAt": null }),
        json!({ "name": "A", "permissions": "read_only", "expiresAt": secret }),
        json!({ "name": "A", "permissions": "read_only", "expiresAt": null, "ipAllowlist": [secret] }),
        json!({ "name": "A", "permissions": "read_only", "expiresAt": null, "rateLimit": format!("x{secret}x") }),
    ] {
        let answer = owner.post(KEYS, body).await.is(400);
        assert!(!answer.text.contains(secret.as_str()), "{}", answer.text);
    }
    for path in [format!("/{secret}"), format!("/api/v1/{secret}"), format!("{KEYS}/{secret}")] {
        assert!(!owner.get(&path).await.is(404).text.contains(secret.as_str()), "{path}");
    }
}

#[tokio::test]
async fn error_has_the_documented_shape() {
    let t = TestApp::new().await;
    let answer =
        t.owner().await.header("x-request-id", "shape").post(KEYS, json!({ "name": "A", "permissions": "read_only" })).await;
    let expected = json!({ "success": false, "error": {
        "code": "INVALID_REQUEST",
        "message": "expiresAt: Give a time in the future, or null for no expiration.",
        "requestId": "shape",
        "docs": "http://127.0.0.1:8080/docs/errors#invalid_request",
        "fields": [{ "field": "expiresAt", "message": "Give a time in the future, or null for no expiration." }],
    } });
    assert_eq!(answer.is(400).json, expected);
    assert_eq!(t.anonymous().get(KEYS).await.json["error"].get("fields"), None::<&Value>);
}
