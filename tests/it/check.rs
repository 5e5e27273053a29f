//! `GET /api/v1/auth/check`: the response to a proxy in front of other services, by status and headers alone.

use axum::body::Body;
use axum::http::Method;
use planeconnection::members::Role;
use serde_json::json;

use crate::support::{Response, TestApp};

const CHECK: &str = "/api/v1/auth/check";

const HEADERS: [&str; 8] = [
    "x-tenant-id",
    "x-tenant-slug",
    "x-tenant-name",
    "x-tenant-timezone",
    "x-tenant-modules",
    "x-api-key-id",
    "x-member-id",
    "x-member-role",
];

#[track_caller]
fn is_empty(answer: Response, status: u16) -> Response {
    assert_eq!((answer.status, answer.text.as_str()), (status, ""));
    answer
}

#[tokio::test]
async fn valid_key_returns_tenant_headers() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    let passed = is_empty(t.with(&key).get(CHECK).await, 200);
    assert_eq!(passed.header("x-tenant-id"), t.workspace.id.to_string());
    assert_eq!(passed.header("x-tenant-slug"), "skyline");
    assert_eq!(passed.header("x-tenant-name"), "Skyline Aviation");
    assert_eq!(passed.header("x-tenant-timezone"), "Europe/Zurich");
    assert_eq!(passed.header("x-tenant-modules"), "trips,fleet,safety,invoices");
    assert_eq!(passed.header("x-api-key-id"), key.id);
    assert_eq!([passed.header("x-member-id"), passed.header("x-member-role")], ["", ""]);
}

#[tokio::test]
async fn member_passes_with_an_empty_key_id() {
    let t = TestApp::new().await;
    let pilot = t.add_member(Role::Pilot).await;
    let id = pilot.id.to_string();
    let passed = is_empty(t.signed_in(pilot).await.get(CHECK).await, 200);
    assert_eq!(passed.header("x-api-key-id"), "");
    assert_eq!([passed.header("x-member-id"), passed.header("x-member-role")], [id.as_str(), "pilot"]);
    assert_eq!(passed.header("x-tenant-slug"), "skyline");
}

#[tokio::test]
async fn every_header_is_in_every_response() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    for (client, path, status) in [
        (t.with(&key), "", 200),
        (t.with(&key), "/fleet:read", 403),
        (t.anonymous(), "", 401),
        (t.anonymous(), "/trips:reed", 400),
        (t.with(&key).header("authorization", "Bearer other"), "/any", 400),
    ] {
        let answer = is_empty(client.header("x-tenant-id", "ws_forged").get(&format!("{CHECK}{path}")).await, status);
        for name in HEADERS {
            assert_eq!(answer.headers.get_all(name).iter().count(), 1, "{path}: {name}");
            assert!(status == 200 || answer.header(name).is_empty(), "{path}: {name}");
        }
    }
}

#[tokio::test]
async fn non_ascii_name_is_percent_encoded() {
    let t = TestApp::new().await;
    let (_, owner) = t.workspace_named("zuri", "Zürich 100% Air").await;
    let passed = is_empty(owner.get(CHECK).await, 200);
    assert_eq!(passed.header("x-tenant-name"), "Z%C3%BCrich 100%25 Air");
}

#[tokio::test]
async fn refusal_has_an_empty_body() {
    let t = TestApp::new().await;
    let made = json!({ "name": "Once", "permissions": "read_only", "expiresAt": null, "rateLimit": { "requests": 1, "perSeconds": 60 } });
    let (limited, gone, office) = (
        t.key_with(made).await,
        t.key(&["trips:read"]).await,
        t.key_with(json!({ "name": "Office", "permissions": "read_only", "expiresAt": null, "ipAllowlist": ["10.0.0.0/8"] }))
            .await,
    );
    t.admin().await.post(&format!("/api/v1/api-keys/{}/revoke", gone.id), json!({})).await.is(200);
    let challenged = is_empty(t.anonymous().get(CHECK).await, 401);
    assert!(challenged.header("www-authenticate").starts_with("Bearer"));
    is_empty(t.anonymous().header("x-api-key", "pck_nonsense").get(CHECK).await, 401);
    is_empty(t.anonymous().header("authorization", "Bearer nonsense").get(CHECK).await, 401);
    is_empty(t.with(&gone).get(CHECK).await, 401);
    is_empty(t.with(&office).get(CHECK).await, 403);
    is_empty(t.with(&limited).get(CHECK).await, 200);
    let slowed = is_empty(t.with(&limited).get(CHECK).await, 429);
    assert_eq!(slowed.header("retry-after"), "60");
}

#[tokio::test]
async fn key_passes_for_its_scopes() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:write", "audit:read"]).await;
    for (scope, status) in
        [("trips:read", 200), ("trips:write", 200), ("audit:read", 200), ("fleet:read", 403), ("invoices:write", 403)]
    {
        is_empty(t.with(&key).get(&format!("{CHECK}?scope={scope}")).await, status);
    }
}

#[tokio::test]
async fn member_passes_for_scopes_of_the_role() {
    let t = TestApp::new().await;
    for (role, scope, status) in [
        (Role::AccountOwner, "invoices:write", 200),
        (Role::SafetyManager, "safety:write", 200),
        (Role::SafetyManager, "trips:write", 403),
        (Role::Dispatcher, "fleet:write", 200),
        (Role::Dispatcher, "invoices:read", 403),
        (Role::Pilot, "trips:read", 200),
        (Role::Pilot, "safety:read", 403),
        (Role::Auditor, "audit:read", 200),
        (Role::Auditor, "trips:write", 403),
    ] {
        is_empty(t.member(role).await.get(&format!("{CHECK}?scope={scope}")).await, status);
    }
}

#[tokio::test]
async fn unknown_scope_or_parameter_is_refused() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    for query in ["scope=trips", "scope=", "scop=trips:write", "scope=trips:read&scope=trips:write"] {
        is_empty(t.with(&key).get(&format!("{CHECK}?{query}")).await, 400);
    }
}

#[tokio::test]
async fn check_without_the_scope_is_recorded() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    t.with(&key).get(&format!("{CHECK}?scope=trips:write")).await.is(403);
    let events = t.audit().await;
    let denied = events.iter().find(|event| event["action"] == "api_key.denied").expect("an event");
    assert_eq!(
        (&denied["details"]["reason"], &denied["details"]["requiredScope"]),
        (&json!("scope_required"), &json!("trips:write"))
    );
    assert!(events.iter().all(|event| event["action"] != "api_key.used"), "a refused request is no use");
}

#[tokio::test]
async fn path_names_the_scope_whatever_the_client_appends() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    for appended in [
        "",
        "/",
        "/ops/things",
        "//",
        "//fleet:read",
        "/../fleet:read",
        "/..%2ffleet:read",
        "/%2e%2e/fleet:read/",
        "?scope=fleet:read",
        "?scope=nonsense",
        "?page=2&page=3",
        "/a?scope=trips:read&scope=fleet:read",
        "?%",
    ] {
        is_empty(t.with(&key).get(&format!("{CHECK}/trips:read{appended}")).await, 200);
        is_empty(t.with(&key).get(&format!("{CHECK}/any{appended}")).await, 200);
        let refused = is_empty(t.with(&key).get(&format!("{CHECK}/fleet:read{appended}")).await, 403);
        assert_eq!(refused.header("x-tenant-id"), "", "{appended}");
        is_empty(t.anonymous().get(&format!("{CHECK}/trips:read{appended}")).await, 401);
    }
    for path in ["/", "/ops/things", "/ops/things?scope=fleet:read"] {
        is_empty(t.with(&key).get(&format!("{CHECK}{path}")).await, 200);
        is_empty(t.anonymous().get(&format!("{CHECK}{path}")).await, 401);
    }
}

#[tokio::test]
async fn misspelt_scope_in_the_path_is_refused() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read", "trips:write"]).await;
    for path in ["/trips:reed", "/trip:read/x", "/trips.read", "/TRIPS:READ", "/trips:read%2Fx", "/trips:read%00", "/:"] {
        is_empty(t.with(&key).get(&format!("{CHECK}{path}")).await, 400);
    }
}

#[tokio::test]
async fn headers_of_the_client_do_not_decide() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    for (name, value) in [
        ("x-required-scope", "trips:read"),
        ("x-scope", "trips:read"),
        ("x-forwarded-uri", "/api/v1/auth/check/trips:read"),
        ("x-original-url", "/api/v1/auth/check/trips:read"),
        ("x-forwarded-method", "OPTIONS"),
        ("x-http-method-override", "OPTIONS"),
        ("x-api-key-id", "key_forged"),
        ("x-member-role", "account_owner"),
    ] {
        is_empty(t.with(&key).header(name, value).get(&format!("{CHECK}/fleet:read")).await, 403);
        let passed = is_empty(t.with(&key).header(name, value).get(&format!("{CHECK}/trips:read")).await, 200);
        assert_eq!((passed.header("x-api-key-id"), passed.header("x-member-role")), (key.id.as_str(), ""));
    }
}

#[tokio::test]
async fn every_method_is_checked_alike_and_counts_as_a_read() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    let pilot = t.member(Role::Pilot).await;
    for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "purge"] {
        let send = async |client: &crate::support::Client, path: &str, status| {
            let method = Method::from_bytes(method.as_bytes()).expect("a method");
            is_empty(client.send(method, &format!("{CHECK}{path}"), Body::from("not JSON")).await, status)
        };
        for path in ["?scope=trips:read", "/trips:read/ops", ""] {
            assert_eq!(send(&t.with(&key), path, 200).await.header("x-api-key-id"), key.id, "{method} {path}");
        }
        send(&t.with(&key), "/trips:write", 403).await;
        send(&t.with(&key), "?scope=trips:write", 403).await;
        send(&t.anonymous(), "/trips:read", 401).await;
    }
    // More than the limit of a member's writes.
    for _ in 0..130 {
        is_empty(pilot.post(&format!("{CHECK}/trips:read"), json!({})).await, 200);
    }
}

#[tokio::test]
async fn check_does_not_wait_for_the_body() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    for path in ["?scope=trips:read", "/trips:read/x"] {
        let client = t.with(&key).header("content-length", "5000000").header("content-type", "image/png");
        let endless = Body::from_stream(futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>());
        is_empty(client.send(Method::PUT, &format!("{CHECK}{path}"), endless).await, 200);
    }
}

#[tokio::test]
async fn refusal_is_counted_by_its_code() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    is_empty(t.with(&key).get(&format!("{CHECK}/fleet:read")).await, 403);
    assert!(t.metrics().await.contains("planeconnection_errors_total{code=\"SCOPE_REQUIRED\"} 1"));
}
