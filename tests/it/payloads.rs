//! Payloads of events, as they are stored with a change for webhook endpoints.

mod findings;
mod keys;
mod members;
mod operations;
mod reports;

use std::collections::BTreeSet;

use planeconnection::audit::{AuditContext, AuditedTx, EventType, TypePattern, payloads_after, set_received};
use planeconnection::workspaces::WorkspaceId;
use serde_json::{Value, json};
use testkit::TRIPS;

use crate::support::TestApp;

/// Stores the patterns, as a workspace with endpoints has them.
async fn receive(t: &TestApp, patterns: &[&str]) {
    receive_in(t, t.workspace.id, patterns).await;
}

async fn receive_in(t: &TestApp, workspace: WorkspaceId, patterns: &[&str]) {
    let tx = AuditedTx::begin(&t.app, workspace, AuditContext::operator("test")).await.expect("a transaction");
    let patterns: BTreeSet<TypePattern> = patterns.iter().map(|pattern| pattern.parse().expect("a pattern")).collect();
    set_received(&tx, &patterns).await.expect("a change");
    tx.commit().await.expect("a commit");
}

/// A workspace in which all events are received.
async fn receiving() -> TestApp {
    let t = TestApp::new().await;
    receive(&t, &["*"]).await;
    t
}

/// All stored payloads in order.
async fn payloads(t: &TestApp) -> Vec<Value> {
    let stored = payloads_after(t.app.db.read(), t.workspace.id, 0, 10_000).await.expect("payloads");
    stored.iter().map(|payload| serde_json::from_str(&payload.body).expect("JSON")).collect()
}

async fn types(t: &TestApp) -> Vec<String> {
    payloads(t).await.iter().map(|payload| payload["type"].as_str().expect("a type").to_owned()).collect()
}

/// The data of the only payload of a type.
async fn data(t: &TestApp, event_type: EventType) -> Value {
    let mut found = all_data(t, event_type).await;
    let data = found.pop().unwrap_or_else(|| panic!("no {event_type}"));
    assert!(found.is_empty(), "more than one {event_type}");
    data
}

async fn all_data(t: &TestApp, event_type: EventType) -> Vec<Value> {
    let of_type = |payload: &Value| payload["type"] == event_type.as_str();
    payloads(t).await.into_iter().filter(of_type).map(|mut payload| payload["data"].take()).collect()
}

/// Makes changes of every kind, and returns the payloads that are stored.
pub(crate) async fn of_every_kind(t: &TestApp) -> Vec<Value> {
    operations::change_everything(t).await;
    reports::change_everything(t).await;
    Box::pin(keys::change_everything(t)).await;
    members::change_everything(t).await;
    findings::change_everything(t).await;
    t.flush().await;
    payloads(t).await
}

fn to_miami() -> Value {
    json!({ "tripType": "charter", "origin": "KTEB", "destination": "KMIA", "departureDate": "2026-12-01T10:00:00Z" })
}

#[tokio::test]
async fn payload_names_the_event_of_the_log_and_its_sequence() {
    let t = receiving().await;
    let owner = t.owner().await;
    let trip = owner.post(TRIPS, to_miami()).await.is(201).text_at("/data/id");
    let events = t.audit().await;
    let event = events.iter().find(|event| event["action"] == "trip.created").expect("an event");
    let stored = payloads(&t).await;
    let payload = stored.iter().find(|payload| payload["type"] == "trip.created").expect("a payload");
    let expected = json!({
        "id": event["id"], "type": "trip.created", "workspace_id": t.workspace.id, "timestamp": "2026-11-23T09:30:00Z",
        "sequence": event["sequence"],
        "data": {
            "trip_id": trip, "external_id": null, "trip_type": "charter", "status": "draft", "origin": "KTEB",
            "destination": "KMIA", "departure_date": "2026-12-01T10:00:00Z", "aircraft_id": null, "created_by": t.owner.id,
        },
    });
    assert_eq!(*payload, expected);
    assert_eq!(event["occurredAt"], payload["timestamp"]);
}

#[tokio::test]
async fn nothing_is_stored_without_a_pattern_or_for_types_that_none_matches() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    owner.post(TRIPS, to_miami()).await.is(201);
    assert_eq!(types(&t).await, Vec::<String>::new());

    receive(&t, &["trip.*", "invoice.created"]).await;
    owner.post(TRIPS, to_miami()).await.is(201);
    t.key(&["trips:read"]).await;
    let (other, elsewhere) = t.other_workspace().await;
    elsewhere.post(TRIPS, to_miami()).await.is(201);
    assert_eq!(types(&t).await, ["trip.created"]);
    let others = payloads_after(t.app.db.read(), other.id, 0, 10).await.expect("payloads");
    assert!(others.is_empty(), "{others:?}");

    receive(&t, &[]).await;
    owner.post(TRIPS, to_miami()).await.is(201);
    assert_eq!(types(&t).await, ["trip.created"]);
}

#[tokio::test]
async fn payload_of_another_workspace_is_not_stored_here() {
    let t = receiving().await;
    let (other, elsewhere) = t.other_workspace().await;
    receive_in(&t, other.id, &["trip.*"]).await;
    elsewhere.post(TRIPS, to_miami()).await.is(201);
    assert!(!types(&t).await.contains(&"trip.created".to_owned()));
    assert_eq!(payloads_after(t.app.db.read(), other.id, 0, 10).await.expect("payloads").len(), 1);
}

#[tokio::test]
async fn refused_and_rolled_back_changes_have_no_payload() {
    let t = receiving().await;
    let owner = t.owner().await;
    owner.post(TRIPS, json!({ "tripType": "charter", "origin": "KTEB" })).await.is(400);
    let trip = owner.post(TRIPS, to_miami()).await.is(201).text_at("/data/id");
    let path = format!("{TRIPS}/{trip}");
    let early = owner.patch(&path, json!({ "arrivalDate": "2026-12-01T09:00:00Z" })).await;
    assert!((400..500).contains(&early.status), "{}", early.text);
    owner.patch(&path, json!({ "origin": "KTEB" })).await.is(200);
    assert_eq!(all_data(&t, EventType::TripUpdated).await.len(), 0, "nothing differs");

    t.database.reject_writes("UPDATE", "audit_heads", "1 = 1").await;
    let refused = owner.patch(&path, json!({ "origin": "KBOS" })).await;
    assert!(refused.status >= 500, "{}", refused.text);
    t.database.accept_writes("audit_heads").await;
    owner.get(&path).await.is(200);
    assert_eq!(all_data(&t, EventType::TripUpdated).await.len(), 0, "rolled back with its change");
    owner.patch(&path, json!({ "origin": "KBOS" })).await.is(200);
    assert_eq!(all_data(&t, EventType::TripUpdated).await.len(), 1);
}

#[tokio::test]
async fn replayed_request_publishes_nothing() {
    let t = receiving().await;
    let owner = t.owner().await.header("idempotency-key", "trip-4711");
    let first = owner.post(TRIPS, to_miami()).await.is(201);
    assert_eq!(owner.post(TRIPS, to_miami()).await.is(201).at("/data/id"), first.at("/data/id"));
    assert_eq!(types(&t).await.iter().filter(|event_type| *event_type == "trip.created").count(), 1);
}

/// The types that the delivery of webhooks publishes about itself.
const OF_DELIVERY: [EventType; 2] = [EventType::WebhookDisabled, EventType::WebhookEnabled];

#[tokio::test]
async fn every_event_type_is_published_by_an_action() {
    let t = receiving().await;
    let payloads = Box::pin(of_every_kind(&t)).await;
    let mut published: BTreeSet<String> =
        payloads.iter().map(|payload| payload["type"].as_str().expect("a type").to_owned()).collect();
    published.extend(OF_DELIVERY.map(|event_type| event_type.as_str().to_owned()));
    let all: BTreeSet<String> = EventType::ALL.iter().map(|event_type| event_type.as_str().to_owned()).collect();
    assert_eq!(published, all);
}

#[test]
fn documentation_names_every_event_type() {
    let documented = include_str!("../../docs/EVENTS.md");
    let missing: Vec<_> = EventType::ALL.iter().filter(|event_type| !documented.contains(&format!("`{event_type}`"))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
