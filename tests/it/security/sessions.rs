//! The end of sessions by the settings of their workspace.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::{SIGN_IN, WHOAMI};

use super::{SETTINGS, settings};
use crate::support::{Client, PASSWORD, TestApp};

const MINUTE: Duration = Duration::from_mins(1);

async fn with_settings(changes: Value) -> (TestApp, Client) {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    owner.put(SETTINGS, settings(changes)).await.is(200);
    (t, owner)
}

#[tokio::test]
async fn unused_session_ends_after_the_idle_time() {
    let (t, owner) = with_settings(json!({ "idleMinutes": 15 })).await;
    for _ in 0..5 {
        t.advance(MINUTE * 14).await;
        owner.get(WHOAMI).await.is(200);
        // The use is written by the job that runs every second.
        t.advance(Duration::from_secs(1)).await;
    }
    t.advance(MINUTE * 15).await;
    owner.get(WHOAMI).await.is(401).code("SESSION_INVALID");
}

#[tokio::test]
async fn use_that_follows_another_within_a_minute_does_not_prolong_the_session() {
    let (t, owner) = with_settings(json!({ "idleMinutes": 15 })).await;
    // Within a minute after the sign-in: this use is not written.
    t.advance(Duration::from_secs(50)).await;
    owner.get(WHOAMI).await.is(200);
    t.advance(Duration::from_secs(14 * 60 + 10)).await;
    owner.get(WHOAMI).await.is(401).code("SESSION_INVALID");
}

#[tokio::test]
async fn used_session_ends_after_the_absolute_time() {
    let (t, owner) = with_settings(json!({ "absoluteMinutes": 60 })).await;
    for _ in 0..5 {
        t.advance(MINUTE * 11).await;
        owner.get(WHOAMI).await.is(200);
    }
    t.advance(Duration::from_secs(4 * 60 + 59)).await;
    owner.get(WHOAMI).await.is(200);
    t.advance(Duration::from_secs(1)).await;
    owner.get(WHOAMI).await.is(401).code("SESSION_INVALID");
}

#[tokio::test]
async fn shorter_policy_ends_longer_sessions_at_once() {
    let (t, owner) = with_settings(json!({})).await;
    t.advance(MINUTE * 90).await;
    let later = t.owner().await;
    owner.get(WHOAMI).await.is(200);
    later.put(SETTINGS, settings(json!({ "absoluteMinutes": 60 }))).await.is(200);
    owner.get(WHOAMI).await.is(401).code("SESSION_INVALID");
    let own = later.get("/api/v1/auth/sessions").await.is(200);
    assert_eq!(own.at("/data/total"), 1, "a session that has ended is not listed: {}", own.text);
}

#[tokio::test]
async fn session_that_a_policy_has_ended_stays_ended() {
    let (t, owner) = with_settings(json!({})).await;
    t.advance(MINUTE * 90).await;
    let later = t.owner().await;
    later.put(SETTINGS, settings(json!({ "absoluteMinutes": 60 }))).await.is(200);
    later.put(SETTINGS, settings(json!({}))).await.is(200);
    owner.get(WHOAMI).await.is(401).code("SESSION_INVALID");
    later.get(WHOAMI).await.is(200);
}

#[tokio::test]
async fn longer_policy_does_not_prolong_sessions_that_began_before() {
    let (t, owner) = with_settings(json!({ "absoluteMinutes": 60 })).await;
    let before = t.owner().await;
    owner.put(SETTINGS, settings(json!({}))).await.is(200);
    let after = t.owner().await;
    t.advance(MINUTE * 60).await;
    before.get(WHOAMI).await.is(401);
    after.get(WHOAMI).await.is(200);
}

#[tokio::test]
async fn sign_in_answers_with_the_absolute_time() {
    let (t, _) = with_settings(json!({ "absoluteMinutes": 60 })).await;
    let credentials = json!({ "email": "ana@skyline.example", "password": PASSWORD });
    let answer = t.anonymous().post(SIGN_IN, credentials).await.is(200);
    assert_eq!(answer.at("/data/expiresAt"), "2026-11-23T10:30:00Z");
    let page = t.anonymous_person();
    let token = page.get("/sign-in").await.hidden("/sign-in").remove(0).1;
    let fields = [("csrf", &*token), ("email", "ana@skyline.example"), ("password", PASSWORD)];
    let cookies = page.post("/sign-in", &fields).await.is(303);
    let cookies: Vec<&str> = cookies.headers.get_all("set-cookie").iter().filter_map(|cookie| cookie.to_str().ok()).collect();
    assert!(cookies.iter().any(|cookie| cookie.contains("_session=") && cookie.contains("Max-Age=3600")), "{cookies:?}");
}

#[tokio::test]
async fn session_of_the_previous_version_ends_by_the_policy_too() {
    let (t, owner) = with_settings(json!({ "idleMinutes": 60 })).await;
    let old = t.owner().await;
    t.tamper("UPDATE sessions SET last_seen_at = NULL, expires_at = '2026-11-23 21:30:00+00:00'").await;
    t.advance(MINUTE * 59).await;
    owner.get(WHOAMI).await.is(200);
    t.advance(MINUTE).await;
    owner.get(WHOAMI).await.is(200);
    old.get(WHOAMI).await.is(401);
}

#[tokio::test]
async fn sessions_that_have_ended_are_deleted() {
    let (t, _) = with_settings(json!({ "idleMinutes": 60 })).await;
    let (_, other) = t.other_workspace().await;
    assert_eq!(t.number("SELECT COUNT(*) FROM sessions").await, 2);
    t.advance(MINUTE * 60).await;
    planeconnection::sessions::forget_expired(&t.app.db, t.app.clock.now()).await.expect("a database");
    assert_eq!(t.number("SELECT COUNT(*) FROM sessions").await, 1);
    other.get(WHOAMI).await.is(200);
    t.advance(MINUTE * 60 * 12).await;
    planeconnection::sessions::forget_expired(&t.app.db, t.app.clock.now()).await.expect("a database");
    assert_eq!(t.number("SELECT COUNT(*) FROM sessions").await, 0);
}
