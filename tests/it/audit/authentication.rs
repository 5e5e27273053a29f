//! How and how long ago the person of an event had proved who they are.

use std::time::Duration;

use planeconnection::audit::{Fault, HOLD, verify, watch_older_nodes};
use planeconnection::cluster;
use planeconnection::config::Config;
use planeconnection::members::Role;
use serde_json::{Value, json};
use testkit::{KEYS, WHOAMI};

use super::LOG;
use crate::support::{PASSWORD, TestApp, read_only_key};

/// The last event with this action.
async fn last(t: &TestApp, action: &str) -> Value {
    t.audit().await.into_iter().rfind(|event| event["action"] == action).unwrap_or_else(|| panic!("no {action}"))
}

#[tokio::test]
async fn events_of_a_person_carry_the_last_proof_of_identity() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    assert_eq!(last(&t, "member.signed_in").await["authentication"], json!({ "methods": ["password"], "ageSeconds": 0 }));
    t.advance(Duration::from_secs(185)).await;
    let key = owner.post(KEYS, read_only_key("Desk")).await.is(201);
    assert_eq!(last(&t, "api_key.created").await["authentication"], json!({ "methods": ["password"], "ageSeconds": 185 }));
    t.advance(Duration::from_hours(3)).await;
    owner.post("/api/v1/auth/reauthenticate", json!({ "password": PASSWORD })).await.is(200);
    assert_eq!(last(&t, "member.reauthenticated").await["authentication"]["ageSeconds"], 0);
    t.advance(Duration::from_secs(7)).await;
    owner.post(&format!("{KEYS}/{}/revoke", key.text_at("/data/apiKey/id")), json!({})).await.is(200);
    assert_eq!(last(&t, "api_key.revoked").await["authentication"], json!({ "methods": ["password"], "ageSeconds": 7 }));
    assert_eq!(verify(&t.app.db, t.workspace.id).await.expect("a verdict").fault, None);
}

#[tokio::test]
async fn events_of_keys_the_operator_and_unknown_actors_carry_none() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:write"]).await;
    let trip = json!({ "tripType": "charter", "origin": "KTEB", "destination": "KPBI", "departureDate": "2027-01-01T10:00:00Z" });
    t.with(&key).post("/api/v1/ops/trips", trip).await.is(201);
    t.with(&key).get(WHOAMI).await.is(200);
    let report = json!({
        "reportType": "hazard", "title": "Fuel cap", "occurredAt": "2026-11-22T17:05:00Z", "confidentiality": "confidential",
        "description": "During the walk-around before the second leg the left fuel cap was found open.",
    });
    t.member(Role::Pilot).await.post("/api/v1/sms/reports", report).await.is(201);
    let wrong = json!({ "email": "ana@skyline.example", "password": "a guess at it" });
    t.anonymous().post("/api/v1/auth/sign-in", wrong).await.is(401);
    let events = t.audit().await;
    for event in &events {
        let is_person = event["actor"]["type"] == "member";
        assert_eq!(event.get("authentication").is_some(), is_person, "{event}");
    }
    for action in ["workspace.created", "trip.created", "api_key.used", "report.created", "member.sign_in_failed"] {
        let event = events.iter().find(|event| event["action"] == action).unwrap_or_else(|| panic!("no {action}"));
        assert_eq!(event.get("authentication"), None, "{event}");
    }
}

#[tokio::test]
async fn altered_proof_is_found() {
    let alterations = [
        "UPDATE audit_events SET auth_age_seconds = 1 WHERE action = 'api_key.created'",
        "UPDATE audit_events SET auth_methods = 'password,totp' WHERE action = 'api_key.created'",
        "UPDATE audit_events SET auth_methods = NULL WHERE action = 'api_key.created'",
        "UPDATE audit_events SET auth_methods = NULL, auth_age_seconds = NULL WHERE action = 'api_key.created'",
        "UPDATE audit_events SET auth_methods = 'password', auth_age_seconds = 0 WHERE action = 'workspace.created'",
    ];
    for alteration in alterations {
        let t = TestApp::new().await;
        t.key(&["trips:read"]).await;
        assert_eq!(verify(&t.app.db, t.workspace.id).await.expect("a verdict").fault, None);
        t.tamper(alteration).await;
        let fault = verify(&t.app.db, t.workspace.id).await.expect("a verdict").fault;
        assert!(matches!(fault, Some(Fault::Altered { .. })), "{alteration}: {fault:?}");
    }
}

#[tokio::test]
async fn proof_is_exported_and_shown() {
    let t = TestApp::new().await;
    let owner = t.person(Role::AccountOwner).await;
    t.advance(Duration::from_mins(3)).await;
    let form = [("name", "Desk"), ("permissions", "read_only"), ("expiration", "90"), ("requests", "600"), ("seconds", "60")];
    owner.submit("/settings/api-keys/new", "/settings/api-keys/new", &form).await.is(201);
    let page = owner.get("/settings/audit-log").await.is(200);
    page.says("Proved who they are").says("3 minutes before, by password");
    let export = t.owner().await.get(&format!("{LOG}/export?format=csv&action=api_key.created")).await.is(200);
    let mut reader = csv::Reader::from_reader(export.text.as_bytes());
    let column = reader.headers().expect("a header").iter().position(|name| name == "authentication").expect("the column");
    let row = reader.records().next().expect("a row").expect("a row");
    let cell: Value = serde_json::from_str(row.get(column).expect("a cell")).expect("JSON");
    assert_eq!(cell, json!({ "methods": ["password"], "ageSeconds": 180 }));
}

/// A new process on a database that a node of the version before has used.
async fn upgraded() -> TestApp {
    let t = TestApp::new().await;
    t.tamper("INSERT INTO event_authentication (id) VALUES (1)").await;
    t.restarted_with(Config::default()).await
}

/// Runs the job that postpones the fields.
async fn look_for_older_nodes(t: &TestApp) {
    let older = cluster::last_lease_of_older_log_format(t.app.db.read()).await.expect("nodes");
    watch_older_nodes(&t.app, older).await.expect("postponed");
}

async fn is_carried(t: &TestApp, name: &str) -> bool {
    t.named_key(name).await;
    last(t, "api_key.created").await.get("authentication").is_some()
}

/// Lets the time pass with a look for older nodes every ten minutes.
async fn watch(t: &TestApp, time: Duration) {
    let look = Duration::from_mins(10);
    let end = t.app.clock.ticks() + time;
    while t.app.clock.ticks() < end {
        t.app.clock.advance(look);
        t.app.cluster.heartbeat().await.expect("a lease");
        look_for_older_nodes(t).await;
    }
}

#[tokio::test]
async fn upgraded_database_carries_proofs_after_a_day_without_older_nodes() {
    let t = upgraded().await;
    assert!(!is_carried(&t, "Before the first look").await);
    look_for_older_nodes(&t).await;
    watch(&t, HOLD.saturating_sub(Duration::from_mins(10))).await;
    assert!(!is_carried(&t, "Within the day").await);
    watch(&t, Duration::from_mins(10)).await;
    assert!(is_carried(&t, "After the day").await);
    assert_eq!(verify(&t.app.db, t.workspace.id).await.expect("a verdict").fault, None);
}

#[tokio::test]
async fn interrupted_upgrade_begins_the_day_anew() {
    let t = upgraded().await;
    look_for_older_nodes(&t).await;
    watch(&t, Duration::from_hours(1)).await;
    // Rolled back: only nodes of the version before run, and leave no rows.
    t.app.clock.advance(Duration::from_hours(30));
    t.app.cluster.heartbeat().await.expect("a lease");
    assert!(!is_carried(&t, "Before the second look").await);
    look_for_older_nodes(&t).await;
    assert!(!is_carried(&t, "At the second look").await);
    watch(&t, Duration::from_hours(23)).await;
    assert!(!is_carried(&t, "Within the second day").await);
    watch(&t, Duration::from_hours(1)).await;
    assert!(is_carried(&t, "After the second day").await);
}

#[tokio::test]
async fn older_node_postpones_proofs_until_a_day_after_its_last_lease() {
    let t = upgraded().await;
    look_for_older_nodes(&t).await;
    watch(&t, Duration::from_hours(20)).await;
    // A node of the version before starts again, for two hours.
    t.other_node("older", "0", "2026-11-24 07:30:00+00:00").await;
    look_for_older_nodes(&t).await;
    t.tamper("DELETE FROM nodes WHERE name = 'older'").await;
    watch(&t, Duration::from_hours(25)).await;
    assert!(!is_carried(&t, "A day after the upgrade").await);
    watch(&t, Duration::from_hours(1)).await;
    assert!(is_carried(&t, "A day after the older node").await);
    // What has begun does not end.
    t.other_node("older", "0", "2026-11-25 08:00:00+00:00").await;
    look_for_older_nodes(&t).await;
    assert!(is_carried(&t, "Later").await);
}
