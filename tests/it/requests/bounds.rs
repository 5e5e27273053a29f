//! The bounds of the request log under a flood, and its retention.

use std::time::Duration;

use planeconnection::requests;
use serde_json::json;
use testkit::{KEYS, TRIPS};

use super::{TRACE, found, path, revoke, with_id};
use crate::support::TestApp;

const DAY: Duration = Duration::from_hours(24);

/// Refusals of one key that are kept at once.
const KEPT_AT_ONCE: usize = 120;

async fn rows(t: &TestApp) -> i64 {
    t.number("SELECT count(*) FROM refused_requests").await
}

#[tokio::test]
async fn flood_with_one_key_is_sampled_and_says_so() {
    let t = TestApp::new().await;
    let (flooding, quiet) = (t.named_key("Flooding").await, t.named_key("Quiet").await);
    revoke(&t, &flooding).await;
    for number in 0..5_000 {
        with_id(&t.with(&flooding), &format!("flood-{number}")).get(TRIPS).await.is(401);
        if number % 1_000 == 0 {
            t.flush().await;
        }
    }
    with_id(&t.with(&quiet), "quiet-1").post(TRIPS, json!({})).await.is(403);
    t.flush().await;
    assert_eq!(rows(&t).await, i64::try_from(KEPT_AT_ONCE).expect("a count") + 1);
    let owner = t.owner().await;
    for (id, is_kept) in [("flood-0", true), ("flood-119", true), ("flood-120", false), ("flood-4999", false), ("quiet-1", true)]
    {
        let answer = owner.get(&path(id)).await.is(200);
        assert_eq!((found(&answer).len(), answer.at("/data/sampled")), (usize::from(is_kept), &json!(true)), "{id}");
    }
    assert_eq!(t.number("SELECT CAST(sum(skipped) AS bigint) FROM refused_request_gaps").await, 5_000 - 120);
    t.advance(Duration::from_mins(5)).await;
    with_id(&t.with(&flooding), "later").get(TRIPS).await.is(401);
    assert_eq!(found(&owner.get(&path("later")).await).len(), 1, "two a minute are kept");
    let (_, other) = t.other_workspace().await;
    assert_eq!(other.get(&path("flood-0")).await.is(200).json["data"], json!({ "items": [], "sampled": false }));
}

#[tokio::test]
async fn flood_without_a_key_leaves_room_for_others() {
    let t = TestApp::new().await;
    let stranger = t.anonymous().header("x-api-key", "pck_no");
    for number in 0..1_000 {
        with_id(&stranger, &format!("{TRACE}-{number}")).from("198.51.100.7").get(TRIPS).await.is(401);
    }
    for number in 0..1_000 {
        with_id(&stranger, &format!("{TRACE}-x{number}"))
            .from(&format!("198.18.{}.{}", number / 250, number % 250))
            .get(TRIPS)
            .await;
    }
    let key = t.named_key("Reader").await;
    with_id(&t.with(&key), TRACE).post(TRIPS, json!({})).await.is(403);
    t.flush().await;
    assert_eq!(rows(&t).await, 600 + 1, "60 of one network, 600 of all together");
    let owner = t.owner().await;
    for (id, is_kept) in [("-59", true), ("-60", false), ("-x0", true), ("-x999", false), ("", true)] {
        let answer = owner.get(&path(&format!("{TRACE}{id}"))).await.is(200);
        assert_eq!((found(&answer).len(), answer.at("/data/sampled")), (usize::from(is_kept), &json!(true)), "{id}");
    }
}

#[tokio::test]
async fn strangers_cannot_crowd_out_refusals_of_the_workspace() {
    let t = TestApp::new().await;
    let key = t.named_key("Reader").await;
    with_id(&t.with(&key), TRACE).post(TRIPS, json!({})).await.is(403);
    let stranger = with_id(&t.anonymous().header("x-api-key", "pck_no"), TRACE);
    for number in 0..100 {
        stranger.clone().from(&format!("198.51.100.{number}")).get(TRIPS).await.is(401);
        t.advance(Duration::from_millis(10)).await;
    }
    let items = found(&t.owner().await.get(&path(TRACE)).await.is(200));
    assert_eq!((items.len(), &items[10]["apiKey"]["name"]), (11, &json!("Reader")));
}

#[tokio::test]
async fn refusals_that_cannot_be_written_stay_in_memory_up_to_a_bound() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    t.tamper("ALTER TABLE refused_requests RENAME TO away").await;
    let mut keys = Vec::new();
    for number in 0..5 {
        let made = owner.post(KEYS, json!({ "name": format!("Key {number}"), "permissions": "read_only", "expiresAt": null }));
        keys.push(t.anonymous().header("x-api-key", &made.await.is(201).text_at("/data/secret")));
    }
    for key in &keys {
        for _ in 0..200 {
            key.post(TRIPS, json!({})).await.is(403);
        }
        assert!(t.app.requests.flush(&t.app, &t.app.recorder, planeconnection::keys::Flush::Regular).await.is_err());
    }
    t.tamper("ALTER TABLE away RENAME TO refused_requests").await;
    t.flush().await;
    assert_eq!(rows(&t).await, 600, "as many as a workspace may have at once");
}

#[tokio::test]
async fn refusals_are_kept_for_seven_days() {
    let t = TestApp::new().await;
    let key = t.named_key("Reader").await;
    for _ in 0..2 {
        with_id(&t.with(&key), TRACE).post(TRIPS, json!({})).await.is(403);
        t.with(&key).get(TRIPS).await.is(200);
        t.flush().await;
        t.advance(4 * DAY).await;
    }
    let owner = t.owner().await;
    let count = async || {
        let latest = owner.get(&format!("{KEYS}/{}/requests", key.id)).await.is(200);
        (found(&owner.get(&path(TRACE)).await).len(), found(&latest).len(), rows(&t).await)
    };
    assert_eq!(count().await, (1, 1, 2), "an old row is not shown, even before it is deleted");
    requests::purge(&t.app).await.expect("a purge");
    assert_eq!(count().await, (1, 1, 1));
    assert_eq!(t.number("SELECT count(*) FROM api_key_requests").await, 1);
}

#[tokio::test]
async fn no_secret_is_stored() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    let client = t.with(&key).header("x-request-id", &key.secret).header("user-agent", &key.secret);
    client.post(TRIPS, json!({ "name": key.secret })).await.is(403);
    t.anonymous().get(&format!("{TRIPS}/{}?api_key={}", key.secret, key.secret)).await.is(400);
    client.get(&format!("{TRIPS}/{}", key.secret)).await.is(404);
    t.flush().await;
    assert_eq!(rows(&t).await, 2);
    let part = &key.secret[4..24];
    for (table, text) in [
        ("refused_requests", "request_id || code || reason || coalesce(facts, '') || coalesce(route, '')"),
        ("api_key_requests", "request_id || method || coalesce(route, '') || coalesce(code, '')"),
    ] {
        assert!(t.number(&format!("SELECT count(*) FROM {table}")).await > 0);
        let with_secret = format!("SELECT count(*) FROM {table} WHERE {text} LIKE '%{part}%'");
        assert_eq!(t.number(&with_secret).await, 0, "{table}");
    }
}
