//! What arrives at a receiver after a change of a webhook.

use planeconnection::webhooks::delivery::deliver_due;
use serde_json::json;
use testkit::{Receiver, Reply};

use super::test::to_loopback;
use super::{WEBHOOKS, trip};
use crate::support::{Client, TestApp};

async fn deliver(t: &TestApp) {
    deliver_due(&t.app, &t.app.cluster, &t.app.webhooks).await.expect("deliveries");
}

/// The path of a new webhook for the trips of a workspace.
async fn of_trips(owner: &Client, receiver: &Receiver) -> String {
    let made = owner.post(WEBHOOKS, json!({ "url": receiver.url(), "events": ["trip.*"] })).await.is(201);
    format!("{WEBHOOKS}/{}", made.text_at("/data/webhook/id"))
}

/// The trips of the events that have arrived.
fn arrived(receiver: &Receiver) -> Vec<String> {
    let trip = |request: &testkit::ReceivedRequest| request.json()["data"]["trip_id"].as_str().expect("an id").to_owned();
    receiver.requests().iter().map(trip).collect()
}

#[tokio::test]
async fn events_arrive_until_the_webhook_is_deleted() {
    let (t, receiver) = (TestApp::with_config(to_loopback()).await, Receiver::start());
    let owner = t.owner().await;
    trip(&owner).await;
    let at = of_trips(&owner, &receiver).await;
    let trips = [trip(&owner).await, trip(&owner).await];
    deliver(&t).await;
    assert_eq!(arrived(&receiver), trips);
    let shown = owner.get(&at).await.is(200);
    assert_eq!((shown.at("/data/health/successRate24h"), shown.at("/data/health/pending")), (&json!(1.0), &json!(0)));
    trip(&owner).await;
    owner.delete(&at).await.is(200);
    trip(&owner).await;
    deliver(&t).await;
    assert_eq!(arrived(&receiver), trips);
}

#[tokio::test]
async fn backlog_of_a_webhook_arrives_in_order_or_not_at_all() {
    let (t, receiver) = (TestApp::with_config(to_loopback()).await, Receiver::start());
    let owner = t.owner().await;
    let at = of_trips(&owner, &receiver).await;
    owner.patch(&at, json!({ "active": false })).await.is(200);
    let mut expected = vec![trip(&owner).await, trip(&owner).await, trip(&owner).await];
    deliver(&t).await;
    assert!(arrived(&receiver).is_empty());
    owner.patch(&at, json!({ "active": true })).await.is(200);
    deliver(&t).await;
    assert_eq!(arrived(&receiver), expected);
    owner.patch(&at, json!({ "active": false })).await.is(200);
    let skipped = trip(&owner).await;
    owner.patch(&at, json!({ "active": true, "backlog": "skip" })).await.is(200);
    expected.push(trip(&owner).await);
    deliver(&t).await;
    assert_eq!(arrived(&receiver), expected);
    // What was skipped can still be recovered, once.
    let recover = async || {
        owner
            .post(&format!("{at}/recover"), json!({ "since": "2026-11-23T09:30:00Z" }))
            .await
            .is(202)
            .at("/data/deliveries")
            .clone()
    };
    assert_eq!(recover().await, 1);
    deliver(&t).await;
    expected.push(skipped);
    assert_eq!(arrived(&receiver), expected);
    assert_eq!(recover().await, 0);
}

#[tokio::test]
async fn resent_event_arrives_with_its_id_and_payload() {
    let (t, receiver) = (TestApp::with_config(to_loopback()).await, Receiver::start());
    let owner = t.owner().await;
    let at = of_trips(&owner, &receiver).await;
    trip(&owner).await;
    deliver(&t).await;
    let id = owner.get(&format!("{at}/deliveries")).await.is(200).items("id").remove(0);
    t.advance(std::time::Duration::from_mins(1)).await;
    owner.post(&format!("{at}/deliveries/{id}/resend"), json!({})).await.is(202);
    deliver(&t).await;
    let [first, again]: [_; 2] = receiver.requests().try_into().expect("two requests");
    assert_eq!(first.body, again.body);
    for same in ["webhook-id", "x-planeconnection-attempt", "x-planeconnection-signature"] {
        assert_eq!(first.header(same), again.header(same), "{same}");
    }
    for fresh in ["webhook-timestamp", "webhook-signature", "x-planeconnection-delivery"] {
        assert_ne!(first.header(fresh), again.header(fresh), "{fresh}");
    }
}

#[tokio::test]
async fn both_secrets_sign_during_a_rotation_and_the_new_url_is_used_at_once() {
    let (t, receiver, moved) = (TestApp::with_config(to_loopback()).await, Receiver::start(), Receiver::start());
    let owner = t.owner().await;
    let at = of_trips(&owner, &receiver).await;
    let signatures = async |receiver: &Receiver| {
        trip(&owner).await;
        deliver(&t).await;
        receiver.requests().pop().expect("a request").header("webhook-signature").split(' ').count()
    };
    assert_eq!(signatures(&receiver).await, 1);
    owner.post(&format!("{at}/rotate-secret"), json!({})).await.is(200);
    assert_eq!(signatures(&receiver).await, 2);
    owner.patch(&at, json!({ "url": moved.url() })).await.is(200);
    owner.post(&format!("{at}/rotate-secret"), json!({ "overlapHours": 0 })).await.is(200);
    assert_eq!(signatures(&moved).await, 1);
    assert_eq!(receiver.count(), 2);
}

#[tokio::test]
async fn failed_attempt_shows_request_and_response_without_signatures() {
    let (t, receiver) = (TestApp::with_config(to_loopback()).await, Receiver::start());
    let owner = t.owner().await;
    let at = of_trips(&owner, &receiver).await;
    receiver.answer(Reply::With(503, vec![("x-reason", "asleep".to_owned())], b"Good night".to_vec()));
    trip(&owner).await;
    deliver(&t).await;
    let listed = owner.get(&format!("{at}/deliveries?status=pending")).await.is(200);
    assert_eq!(*listed.at("/data/items/0/lastAttempt/statusCode"), 503);
    let shown = owner.get(&format!("{at}/deliveries/{}", listed.items("id")[0])).await.is(200);
    assert_eq!(*shown.at("/data/attempts/0/response/body"), "Good night");
    assert!(shown.text.contains("asleep") && shown.text.contains("webhook-timestamp"));
    let request = receiver.requests().remove(0);
    assert!(!shown.text.contains(request.header("x-planeconnection-signature")));
    assert!(shown.at("/data/nextAttemptAt").is_string());
}
