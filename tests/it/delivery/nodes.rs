//! Several nodes: each endpoint has one owner, and a node that ends or freezes is replaced.

use std::time::Duration;

use testkit::{Receiver, Reply};

use super::{deliver, deliver_on, endpoint, hooked, other_node, trip};

#[tokio::test]
async fn two_nodes_share_the_endpoints_and_deliver_each_event_once() {
    let hooked = hooked(&["trip.*"]).await;
    let mut receivers = vec![hooked.receiver.clone()];
    for _ in 0..9 {
        let receiver = Receiver::start();
        endpoint(&hooked.owner, &receiver, &["trip.*"]).await;
        receivers.push(receiver);
    }
    let other = other_node(&hooked.t).await;
    trip(&hooked.owner).await;
    // The first look of each settles the owners, the second delivers.
    for _ in 0..2 {
        deliver(&hooked.t).await;
        deliver_on(&other).await;
    }
    assert_eq!(receivers.iter().map(Receiver::count).collect::<Vec<_>>(), [1; 10]);
    assert_eq!(hooked.t.number("SELECT COUNT(DISTINCT owner) FROM webhook_endpoints").await, 2, "both own some");
}

#[tokio::test]
async fn endpoints_of_a_node_whose_lease_is_over_are_taken_over() {
    let hooked = hooked(&["trip.*"]).await;
    deliver(&hooked.t).await;
    let other = other_node(&hooked.t).await;
    // The first node freezes: it renews its lease no more.
    hooked.t.app.clock.advance(Duration::from_secs(3));
    trip(&hooked.owner).await;
    deliver_on(&other).await;
    assert_eq!(hooked.receiver.count(), 1);
    assert_eq!(hooked.statuses().await, ["delivered"]);
}

#[tokio::test]
async fn late_response_to_a_node_that_lost_the_endpoint_changes_nothing() {
    let hooked = hooked(&["trip.*"]).await;
    deliver(&hooked.t).await;
    trip(&hooked.owner).await;
    let mut is_first = true;
    let late = Reply::After(Duration::from_millis(1500), 500);
    hooked.receiver.answer_with(move |_| if std::mem::take(&mut is_first) { late.clone() } else { Reply::Status(200) });
    let (app, receiver) = (hooked.t.app.clone(), hooked.receiver.clone());
    let frozen = tokio::spawn(async move { deliver_on(&app).await });
    tokio::task::spawn_blocking(move || receiver.wait_for(1)).await.expect("the first attempt");
    // Its lease ends while it waits; another node repeats the request.
    let other = other_node(&hooked.t).await;
    hooked.t.app.clock.advance(Duration::from_secs(3));
    deliver_on(&other).await;
    assert_eq!(hooked.statuses().await, ["delivered"]);
    frozen.await.expect("the late response");
    assert_eq!(hooked.statuses().await, ["delivered"]);
    assert_eq!(hooked.t.number("SELECT COUNT(*) FROM webhook_attempts").await, 1);
    assert_eq!(hooked.receiver.count(), 2);
}
