//! The audit log: complete and verifiable.

mod authentication;
mod chain;
mod export;
mod feed;
mod heads;
mod privacy;
mod tables;
mod usage;
mod usage_flush;

use axum::http::Method;
use planeconnection::members::Role;
use serde_json::json;
use testkit::KEYS;

use crate::support::TestApp;

const LOG: &str = "/api/v1/audit-log";

#[tokio::test]
async fn event_records_actor_action_target_and_client_ip() {
    let t = TestApp::new().await;
    let owner = t.owner().await.header("user-agent", "desk/1").header("x-request-id", "request-7").from("198.51.100.9");
    let made = owner.post(KEYS, json!({ "name": "Desk", "permissions": "read_only", "expiresAt": null })).await.is(201);
    let events = t.audit().await;
    let event = events.iter().find(|event| event["action"] == "api_key.created").expect("an event");
    assert_eq!(event["actor"], json!({ "type": "member", "id": t.owner.id, "name": "Ana Keller" }));
    assert_eq!(event["target"], json!({ "type": "api_key", "id": made.at("/data/apiKey/id"), "name": "Desk" }));
    assert_eq!(
        (&event["ip"], &event["userAgent"], &event["requestId"]),
        (&json!("198.51.100.9"), &json!("desk/1"), &json!("request-7"))
    );
    assert_eq!((&event["outcome"], &event["occurredAt"]), (&json!("success"), &json!("2026-11-23T09:30:00Z")));
    assert_eq!(event["details"]["hint"], made.at("/data/apiKey/hint").clone());
}

#[tokio::test]
async fn events_are_numbered_without_gaps() {
    let t = TestApp::new().await;
    for _ in 0..3 {
        t.key(&["trips:read"]).await;
    }
    let numbers: Vec<_> = t.audit().await.iter().map(|event| event["sequence"].as_u64()).collect();
    let expected: Vec<_> = (1..=numbers.len() as u64).map(Some).collect();
    assert_eq!(numbers, expected);
}

#[tokio::test]
async fn events_are_listed_newest_first_in_pages() {
    let t = TestApp::new().await;
    for _ in 0..3 {
        t.key(&["trips:read"]).await;
    }
    let owner = t.owner().await;
    let events = owner.get(LOG).await.is(200).at("/data/total").as_u64().expect("a count");
    let page = async |query: String| {
        let page = owner.get(&format!("{LOG}?{query}")).await.is(200);
        assert_eq!(page.at("/data/total"), events, "{query}");
        page.at("/data/items").as_array().expect("items").iter().map(|event| event["sequence"].as_u64()).collect::<Vec<_>>()
    };
    let numbered = |numbers: std::ops::RangeInclusive<u64>| numbers.rev().map(Some).collect::<Vec<_>>();
    assert_eq!(page("page_size=2".to_owned()).await, numbered(events - 1..=events));
    assert_eq!(page("page_size=2&page=2".to_owned()).await, numbered(events - 3..=events - 2));
    assert_eq!(page(format!("page_size={}&page=2", events - 1)).await, numbered(1..=1), "the last has what is left");
    for past in [format!("page_size={events}&page=2"), "page=4294967295&page_size=100".to_owned()] {
        assert!(page(past).await.is_empty());
    }
}

#[tokio::test]
async fn change_without_audit_event_is_rolled_back() {
    let t = TestApp::new().await;
    let (key, owner) = (t.key(&["trips:read"]).await, t.owner().await);
    t.database.reject_writes("INSERT", "audit_events", "TRUE").await;
    let member = format!("/api/v1/members/{}", t.owner.id);
    for (method, path, body) in [
        (Method::POST, KEYS.to_owned(), json!({ "name": "New", "permissions": "read_only", "expiresAt": null })),
        (Method::PATCH, format!("{KEYS}/{}", key.id), json!({ "name": "Renamed" })),
        (Method::POST, format!("{KEYS}/{}/rotate", key.id), json!({})),
        (Method::POST, format!("{KEYS}/{}/revoke", key.id), json!({})),
        (Method::PUT, "/api/v1/settings/api-keys".to_owned(), json!({ "enabled": false })),
        (Method::POST, "/api/v1/members".to_owned(), json!({ "name": "A", "email": "a@b.example", "role": "pilot" })),
        (Method::DELETE, member, json!({})),
    ] {
        let answer = owner.json(method, &path, body).await;
        assert!(answer.status >= 409 && !answer.text.contains("refused by the test"), "{path}: {}", answer.text);
    }
    t.database.accept_writes("audit_events").await;
    t.with(&key).get("/api/v1/auth/whoami").await.is(200);
    let listed = owner.get(KEYS).await.is(200);
    assert_eq!((listed.items("id"), listed.items("status")), (vec![key.id], vec!["active".to_owned()]));
    assert_eq!(owner.get("/api/v1/members").await.is(200).at("/data/total"), &json!(1));
    assert_eq!(owner.get("/api/v1/settings/api-keys").await.is(200).at("/data/enabled"), &json!(true));
}

#[tokio::test]
async fn audit_log_is_filtered() {
    let t = TestApp::new().await;
    let (key, other) = (t.key(&["trips:read"]).await, t.key(&["trips:read"]).await);
    t.with(&key).get("/api/v1/auth/whoami").await.is(200);
    t.with(&other).get(KEYS).await.is(403);
    t.flush().await;
    t.advance(std::time::Duration::from_hours(24)).await;
    let admin = t.add_member(Role::Admin).await;
    t.signed_in(admin.clone()).await.post(&format!("{KEYS}/{}/revoke", key.id), json!({})).await.is(200);
    let auditor = t.member(Role::Auditor).await;
    let actions = async |query: &str| auditor.get(&format!("{LOG}?page_size=100&{query}")).await.is(200).items("action");
    assert_eq!(actions("action=api_key.revoked").await, ["api_key.revoked"]);
    assert_eq!(actions(&format!("actor_id={}", admin.id)).await, ["api_key.revoked", "member.signed_in"]);
    assert_eq!(
        actions(&format!("api_key_id={}", key.id)).await,
        ["api_key.refused_everywhere", "api_key.revoked", "api_key.used", "api_key.created"]
    );
    assert_eq!(actions("outcome=denied").await, ["api_key.denied"]);
    assert_eq!(actions("outcome=success&action=api_key.denied").await, [""; 0]);
    assert_eq!(actions("date_from=2026-11-24&action=api_key.created").await, [""; 0]);
    assert_eq!(actions("date_to=2026-11-23&action=api_key.created").await.len(), 2);
    assert_eq!(actions("date_from=2026-11-24&date_to=2026-11-24&action=api_key.revoked").await.len(), 1);
    assert_eq!(actions("date_to=2026-11-23T09:29:59Z").await, [""; 0]);
}

#[tokio::test]
async fn unknown_filter_is_refused() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    for query in [
        "actoin=api_key.revoked",
        "action=api_key.gone",
        "outcome=failed",
        "date_from=today",
        "date_to=2026-02-30",
        "page_size=101",
    ] {
        for path in [LOG.to_owned(), format!("{LOG}/export")] {
            let format = if path.ends_with("export") { "&format=csv" } else { "" };
            owner.get(&format!("{path}?{query}{format}")).await.is(400).code("INVALID_REQUEST");
        }
    }
    owner.get(&format!("{LOG}/export")).await.is(400).code("INVALID_REQUEST");
    owner.get(&format!("{LOG}/export?format=xml")).await.is(400).code("INVALID_REQUEST");
}

#[tokio::test]
async fn audit_log_is_isolated_by_workspace() {
    let t = TestApp::new().await;
    t.key(&["trips:read"]).await;
    let (_, other) = t.other_workspace().await;
    let log = other.get(&format!("{LOG}?page_size=100")).await.is(200);
    assert_eq!(log.items("action"), ["member.signed_in", "member.added", "workspace.created"]);
    assert!(!other.get(&format!("{LOG}/export?format=ndjson")).await.is(200).text.contains("api_key"));
}

#[tokio::test]
async fn audit_events_cannot_be_changed_or_deleted_by_api() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        owner.json(method.clone(), LOG, json!({})).await.is(405);
        owner.json(method, &format!("{LOG}/export"), json!({})).await.is(405);
    }
}
