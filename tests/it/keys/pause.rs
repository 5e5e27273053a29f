//! Pauses: at once, on record, and over when a person or the time says so.

use std::time::Duration;

use kit::random::Random;
use planeconnection::app::App;
use planeconnection::config::Config;
use serde_json::{Value, json};
use testkit::{KEYS, TRIPS, WHOAMI};

use crate::support::{Client, Lines, Response, TestApp, TestKey, read_only_key};

const MICROSECOND: Duration = Duration::from_micros(1);

async fn pause(client: &Client, key: &TestKey, body: Value) -> Response {
    client.post(&format!("{KEYS}/{}/pause", key.id), body).await
}

async fn resume(client: &Client, key: &TestKey) -> Response {
    client.post(&format!("{KEYS}/{}/resume", key.id), json!({})).await
}

async fn is_refused(t: &TestApp, key: &TestKey) {
    t.with(key).get(WHOAMI).await.is(401).code("API_KEY_PAUSED");
}

#[tokio::test]
async fn paused_key_is_refused_until_it_is_resumed() {
    let t = TestApp::new().await;
    let (key, admin) = (t.key(&["trips:read"]).await, t.admin().await);
    let paused = pause(&admin, &key, json!({})).await.is(200);
    assert_eq!(paused.at("/data/status"), "paused");
    for field in ["pausedAt", "pausedEverywhereAt"] {
        assert_eq!(paused.at(&format!("/data/{field}")), "2026-11-23T09:30:00Z");
    }
    assert_eq!((paused.at("/data/pausedUntil"), paused.at("/data/pausedBy/name")), (&json!(null), &json!("Test admin")));
    let refused = t.with(&key).get(WHOAMI).await.is(401).code("API_KEY_PAUSED");
    assert!(refused.header("www-authenticate").contains("invalid_token"));
    assert_eq!(admin.get(&format!("{KEYS}?status=paused")).await.is(200).items("id"), std::slice::from_ref(&key.id));
    assert_eq!(admin.get(&format!("{KEYS}?status=active")).await.is(200).at("/data/total"), 0);
    t.advance(Duration::from_hours(10_000)).await;
    is_refused(&t, &key).await;
    let admin = t.admin().await;
    let resumed = resume(&admin, &key).await.is(200);
    assert_eq!((resumed.at("/data/status"), resumed.at("/data/pausedAt")), (&json!("active"), &json!(null)));
    t.with(&key).get(WHOAMI).await.is(200);
    resume(&admin, &key).await.is(200);
    t.audit_ends_with(&[
        "api_key.paused",
        "api_key.paused_everywhere",
        "api_key.denied",
        "api_key.resumed",
        "api_key.used",
        "api_key.denied",
    ])
    .await;
    let events = t.audit().await;
    let proof = events.iter().find(|event| event["action"] == "api_key.paused_everywhere").expect("the event");
    assert_eq!(proof["details"]["confirmedBy"], json!([{ "id": t.app.cluster.id() }]));
    assert_eq!(proof["details"]["pausedEverywhereAt"], "2026-11-23T09:30:00Z");
    let denied = events.iter().find(|event| event["action"] == "api_key.denied").expect("the event");
    assert_eq!(denied["details"]["reason"], "paused");
}

#[tokio::test]
async fn pause_ends_at_its_time_and_its_end_is_recorded_once() {
    let t = TestApp::new().await;
    let (key, owner) = (t.key(&["trips:read"]).await, t.owner().await);
    let paused = pause(&owner, &key, json!({ "minutes": 5 })).await.is(200);
    assert_eq!(paused.at("/data/pausedUntil"), "2026-11-23T09:35:00Z");
    assert_eq!(owner.get(&format!("{KEYS}?page=1")).await.is(200).items("status"), ["paused"]);
    // No heartbeat and no job: the node decides by its clock alone.
    t.app.clock.advance(Duration::from_micros(5 * 60 * 1_000_000 - 1));
    is_refused(&t, &key).await;
    t.app.clock.advance(MICROSECOND);
    t.with(&key).get(WHOAMI).await.is(200);
    let shown = owner.get(&format!("{KEYS}/{}", key.id)).await.is(200);
    assert_eq!((shown.at("/data/status"), shown.at("/data/pausedUntil")), (&json!("active"), &json!(null)));
    assert_eq!(
        owner.get(&format!("{KEYS}?status=paused&page=1")).await.is(200).at("/data/total"),
        0,
        "the cached count is over, too"
    );
    for _ in 0..2 {
        t.advance(Duration::from_secs(1)).await;
    }
    let events = t.audit().await;
    let resumed: Vec<_> = events.iter().filter(|event| event["action"] == "api_key.resumed").collect();
    assert_eq!(resumed.len(), 1, "{resumed:?}");
    assert_eq!((&resumed[0]["actor"]["type"], &resumed[0]["details"]["automatic"]), (&json!("system"), &json!(true)));
    assert_eq!(resumed[0]["details"]["pausedUntil"], "2026-11-23T09:35:00Z");
    let entry = t.app.index.get(&key_format::digest_of(key.secret.as_bytes()).expect("a key")).expect("an entry");
    let during = t.app.clock.now().before(Duration::from_mins(2));
    assert!(!entry.is_paused(during), "the entry is applied again without the pause, so that the fast path allows the key");
}

#[tokio::test]
async fn another_node_ends_the_pause_by_its_own_clock_without_a_lease() {
    let t = TestApp::new().await;
    let (key, owner) = (t.key(&["trips:read"]).await, t.owner().await);
    pause(&owner, &key, json!({ "minutes": 5 })).await.is(200);
    // The lease is over: each request reads the row.
    t.app.clock.advance(Duration::from_mins(4));
    is_refused(&t, &key).await;
    t.app.clock.advance(Duration::from_mins(1));
    t.with(&key).get(WHOAMI).await.is(200);
    // One that starts later finds the pause that is over and not recorded.
    let app = App::open_with(Config::default(), t.location(), t.app.clock.clone(), Random::seeded(8)).await.expect("a database");
    app.cluster.join("other").await.expect("a lease");
    let other = Client::on(&planeconnection::router::router(app)).header("x-api-key", &key.secret);
    other.get(WHOAMI).await.is(200);
}

#[tokio::test]
async fn revoked_and_expired_keys_cannot_be_paused_or_resumed() {
    let t = TestApp::new().await;
    let revoked = t.key(&["trips:read"]).await;
    let expired = t.key_with(super::with(read_only_key("Over"), "expiresAt", json!("2026-11-23T09:31:00Z"))).await;
    let admin = t.admin().await;
    pause(&admin, &expired, json!({ "minutes": 5 })).await.is(200);
    pause(&admin, &revoked, json!({})).await.is(200);
    let ended = admin.post(&format!("{KEYS}/{}/revoke", revoked.id), json!({})).await.is(200);
    assert_eq!(ended.at("/data/status"), "revoked");
    t.advance(Duration::from_mins(1)).await;
    for (key, code) in [(&revoked, "API_KEY_REVOKED"), (&expired, "API_KEY_EXPIRED")] {
        t.with(key).get(WHOAMI).await.is(401).code(code);
        pause(&admin, key, json!({})).await.is(409).code("CONFLICT");
        resume(&admin, key).await.is(409).code("CONFLICT");
    }
    t.advance(Duration::from_mins(10)).await;
    for (key, code) in [(&revoked, "API_KEY_REVOKED"), (&expired, "API_KEY_EXPIRED")] {
        t.with(key).get(WHOAMI).await.is(401).code(code);
    }
    assert!(t.audit().await.iter().all(|event| event["action"] != "api_key.resumed"), "they do not work again");
    let unknown = TestKey { id: "key_01h455vb4pex5vsknk084sn02q".to_owned(), secret: String::new() };
    pause(&t.admin().await, &unknown, json!({})).await.is(404);
}

#[tokio::test]
async fn new_pause_lengthens_the_pause_and_the_same_one_changes_nothing() {
    let t = TestApp::new().await;
    let (key, admin) = (t.key(&["trips:read"]).await, t.admin().await);
    pause(&admin, &key, json!({ "minutes": 5 })).await.is(200);
    t.app.clock.advance(Duration::from_mins(1));
    let longer = pause(&admin, &key, json!({ "minutes": 60 })).await.is(200);
    assert_eq!(longer.at("/data/pausedUntil"), "2026-11-23T10:31:00Z");
    assert_eq!(longer.at("/data/pausedEverywhereAt"), "2026-11-23T09:31:00Z", "of the new pause");
    let endless = pause(&admin, &key, json!({ "minutes": null })).await.is(200);
    t.advance(Duration::from_mins(61)).await;
    is_refused(&t, &key).await;
    let again = pause(&t.owner().await, &key, json!({})).await.is(200);
    assert_eq!(endless.at("/data"), again.at("/data"));
    let of = |events: &[Value], action: &str| events.iter().filter(|event| event["action"] == action).count();
    let events = t.audit().await;
    assert_eq!((of(&events, "api_key.paused"), of(&events, "api_key.resumed")), (3, 0));
    // A pause that is over and not recorded yet is recorded before the next one.
    resume(&t.owner().await, &key).await.is(200);
    let owner = t.owner().await;
    pause(&owner, &key, json!({ "minutes": 1 })).await.is(200);
    t.app.clock.advance(Duration::from_mins(1));
    pause(&owner, &key, json!({ "minutes": 1 })).await.is(200);
    t.app.clock.advance(Duration::from_mins(1));
    assert_eq!(resume(&owner, &key).await.is(200).at("/data/status"), "active");
    t.with(&key).get(WHOAMI).await.is(200);
    let events = t.audit().await;
    let resumed: Vec<_> = events.iter().filter(|event| event["action"] == "api_key.resumed").collect();
    let by: Vec<_> = resumed.iter().map(|event| &event["actor"]["type"]).collect();
    assert_eq!(by, ["member", "system", "system"], "{resumed:?}");
}

/// It would give access back without the recent proof that resuming demands.
#[tokio::test]
async fn new_pause_does_not_end_before_the_current_one() {
    let t = TestApp::new().await;
    let (timed, endless, admin) = (t.key(&["trips:read"]).await, t.key(&["trips:read"]).await, t.admin().await);
    pause(&admin, &timed, json!({ "minutes": 60 })).await.is(200);
    pause(&admin, &endless, json!({})).await.is(200);
    for (key, minutes, until) in [(&timed, 59, "2026-11-23T10:30:00Z"), (&endless, 525_600, "it is resumed")] {
        let refused = pause(&admin, key, json!({ "minutes": minutes })).await.is(409).code("CONFLICT");
        assert!(refused.text.contains(&format!("The key is paused until {until}; resume it first")), "{}", refused.text);
    }
    pause(&admin, &timed, json!({ "minutes": 60 })).await.is(200);
    let path = format!("{KEYS}/bulk/pause");
    let several = admin.post(&path, json!({ "ids": [endless.id, timed.id], "minutes": 60 })).await.is(200);
    assert_eq!(several.at("/data/items/0/outcome"), "paused_longer");
    assert_eq!(several.at("/data/items/0/apiKey/pausedUntil"), &json!(null));
    assert_eq!(several.at("/data/items/1/outcome"), "done");
    t.app.clock.advance(Duration::from_mins(59));
    for key in [&timed, &endless] {
        is_refused(&t, key).await;
    }
    // Once it is over, a pause may have any length, whether its end is recorded or not.
    t.app.clock.advance(Duration::from_mins(1));
    pause(&t.admin().await, &timed, json!({ "minutes": 1 })).await.is(200);
}

#[tokio::test]
async fn pause_survives_a_change_and_a_rotation_and_the_successor_is_active() {
    let t = TestApp::new().await;
    let (key, owner) = (t.named_key("Scheduler").await, t.owner().await);
    pause(&owner, &key, json!({ "minutes": 60 })).await.is(200);
    let path = format!("{KEYS}/{}", key.id);
    let changed = owner.patch(&path, json!({ "description": "For tests", "ipAllowlist": ["203.0.113.0/24"] })).await.is(200);
    assert_eq!((changed.at("/data/status"), changed.at("/data/pausedUntil")), (&json!("paused"), &json!("2026-11-23T10:30:00Z")));
    is_refused(&t, &key).await;
    owner.post(KEYS, read_only_key("SCHEDULER")).await.is(409);
    let rotated = owner.post(&format!("{path}/rotate"), json!({ "name": "Scheduler 2" })).await.is(201);
    assert_eq!((rotated.at("/data/apiKey/status"), rotated.at("/data/apiKey/pausedAt")), (&json!("active"), &json!(null)));
    is_refused(&t, &key).await;
    let new = t.anonymous().from("203.0.113.9").header("x-api-key", &rotated.text_at("/data/secret"));
    new.get(WHOAMI).await.is(200);
}

#[tokio::test]
async fn key_paused_by_another_process_writes_nothing() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:write"]).await;
    // This node has not heard of it.
    t.tamper("UPDATE api_keys SET paused_at = created_at, paused_by_id = 'operator', paused_by_name = 'test'").await;
    let trip = json!({ "tripType": "charter", "origin": "KTEB", "destination": "KBOS", "departureDate": "2026-12-01T14:00:00Z" });
    t.with(&key).post(TRIPS, trip).await.is(401).code("API_KEY_PAUSED");
    assert_eq!(t.owner().await.get(TRIPS).await.is(200).at("/data/total"), 0);
}

#[tokio::test]
async fn revocation_wins_over_a_concurrent_pause() {
    let t = TestApp::new().await;
    for _ in 0..5 {
        let (key, one, other) = (t.key(&["trips:read"]).await, t.admin().await, t.admin().await);
        let path = format!("{KEYS}/{}/revoke", key.id);
        let (paused, revoked) = tokio::join!(pause(&one, &key, json!({})), other.post(&path, json!({})));
        assert_eq!(revoked.is(200).at("/data/status"), "revoked");
        assert!([200, 409].contains(&paused.status), "{}", paused.text);
        t.with(&key).get(WHOAMI).await.is(401).code("API_KEY_REVOKED");
    }
}

#[tokio::test]
async fn key_resumed_twice_at_once_is_resumed_and_the_storage_is_sound() {
    let t = TestApp::in_a_file().await;
    let (key, admin) = (t.key(&["trips:read"]).await, t.admin().await);
    for _ in 0..20 {
        pause(&admin, &key, json!({})).await.is(200);
        // The second one reads what the first one has written, perhaps before that is stored.
        let (one, two) = tokio::join!(resume(&admin, &key), resume(&admin, &key));
        one.is(200);
        two.is(200);
        assert_eq!(t.app.db.storage().health().fault(), None);
        t.with(&key).get(WHOAMI).await.is(200);
    }
}

#[tokio::test]
async fn pause_that_is_not_stored_is_not_claimed() {
    let t = TestApp::new().await;
    let (key, admin) = (t.key(&["trips:read"]).await, t.admin().await);
    t.database.reject_writes("INSERT", "audit_events", "NEW.action = 'api_key.paused'").await;
    let refused = pause(&admin, &key, json!({})).await;
    assert!(refused.status >= 500, "{}", refused.text);
    t.with(&key).get(WHOAMI).await.is(200);
    assert_eq!(admin.get(&format!("{KEYS}/{}", key.id)).await.is(200).at("/data/status"), "active");
}

#[tokio::test]
async fn key_is_not_paused_while_a_node_runs_that_does_not_know_pauses() {
    let t = TestApp::new().await;
    let (key, admin) = (t.key(&["trips:read"]).await, t.admin().await);
    t.other_node("old", "1000000", "2026-11-23 09:30:01+00:00").await;
    let refused = pause(&admin, &key, json!({})).await.is(409).code("UPGRADE_IN_PROGRESS");
    assert!(refused.text.contains("finish the upgrade first"), "{}", refused.text);
    t.with(&key).get(WHOAMI).await.is(200);
    t.audit_ends_with(&["api_key.created", "api_key.used"]).await;
    t.tamper("DELETE FROM nodes WHERE name = 'old'").await;
    pause(&admin, &key, json!({})).await.is(200);
    // It can be resumed and revoked all the same.
    t.other_node("old", "1000000", "2026-11-23 09:30:01+00:00").await;
    pause(&admin, &key, json!({})).await.is(409).code("UPGRADE_IN_PROGRESS");
    let (lines, listening) = Lines::of_this_thread();
    planeconnection::keys::report_older_nodes(&t.app).await.expect("a run");
    drop(listening);
    assert!(String::from_utf8_lossy(&lines.bytes()).contains("a node of an earlier version accepts paused keys"));
    resume(&admin, &key).await.is(200);
    admin.post(&format!("{KEYS}/{}/revoke", key.id), json!({})).await.is(200);
}

#[tokio::test]
async fn minutes_are_a_whole_number_up_to_a_year() {
    let t = TestApp::new().await;
    let (key, admin) = (t.key(&["trips:read"]).await, t.admin().await);
    for minutes in [json!(0), json!(525_601), json!(-5), json!(1.5), json!("5")] {
        pause(&admin, &key, json!({ "minutes": minutes })).await.is(400).code("INVALID_REQUEST");
    }
    pause(&admin, &key, json!({ "until": "2026-11-23T09:35:00Z" })).await.is(400);
    t.with(&key).get(WHOAMI).await.is(200);
    let longest = pause(&admin, &key, json!({ "minutes": 525_600 })).await.is(200);
    assert_eq!(longest.at("/data/pausedUntil"), "2027-11-23T09:30:00Z");
}

#[tokio::test]
async fn resuming_needs_a_recent_proof_and_pausing_does_not() {
    let t = TestApp::new().await;
    let (key, admin) = (t.key(&["trips:read"]).await, t.admin().await);
    t.advance(planeconnection::access::RECENT + Duration::from_secs(1)).await;
    pause(&admin, &key, json!({})).await.is(200);
    resume(&admin, &key).await.is(403).code("REAUTHENTICATION_REQUIRED");
    is_refused(&t, &key).await;
    resume(&t.admin().await, &key).await.is(200);
}

#[tokio::test]
async fn revocation_of_all_keys_includes_paused_ones() {
    let t = TestApp::new().await;
    let (key, owner) = (t.key(&["trips:read"]).await, t.owner().await);
    pause(&owner, &key, json!({})).await.is(200);
    owner.post("/api/v1/settings/security/sign-out-everyone", json!({ "revokeApiKeys": true })).await.is(200);
    t.with(&key).get(WHOAMI).await.is(401).code("API_KEY_REVOKED");
}
