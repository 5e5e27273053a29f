//! The list of keys as a CSV file.

use std::time::Duration;

use planeconnection::members::Role;
use serde_json::json;
use testkit::KEYS;

use super::with;
use crate::support::{Response, TestApp, read_only_key};

const EXPORT: &str = "/api/v1/api-keys/export";

/// Returns a column of the file.
fn column(file: &Response, name: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_reader(file.text.trim_start_matches('\u{feff}').as_bytes());
    let at = reader.headers().expect("a header").iter().position(|column| column == name).expect("a column");
    reader.records().map(|row| row.expect("a row")[at].to_owned()).collect()
}

#[tokio::test]
async fn export_has_the_keys_of_the_filtered_list() {
    let t = TestApp::new().await;
    let pilot = t.add_member(Role::Pilot).await;
    let body = json!({ "name": "Import", "permissions": "custom", "scopes": ["trips:write", "fleet:read"],
        "expiresAt": "2027-01-31T00:00:00Z", "ipAllowlist": ["203.0.113.7"], "custodianId": pilot.id });
    let import = t.key_with(body).await;
    t.advance(Duration::from_secs(1)).await;
    let gone = t.key_with(read_only_key("Gone")).await;
    let owner = t.owner().await;
    owner.post(&format!("{KEYS}/{}/revoke", gone.id), json!({ "reason": "Over" })).await.is(200);
    let all = owner.get(EXPORT).await.is(200);
    assert_eq!(all.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(all.header("content-disposition"), "attachment; filename=\"api-keys-skyline.csv\"");
    assert_eq!(all.header("cache-control"), "no-store");
    assert_eq!(
        (column(&all, "name"), column(&all, "status")),
        (vec!["Gone".into(), "Import".into()], vec!["revoked".into(), "active".into()])
    );
    assert!(!all.text.contains(&import.secret) && !all.text.contains(&gone.secret));
    let active = owner.get(&format!("{EXPORT}?status=active&can_write=true&search=imp")).await.is(200);
    for (name, value) in [
        ("id", import.id.as_str()),
        ("scopes", "trips:write fleet:read"),
        ("custodianId", &pilot.id.to_string()),
        ("custodianName", "Test pilot"),
        ("createdByName", "Ana Keller"),
        ("expiresAt", "2027-01-31T00:00:00Z"),
        ("ipAllowlist", "203.0.113.7/32"),
        ("rateLimit", "600 in 60 s"),
        ("lastUsedAt", ""),
    ] {
        assert_eq!(column(&active, name), [value], "{name}");
    }
    let none = owner.get(&format!("{EXPORT}?status=expired")).await.is(200);
    assert_eq!(none.text.lines().count(), 1, "{}", none.text);
    for refused in ["status=gone", "page=1", "format=ndjson"] {
        owner.get(&format!("{EXPORT}?{refused}")).await.is(400).code("INVALID_REQUEST");
    }
}

#[tokio::test]
async fn formulas_in_names_are_escaped() {
    let t = TestApp::new().await;
    t.key_with(with(read_only_key("=HYPERLINK(1)"), "description", json!("+cmd|' /C calc'!A0"))).await;
    let file = t.owner().await.get(EXPORT).await.is(200);
    assert_eq!(column(&file, "name"), ["'=HYPERLINK(1)"]);
    assert!(column(&file, "description")[0].starts_with("'+"), "{}", file.text);
}

#[tokio::test]
async fn export_continues_past_the_first_batch() {
    let t = TestApp::new().await;
    t.key_with(read_only_key("Key 0")).await;
    let columns = "workspace_id, hint, permissions, scopes, created_at, created_by_id, created_by_name, revision";
    let id = t.database.new_id_sql();
    let digest = t.database.by_engine("randomblob(32)", "decode(md5(random()::text) || md5(random()::text), 'hex')");
    t.tamper(&format!(
        "WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < 1040) \
         INSERT INTO api_keys (id, digest, name, {columns}) \
         SELECT {id}, {digest}, 'Key ' || number, {columns} FROM api_keys, numbers WHERE name = 'Key 0'"
    ))
    .await;
    let file = t.owner().await.get(EXPORT).await.is(200);
    let mut names = column(&file, "name");
    names.sort_unstable();
    names.dedup();
    assert_eq!((names.len(), file.text.matches("\"createdAt\"").count()), (1_041, 1));
}

#[tokio::test]
async fn only_administrators_who_proved_their_identity_recently_export_keys() {
    let t = TestApp::new().await;
    let admin = t.admin().await;
    admin.get(EXPORT).await.is(200);
    t.advance(Duration::from_mins(16)).await;
    admin.get(EXPORT).await.is(403).code("REAUTHENTICATION_REQUIRED");
    t.member(Role::Auditor).await.get(EXPORT).await.is(403);
    let key = t.key(&["audit:read"]).await;
    t.with(&key).get(EXPORT).await.is(403).code("PERSON_REQUIRED");
    let person = t.person(Role::Admin).await;
    let list = person.get("/settings/api-keys?can_write=true").await.is(200);
    assert!(
        list.text.contains("/settings/api-keys/export?can_write=true") || list.text.contains("No keys match"),
        "{}",
        list.text
    );
    assert!(person.get("/settings/api-keys/export?status=active").await.is(200).text.starts_with("\u{feff}\"id\""));
}
