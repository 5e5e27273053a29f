//! Creation, the list and deletion of webhooks.

use planeconnection::config::Config;
use serde_json::{Value, json};

use super::{URL, WEBHOOKS, body, trip, webhook};
use crate::support::{Lines, TestApp};

#[tokio::test]
async fn created_webhook_has_a_secret_that_is_shown_once() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let description = "Pushes trips to dispatch";
    let made = owner.post(WEBHOOKS, json!({ "url": URL, "events": ["trip.*"], "description": description })).await.is(201);
    assert_eq!(made.header("cache-control"), "no-store");
    let secret = made.text_at("/data/secret");
    assert!(secret.starts_with("whsec_") && secret.len() == 6 + 44, "{secret}");
    let hint = format!("whsec_{}…{}", &secret[6..10], &secret[46..]);
    let id = made.text_at("/data/webhook/id");
    let shown = owner.get(&format!("{WEBHOOKS}/{id}")).await.is(200);
    assert_eq!(shown.at("/data"), made.at("/data/webhook"));
    for (pointer, expected) in [
        ("url", json!(URL)),
        ("description", json!(description)),
        ("events", json!(["trip.*"])),
        ("active", json!(true)),
        ("status", json!("active")),
        ("schedule", json!("standard")),
        ("secretHint", json!(hint)),
        ("secretRotatedAt", Value::Null),
        ("previousSecretExpiresAt", Value::Null),
        ("createdBy", json!({ "id": t.owner.id.to_string(), "name": "Ana Keller" })),
        ("health/pending", json!(0)),
        ("health/successRate24h", Value::Null),
        ("health/failingSince", Value::Null),
    ] {
        assert_eq!(*shown.at(&format!("/data/{pointer}")), expected, "{pointer}");
    }
    assert!(shown.json["data"].get("warning").is_none());
    assert_eq!(owner.get(WEBHOOKS).await.is(200).items("id"), [id]);
}

#[tokio::test]
async fn secret_is_in_no_list_log_event_or_row() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let (lines, listening) = Lines::of_this_thread();
    let secret = owner.post(WEBHOOKS, body(&["*"])).await.is(201).text_at("/data/secret");
    let own = "a-secret-of-their-own-with-30-characters";
    owner.post(WEBHOOKS, json!({ "url": URL, "events": ["*"], "secret": own })).await.is(201);
    drop(listening);
    let stored = String::from_utf8_lossy(&t.database.dump().await).into_owned();
    let listed = owner.get(WEBHOOKS).await.is(200).text + &owner.get("/api/v1/audit-log").await.is(200).text;
    let logged = String::from_utf8_lossy(&lines.bytes()).into_owned();
    for text in [&stored, &listed, &logged] {
        assert!(!text.contains(&secret[10..46]) && !text.contains(&own[4..36]));
    }
    t.audit_ends_with(&["webhook.created", "webhook.created"]).await;
}

#[tokio::test]
async fn own_secrets_are_taken_by_their_form_and_never_repeated() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let with = |secret: &Value| json!({ "url": URL, "events": ["*"], "secret": secret });
    for secret in ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "x".repeat(24).as_str(), &"x".repeat(100)] {
        let made = owner.post(WEBHOOKS, with(&json!(secret))).await.is(201);
        assert_eq!(made.text_at("/data/secret"), secret);
    }
    let key = t.key(&["trips:read"]).await.secret;
    for secret in [
        "whsec_c2hvcnQ=",
        "whsec_***************************",
        &"x".repeat(23),
        &"x".repeat(101),
        "with a blank in it, but long",
        &key,
    ] {
        let refused = owner.post(WEBHOOKS, with(&json!(secret))).await.is(400).names_field("secret");
        assert!(!refused.text.contains(&secret[6..12]), "{}", refused.text);
    }
    owner.post(WEBHOOKS, with(&json!(123_456_789))).await.is(400).names_field("secret");
    assert_eq!(owner.post(WEBHOOKS, with(&Value::Null)).await.is(201).text_at("/data/secret").len(), 50);
}

#[tokio::test]
async fn faulty_bodies_name_their_fields() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    for (body, field) in [
        (json!({ "url": URL, "events": [] }), "events"),
        (json!({ "url": URL }), "events"),
        (json!({ "url": URL, "events": vec!["trip.created"; 101] }), "events"),
        (json!({ "url": URL, "events": ["trip.created", "trip.exploded"] }), "events[1]"),
        (json!({ "url": URL, "events": ["tri.*"] }), "events[0]"),
        (json!({ "url": URL, "events": "trip.*" }), "events"),
        (json!({ "events": ["*"] }), "url"),
        (json!({ "url": URL, "events": ["*"], "schedule": "hourly" }), "schedule"),
        (json!({ "url": URL, "events": ["*"], "active": "yes" }), "active"),
        (json!({ "url": URL, "events": ["*"], "description": "x".repeat(501) }), "description"),
        (json!({ "url": URL, "events": ["*"], "enabled": true }), "enabled"),
    ] {
        owner.post(WEBHOOKS, body).await.is(400).names_field(field);
    }
    assert!(owner.get(WEBHOOKS).await.is(200).items("id").is_empty());
}

#[tokio::test]
async fn replayed_creation_returns_the_created_webhook() {
    let t = TestApp::new().await;
    let once = t.owner().await.header("idempotency-key", "retry-1");
    let made = once.post(WEBHOOKS, body(&["trip.*"])).await.is(201);
    let again = once.post(WEBHOOKS, body(&["trip.*"])).await.is(409).code("ALREADY_CREATED");
    assert_eq!(again.at("/error/webhookId"), made.at("/data/webhook/id"));
    assert!(!again.text.contains(&made.text_at("/data/secret")[10..]));
    once.post(WEBHOOKS, body(&["*"])).await.is(422).code("IDEMPOTENCY_KEY_REUSED");
    assert_eq!(once.get(WEBHOOKS).await.is(200).items("id").len(), 1);
}

#[tokio::test]
async fn workspace_has_at_most_50_webhooks() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let mut last = String::new();
    for _ in 0..50 {
        last = webhook(&owner, &["trip.created"]).await;
    }
    let refused = owner.post(WEBHOOKS, body(&["*"])).await.is(409).code("QUOTA_EXCEEDED");
    assert_eq!((refused.at("/error/quota"), refused.at("/error/limit")), (&json!("webhooks"), &json!(50)));
    owner.delete(&format!("{WEBHOOKS}/{last}")).await.is(200);
    webhook(&owner, &["trip.created"]).await;
    let (_, other) = t.other_workspace().await;
    webhook(&other, &["trip.created"]).await;
}

#[tokio::test]
async fn nothing_is_created_without_a_secret_key() {
    let t = TestApp::with_config(Config::default()).await;
    t.owner().await.post(WEBHOOKS, body(&["*"])).await.is(409).code("SECRET_KEY_MISSING");
}

#[tokio::test]
async fn secrets_are_sealed_for_their_row() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    webhook(&owner, &["*"]).await;
    webhook(&owner, &["*"]).await;
    t.tamper("UPDATE webhook_endpoints SET secret = (SELECT secret FROM webhook_endpoints ORDER BY id LIMIT 1)").await;
    let mut statuses = Vec::new();
    for id in owner.get(WEBHOOKS).await.is(200).items("id") {
        statuses.push(owner.post(&format!("{WEBHOOKS}/{id}/rotate-secret"), json!({})).await.status);
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 500], "a secret that was moved to another row does not open");
}

#[tokio::test]
async fn deleted_webhook_is_gone_and_its_events_stay() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let (id, kept) = (webhook(&owner, &["trip.*"]).await, webhook(&owner, &["invoice.*"]).await);
    trip(&owner).await;
    assert_eq!(t.number("SELECT COUNT(*) FROM event_payloads").await, 1);
    let at = format!("{WEBHOOKS}/{id}");
    assert_eq!(owner.delete(&at).await.is(200).text_at("/data/id"), id);
    owner.get(&at).await.is(404).code("NOT_FOUND");
    owner.delete(&at).await.is(404);
    owner.patch(&at, json!({ "active": true })).await.is(404);
    for path in ["rotate-secret", "recover"] {
        let body = if path == "recover" { json!({ "since": "2026-11-23T00:00:00Z" }) } else { json!({}) };
        owner.post(&format!("{at}/{path}"), body).await.is(404);
    }
    for path in ["deliveries", "events"] {
        owner.get(&format!("{at}/{path}")).await.is(404);
    }
    assert_eq!(owner.get(WEBHOOKS).await.is(200).items("id"), [kept]);
    // No endpoint receives trips any more, so their payloads are not stored.
    trip(&owner).await;
    assert_eq!(t.number("SELECT COUNT(*) FROM event_payloads").await, 1);
    t.audit_ends_with(&["webhook.created", "webhook.created", "trip.created", "webhook.deleted", "trip.created"]).await;
}

#[tokio::test]
async fn rows_of_a_deleted_webhook_are_deleted_later() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let id = webhook(&owner, &["trip.*"]).await;
    for _ in 0..3 {
        trip(&owner).await;
    }
    super::deliver_all(&t, "pending").await;
    t.tamper(
        "INSERT INTO webhook_attempts (delivery_id, number, workspace_id, started_at, duration_ms, request_headers) \
         SELECT id, 1, workspace_id, created_at, 5, '[]' FROM webhook_deliveries",
    )
    .await;
    owner.delete(&format!("{WEBHOOKS}/{id}")).await.is(200);
    planeconnection::webhooks::purge_deleted(&t.app).await.expect("a sweep");
    assert_eq!(t.number("SELECT COUNT(*) FROM webhook_deliveries").await, 3, "requests may be in flight");
    t.app.clock.advance(std::time::Duration::from_mins(2));
    planeconnection::webhooks::purge_deleted(&t.app).await.expect("a sweep");
    for table in ["webhook_endpoints", "webhook_deliveries", "webhook_attempts"] {
        assert_eq!(t.number(&format!("SELECT COUNT(*) FROM {table}")).await, 0, "{table}");
    }
}

#[tokio::test]
async fn workspaces_see_their_own_webhooks_only() {
    let t = TestApp::new().await;
    let (owner, (_, other)) = (t.owner().await, t.other_workspace().await);
    let at = format!("{WEBHOOKS}/{}", webhook(&owner, &["*"]).await);
    assert!(other.get(WEBHOOKS).await.is(200).items("id").is_empty());
    other.get(&at).await.is(404);
    other.patch(&at, json!({ "active": false })).await.is(404);
    other.post(&format!("{at}/rotate-secret"), json!({})).await.is(404);
    other.post(&format!("{at}/recover"), json!({ "since": "2026-11-23T00:00:00Z" })).await.is(404);
    other.get(&format!("{at}/events")).await.is(404);
    other.get(&format!("{at}/deliveries")).await.is(404);
    other.delete(&at).await.is(404);
    assert_eq!(owner.get(&at).await.is(200).at("/data/active"), true);
}
