//! Scopes cannot be widened by webhooks: a key manages webhooks for events that it can read, and no others.

use std::time::Duration;

use planeconnection::members::Role;
use serde_json::{Value, json};

use super::{URL, WEBHOOKS, body, deliver_all, trip, webhook};
use crate::support::TestApp;

/// Patterns of events, and the scopes that a key needs for them.
const NEEDED: [(&str, &[&str]); 10] = [
    ("trip.created", &["trips:read"]),
    ("trip.*", &["trips:read"]),
    ("aircraft.status_changed", &["fleet:read"]),
    ("safety_report.*", &["safety:read"]),
    ("invoice.*", &["invoices:read"]),
    ("api_key.revoked", &["audit:read"]),
    ("api_key.*", &["audit:read"]),
    ("member.*", &["audit:read"]),
    ("webhook.*", &["audit:read"]),
    ("*", &["trips:read", "fleet:read", "safety:read", "invoices:read", "audit:read"]),
];

#[tokio::test]
async fn key_creates_webhooks_for_events_that_it_can_read() {
    let t = TestApp::new().await;
    for (pattern, needed) in NEEDED {
        for left_out in 0..needed.len() {
            let mut scopes: Vec<&str> = needed.to_vec();
            let missing = scopes.remove(left_out);
            scopes.push("webhooks:write");
            let key = t.with(&t.key(&scopes).await);
            let refused = key.post(WEBHOOKS, body(&[pattern])).await.is(403).code("SCOPE_REQUIRED");
            assert_eq!(refused.at("/error/requiredScope"), missing, "{pattern}");
        }
        let key = t.with(&t.key(&[needed, &["webhooks:write"]].concat()).await);
        let made = key.post(WEBHOOKS, body(&[pattern])).await.is(201);
        assert!(made.text_at("/data/webhook/createdBy/id").starts_with("key_"), "{}", made.text);
    }
}

#[tokio::test]
async fn key_that_asks_for_more_than_it_can_read_is_counted_as_denied() {
    let t = TestApp::new().await;
    let key = t.key(&["webhooks:write", "trips:read"]).await;
    t.with(&key).post(WEBHOOKS, body(&["invoice.*"])).await.is(403).code("SCOPE_REQUIRED");
    let denied = t.audit().await.into_iter().rfind(|event| event["action"] == "api_key.denied").expect("an event");
    assert_eq!((&denied["target"]["id"], &denied["details"]["requiredScope"]), (&json!(key.id), &json!("invoices:read")));
}

#[tokio::test]
async fn write_scope_of_a_module_reads_its_events() {
    let t = TestApp::new().await;
    let key = t.with(&t.key(&["webhooks:write", "trips:write"]).await);
    webhook(&key, &["trip.*"]).await;
}

#[tokio::test]
async fn key_needs_a_scope_of_webhooks() {
    let t = TestApp::new().await;
    let key = t.with(&t.key(&["trips:read", "audit:read"]).await);
    assert_eq!(*key.get(WEBHOOKS).await.is(403).code("SCOPE_REQUIRED").at("/error/requiredScope"), "webhooks:read");
    let reader = t.with(&t.key(&["trips:read", "webhooks:read"]).await);
    let refused = reader.post(WEBHOOKS, body(&["trip.*"])).await.is(403).code("SCOPE_REQUIRED");
    assert_eq!(*refused.at("/error/requiredScope"), "webhooks:write");
}

#[tokio::test]
async fn key_neither_sees_nor_changes_webhooks_for_other_events() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let (wide, narrow) = (webhook(&owner, &["trip.*", "invoice.paid"]).await, webhook(&owner, &["trip.created"]).await);
    trip(&owner).await;
    let key = t.with(&t.key(&["webhooks:write", "trips:read"]).await);
    let at = format!("{WEBHOOKS}/{wide}");
    let calls: [(&str, String, Value); 8] = [
        ("GET", at.clone(), Value::Null),
        ("PATCH", at.clone(), json!({ "events": ["trip.created"] })),
        ("PATCH", at.clone(), json!({ "active": false })),
        ("POST", format!("{at}/rotate-secret"), json!({})),
        ("POST", format!("{at}/recover"), json!({ "since": "2026-11-23T00:00:00Z" })),
        ("GET", format!("{at}/deliveries"), Value::Null),
        ("GET", format!("{at}/events"), Value::Null),
        ("DELETE", at.clone(), Value::Null),
    ];
    for (method, path, body) in calls {
        let refused = match method {
            "GET" => key.get(&path).await,
            "DELETE" => key.delete(&path).await,
            other => key.json(other.parse().expect("a method"), &path, body).await,
        };
        let refused = refused.is(403).code("SCOPE_REQUIRED");
        assert_eq!(refused.at("/error/requiredScope"), "invoices:read", "{method} {path}");
        assert!(!refused.text.contains(URL), "{}", refused.text);
    }
    let listed = key.get(WEBHOOKS).await.is(200);
    assert_eq!((listed.items("id"), listed.at("/data/total")), (vec![narrow.clone()], &json!(1)));
    let at = format!("{WEBHOOKS}/{narrow}");
    let refused = key.patch(&at, json!({ "events": ["trip.created", "invoice.*"] })).await.is(403).code("SCOPE_REQUIRED");
    assert_eq!(*refused.at("/error/requiredScope"), "invoices:read");
    key.patch(&at, json!({ "events": ["trip.*"] })).await.is(200);
    key.delete(&at).await.is(200);
    assert_eq!(owner.get(WEBHOOKS).await.is(200).items("id"), [wide]);
}

#[tokio::test]
async fn key_sees_deliveries_of_events_that_it_can_read() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let at = format!("{WEBHOOKS}/{}", webhook(&owner, &["*"]).await);
    let key = t.key(&["webhooks:write", "trips:read"]).await;
    trip(&owner).await;
    deliver_all(&t, "failed").await;
    // Since then it receives less, but its deliveries are still there.
    owner.patch(&at, json!({ "events": ["trip.*"] })).await.is(200);
    let of_all = owner.get(&format!("{at}/deliveries")).await.is(200);
    assert!(of_all.items("type").contains(&"trip.created".to_owned()));
    let caller = t.with(&key);
    let listed = caller.get(&format!("{at}/deliveries")).await.is(200);
    assert_eq!((listed.items("type"), listed.at("/data/total")), (vec!["trip.created".to_owned()], &json!(1)));
    t.tamper("UPDATE webhook_deliveries SET event_type = 'invoice.paid' WHERE event_type = 'trip.created'").await;
    let id = &listed.items("id")[0];
    caller.get(&format!("{at}/deliveries/{id}")).await.is(403).code("SCOPE_REQUIRED");
    caller.post(&format!("{at}/deliveries/{id}/resend"), json!({})).await.is(403).code("SCOPE_REQUIRED");
    assert!(caller.get(&format!("{at}/deliveries")).await.is(200).items("id").is_empty());
}

#[tokio::test]
async fn administrators_manage_webhooks_and_other_members_do_not() {
    let t = TestApp::new().await;
    for role in Role::ALL {
        let status = t.member(role).await.post(WEBHOOKS, body(&["*"])).await.status;
        assert_eq!(status, if role.is_administrator() { 201 } else { 403 }, "{role}");
    }
}

#[tokio::test]
async fn person_proves_their_identity_again_for_secrets_and_urls_only() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let at = format!("{WEBHOOKS}/{}", webhook(&owner, &["trip.*"]).await);
    trip(&owner).await;
    deliver_all(&t, "pending").await;
    let other = "https://8.8.4.4/hook";
    t.advance(Duration::from_mins(16)).await;
    owner.post(WEBHOOKS, body(&["*"])).await.is(403).code("REAUTHENTICATION_REQUIRED");
    owner.post(&format!("{at}/rotate-secret"), json!({})).await.is(403).code("REAUTHENTICATION_REQUIRED");
    let refused = owner.patch(&at, json!({ "url": other })).await.is(403).code("REAUTHENTICATION_REQUIRED");
    assert_eq!(*refused.at("/error/methods"), json!(["password"]));
    t.tamper("UPDATE webhook_endpoints SET disabled_at = created_at").await;
    let skipping = json!({ "url": other, "active": true, "backlog": "skip" });
    owner.patch(&at, skipping).await.is(403).code("REAUTHENTICATION_REQUIRED");
    assert_eq!(*owner.get(&at).await.is(200).at("/data/health/pending"), 1, "nothing was done");
    // The rest needs no proof, and an emergency stays one call.
    owner.patch(&at, json!({ "url": URL, "description": "Same URL" })).await.is(200);
    owner.patch(&at, json!({ "active": false })).await.is(200);
    let key = t.key(&["webhooks:write", "trips:read"]).await;
    t.advance(Duration::from_mins(16)).await;
    let of_key = format!("{WEBHOOKS}/{}", webhook(&t.with(&key), &["trip.*"]).await);
    t.with(&key).patch(&of_key, json!({ "url": other })).await.is(200);
    owner.delete(&of_key).await.is(200);
    owner.reauthenticate().await;
    owner.patch(&at, json!({ "url": other })).await.is(200);
    owner.post(&format!("{at}/rotate-secret"), json!({})).await.is(200);
}
