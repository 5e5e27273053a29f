//! Endpoints that fail for days, are gone, or are switched off.

use std::time::Duration;

use serde_json::json;
use testkit::{Receiver, Reply};

use super::{deliver, endpoint, hooked, trip};
use planeconnection::webhooks::delivery;

#[tokio::test]
async fn endpoint_that_is_gone_is_disabled_and_keeps_its_events() {
    let hooked = hooked(&["trip.*"]).await;
    hooked.receiver.answer(Reply::Status(410));
    let (watching, watched) = (Receiver::start(), ["webhook.*"]);
    endpoint(&hooked.owner, &watching, &watched).await;
    trip(&hooked.owner).await;
    deliver(&hooked.t).await;
    let shown = hooked.shown().await;
    assert_eq!(shown["status"], "disabled");
    assert_eq!(shown["health"]["disabledReason"], "the server answered 410: the endpoint is gone");
    trip(&hooked.owner).await;
    deliver(&hooked.t).await;
    assert_eq!(hooked.receiver.count(), 1, "nothing is sent to it");
    let seen = watching.requests();
    assert_eq!(seen.last().expect("a request").json()["type"], "webhook.disabled");
    assert_eq!(seen.last().expect("a request").json()["data"]["webhook_id"], hooked.id);
    hooked.receiver.answer(Reply::Status(200));
    hooked.change(json!({ "active": true, "backlog": "deliver" })).await;
    hooked.t.app.clock.advance(Duration::from_secs(67));
    deliver(&hooked.t).await;
    assert_eq!(hooked.receiver.count(), 3, "the failed one again, and the one that came meanwhile");
    assert_eq!(hooked.shown().await["status"], "active");
}

#[tokio::test]
async fn backlog_of_an_endpoint_that_was_off_is_delivered_in_order_or_skipped() {
    for (backlog, received) in [("deliver", 3), ("skip", 1)] {
        let hooked = hooked(&["trip.*"]).await;
        hooked.change(json!({ "active": false })).await;
        trip(&hooked.owner).await;
        trip(&hooked.owner).await;
        deliver(&hooked.t).await;
        assert_eq!(hooked.receiver.count(), 0);
        hooked.change(json!({ "active": true, "backlog": backlog })).await;
        trip(&hooked.owner).await;
        deliver(&hooked.t).await;
        let sequences: Vec<i64> = hooked.receiver.requests().iter().map(testkit::ReceivedRequest::sequence).collect();
        assert_eq!(sequences.len(), received, "{backlog}");
        assert!(sequences.is_sorted());
    }
}

#[tokio::test]
async fn endpoint_without_a_success_for_five_days_is_disabled() {
    let hooked = hooked(&["trip.*"]).await;
    hooked.receiver.answer(Reply::Status(500));
    for day in 0..5 {
        for _ in 0..5 {
            trip(&hooked.t.owner().await).await;
        }
        // All five attempts of each.
        for _ in 0..5 {
            deliver(&hooked.t).await;
            hooked.t.app.clock.advance(Duration::from_hours(3));
        }
        hooked.t.app.clock.advance(Duration::from_hours(9));
        delivery::tidy(&hooked.t.app.core).await.expect("tidied");
        let expected = if day < 4 { "failing" } else { "disabled" };
        assert_eq!(hooked.shown().await["status"], expected, "day {day}");
    }
    assert_eq!(hooked.shown().await["health"]["disabledReason"], "no success for 5 days");
    hooked.t.audit_ends_with(&["webhook.disabled"]).await;
}

#[tokio::test]
async fn deliveries_and_payloads_are_deleted_after_thirty_days() {
    let hooked = hooked(&["trip.*"]).await;
    trip(&hooked.owner).await;
    deliver(&hooked.t).await;
    hooked.t.app.clock.advance(Duration::from_hours(30 * 24 - 1));
    delivery::tidy(&hooked.t.app.core).await.expect("tidied");
    assert_eq!(hooked.t.number("SELECT COUNT(*) FROM webhook_attempts").await, 1);
    hooked.t.app.clock.advance(Duration::from_hours(2));
    delivery::tidy(&hooked.t.app.core).await.expect("tidied");
    for table in ["webhook_deliveries", "webhook_attempts", "event_payloads"] {
        assert_eq!(hooked.t.number(&format!("SELECT COUNT(*) FROM {table}")).await, 0, "{table}");
    }
}
