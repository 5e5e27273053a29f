//! Filters on properties of keys, and their combinations.

use std::time::Duration;

use planeconnection::members::Role;
use serde_json::{Value, json};
use testkit::{KEYS, WHOAMI};

use super::with;
use crate::support::{Client, TestApp, read_only_key};

const DAY: Duration = Duration::from_hours(24);

fn custom(name: &str, scopes: &[&str], expires_at: Value) -> Value {
    json!({ "name": name, "permissions": "custom", "scopes": scopes, "expiresAt": expires_at })
}

/// The names of the keys that a filter finds, in order; the total has to agree.
async fn found(client: &Client, query: &str) -> Vec<String> {
    let page = client.get(&format!("{KEYS}?{query}&page_size=100")).await.is(200);
    let mut names = page.items("name");
    assert_eq!(page.at("/data/total"), names.len(), "{query}");
    names.sort_unstable();
    names
}

#[tokio::test]
async fn filters_find_keys_by_use_expiry_access_and_custodian() {
    let t = TestApp::new().await;
    let pilot = t.add_member(Role::Pilot).await;
    let idle = t.key_with(read_only_key("Idle")).await;
    t.with(&idle).get(WHOAMI).await.is(200);
    t.key_with(with(read_only_key("Never used"), "custodianId", json!(pilot.id))).await;
    let revoked = t.key_with(read_only_key("Revoked")).await;
    let busy = t.key_with(custom("Busy", &["trips:write"], json!("2026-12-31T00:00:00Z"))).await;
    t.key_with(custom("Over", &["fleet:write"], json!("2026-11-30T00:00:00Z"))).await;
    let owner = t.owner().await;
    owner.post(&format!("{KEYS}/{}/revoke", revoked.id), json!({})).await.is(200);
    t.flush().await;
    t.advance(20 * DAY).await;
    t.with(&busy).get(WHOAMI).await.is(200);
    t.flush().await;
    t.advance(11 * DAY).await;
    t.key_with(custom("New", &["audit:read", "trips:read"], json!("2027-11-30T00:00:00Z"))).await;
    let owner = t.owner().await;
    for (query, names) in [
        ("unused=true", &["Idle", "Never used"][..]),
        ("expiring=true", &["Busy"]),
        ("no_expiration=true", &["Idle", "Never used", "Revoked"]),
        ("can_write=true", &["Busy", "Over"]),
        ("module=trips", &["Busy", "Idle", "Never used", "New", "Revoked"]),
        ("module=audit", &["New"]),
        ("module=fleet&can_write=true", &["Over"]),
        ("module=audit&can_write=true", &[]),
        (&format!("custodian_id={}", pilot.id), &["Never used"]),
        ("custodian_id=user_01h455vb4pex5vsknk084sn02q", &[]),
        ("no_expiration=true&status=active&search=never", &["Never used"]),
        ("unused=true&status=revoked", &[]),
        ("can_write=true&status=expired", &["Over"]),
        ("unused=false&expiring=false&no_expiration=false&can_write=false&status=revoked", &["Revoked"]),
    ] {
        assert_eq!(found(&owner, query).await, names, "{query}");
    }
    let (_, outsider) = t.other_workspace().await;
    for query in ["unused=true", "module=trips", &format!("custodian_id={}", t.owner.id)] {
        assert_eq!(found(&outsider, query).await, [""; 0], "{query}");
    }
}

#[tokio::test]
async fn filtered_list_is_walked_by_cursor() {
    let t = TestApp::new().await;
    for number in 1..=5 {
        let scope = if number % 2 == 0 { "trips:read" } else { "fleet:write" };
        t.key_with(custom(&format!("Key {number}"), &[scope], json!(null))).await;
        t.advance(Duration::from_secs(1)).await;
    }
    let owner = t.owner().await;
    let query = format!("{KEYS}?can_write=true&custodian_id={}&page_size=2", t.owner.id);
    let first = owner.get(&query).await.is(200);
    assert_eq!((first.items("name"), first.at("/data/total")), (vec!["Key 5".to_owned(), "Key 3".to_owned()], &json!(3)));
    let cursor = first.text_at("/data/next_cursor");
    assert_eq!(owner.get(&format!("{query}&cursor={cursor}")).await.is(200).items("name"), ["Key 1"]);
    owner.get(&format!("{KEYS}?page_size=2&cursor={cursor}")).await.is(400).code("CURSOR_MISMATCH");
}
