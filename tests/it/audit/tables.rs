//! `audit::compare`: whatever is done to a row of a key, a member or a setting behind the product's back is named.

use planeconnection::audit::{TargetKind, compare};
use planeconnection::members::Role;
use serde_json::json;
use testkit::KEYS;

use crate::security::{SETTINGS, give_factor, settings};
use crate::support::{TestApp, TestKey};

/// The fields that differ, with the name of the row.
async fn differing(t: &TestApp) -> Vec<(String, &'static str)> {
    let found = compare(&t.app.db, t.workspace.id).await.expect("a comparison");
    found.differences.into_iter().map(|difference| (difference.name, difference.field)).collect()
}

async fn trips_key(t: &TestApp, name: &str) -> TestKey {
    t.key_with(json!({ "name": name, "permissions": "custom", "scopes": ["trips:read"], "expiresAt": null })).await
}

/// An app in which everything has happened that changes a key, a member or a setting.
async fn with_a_history() -> TestApp {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let limited = json!({
        "name": "Limited", "permissions": "read_only", "expiresAt": "2026-12-24T00:00:00Z", "description": "For the hangar",
        "ipAllowlist": ["2001:db8::/32", "203.0.113.7"], "rateLimit": { "requests": 5, "perSeconds": 60 },
    });
    let limited = t.key_with(limited).await;
    let [kept, revoked] = [trips_key(&t, "Kept").await, trips_key(&t, "Revoked").await];
    let [paused, resumed] = [trips_key(&t, "Paused").await, trips_key(&t, "Resumed").await];
    for (key, minutes) in [(&paused, json!(525_600)), (&resumed, json!(null)), (&kept, json!(5)), (&revoked, json!(5))] {
        owner.post(&format!("{KEYS}/{}/pause", key.id), json!({ "minutes": minutes })).await.is(200);
    }
    owner.post(&format!("{KEYS}/{}/resume", resumed.id), json!({})).await.is(200);
    let changes = json!({ "name": "Changed", "description": "At the desk", "ipAllowlist": ["10.0.0.0/8"], "rateLimit": null });
    owner.patch(&format!("{KEYS}/{}", kept.id), changes).await.is(200);
    owner.post(&format!("{KEYS}/{}/rotate", limited.id), json!({})).await.is(201);
    owner.post(&format!("{KEYS}/{}/revoke", revoked.id), json!({ "reason": "Over" })).await.is(200);
    let invited = json!({ "name": "Dee", "email": "dee@skyline.example", "role": "pilot" });
    let invited = owner.post("/api/v1/members", invited).await.is(201);
    let token = invited.text_at("/data/inviteUrl").split_once("/join#").expect("a link").1.to_owned();
    let joining = json!({ "token": token, "password": "a password of hers" });
    t.anonymous().post("/api/v1/auth/join", joining).await.is(200);
    let dee = invited.text_at("/data/member/id");
    owner.patch(&format!("/api/v1/members/{dee}"), json!({ "role": "auditor" })).await.is(200);
    owner.post("/api/v1/members", json!({ "name": "Eli", "email": "eli@skyline.example", "role": "pilot" })).await.is(201);
    let gone = t.add_member(Role::Admin).await;
    owner.delete(&format!("/api/v1/members/{}", gone.id)).await;
    owner.put("/api/v1/settings/api-keys", json!({ "enabled": false })).await.is(200);
    give_factor(&t, "ana@skyline.example").await;
    let required = json!({ "twoFactorPolicy": "required_for_all", "graceDays": 7, "idleMinutes": 43_200 });
    owner.put(SETTINGS, settings(required.clone())).await.is(200);
    t.advance(std::time::Duration::from_hours(24)).await;
    let owner = t.owner().await;
    let mut required = settings(required);
    required["graceDays"] = json!(14);
    required["passkeysAllowed"] = json!(false);
    owner.put(SETTINGS, required).await.is(200);
    // The limited key expires.
    t.advance(std::time::Duration::from_hours(24 * 40)).await;
    t
}

#[tokio::test]
async fn unaltered_tables_match_the_log() {
    let t = Box::pin(with_a_history()).await;
    let (other, _) = t.other_workspace().await;
    let found = compare(&t.app.db, t.workspace.id).await.expect("a comparison");
    assert_eq!((found.differences, found.more, found.keys, found.members), (vec![], 0, 6, 3));
    let found = compare(&t.app.db, other.id).await.expect("a comparison");
    assert_eq!((found.differences, found.keys, found.members), (vec![], 0, 1));
}

/// A statement, the value that it takes, and the names and fields that have to be reported.
type Case<'a> = (&'a str, fn(&TestApp) -> String, &'a [(&'a str, &'a str)]);

#[tokio::test]
async fn altered_row_is_reported_with_its_field() {
    let flag = |t: &TestApp| t.database.by_engine("1", "TRUE").to_owned();
    let none = |_: &TestApp| String::new();
    let cases: [Case; 26] = [
        (
            "UPDATE api_keys SET paused_at = NULL, paused_by_id = NULL WHERE name = 'Paused'",
            none,
            &[("Paused", "pausedAt"), ("Paused", "pausedBy")],
        ),
        ("UPDATE api_keys SET paused_until = paused_at WHERE name = 'Paused'", none, &[("Paused", "pausedUntil")]),
        ("UPDATE api_keys SET paused_everywhere_at = NULL WHERE name = 'Paused'", none, &[("Paused", "pausedEverywhereAt")]),
        (
            "UPDATE api_keys SET revoked_at = NULL, revoked_by_id = NULL WHERE name = 'Revoked'",
            none,
            &[("Revoked", "revokedAt"), ("Revoked", "revokedBy")],
        ),
        ("UPDATE api_keys SET scopes = 2047 WHERE name = 'Changed'", none, &[("Changed", "scopes")]),
        ("UPDATE api_keys SET permissions = 'read_write' WHERE name = 'Changed'", none, &[("Changed", "permissions")]),
        ("UPDATE api_keys SET expires_at = NULL WHERE name = 'Limited'", none, &[("Limited", "expiresAt")]),
        ("UPDATE api_keys SET expiry_recorded_at = NULL WHERE name = 'Limited'", none, &[("Limited", "expiryRecordedAt")]),
        ("UPDATE api_keys SET ip_allowlist = NULL WHERE name = 'Limited'", none, &[("Limited", "ipAllowlist")]),
        ("UPDATE api_keys SET rate_requests = 500000 WHERE name = 'Limited'", none, &[("Limited", "rateLimit")]),
        ("UPDATE api_keys SET name = 'Renamed' WHERE name = 'Changed'", none, &[("Changed", "name")]),
        ("UPDATE api_keys SET description = 'Mine' WHERE name = 'Changed'", none, &[("Changed", "description")]),
        ("UPDATE api_keys SET hint = 'pck_0000…0000' WHERE name = 'Changed'", none, &[("Changed", "hint")]),
        ("UPDATE api_keys SET created_by_id = 'operator' WHERE name = 'Changed'", none, &[("Changed", "createdBy")]),
        (
            "UPDATE api_keys SET rotated_from = NULL WHERE name LIKE 'Limited (%'",
            none,
            &[("Limited (2026-11-23)", "rotatedFrom")],
        ),
        ("UPDATE api_keys SET refused_everywhere_at = NULL WHERE name = 'Revoked'", none, &[("Revoked", "refusedEverywhereAt")]),
        ("DELETE FROM api_keys WHERE name = 'Revoked'", none, &[("Revoked", "row")]),
        ("UPDATE members SET role = 'account_owner' WHERE name = 'Dee'", none, &[("Dee", "role")]),
        (
            "UPDATE members SET password_hash = 'another' WHERE name IN ('Dee', 'Eli')",
            none,
            &[("Dee", "passwordFingerprint"), ("Eli", "passwordFingerprint")],
        ),
        ("UPDATE members SET email = 'mallory@skyline.example' WHERE name = 'Dee'", none, &[("Dee", "email")]),
        ("DELETE FROM members WHERE name = 'Dee'", none, &[("Dee", "row")]),
        ("UPDATE workspaces SET api_keys_enabled = ", flag, &[("Skyline Aviation", "apiKeysEnabled")]),
        ("UPDATE security_settings SET two_factor_policy = 'optional'", none, &[("Skyline Aviation", "twoFactorPolicy")]),
        ("UPDATE security_settings SET passkeys_allowed = ", flag, &[("Skyline Aviation", "passkeysAllowed")]),
        (
            "UPDATE security_settings SET others_grace_ends_at = '2030-01-01 00:00:00+00:00'",
            none,
            &[("Skyline Aviation", "othersGraceEndsAt")],
        ),
        (
            "DELETE FROM security_settings",
            none,
            &[
                ("Skyline Aviation", "adminsGraceEndsAt"),
                ("Skyline Aviation", "adminsRequiredSince"),
                ("Skyline Aviation", "graceDays"),
                ("Skyline Aviation", "idleMinutes"),
                ("Skyline Aviation", "othersGraceEndsAt"),
                ("Skyline Aviation", "othersRequiredSince"),
                ("Skyline Aviation", "passkeysAllowed"),
                ("Skyline Aviation", "twoFactorPolicy"),
            ],
        ),
    ];
    for (sql, rest, expected) in cases {
        let t = Box::pin(with_a_history()).await;
        let rest = rest(&t);
        t.tamper(&format!("{sql}{rest}")).await;
        let mut expected: Vec<_> = expected.iter().map(|(name, field)| ((*name).to_owned(), *field)).collect();
        // They come in the order of ids, which are random.
        let mut found = differing(&t).await;
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{sql}");
    }
}

#[tokio::test]
async fn security_settings_planted_in_a_workspace_without_any_are_reported() {
    let t = TestApp::new().await;
    let no = t.database.by_engine("0", "FALSE");
    t.tamper(&format!(
        "INSERT INTO security_settings (workspace_id, two_factor_policy, grace_days, passkeys_allowed, idle_minutes, \
         absolute_minutes, minimum_password_length) SELECT id, 'optional', 0, {no}, 720, 129600, 15 FROM workspaces",
    ))
    .await;
    let found = compare(&t.app.db, t.workspace.id).await.expect("a comparison").differences;
    let said: Vec<_> = found.iter().map(|one| (one.field, one.log.as_str(), one.table.as_str())).collect();
    assert_eq!(said, [("passkeysAllowed", "true", "false"), ("absoluteMinutes", "10080", "129600")]);
}

#[tokio::test]
async fn security_settings_of_a_newer_version_are_no_difference() {
    let t = Box::pin(with_a_history()).await;
    let file = "json_set(details, '$.twoFactorPolicy.to', 'required_for_robots')";
    let server = "jsonb_set(details, '{twoFactorPolicy,to}', '\"required_for_robots\"')";
    let details = t.database.by_engine(file, server);
    t.tamper(&format!("UPDATE audit_events SET details = {details} WHERE action = 'settings.security.updated'")).await;
    t.tamper("UPDATE security_settings SET two_factor_policy = 'required_for_robots', idle_minutes = 61").await;
    assert_eq!(differing(&t).await, []);
}

#[tokio::test]
async fn replaced_secret_is_reported() {
    let t = Box::pin(with_a_history()).await;
    t.tamper(&format!("UPDATE api_keys SET digest = {} WHERE name = 'Changed'", t.database.zero_hash_sql())).await;
    assert_eq!(differing(&t).await, [("Changed".to_owned(), "secretFingerprint")]);
}

#[tokio::test]
async fn row_without_event_is_reported() {
    let t = Box::pin(with_a_history()).await;
    t.tamper(&format!(
        "INSERT INTO members (id, workspace_id, email, name, role, password_hash, created_at) \
         SELECT {}, workspace_id, 'm@skyline.example', 'Mallory', role, password_hash, created_at FROM members WHERE name = 'Dee'",
        t.database.new_id_sql(),
    ))
    .await;
    t.tamper(&format!(
        "INSERT INTO api_keys (id, workspace_id, digest, hint, name, permissions, scopes, created_at, created_by_id, \
         created_by_name, revision) SELECT {}, workspace_id, {}, hint, 'Planted', permissions, scopes, created_at, created_by_id, \
         created_by_name, revision FROM api_keys WHERE name = 'Changed'",
        t.database.new_id_sql(),
        t.database.zero_hash_sql(),
    ))
    .await;
    assert_eq!(differing(&t).await, [("Planted".to_owned(), "row"), ("Mallory".to_owned(), "row")]);
}

#[tokio::test]
async fn difference_shows_logged_and_stored_values() {
    let t = TestApp::new().await;
    let key = trips_key(&t, "Desk").await;
    t.owner().await.post(&format!("{KEYS}/{}/revoke", key.id), json!({})).await.is(200);
    t.tamper("UPDATE api_keys SET revoked_at = NULL").await;
    let found = compare(&t.app.db, t.workspace.id).await.expect("a comparison");
    let reported =
        format!("API key “Desk” ({}): revokedAt is 2026-11-23T09:30:00Z in the log and nothing in the database", key.id);
    assert_eq!(found.differences.iter().map(ToString::to_string).collect::<Vec<_>>(), [reported]);
}

#[tokio::test]
async fn fields_missing_from_older_events_are_no_difference() {
    let t = Box::pin(with_a_history()).await;
    for field in ["secretFingerprint", "passwordFingerprint", "rotatedFrom", "custodianId"] {
        let file = format!("UPDATE audit_events SET details = json_remove(details, '$.{field}')");
        let server = format!("UPDATE audit_events SET details = details - '{field}'");
        t.tamper(t.database.by_engine(&file, &server)).await;
    }
    // A version that does not record custodians stores none.
    t.tamper("UPDATE api_keys SET custodian_id = NULL").await;
    assert_eq!(differing(&t).await, []);
    t.tamper("UPDATE api_keys SET custodian_id = created_by_id WHERE name = 'Changed'").await;
    assert_eq!(differing(&t).await, [("Changed".to_owned(), "custodianId")]);
    t.tamper("UPDATE api_keys SET custodian_id = NULL").await;
    t.tamper("UPDATE members SET password_hash = 'another'").await;
    t.tamper(
        "UPDATE api_keys SET refused_everywhere_at = NULL; DELETE FROM audit_events WHERE action = 'api_key.refused_everywhere'",
    )
    .await;
    assert_eq!(differing(&t).await, []);
    // The event of the old key records it anyway.
    t.tamper("UPDATE api_keys SET rotated_from = NULL").await;
    assert_eq!(differing(&t).await, [("Limited (2026-11-23)".to_owned(), "rotatedFrom")]);
}

#[tokio::test]
async fn concurrent_writes_are_no_difference() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let writing = async {
        for number in 0..15 {
            let key = trips_key(&t, &format!("Key {number}")).await;
            owner.patch(&format!("{KEYS}/{}", key.id), json!({ "name": format!("Key {number} changed") })).await.is(200);
            owner.post(&format!("{KEYS}/{}/rotate", key.id), json!({ "revokeOldAfter": "1h" })).await.is(201);
            owner.post(&format!("{KEYS}/{}/revoke", key.id), json!({})).await.is(200);
            let member = t.add_member(Role::Pilot).await;
            owner.delete(&format!("/api/v1/members/{}", member.id)).await;
        }
    };
    let comparing = async {
        for _ in 0..40 {
            assert_eq!(differing(&t).await, []);
        }
    };
    tokio::join!(writing, comparing);
}

#[tokio::test]
async fn unreadable_row_is_reported() {
    // In a file: a server's types let nothing in that cannot be read.
    let t = TestApp::in_a_file().await;
    trips_key(&t, "Desk").await;
    t.tamper("UPDATE api_keys SET created_at = 'yesterday'").await;
    let found = compare(&t.app.db, t.workspace.id).await.expect("a comparison");
    assert!(
        found.differences.iter().any(|one| one.kind == TargetKind::ApiKey && one.table.starts_with("unreadable")),
        "{found:?}"
    );
}
