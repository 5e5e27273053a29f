//! The order of first attempts, requests side by side, and endpoints that do not delay one another.

use std::sync::Arc;
use std::time::Duration;

use planeconnection::webhooks::delivery;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use testkit::{Receiver, Reply};
use tokio::sync::watch;

use super::{deliver, endpoint, hooked, trip};

#[tokio::test]
async fn first_attempts_arrive_in_the_order_of_the_log() {
    let hooked = hooked(&["trip.*"]).await;
    for _ in 0..2 {
        for _ in 0..60 {
            trip(&hooked.owner).await;
        }
        hooked.t.app.clock.advance(Duration::from_mins(1));
    }
    deliver(&hooked.t).await;
    let requests = hooked.receiver.requests();
    let sequences: Vec<i64> = requests.iter().map(testkit::ReceivedRequest::sequence).collect();
    assert_eq!(sequences.len(), 120);
    assert!(sequences.is_sorted(), "{sequences:?}");
    let previous: Vec<String> =
        requests.iter().map(|request| request.header("x-planeconnection-previous-sequence").to_owned()).collect();
    let expected: Vec<String> =
        std::iter::once(String::new()).chain(sequences.iter().map(ToString::to_string)).take(120).collect();
    assert_eq!(previous, expected);
}

#[tokio::test]
async fn retries_do_not_hold_up_later_events() {
    let hooked = hooked(&["trip.*"]).await;
    let mut is_first = true;
    hooked.receiver.answer_with(move |_| if std::mem::take(&mut is_first) { Reply::Status(500) } else { Reply::Status(200) });
    for _ in 0..3 {
        trip(&hooked.owner).await;
    }
    deliver(&hooked.t).await;
    let statuses = hooked.statuses().await;
    assert_eq!(statuses, ["delivered", "delivered", "pending"], "the newest first");
    hooked.t.app.clock.advance(Duration::from_secs(67));
    deliver(&hooked.t).await;
    assert_eq!(hooked.statuses().await, ["delivered"; 3]);
    let sequences: Vec<i64> = hooked.receiver.requests().iter().map(testkit::ReceivedRequest::sequence).collect();
    assert_eq!(sequences, [sequences[0], sequences[0] + 1, sequences[0] + 2, sequences[0]]);
}

#[tokio::test]
async fn events_that_waited_for_a_receiver_arrive_in_order() {
    let hooked = hooked(&["trip.*"]).await;
    hooked.receiver.answer(Reply::Status(503));
    // Their next attempts are at times in another order.
    for minutes in [7, 1, 3, 12, 0, 40] {
        trip(&hooked.owner).await;
        deliver(&hooked.t).await;
        hooked.t.app.clock.advance(Duration::from_mins(minutes));
    }
    let refused = hooked.receiver.count();
    hooked.receiver.answer(Reply::Status(200));
    hooked.t.app.clock.advance(Duration::from_hours(3));
    deliver(&hooked.t).await;
    assert_eq!(hooked.statuses().await, ["delivered"; 6]);
    let sequences: Vec<i64> = hooked.receiver.requests()[refused..].iter().map(testkit::ReceivedRequest::sequence).collect();
    assert!(sequences.is_sorted() && sequences.len() == 6, "{sequences:?}");
}

#[tokio::test]
async fn slow_receiver_gets_at_most_eight_requests_at_once() {
    let hooked = hooked(&["trip.*"]).await;
    hooked.receiver.answer(Reply::After(Duration::from_secs(1), 200));
    for _ in 0..24 {
        trip(&hooked.owner).await;
    }
    deliver(&hooked.t).await;
    assert_eq!(hooked.statuses().await, ["delivered"; 24]);
    assert_eq!(hooked.receiver.most_open(), 8);
}

#[tokio::test]
async fn events_in_quick_succession_are_sent_side_by_side_to_a_slow_receiver() {
    let hooked = hooked(&["trip.*"]).await;
    hooked.receiver.answer(Reply::After(Duration::from_secs(3), 200));
    let (stop, stopped) = watch::channel(false);
    let app = &hooked.t.app;
    let delivering = tokio::spawn(delivery::run(app.core.clone(), app.cluster.clone(), app.webhooks.clone(), stopped));
    for _ in 0..4 {
        trip(&hooked.owner).await;
    }
    let receiver = hooked.receiver.clone();
    let requests = tokio::task::spawn_blocking(move || receiver.wait_for(4)).await.expect("all four");
    assert_eq!(hooked.receiver.most_open(), 4);
    assert!(requests.iter().map(testkit::ReceivedRequest::sequence).is_sorted());
    stop.send_replace(true);
    delivering.await.expect("the requests in flight end");
}

#[tokio::test]
async fn failing_receiver_gets_one_request_at_a_time_until_one_succeeds() {
    let hooked = hooked(&["trip.*"]).await;
    hooked.receiver.answer(Reply::Status(500));
    for _ in 0..6 {
        trip(&hooked.owner).await;
    }
    deliver(&hooked.t).await;
    assert_eq!(hooked.shown().await["status"], "failing");
    let slow = Receiver::start();
    slow.answer(Reply::After(Duration::from_millis(60), 500));
    hooked.change(serde_json::json!({ "url": slow.url() })).await;
    for _ in 0..6 {
        trip(&hooked.owner).await;
    }
    deliver(&hooked.t).await;
    assert_eq!((slow.count(), slow.most_open()), (6, 1));
    slow.answer(Reply::After(Duration::from_millis(200), 200));
    for _ in 0..6 {
        trip(&hooked.owner).await;
    }
    deliver(&hooked.t).await;
    assert_eq!(hooked.shown().await["status"], "active");
    assert!(slow.most_open() > 1, "side by side again");
}

#[tokio::test]
async fn silent_endpoint_does_not_delay_another() {
    let hooked = hooked(&["trip.*"]).await;
    hooked.receiver.answer(Reply::Silence);
    let prompt = Receiver::start();
    endpoint(&hooked.owner, &prompt, &["*"]).await;
    for _ in 0..3 {
        trip(&hooked.owner).await;
    }
    let (app, others) = (hooked.t.app.clone(), prompt.clone());
    let delivering =
        tokio::spawn(
            async move { planeconnection::webhooks::delivery::deliver_due(&app.core, &app.cluster, &app.webhooks).await },
        );
    tokio::task::spawn_blocking(move || others.wait_for(3)).await.expect("all three");
    assert!(!delivering.is_finished(), "the silent one is still waited for");
    delivering.abort();
}

#[tokio::test]
async fn endpoint_whose_row_is_locked_waits_alone() {
    let hooked = hooked(&["trip.*"]).await;
    let other = Arc::new(Receiver::start());
    endpoint(&hooked.owner, &other, &["trip.*"]).await;
    // The node owns both from now on.
    deliver(&hooked.t).await;
    let lock = hooked.t.app.core.db.begin().await.expect("a transaction");
    if lock.get_database_backend() == DbBackend::Sqlite {
        // It locks no rows: its writers take turns.
        return;
    }
    let row = "SELECT 1 FROM webhook_endpoints WHERE url = $1 FOR UPDATE";
    let row = Statement::from_sql_and_values(DbBackend::Postgres, row, [hooked.receiver.url().into()]);
    lock.execute_raw(row).await.expect("a lock");
    trip(&hooked.owner).await;
    tokio::join!(deliver(&hooked.t), async {
        let receiver = Arc::clone(&other);
        tokio::task::spawn_blocking(move || receiver.wait_for(1)).await.expect("a request");
        assert_eq!(hooked.receiver.count(), 0);
        lock.rollback().await.expect("unlocked");
    });
    assert_eq!(hooked.statuses().await, ["delivered"]);
}
