//! The end of a rotation: the server revokes the old key at its time, unless it is still in use.

use std::time::Duration;

use planeconnection::audit;
use planeconnection::keys::{end_rotations, rotations_blocked};
use serde_json::{Value, json};
use testkit::{KEYS, WHOAMI};

use crate::support::{Client, Response, TestApp, TestKey, read_only_key};

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
const SECOND: Duration = Duration::from_secs(1);

/// An application with a key that was rotated, its old key first.
async fn rotated(body: Value) -> (TestApp, Client, TestKey, Response) {
    let t = TestApp::new().await;
    let (admin, old) = (t.admin().await, t.key_with(read_only_key("Scheduler")).await);
    let made = admin.post(&format!("{KEYS}/{}/rotate", old.id), body).await.is(201);
    (t, admin, old, made)
}

async fn run(t: &TestApp) {
    end_rotations(&t.app.keys).await.expect("a run");
}

fn path(key: &TestKey) -> String {
    format!("{KEYS}/{}", key.id)
}

async fn events_of(t: &TestApp, action: &str) -> Vec<Value> {
    t.audit().await.into_iter().filter(|event| event["action"] == action).collect()
}

async fn differences(t: &TestApp) -> u64 {
    audit::compare(&t.app.db, t.workspace.id).await.expect("a comparison").total()
}

#[tokio::test]
async fn old_key_is_revoked_at_its_time_and_not_a_moment_earlier() {
    let (t, admin, old, made) = rotated(json!({ "revokeOldAfter": "1h" })).await;
    let shown = admin.get(&path(&old)).await.is(200);
    assert_eq!(shown.at("/data/revokeOldAt"), "2026-11-23T10:30:00Z");
    assert_eq!(made.at("/data/apiKey/revokeOldAt"), &json!(null), "the new key has no end");
    t.advance(HOUR.saturating_sub(SECOND)).await;
    run(&t).await;
    assert_eq!(admin.get(&path(&old)).await.at("/data/status"), "active");
    t.advance(SECOND).await;
    let (one, two) = tokio::join!(end_rotations(&t.app.keys), end_rotations(&t.app.keys));
    one.and(two).expect("two runs");
    run(&t).await;
    t.with(&old).get(WHOAMI).await.is(401).code("API_KEY_REVOKED");
    t.anonymous().header("x-api-key", &made.text_at("/data/secret")).get(WHOAMI).await.is(200);

    let revoked = admin.get(&path(&old)).await.is(200);
    assert_eq!(revoked.at("/data/revokedAt"), "2026-11-23T10:30:00Z");
    assert_eq!(revoked.at("/data/revokedBy/id"), "system");
    assert_eq!(revoked.at("/data/refusedEverywhereAt"), "2026-11-23T10:30:00Z", "with the proof");
    let events = events_of(&t, "api_key.revoked").await;
    assert_eq!((events.len(), &events[0]["actor"]["type"]), (1, &json!("system")));
    assert_eq!(events[0]["details"]["revokeOldAt"], "2026-11-23T10:30:00Z");
    assert_eq!(events_of(&t, "api_key.refused_everywhere").await.len(), 1);
    assert_eq!(events_of(&t, "api_key.rotation_blocked").await.len(), 0);
    assert_eq!(differences(&t).await, 0);
}

#[tokio::test]
async fn key_that_is_still_in_use_stays_and_is_reported_once() {
    let (t, _, old, _) = rotated(json!({ "revokeOldAfter": "2d" })).await;
    t.advance(DAY + SECOND).await;
    t.with(&old).from("198.51.100.7").get(WHOAMI).await.is(200);
    t.flush().await;
    t.advance(DAY.saturating_sub(SECOND)).await;
    let (one, two) = tokio::join!(end_rotations(&t.app.keys), end_rotations(&t.app.keys));
    one.and(two).expect("two runs");
    // It stays however long it is not used: an administrator decides.
    t.advance(3 * DAY).await;
    run(&t).await;
    let admin = t.admin().await;
    let shown = admin.get(&path(&old)).await.is(200);
    assert_eq!([shown.at("/data/status"), shown.at("/data/rotationBlockedAt")], ["active", "2026-11-25T09:30:00Z"]);
    let events = events_of(&t, "api_key.rotation_blocked").await;
    assert_eq!((events.len(), &events[0]["actor"]["type"]), (1, &json!("system")));
    let details = json!({
        "revokeOldAt": "2026-11-25T09:30:00Z", "cause": "in_use",
        "lastUsedAt": "2026-11-24T09:30:01Z", "lastUsedIp": "198.51.100.7",
    });
    assert_eq!(events[0]["details"], details);
    let blocked = async |now| rotations_blocked(t.app.db.read(), t.workspace.id, now, 10).await.expect("keys");
    let now = t.app.clock.now();
    assert_eq!(blocked(now).await.iter().map(|key| key.id.to_string()).collect::<Vec<_>>(), std::slice::from_ref(&old.id));
    assert_eq!(differences(&t).await, 0);

    // Another end, at which it is no longer used.
    admin.put(&format!("{}/revoke-at", path(&old)), json!({ "at": "2026-11-29T09:30:00Z" })).await.is(200);
    assert!(blocked(now).await.is_empty());
    t.advance(DAY).await;
    run(&t).await;
    t.with(&old).get(WHOAMI).await.is(401).code("API_KEY_REVOKED");
    assert_eq!(differences(&t).await, 0);
}

#[tokio::test]
async fn last_use_a_day_before_the_end_is_not_in_the_way() {
    let (t, _, old, _) = rotated(json!({ "revokeOldAfter": "24h" })).await;
    t.with(&old).get(WHOAMI).await.is(200);
    t.flush().await;
    t.advance(DAY).await;
    run(&t).await;
    t.with(&old).get(WHOAMI).await.is(401).code("API_KEY_REVOKED");
}

#[tokio::test]
async fn use_in_the_day_before_the_end_is_in_the_way_after_an_outage_too() {
    let (t, _, old, _) = rotated(json!({ "revokeOldAfter": "24h" })).await;
    t.advance(SECOND).await;
    t.with(&old).get(WHOAMI).await.is(200);
    t.flush().await;
    // No server runs at the end, so that nobody can use the new key.
    t.advance(3 * DAY).await;
    run(&t).await;
    assert_eq!(events_of(&t, "api_key.rotation_blocked").await.len(), 1);
    t.with(&old).get(WHOAMI).await.is(200);
}

#[tokio::test]
async fn forced_end_revokes_a_key_that_is_in_use() {
    let (t, admin, old, _) = rotated(json!({ "revokeOldAfter": "1h", "force": true })).await;
    assert_eq!(admin.get(&path(&old)).await.at("/data/revokeOldForced"), &json!(true));
    t.with(&old).get(WHOAMI).await.is(200);
    t.flush().await;
    t.advance(HOUR).await;
    run(&t).await;
    t.with(&old).get(WHOAMI).await.is(401).code("API_KEY_REVOKED");
    assert_eq!(events_of(&t, "api_key.revoked").await[0]["details"]["revokeOldForced"], true);
    assert_eq!(differences(&t).await, 0);
}

#[tokio::test]
async fn key_without_a_live_successor_stays_at_its_end_even_if_it_is_forced() {
    for force in [false, true] {
        let (t, admin, old, made) = rotated(json!({ "revokeOldAfter": "1h", "force": force })).await;
        let successor = made.text_at("/data/apiKey/id");
        admin.post(&format!("{KEYS}/{successor}/revoke"), json!({})).await.is(200);
        t.advance(HOUR).await;
        for _ in 0..2 {
            run(&t).await;
        }
        t.with(&old).get(WHOAMI).await.is(200);
        let events = events_of(&t, "api_key.rotation_blocked").await;
        assert_eq!(events.len(), 1, "{events:?}");
        assert_eq!(events[0]["details"], json!({ "revokeOldAt": "2026-11-23T10:30:00Z", "cause": "no_successor" }));
        let now = t.app.clock.now();
        assert_eq!(rotations_blocked(t.app.db.read(), t.workspace.id, now, 10).await.expect("keys").len(), 1);
        let (end, admin) = (format!("{}/revoke-at", path(&old)), t.admin().await);
        let refused = admin.put(&end, json!({ "at": "2026-11-24T09:30:00Z" })).await.is(409).code("CONFLICT");
        assert!(refused.text.contains("No active key replaces this key any more"), "{}", refused.text);
        admin.put(&end, json!({ "at": null })).await.is(200);
        assert_eq!(differences(&t).await, 0);
    }
}

#[tokio::test]
async fn key_is_revoked_at_its_end_if_a_later_successor_has_replaced_the_first() {
    let (t, admin, old, made) = rotated(json!({ "revokeOldAfter": "1h" })).await;
    let first = format!("{KEYS}/{}", made.text_at("/data/apiKey/id"));
    admin.post(&format!("{first}/rotate"), json!({})).await.is(201);
    admin.post(&format!("{first}/revoke"), json!({})).await.is(200);
    t.advance(HOUR).await;
    run(&t).await;
    t.with(&old).get(WHOAMI).await.is(401).code("API_KEY_REVOKED");
    assert_eq!(events_of(&t, "api_key.rotation_blocked").await.len(), 0);
}

#[tokio::test]
async fn end_is_changed_and_canceled_until_it_comes() {
    let (t, admin, old, _) = rotated(json!({})).await;
    let end = format!("{}/revoke-at", path(&old));
    let planned = admin.put(&end, json!({ "at": "2026-11-24T09:30:00Z" })).await.is(200);
    assert_eq!(planned.at("/data/revokeOldAt"), "2026-11-24T09:30:00Z");
    admin.put(&end, json!({ "at": "2026-11-25T09:30:00Z", "force": true })).await.is(200);
    admin.put(&end, json!({ "at": "2026-11-25T09:30:00Z" })).await.is(200);
    let changes: Vec<_> = events_of(&t, "api_key.updated").await.iter().map(|event| event["details"].clone()).collect();
    let to = |from: Value, to: Value| json!({ "from": from, "to": to });
    let expected = [
        json!({ "revokeOldAt": to(json!(null), json!("2026-11-24T09:30:00Z")) }),
        json!({
            "revokeOldAt": to(json!("2026-11-24T09:30:00Z"), json!("2026-11-25T09:30:00Z")),
            "revokeOldForced": to(json!(false), json!(true)),
        }),
    ];
    assert_eq!(changes, expected, "the last call changes nothing");
    t.advance(DAY).await;
    run(&t).await;
    let admin = t.admin().await;
    assert_eq!(admin.put(&end, json!({ "at": null })).await.is(200).at("/data/revokeOldForced"), &json!(false));
    t.advance(3 * DAY).await;
    run(&t).await;
    t.with(&old).get(WHOAMI).await.is(200);
    assert_eq!(differences(&t).await, 0);
}

#[tokio::test]
async fn another_rotation_leaves_an_end_replaces_it_or_cancels_it() {
    let (t, admin, old, _) = rotated(json!({ "revokeOldAfter": "7d" })).await;
    let rotate = async |body: Value| {
        admin.post(&format!("{}/rotate", path(&old)), body).await.is(201);
        admin.get(&path(&old)).await.is(200).at("/data/revokeOldAt").clone()
    };
    assert_eq!(rotate(json!({})).await, "2026-11-30T09:30:00Z");
    assert_eq!(rotate(json!({ "revokeOldAfter": "1d" })).await, "2026-11-24T09:30:00Z");
    assert_eq!(rotate(json!({ "revokeOldAfter": null })).await, json!(null));
    assert_eq!(differences(&t).await, 0);
}

#[tokio::test]
async fn end_out_of_its_bounds_is_refused_with_the_field() {
    let (t, admin, old, _) = rotated(json!({})).await;
    let rotate = format!("{}/rotate", path(&old));
    for wrong in [json!("59m"), json!("0h"), json!("31d"), json!("721h"), json!("1"), json!(3600), json!("-1d"), json!("")] {
        admin.post(&rotate, json!({ "revokeOldAfter": wrong })).await.is(400).names_field("revokeOldAfter");
    }
    admin.post(&rotate, json!({ "force": true })).await.is(400).names_field("force");
    let end = format!("{}/revoke-at", path(&old));
    for wrong in ["2026-11-23T09:30:00Z", "2020-01-01T00:00:00Z", "2026-12-23T09:30:00.000001Z", "soon"] {
        admin.put(&end, json!({ "at": wrong })).await.is(400).names_field("at");
    }
    admin.put(&end, json!({})).await.is(400).code("INVALID_REQUEST");
    admin.put(&end, json!({ "at": "2026-12-23T09:30:00Z" })).await.is(200);
    let single = t.key_with(read_only_key("Never rotated")).await;
    let of_single = format!("{}/revoke-at", path(&single));
    admin.put(&of_single, json!({ "at": "2026-11-24T09:30:00Z" })).await.is(409).code("CONFLICT");
    admin.put(&of_single, json!({ "at": null })).await.is(200);
    admin.post(&format!("{}/revoke", path(&old)), json!({})).await.is(200);
    admin.put(&end, json!({ "at": null })).await.is(409).code("CONFLICT");
    let (_, other) = t.other_workspace().await;
    other.put(&of_single, json!({ "at": null })).await.is(404);
}

#[tokio::test]
async fn end_that_is_canceled_at_that_very_moment_is_either_canceled_or_kept() {
    for _ in 0..5 {
        let (t, admin, old, _) = rotated(json!({ "revokeOldAfter": "1h" })).await;
        t.advance(HOUR).await;
        let end = format!("{}/revoke-at", path(&old));
        let (ran, canceled) = tokio::join!(end_rotations(&t.app.keys), admin.put(&end, json!({ "at": null })));
        ran.expect("a run");
        run(&t).await;
        let status = admin.get(&path(&old)).await.at("/data/status").clone();
        match canceled.status {
            200 => assert_eq!(status, "active", "a canceled end revokes nothing"),
            409 => assert_eq!(status, "revoked", "{}", canceled.text),
            _ => panic!("{}", canceled.text),
        }
        assert_eq!(differences(&t).await, 0);
    }
}

#[tokio::test]
async fn revocation_that_was_cut_off_before_its_proof_is_confirmed_by_the_next_run() {
    let (t, admin, old, _) = rotated(json!({ "revokeOldAfter": "1h" })).await;
    t.advance(HOUR).await;
    run(&t).await;
    // As a node leaves it that stops right after the commit.
    t.tamper("UPDATE api_keys SET refused_everywhere_at = NULL").await;
    run(&t).await;
    assert_eq!(admin.get(&path(&old)).await.at("/data/refusedEverywhereAt"), &json!(null), "it may still be confirmed");
    t.advance(2 * Duration::from_mins(1)).await;
    run(&t).await;
    assert_eq!(admin.get(&path(&old)).await.at("/data/refusedEverywhereAt"), "2026-11-23T10:32:00Z");
}

#[tokio::test]
async fn failed_commit_leaves_the_key_to_the_next_run_and_does_not_hold_up_the_others() {
    let (t, _, old, _) = rotated(json!({ "revokeOldAfter": "1h" })).await;
    t.advance(HOUR).await;
    t.database.reject_writes("UPDATE", "audit_heads", "1 = 1").await;
    end_rotations(&t.app.keys).await.expect_err("no commit");
    t.database.accept_writes("audit_heads").await;
    t.with(&old).get(WHOAMI).await.is(200);
    t.flush().await;
    // That use is now in the way.
    run(&t).await;
    assert_eq!(events_of(&t, "api_key.rotation_blocked").await.len(), 1);
    assert_eq!(differences(&t).await, 0);
}

#[tokio::test]
async fn expired_key_is_revoked_at_its_end_whatever_its_last_use() {
    let t = TestApp::new().await;
    let body = json!({ "name": "Short", "permissions": "read_only", "expiresAt": "2026-11-23T12:00:00Z" });
    let (admin, old) = (t.admin().await, t.key_with(body).await);
    admin.post(&format!("{}/rotate", path(&old)), json!({ "revokeOldAfter": "3h" })).await.is(201);
    t.with(&old).get(WHOAMI).await.is(200);
    t.flush().await;
    t.advance(3 * HOUR).await;
    run(&t).await;
    assert_eq!(t.admin().await.get(&path(&old)).await.at("/data/status"), "revoked");
}
