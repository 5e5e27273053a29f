//! `GET /api/v1/auth/check`: the response to a proxy in front of other services, by status and headers alone.

use planeconnection::members::Role;
use serde_json::json;

use crate::support::{Response, TestApp};

const CHECK: &str = "/api/v1/auth/check";

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
}

#[tokio::test]
async fn member_passes_without_key_id_header() {
    let t = TestApp::new().await;
    let passed = is_empty(t.member(Role::Pilot).await.get(CHECK).await, 200);
    assert!(!passed.headers.contains_key("x-api-key-id"));
    assert_eq!(passed.header("x-tenant-slug"), "skyline");
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
