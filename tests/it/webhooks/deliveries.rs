//! The list of deliveries, one of them, and resending it.

use std::time::Duration;

use serde_json::{Value, json};

use super::{WEBHOOKS, deliver_all, trip, webhook};
use crate::support::{Client, TestApp};

/// A webhook with three failed deliveries of trips, and one attempt of each.
async fn with_deliveries(t: &TestApp, owner: &Client) -> String {
    let at = format!("{WEBHOOKS}/{}", webhook(owner, &["trip.*"]).await);
    for _ in 0..3 {
        trip(owner).await;
        t.app.clock.advance(Duration::from_mins(1));
    }
    deliver_all(t, "failed").await;
    t.tamper(
        "INSERT INTO webhook_attempts (delivery_id, number, workspace_id, started_at, duration_ms, status_code, error, \
         request_headers, response_headers, response_body) \
         SELECT id, 5, workspace_id, created_at, 31, 500, 'the server answered 500', '[[\"webhook-id\",\"evt_1\"]]', \
         '[[\"server\",\"nginx\"]]', 'Sorry' FROM webhook_deliveries",
    )
    .await;
    at
}

#[tokio::test]
async fn deliveries_are_listed_the_newest_first_with_their_last_attempt() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let list = format!("{}/deliveries", with_deliveries(&t, &owner).await);
    let listed = owner.get(&list).await.is(200);
    assert_eq!(listed.items("createdAt"), ["2026-11-23T09:32:00Z", "2026-11-23T09:31:00Z", "2026-11-23T09:30:00Z"]);
    let newest = listed.at("/data/items/0");
    assert_eq!(
        (&newest["type"], &newest["status"], &newest["attemptCount"]),
        (&json!("trip.created"), &json!("failed"), &json!(5))
    );
    assert_eq!(newest["lastAttempt"]["statusCode"], 500);
    assert_eq!(newest["lastAttempt"]["durationMs"], 31);
    assert_eq!(newest["lastAttempt"]["error"], "the server answered 500");
    for (filter, found) in [
        ("status=failed", 3),
        ("status=delivered", 0),
        ("type=trip.created", 3),
        ("type=webhook.test", 0),
        ("date_from=2026-11-23T09:31:00Z", 2),
        ("date_to=2026-11-23T09:31:00Z", 2),
        ("date_from=2026-11-24", 0),
        ("page_size=2", 2),
    ] {
        assert_eq!(owner.get(&format!("{list}?{filter}")).await.is(200).items("id").len(), found, "{filter}");
    }
    for (filter, field) in [("status=lost", "status"), ("type=trip", "type"), ("event=x", "event")] {
        owner.get(&format!("{list}?{filter}")).await.is(400).names_field(field);
    }
    owner.get(&format!("{list}?date_from=2026-11-24&date_to=2026-11-23")).await.is(400).names_field("date_to");
}

#[tokio::test]
async fn walk_through_deliveries_sees_each_once_while_others_come() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let at = with_deliveries(&t, &owner).await;
    let whole = owner.get(&format!("{at}/deliveries")).await.is(200).items("id");
    let mut seen = Vec::new();
    let mut page = owner.get(&format!("{at}/deliveries?page_size=1")).await.is(200);
    loop {
        seen.extend(page.items("id"));
        owner.post(&format!("{at}/deliveries/{}/resend", whole[0]), json!({})).await.is(202);
        let Some(cursor) = page.at("/data/next_cursor").as_str().map(str::to_owned) else { break };
        page = owner.get(&format!("{at}/deliveries?page_size=1&cursor={cursor}")).await.is(200);
    }
    assert_eq!(seen, whole);
}

#[tokio::test]
async fn delivery_is_shown_with_payload_request_and_response() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let at = with_deliveries(&t, &owner).await;
    let id = owner.get(&format!("{at}/deliveries")).await.is(200).items("id").remove(2);
    let shown = owner.get(&format!("{at}/deliveries/{id}")).await.is(200);
    assert_eq!(shown.at("/data/payload/id"), shown.at("/data/eventId"));
    assert_eq!(shown.at("/data/payload/sequence"), shown.at("/data/sequence"));
    assert_eq!(shown.at("/data/payload/type"), shown.at("/data/type"));
    assert_eq!(
        *shown.at("/data/attempts"),
        json!([{
            "number": 5,
            "startedAt": "2026-11-23T09:30:00Z",
            "durationMs": 31,
            "statusCode": 500,
            "error": "the server answered 500",
            "request": { "headers": [{ "name": "webhook-id", "value": "evt_1" }] },
            "response": { "headers": [{ "name": "server", "value": "nginx" }], "body": "Sorry" },
        }])
    );
    t.tamper("DELETE FROM event_payloads").await;
    assert_eq!(*owner.get(&format!("{at}/deliveries/{id}")).await.is(200).at("/data/payload"), Value::Null);
    let other = format!("{WEBHOOKS}/{}", webhook(&owner, &["*"]).await);
    for path in [
        format!("{other}/deliveries/{id}"),
        format!("{at}/deliveries/none"),
        format!("{at}/deliveries/dlv_01h455vb4pex5vsknk084sn02q"),
    ] {
        owner.get(&path).await.is(404).code("NOT_FOUND");
        owner.post(&format!("{path}/resend"), json!({})).await.is(404).code("NOT_FOUND");
    }
}

#[tokio::test]
async fn resent_delivery_is_a_new_one_of_the_same_event() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let at = with_deliveries(&t, &owner).await;
    let id = owner.get(&format!("{at}/deliveries")).await.is(200).items("id").remove(0);
    let old = owner.get(&format!("{at}/deliveries/{id}")).await.is(200);
    let resent = owner.post(&format!("{at}/deliveries/{id}/resend"), json!({})).await.is(202);
    let new = resent.text_at("/data/delivery/id");
    let shown = owner.get(&format!("{at}/deliveries/{new}")).await.is(200);
    for same in ["eventId", "type", "sequence", "payload"] {
        assert_eq!(shown.at(&format!("/data/{same}")), old.at(&format!("/data/{same}")), "{same}");
    }
    assert_eq!((shown.text_at("/data/resendOf"), shown.at("/data/status")), (id.clone(), &json!("pending")));
    assert_eq!(shown.text_at("/data/nextAttemptAt"), "2026-11-23T09:33:00Z");
    assert_eq!(*owner.get(&at).await.is(200).at("/data/health/pending"), 1);
    owner.patch(&at, json!({ "active": false })).await.is(200);
    let refused = owner.post(&format!("{at}/deliveries/{id}/resend"), json!({})).await.is(409).code("CONFLICT");
    assert!(refused.text.contains("inactive"), "{}", refused.text);
    owner.patch(&at, json!({ "active": true })).await.is(200);
    t.tamper("DELETE FROM event_payloads").await;
    owner.post(&format!("{at}/deliveries/{id}/resend"), json!({})).await.is(409).code("CONFLICT");
}

#[tokio::test]
async fn success_rate_is_that_of_the_last_24_hours() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let at = with_deliveries(&t, &owner).await;
    let rate = async |owner: &Client| owner.get(&at).await.is(200).at("/data/health/successRate24h").clone();
    assert_eq!(rate(&owner).await, json!(0.0));
    t.tamper(
        "UPDATE webhook_deliveries SET status = 'delivered' WHERE sequence > (SELECT MIN(sequence) FROM webhook_deliveries)",
    )
    .await;
    assert_eq!(rate(&owner).await, json!(0.6666));
    assert_eq!(*owner.get(WEBHOOKS).await.is(200).at("/data/items/0/health/successRate24h"), 0.6666);
    t.advance(Duration::from_hours(25)).await;
    assert_eq!(rate(&t.owner().await).await, Value::Null);
}
