//! Cursors: where they continue, and where they are refused.

use serde_json::{Value, json};
use testkit::{INVOICES, TRIPS};

use super::{SUBJECTS, continued};
use crate::support::TestApp;

#[tokio::test]
async fn cursor_continues_behind_any_page() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    for number in 0..7 {
        SUBJECTS[3].create(&owner, number).await;
    }
    let whole = owner.get(TRIPS).await.is(200);
    assert_eq!(*whole.at("/data/next_cursor"), Value::Null);
    let whole = whole.items("id");
    let second = owner.get(&format!("{TRIPS}?page_size=2&page=2")).await.is(200);
    let cursor = second.text_at("/data/next_cursor");
    // The number of rows may change from response to response.
    let rest = owner.get(&continued(&format!("{TRIPS}?page_size=3"), &cursor)).await.is(200);
    assert_eq!([second.items("id"), rest.items("id")].concat(), whole[2..]);
    assert_eq!((rest.at("/data/next_cursor"), rest.at("/data/per_page")), (&Value::Null, &json!(3)));
    for past in ["page_size=7", "page_size=2&page=4", "page_size=2&page=9"] {
        assert_eq!(*owner.get(&format!("{TRIPS}?{past}")).await.is(200).at("/data/next_cursor"), Value::Null, "{past}");
    }
}

#[tokio::test]
async fn cursor_belongs_to_its_list_filters_and_workspace() {
    let t = TestApp::new().await;
    let (owner, (_, outsider)) = (t.owner().await, t.other_workspace().await);
    for number in 0..3 {
        SUBJECTS[3].create(&owner, number).await;
        SUBJECTS[3].create(&outsider, number).await;
    }
    let filters = "status=draft&trip_type=charter";
    let cursor = owner.get(&format!("{TRIPS}?{filters}&page_size=1")).await.is(200).text_at("/data/next_cursor");
    owner.get(&continued(&format!("{TRIPS}?{filters}"), &cursor)).await.is(200);
    owner.get(&continued(&format!("{TRIPS}?trip_type=charter&status=draft&page_size=9"), &cursor)).await.is(200);
    t.with(&t.key(&["trips:read"]).await).get(&continued(&format!("{TRIPS}?{filters}"), &cursor)).await.is(200);
    for other in [TRIPS, INVOICES, &format!("{TRIPS}?status=draft"), &format!("{TRIPS}?{filters}&date_from=2026-01-01")] {
        owner.get(&continued(other, &cursor)).await.is(400).code("CURSOR_MISMATCH");
    }
    let foreign = continued(&format!("{TRIPS}?{filters}"), &cursor);
    outsider.get(&foreign).await.is(400).code("INVALID_REQUEST").names_field("cursor");
    let zeros = "0".repeat(96);
    let altered = format!("{}{}", if cursor.starts_with('0') { "1" } else { "0" }, &cursor[1..]);
    for wrong in ["", "%20", "null", "0", "-1", &cursor[..95], &format!("{cursor}0"), &zeros, &altered, &"f".repeat(5_000)] {
        let refused = owner.get(&continued(&format!("{TRIPS}?{filters}"), wrong)).await.is(400);
        refused.code("INVALID_REQUEST").names_field("cursor");
    }
    owner.get(&continued(&format!("{TRIPS}?{filters}&page=1"), &cursor)).await.is(400).names_field("cursor");
    owner.get(&continued(&foreign, &cursor)).await.is(400).code("INVALID_REQUEST");
}
