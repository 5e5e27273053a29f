//! Changes between the planning of a delivery and its request.

use std::time::Duration;

use planeconnection::webhooks::delivery;
use serde_json::json;
use testkit::{Receiver, Reply, until};
use tokio::sync::watch;

use super::{WEBHOOKS, deliver, hooked, trip};

#[tokio::test]
async fn waiting_deliveries_do_not_outlive_a_narrower_subscription() {
    let hooked = hooked(&["*"]).await;
    hooked.receiver.answer(Reply::Status(500));
    trip(&hooked.owner).await;
    deliver(&hooked.t).await;
    hooked.change(json!({ "events": ["invoice.*"] })).await;
    // A key for invoices alone may change its URL now, and gets none of the trips that wait.
    let key = hooked.t.key(&["webhooks:write", "invoices:read"]).await;
    let elsewhere = Receiver::start();
    hooked.t.with(&key).patch(&format!("{WEBHOOKS}/{}", hooked.id), json!({ "url": elsewhere.url() })).await.is(200);
    hooked.t.app.clock.advance(Duration::from_secs(67));
    deliver(&hooked.t).await;
    assert_eq!(elsewhere.count(), 0);
    let trips: Vec<_> = hooked.deliveries().await.into_iter().filter(|delivery| delivery["type"] == "trip.created").collect();
    assert_eq!((trips.len(), &trips[0]["status"]), (1, &json!("canceled")));
}

#[tokio::test]
async fn skipped_backlog_is_not_sent_by_a_worker_that_has_read_it() {
    let hooked = hooked(&["trip.*"]).await;
    hooked.receiver.answer(Reply::After(Duration::from_secs(5), 200));
    for _ in 0..20 {
        trip(&hooked.owner).await;
    }
    let (stop, stopped) = watch::channel(false);
    let app = &hooked.t.app;
    let delivering = tokio::spawn(delivery::run(app.core.clone(), app.cluster.clone(), app.webhooks.clone(), stopped));
    let receiver = hooked.receiver.clone();
    tokio::task::spawn_blocking(move || receiver.wait_for(1)).await.expect("the first attempt");
    hooked.change(json!({ "active": false })).await;
    hooked.change(json!({ "active": true, "backlog": "skip" })).await;
    hooked.receiver.answer(Reply::Status(200));
    let after = trip(&hooked.owner).await;
    let receiver = hooked.receiver.clone();
    let has_arrived = move || receiver.requests().iter().any(|request| request.json()["data"]["trip_id"] == after);
    let wait = move || until("the event after the backlog has arrived", &has_arrived);
    tokio::task::spawn_blocking(wait).await.expect("it has");
    stop.send_replace(true);
    delivering.await.expect("the requests in flight end");
    assert!(hooked.receiver.count() <= 9, "eight in flight when it was skipped, and one after: {}", hooked.receiver.count());
}

#[tokio::test]
async fn report_that_becomes_confidential_is_thinned_in_waiting_deliveries_and_stored_responses() {
    let hooked = hooked(&["safety_report.*"]).await;
    hooked.receiver.answer(Reply::With(500, Vec::new(), b"you sent Fuel cap left open".to_vec()));
    let report = json!({
        "reportType": "hazard", "title": "Fuel cap left open", "occurredAt": "2026-11-22T17:05:00Z",
        "description": "During the walk-around before the second leg the left fuel cap was found open.",
    });
    let id = hooked.owner.post("/api/v1/sms/reports", report).await.is(201).text_at("/data/id");
    deliver(&hooked.t).await;
    let delivery = hooked.deliveries().await[0]["id"].as_str().expect("an id").to_owned();
    let shown = async || hooked.owner.get(&format!("{WEBHOOKS}/{}/deliveries/{delivery}", hooked.id)).await.is(200).text;
    assert!(shown().await.contains("Fuel cap"));
    hooked.owner.patch(&format!("/api/v1/sms/reports/{id}"), json!({ "confidentiality": "confidential" })).await.is(200);
    assert!(!shown().await.contains("Fuel cap"));
    hooked.t.app.clock.advance(Duration::from_secs(67));
    deliver(&hooked.t).await;
    let requests = hooked.receiver.requests();
    assert_eq!(requests.len(), 3, "the first, its repetition, and the change");
    assert!(requests[1..].iter().all(|request| !String::from_utf8_lossy(&request.body).contains("Fuel cap")));
}

#[tokio::test]
async fn failed_tests_do_not_count_for_the_health_of_an_endpoint() {
    let hooked = hooked(&["trip.*"]).await;
    hooked.receiver.answer(Reply::Status(500));
    for _ in 0..6 {
        hooked.owner.post(&format!("{WEBHOOKS}/{}/test", hooked.id), json!({})).await.is(200);
    }
    assert_eq!(hooked.shown().await["status"], "active");
}

#[tokio::test]
async fn test_whose_process_ended_fails_after_a_minute() {
    let hooked = hooked(&["trip.*"]).await;
    hooked.owner.post(&format!("{WEBHOOKS}/{}/test", hooked.id), json!({})).await.is(200);
    // What a process leaves that is killed while it waits for the response.
    hooked.t.tamper("DELETE FROM webhook_attempts").await;
    hooked.t.tamper("UPDATE webhook_deliveries SET status = 'pending', attempts = 0, ended_at = NULL").await;
    delivery::tidy(&hooked.t.app.core).await.expect("tidied");
    assert_eq!(hooked.statuses().await, ["pending"], "its process may still wait");
    hooked.t.app.clock.advance(Duration::from_secs(61));
    delivery::tidy(&hooked.t.app.core).await.expect("tidied");
    assert_eq!(hooked.statuses().await, ["failed"]);
}

#[tokio::test]
async fn node_without_a_secret_key_owns_no_endpoints() {
    let hooked = hooked(&["trip.*"]).await;
    for _ in 0..9 {
        super::endpoint(&hooked.owner, &hooked.receiver, &["trip.*"]).await;
    }
    hooked.t.tamper("UPDATE nodes SET delivers = false").await;
    let other = super::other_node(&hooked.t).await;
    super::deliver_on(&other).await;
    assert_eq!(hooked.t.number("SELECT COUNT(DISTINCT owner) FROM webhook_endpoints").await, 1);
    assert_eq!(hooked.t.number("SELECT COUNT(*) FROM webhook_endpoints WHERE owner IS NULL").await, 0);
}
