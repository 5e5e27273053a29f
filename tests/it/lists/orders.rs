//! Orders of the list of trips, and walks in them.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use testkit::TRIPS;

use super::{SUBJECTS, continued, walk};
use crate::support::TestApp;

#[tokio::test]
async fn trips_are_sorted_by_departure_change_or_creation_in_both_directions() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    // The last one departs first.
    for number in [1, 13, 0] {
        SUBJECTS[3].create(&owner, number).await;
        t.advance(Duration::from_secs(1)).await;
    }
    let newest = owner.get(&format!("{TRIPS}?external_id=N100")).await.is(200).items("id").remove(0);
    let oldest = owner.get(&format!("{TRIPS}/by-external-id/N101")).await.is(200).text_at("/data/id");
    owner.patch(&format!("{TRIPS}/{oldest}"), json!({ "notes": "Catering" })).await.is(200);
    let sorted = async |sort: &str| owner.get(&format!("{TRIPS}?sort={sort}")).await.is(200).items("externalId");
    assert_eq!(sorted("created_at").await, ["N101", "N113", "N100"]);
    assert_eq!(sorted("updated_at").await, ["N113", "N100", "N101"]);
    assert_eq!(sorted("departure_date").await, ["N100", "N101", "N113"]);
    for column in ["created_at", "updated_at", "departure_date"] {
        let mut descending = sorted(&format!("-{column}")).await;
        descending.reverse();
        assert_eq!(descending, sorted(column).await, "{column}");
    }
    assert_eq!(owner.get(TRIPS).await.is(200).items("id")[0], newest, "the newest come first by default");
    for wrong in ["", "departure", "%2Bcreated_at", "created_at,id", "-id", "Created_At"] {
        owner.get(&format!("{TRIPS}?sort={wrong}")).await.is(400).code("INVALID_REQUEST").names_field("sort");
    }
}

#[tokio::test]
async fn walk_in_any_order_sees_what_rests_once_and_keeps_its_order() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    for number in 0..12 {
        SUBJECTS[3].create(&owner, number).await;
        if number % 3 == 0 {
            t.advance(Duration::from_secs(1)).await;
        }
    }
    let mut next = 1_000;
    for sort in ["departure_date", "-departure_date", "updated_at", "-updated_at", "created_at", "-created_at"] {
        let list = format!("{TRIPS}?sort={sort}&page_size=5");
        let whole = owner.get(&format!("{TRIPS}?sort={sort}&page_size=100")).await.is(200).items("id");
        let seen = walk(&owner, &list, async |_| {
            SUBJECTS[3].create(&owner, next).await;
            next += 1;
            t.advance(Duration::from_secs(1)).await;
        })
        .await;
        let known: BTreeSet<&String> = whole.iter().collect();
        let resting: Vec<String> = seen.into_iter().filter(|id| known.contains(id)).collect();
        assert_eq!(resting, whole, "{sort}");
    }
    let cursor = owner.get(&format!("{TRIPS}?sort=updated_at&page_size=1")).await.is(200).text_at("/data/next_cursor");
    for other in [format!("{TRIPS}?sort=-updated_at"), TRIPS.to_owned()] {
        owner.get(&continued(&other, &cursor)).await.is(400).code("CURSOR_MISMATCH");
    }
}

#[tokio::test]
async fn walk_by_change_misses_no_trip_that_changes_meanwhile() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let mut ids = Vec::new();
    for number in 0..12 {
        ids.push(SUBJECTS[3].create(&owner, number).await);
        t.advance(Duration::from_secs(1)).await;
    }
    let mut changed = 0;
    let seen = walk(&owner, &format!("{TRIPS}?sort=updated_at&page_size=2"), async |_| {
        // The first half of the changes is of trips that the walk has not come to.
        if changed < 8 {
            SUBJECTS[3].change(&owner, &ids[11 - changed], 500).await;
            changed += 1;
            t.advance(Duration::from_secs(1)).await;
        }
    })
    .await;
    let distinct: BTreeSet<_> = seen.iter().collect();
    assert_eq!(distinct, ids.iter().collect::<BTreeSet<_>>());
    assert!(seen.len() > ids.len(), "a trip that was seen and then changed comes again");
}
