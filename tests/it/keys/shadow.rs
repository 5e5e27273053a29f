//! Shadow mode: what a smaller set of scopes would refuse.

use std::time::Duration;

use planeconnection::audit;
use serde_json::{Value, json};
use testkit::{AIRCRAFT, KEYS, TRIPS};

use crate::support::{TestApp, TestKey};

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_hours(24);

fn path(key: &TestKey) -> String {
    format!("{KEYS}/{}/shadow", key.id)
}

async fn events_of(t: &TestApp, action: &str) -> Vec<Value> {
    t.audit().await.into_iter().filter(|event| event["action"] == action).collect()
}

#[tokio::test]
async fn requests_beyond_the_smaller_set_are_counted_and_accepted() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read", "trips:write", "fleet:read"]).await;
    // Before the start, in the same hour. It lacks a body, but not the permission.
    t.with(&key).post(TRIPS, json!({})).await.is(400);
    t.flush().await;
    let admin = t.admin().await;
    let started = admin.post(&path(&key), json!({ "scopes": ["trips:read"] })).await.is(200);
    assert_eq!([started.at("/data/running"), started.at("/data/wouldRefuse")], [&json!(true), &json!([])]);
    assert_eq!(started.at("/data/endsAt"), "2026-11-30T09:30:00Z");
    for (is_write, path, status) in [(false, TRIPS, 200), (false, AIRCRAFT, 200), (true, TRIPS, 400)] {
        t.advance(SECOND).await;
        let client = t.with(&key);
        if is_write { client.post(path, json!({})).await } else { client.get(path).await }.is(status);
    }
    t.with(&key).get(AIRCRAFT).await.is(200);
    t.flush().await;
    let expected = json!([
        { "scope": "trips:write", "count": 1, "lastAt": "2026-11-23T09:30:03Z",
          "calls": [{ "method": "POST", "route": TRIPS, "lastAt": "2026-11-23T09:30:03Z" }] },
        { "scope": "fleet:read", "count": 2, "lastAt": "2026-11-23T09:30:02Z",
          "calls": [{ "method": "GET", "route": AIRCRAFT, "lastAt": "2026-11-23T09:30:02Z" }] },
    ]);
    assert_eq!(admin.get(&path(&key)).await.is(200).at("/data/wouldRefuse"), &expected);

    // What comes after the end does not count.
    t.advance(DAY * 7 + Duration::from_hours(1)).await;
    t.with(&key).get(AIRCRAFT).await.is(200);
    t.flush().await;
    let admin = t.admin().await;
    let ended = admin.get(&path(&key)).await.is(200);
    assert_eq!([ended.at("/data/running"), ended.at("/data/wouldRefuse/1/count")], [&json!(false), &json!(2)]);
    let removed = admin.delete(&path(&key)).await.is(200);
    assert_eq!(removed.at("/data/wouldRefuse/1/count"), &json!(2));
    admin.get(&path(&key)).await.is(404).code("NOT_FOUND");
    admin.delete(&path(&key)).await.is(404).code("NOT_FOUND");
    assert_eq!(events_of(&t, "api_key.shadow_ended").await[0]["details"]["early"], json!(false));
    assert_eq!(audit::compare(&t.app.db, t.workspace.id).await.expect("a comparison").total(), 0);
}

#[tokio::test]
async fn another_set_replaces_the_one_on_trial_and_the_same_one_does_not() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:write", "fleet:read"]).await;
    let admin = t.admin().await;
    for (body, started_at) in [
        (json!({ "scopes": ["trips:read", "fleet:read"] }), "2026-11-23T09:30:00Z"),
        (json!({ "permissions": "custom", "scopes": ["fleet:read", "trips:read"] }), "2026-11-23T09:30:00Z"),
        (json!({ "scopes": ["trips:write"] }), "2026-11-23T09:30:02Z"),
    ] {
        assert_eq!(admin.post(&path(&key), body).await.is(200).at("/data/startedAt"), started_at);
        t.advance(SECOND).await;
    }
    let started = events_of(&t, "api_key.shadow_started").await;
    assert_eq!(started.len(), 2, "{started:?}");
    assert_eq!(started[1]["details"], json!({ "scopes": ["trips:write"], "endsAt": "2026-11-30T09:30:02Z" }));
    admin.delete(&path(&key)).await.is(200);
    let ended = &events_of(&t, "api_key.shadow_ended").await[0];
    assert_eq!([&ended["details"]["early"], &ended["target"]["id"]], [&json!(true), &json!(key.id)]);
}

#[tokio::test]
async fn only_a_smaller_set_of_a_key_that_can_be_used_is_tried() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:write", "fleet:read"]).await;
    let admin = t.admin().await;
    for (body, field) in [
        (json!({}), "scopes"),
        (json!({ "scopes": [] }), "scopes"),
        (json!({ "scopes": ["trips:read", "invoices:read"] }), "scopes"),
        (json!({ "scopes": ["fleet:write"] }), "scopes"),
        (json!({ "scopes": ["trips:write", "trips:read", "fleet:read"] }), "scopes"),
        (json!({ "scopes": vec!["trips:read"; 51] }), "scopes"),
        (json!({ "permissions": "read_only" }), "permissions"),
        (json!({ "permissions": "read_only", "scopes": ["trips:read"] }), "scopes"),
    ] {
        admin.post(&path(&key), body).await.is(400).names_field(field);
    }
    admin.get(&path(&key)).await.is(404);
    let smaller = json!({ "scopes": ["trips:read"] });
    let (_, other) = t.other_workspace().await;
    other.post(&path(&key), smaller.clone()).await.is(404);
    t.with(&key).post(&path(&key), smaller.clone()).await.is(403).code("PERSON_REQUIRED");
    admin.post(&path(&key), smaller.clone()).await.is(200);
    other.get(&path(&key)).await.is(404);
    other.delete(&path(&key)).await.is(404);
    admin.post(&format!("{KEYS}/{}/revoke", key.id), json!({})).await.is(200);
    admin.post(&path(&key), smaller).await.is(409).code("CONFLICT");
    admin.get(&path(&key)).await.is(200);
}

#[tokio::test]
async fn rare_call_of_a_busy_key_is_named() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read", "fleet:read"]).await;
    t.admin().await.post(&path(&key), json!({ "scopes": ["trips:read"] })).await.is(200);
    t.with(&key).get(AIRCRAFT).await.is(200);
    for _ in 0..60 {
        t.app.clock.advance(SECOND);
        t.with(&key).get(TRIPS).await.is(200);
    }
    t.flush().await;
    assert_eq!(t.number("SELECT count(*) FROM api_key_requests").await, 50 + 1);
    let found = t.admin().await.get(&path(&key)).await.is(200);
    assert_eq!(found.at("/data/wouldRefuse/0/calls/0/route"), AIRCRAFT);
}
