//! Recovery of what did not arrive, and the events that fill a gap.

use std::time::Duration;

use kit::clock::Time;
use serde_json::{Value, json};

use super::{WEBHOOKS, deliver_all, trip, webhook};
use crate::support::{Client, TestApp};

async fn recover(owner: &Client, at: &str, since: &str) -> Value {
    owner.post(&format!("{at}/recover"), json!({ "since": since })).await.is(202).at("/data/deliveries").clone()
}

const BEGINNING: &str = "2026-11-23T00:00:00Z";

#[tokio::test]
async fn failed_canceled_and_skipped_events_are_delivered_again_once() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let at = format!("{WEBHOOKS}/{}", webhook(&owner, &["trip.*"]).await);
    for _ in 0..4 {
        trip(&owner).await;
        t.app.clock.advance(Duration::from_mins(1));
    }
    deliver_all(&t, "failed").await;
    let by_sequence = async |status: &str, offset: u32| {
        t.tamper(&format!(
            "UPDATE webhook_deliveries SET status = '{status}' WHERE sequence = \
             (SELECT sequence FROM event_payloads ORDER BY sequence LIMIT 1 OFFSET {offset})"
        ))
        .await;
    };
    by_sequence("delivered", 0).await;
    by_sequence("canceled", 1).await;
    // The last one was skipped: it has no delivery.
    t.tamper("DELETE FROM webhook_deliveries WHERE sequence = (SELECT MAX(sequence) FROM event_payloads)").await;
    assert_eq!(recover(&owner, &at, BEGINNING).await, 3);
    let pending = owner.get(&format!("{at}/deliveries?status=pending")).await.is(200);
    let mut order: Vec<(Time, i64)> = pending
        .at("/data/items")
        .as_array()
        .expect("a list")
        .iter()
        .map(|item| {
            (
                item["nextAttemptAt"].as_str().expect("a text").parse().expect("a time"),
                item["sequence"].as_i64().expect("a number"),
            )
        })
        .collect();
    order.sort();
    assert!(order.is_sorted_by_key(|(_, sequence)| *sequence) && order.len() == 3, "{order:?}");
    assert_eq!(recover(&owner, &at, BEGINNING).await, 0);
    assert_eq!(owner.get(&format!("{at}/deliveries")).await.is(200).items("id").len(), 6);
}

#[tokio::test]
async fn recovery_begins_at_the_time_asked_for_and_ends_where_events_are_planned() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let at = format!("{WEBHOOKS}/{}", webhook(&owner, &["trip.*"]).await);
    for _ in 0..9 {
        trip(&owner).await;
        t.app.clock.advance(Duration::from_mins(1));
    }
    assert_eq!(recover(&owner, &at, BEGINNING).await, 0, "nothing is planned yet: all of it becomes deliveries by itself");
    deliver_all(&t, "failed").await;
    trip(&owner).await;
    assert_eq!(recover(&owner, &at, "2026-11-23T09:36:00Z").await, 3);
    assert_eq!(recover(&owner, &at, "2026-11-23T09:30:01Z").await, 5);
    assert_eq!(recover(&owner, &at, BEGINNING).await, 1);
}

#[tokio::test]
async fn recovery_is_refused_too_far_back_and_while_a_webhook_is_off() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let at = format!("{WEBHOOKS}/{}", webhook(&owner, &["trip.*"]).await);
    let path = format!("{at}/recover");
    for since in ["2026-10-24T09:29:59Z", "2026-11-23T09:30:01Z", "yesterday"] {
        owner.post(&path, json!({ "since": since })).await.is(400).names_field("since");
    }
    owner.post(&path, json!({})).await.is(400).names_field("since");
    owner.post(&path, json!({ "since": "2026-10-24T09:30:00Z" })).await.is(202);
    owner.patch(&at, json!({ "active": false })).await.is(200);
    owner.post(&path, json!({ "since": BEGINNING })).await.is(409).code("CONFLICT");
}

#[tokio::test]
async fn long_recovery_goes_on_over_many_transactions() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let at = format!("{WEBHOOKS}/{}", webhook(&owner, &["trip.*"]).await);
    trip(&owner).await;
    // Copies of the one payload, after it.
    let (new, columns) = (t.database.new_id_sql(), "workspace_id, event_type, target_id, body, created_at");
    t.tamper(&format!(
        "INSERT INTO event_payloads (event_id, sequence, {columns}) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n \
         WHERE i < 1200) SELECT {new}, sequence + i, {columns} FROM event_payloads, n"
    ))
    .await;
    t.tamper("UPDATE webhook_endpoints SET planned_sequence = 1000000").await;
    assert_eq!(recover(&owner, &at, BEGINNING).await, 1_201);
    assert_eq!(recover(&owner, &at, BEGINNING).await, 0);
    assert_eq!(*owner.get(&at).await.is(200).at("/data/health/pending"), 1_201);
    let without_previous = "SELECT COUNT(*) FROM webhook_deliveries WHERE previous_sequence IS NULL";
    assert_eq!(t.number(without_previous).await, 1, "the first one, however many transactions it takes");
}

#[tokio::test]
async fn recovered_event_names_the_one_before_it_although_that_is_too_old() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let at = format!("{WEBHOOKS}/{}", webhook(&owner, &["trip.*"]).await);
    for _ in 0..2 {
        trip(&owner).await;
        t.app.clock.advance(Duration::from_mins(1));
    }
    deliver_all(&t, "failed").await;
    t.tamper("DELETE FROM webhook_deliveries").await;
    assert_eq!(recover(&owner, &at, "2026-11-23T09:31:00Z").await, 1);
    let is_the_one_before = "SELECT COUNT(*) FROM webhook_deliveries WHERE previous_sequence = \
                             (SELECT MIN(sequence) FROM event_payloads)";
    assert_eq!(t.number(is_the_one_before).await, 1);
}

#[tokio::test]
async fn events_fill_a_gap_in_order() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    trip(&owner).await;
    let all = format!("{WEBHOOKS}/{}", webhook(&owner, &["*"]).await);
    trip(&owner).await;
    let at = format!("{WEBHOOKS}/{}", webhook(&owner, &["trip.*"]).await);
    let mut trips = Vec::new();
    for _ in 0..5 {
        trips.push(trip(&owner).await);
    }
    let (mut seen, mut sequences, mut after) = (Vec::new(), Vec::new(), json!(0));
    while !after.is_null() {
        let page = owner.get(&format!("{at}/events?after_sequence={after}&page_size=2")).await.is(200);
        for event in page.at("/data/items").as_array().expect("a list") {
            seen.push(event["data"]["trip_id"].as_str().expect("an id").to_owned());
            sequences.push(event["sequence"].as_i64().expect("a number"));
        }
        after = page.at("/data/next_after_sequence").clone();
    }
    assert_eq!(seen, trips, "those since its creation");
    assert!(sequences.is_sorted());
    let rest = owner.get(&format!("{at}/events?after_sequence={}", sequences[2])).await.is(200);
    assert_eq!(rest.at("/data/items").as_array().map(Vec::len), Some(2));
    let of_all = owner.get(&format!("{all}/events?page_size=100")).await.is(200);
    assert_eq!(of_all.at("/data/items").as_array().map(Vec::len), Some(6));
    for (query, field) in [
        ("page_size=0", "page_size"),
        ("page_size=101", "page_size"),
        ("after_sequence=-1", "after_sequence"),
        ("page=1", "page"),
    ] {
        owner.get(&format!("{at}/events?{query}")).await.is(400).names_field(field);
    }
}
