//! Changes of a webhook, its switch, and what becomes of events meanwhile.

use serde_json::{Value, json};

use super::{URL, WEBHOOKS, body, deliver_all, trip, webhook};
use crate::support::TestApp;

#[tokio::test]
async fn changes_are_made_and_recorded_with_both_values() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let at = format!("{WEBHOOKS}/{}", webhook(&owner, &["trip.*"]).await);
    let url = "https://8.8.4.4/other";
    let change = json!({ "url": url, "description": "New", "events": ["invoice.paid"], "schedule": "extended", "active": false });
    let changed = owner.patch(&at, change).await.is(200);
    for (field, expected) in [
        ("url", json!(url)),
        ("description", json!("New")),
        ("events", json!(["invoice.paid"])),
        ("schedule", json!("extended")),
        ("active", json!(false)),
        ("status", json!("inactive")),
    ] {
        assert_eq!(changed.at(&format!("/data/{field}")), &expected, "{field}");
    }
    assert_eq!(owner.get(&at).await.is(200).at("/data"), changed.at("/data"));
    let event = t.audit().await.into_iter().rfind(|event| event["action"] == "webhook.updated").expect("an event");
    assert_eq!(event["target"]["name"], "New");
    assert_eq!(event["details"]["url"], json!({ "from": URL, "to": url }));
    assert_eq!(event["details"]["events"], json!({ "from": ["trip.*"], "to": ["invoice.paid"] }));
    assert_eq!(event["details"]["active"], json!({ "from": true, "to": false }));
    assert_eq!(*owner.patch(&at, json!({ "description": null })).await.is(200).at("/data/description"), Value::Null);
}

#[tokio::test]
async fn change_without_a_difference_is_not_recorded() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let at = format!("{WEBHOOKS}/{}", webhook(&owner, &["trip.*"]).await);
    owner.patch(&at, json!({})).await.is(200);
    owner.patch(&at, json!({ "url": URL, "events": ["trip.*", "trip.*"], "active": true, "backlog": "skip" })).await.is(200);
    t.audit_ends_with(&["webhook.created"]).await;
}

#[tokio::test]
async fn faulty_changes_name_their_fields() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let at = format!("{WEBHOOKS}/{}", webhook(&owner, &["trip.*"]).await);
    for (body, field) in [
        (json!({ "url": null }), "url"),
        (json!({ "events": [] }), "events"),
        (json!({ "events": ["nothing"] }), "events[0]"),
        (json!({ "active": null }), "active"),
        (json!({ "backlog": "skip" }), "backlog"),
        (json!({ "active": false, "backlog": "deliver" }), "backlog"),
        (json!({ "active": true, "backlog": "burn" }), "backlog"),
        (json!({ "schedule": null }), "schedule"),
        (json!({ "secret": "x".repeat(30) }), "secret"),
    ] {
        owner.patch(&at, body).await.is(400).names_field(field);
    }
}

#[tokio::test]
async fn events_that_a_webhook_begins_to_receive_are_stored() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let stored = async || t.number("SELECT COUNT(*) FROM event_payloads").await;
    let at = format!("{WEBHOOKS}/{}", webhook(&owner, &["invoice.*"]).await);
    trip(&owner).await;
    assert_eq!(stored().await, 0);
    owner.patch(&at, json!({ "events": ["trip.created"] })).await.is(200);
    trip(&owner).await;
    assert_eq!(stored().await, 1);
    // An inactive one keeps its events.
    owner.patch(&at, json!({ "active": false })).await.is(200);
    trip(&owner).await;
    assert_eq!(stored().await, 2);
}

/// The place in the log up to which events were planned.
async fn planned(t: &TestApp) -> i64 {
    t.number("SELECT planned_sequence FROM webhook_endpoints").await
}

async fn head(t: &TestApp) -> i64 {
    t.number("SELECT MAX(sequence) FROM audit_events").await
}

#[tokio::test]
async fn backlog_is_delivered_or_skipped_when_a_webhook_is_switched_on() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let at = format!("{WEBHOOKS}/{}", webhook(&owner, &["trip.*"]).await);
    trip(&owner).await;
    deliver_all(&t, "pending").await;
    let pending = async || owner.get(&at).await.is(200).at("/data/health/pending").clone();
    let before = planned(&t).await;
    owner.patch(&at, json!({ "active": false })).await.is(200);
    trip(&owner).await;
    owner.patch(&at, json!({ "active": true })).await.is(200);
    assert_eq!((planned(&t).await, pending().await), (before, json!(1)), "it goes on where it was");
    owner.patch(&at, json!({ "active": false })).await.is(200);
    let skipped = head(&t).await;
    owner.patch(&at, json!({ "active": true, "backlog": "skip" })).await.is(200);
    assert_eq!((planned(&t).await, pending().await), (skipped, json!(0)));
    assert_eq!(owner.get(&format!("{at}/deliveries")).await.is(200).items("status"), ["canceled"]);
    let event = t.audit().await.into_iter().rfind(|event| event["action"] == "webhook.updated").expect("an event");
    assert_eq!(event["details"]["backlog"]["to"], "skip");
}

#[tokio::test]
async fn disabled_webhook_is_enabled_with_a_clean_record() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let at = format!("{WEBHOOKS}/{}", webhook(&owner, &["*"]).await);
    t.tamper(
        "UPDATE webhook_endpoints SET disabled_at = created_at, disabled_reason = 'no success for 5 days', failed_attempts = 100, \
         failed_deliveries = 20, failing_since = created_at, last_failure_at = created_at",
    )
    .await;
    let disabled = owner.get(&at).await.is(200);
    assert_eq!((disabled.at("/data/status"), disabled.at("/data/active")), (&json!("disabled"), &json!(true)));
    assert_eq!(*disabled.at("/data/health/disabledReason"), "no success for 5 days");
    let enabled = owner.patch(&at, json!({ "active": true })).await.is(200);
    assert_eq!((enabled.at("/data/status"), enabled.at("/data/health/failingSince")), (&json!("active"), &Value::Null));
    assert_eq!(owner.get(&at).await.is(200).at("/data"), enabled.at("/data"));
    t.audit_ends_with(&["webhook.enabled"]).await;
    let events = owner.get(&format!("{at}/events?page_size=100")).await.is(200);
    let event = events.at("/data/items").as_array().expect("a list").last().cloned().expect("an event");
    assert_eq!((&event["type"], &event["data"]["url"]), (&json!("webhook.enabled"), &json!(URL)));
}

#[tokio::test]
async fn list_is_filtered_by_status() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let mut by_status = std::collections::BTreeMap::new();
    for (status, column) in [
        ("active", "description = description"),
        ("failing", "failed_attempts = 5"),
        ("inactive", "is_active = false"),
        ("disabled", "disabled_at = created_at"),
    ] {
        let body = json!({ "description": status, "url": URL, "events": body(&["*"])["events"] });
        by_status.insert(status, owner.post(WEBHOOKS, body).await.is(201).text_at("/data/webhook/id"));
        t.tamper(&format!("UPDATE webhook_endpoints SET {column} WHERE description = '{status}'")).await;
    }
    for (status, id) in by_status {
        let listed = owner.get(&format!("{WEBHOOKS}?status={status}")).await.is(200);
        assert_eq!((listed.items("id"), listed.items("status")), (vec![id], vec![status.to_owned()]));
    }
    owner.get(&format!("{WEBHOOKS}?status=broken")).await.is(400).names_field("status");
}
