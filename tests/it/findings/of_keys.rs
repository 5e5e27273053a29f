//! Findings about keys.

use std::time::Duration;

use planeconnection::keys::{end_rotations, orphaned};
use planeconnection::members::Role;
use serde_json::{Value, json};
use testkit::{AIRCRAFT, KEYS, MEMBERS, TRIPS};

use super::{DAY, finding, found, key_for, now, revoke};
use crate::support::{TestApp, TestKey};

/// A key with these scopes that expires in a year.
async fn scoped(t: &TestApp, scopes: &[&str]) -> TestKey {
    let expiry = t.app.clock.now().after(DAY * 365);
    t.key_with(json!({ "name": "Scoped", "permissions": "custom", "scopes": scopes, "expiresAt": expiry })).await
}

async fn use_from(t: &TestApp, key: &TestKey, path: &str, address: &str) {
    t.with(key).from(address).get(path).await.is(200);
}

fn remedy(label: &str, key: &TestKey, page: &str) -> Value {
    json!({ "label": label, "href": format!("/settings/api-keys/{}{page}", key.id) })
}

#[tokio::test]
async fn key_that_expires_within_14_days_is_a_finding_until_it_is_revoked() {
    let t = TestApp::new().await;
    let key = key_for(&t, 15).await;
    assert!(finding(&t, "key_expiring").await.is_none());
    t.advance(DAY).await;
    let expiring = finding(&t, "key_expiring").await.expect("a finding");
    assert_eq!([&expiring["apiKeyId"], &expiring["severity"]], [&json!(key.id), &json!("warning")]);
    assert_eq!(expiring["message"], "For 15 days expires on 8 Dec 2026, in 14 days.");
    assert_eq!([&expiring["since"], &expiring["remedy"]], [&json!("2026-11-24T09:30:00Z"), &remedy("Rotate", &key, "/rotate")]);
    t.advance(DAY * 11).await;
    assert_eq!(finding(&t, "key_expiring").await.expect("a finding")["severity"], "critical");
    revoke(&t, &key).await;
    assert!(finding(&t, "key_expiring").await.is_none());
}

#[tokio::test]
async fn old_key_is_a_finding_and_information_while_its_rotation_is_under_way() {
    let t = TestApp::new().await;
    let key = key_for(&t, 300).await;
    t.advance(DAY * 90).await;
    assert!(finding(&t, "key_old").await.is_none());
    t.advance(Duration::from_secs(1)).await;
    let old = finding(&t, "key_old").await.expect("a finding");
    assert_eq!([&old["severity"], &old["remedy"]], [&json!("warning"), &remedy("Rotate", &key, "/rotate")]);
    t.owner().await.post(&format!("{KEYS}/{}/rotate", key.id), json!({})).await.is(201);
    let rotating = finding(&t, "key_old").await.expect("a finding");
    assert_eq!([&rotating["id"], &rotating["severity"]], [&old["id"], &json!("info")]);
    assert!(rotating["message"].as_str().is_some_and(|message| message.ends_with("Its rotation is under way.")), "{rotating}");
    revoke(&t, &key).await;
    assert!(finding(&t, "key_old").await.is_none());
}

#[tokio::test]
async fn unused_key_is_a_finding_until_it_is_used() {
    let t = TestApp::new().await;
    let key = scoped(&t, &["trips:read"]).await;
    assert!(finding(&t, "key_unused").await.is_none());
    t.advance(DAY * 7).await;
    let never = finding(&t, "key_unused").await.expect("a finding");
    assert_eq!(never["message"], "Scoped was created 7 days ago and has never been used.");
    use_from(&t, &key, TRIPS, "203.0.113.7").await;
    t.flush().await;
    assert!(now(&t, "&code=key_unused").await.is_empty(), "at once, without the job");
    t.advance(DAY * 30).await;
    let unused = finding(&t, "key_unused").await.expect("a finding");
    assert_eq!([&unused["since"], &unused["remedy"]], [&json!("2026-12-30T09:30:00Z"), &remedy("Pause", &key, "/pause")]);
    t.owner().await.post(&format!("{KEYS}/{}/pause", key.id), json!({})).await.is(200);
    assert!(now(&t, "&code=key_unused").await.is_empty(), "a pause ends it");
    assert!(finding(&t, "key_unused").await.is_none());
    t.owner().await.post(&format!("{KEYS}/{}/resume", key.id), json!({})).await.is(200);
    assert!(finding(&t, "key_unused").await.is_some());
    revoke(&t, &key).await;
    assert!(now(&t, "&code=key_unused").await.is_empty(), "at once, without the job");
}

#[tokio::test]
async fn key_without_expiration_is_a_finding_until_it_is_revoked() {
    let t = TestApp::new().await;
    let key = t.named_key("Endless").await;
    let endless = now(&t, "&code=key_no_expiry").await;
    assert_eq!(
        [&endless[0]["message"], &endless[0]["remedy"]["label"]],
        [&json!("Endless does not expire."), &json!("Rotate with a date")]
    );
    revoke(&t, &key).await;
    assert!(now(&t, "&code=key_no_expiry").await.is_empty());
}

#[tokio::test]
async fn scope_that_was_not_used_for_30_days_is_a_finding_until_it_is_used() {
    let t = TestApp::new().await;
    let key = scoped(&t, &["trips:read", "fleet:read", "invoices:write"]).await;
    use_from(&t, &key, AIRCRAFT, "203.0.113.7").await;
    t.flush().await;
    assert!(finding(&t, "key_excess").await.is_none());
    t.advance(DAY * 29).await;
    use_from(&t, &key, TRIPS, "203.0.113.7").await;
    assert!(finding(&t, "key_excess").await.is_none(), "a key of 29 days");
    t.advance(DAY * 2).await;
    let excess = finding(&t, "key_excess").await.expect("a finding");
    assert_eq!(excess["message"], "Scoped did not use fleet:read and invoices:write in the last 30 days.");
    assert_eq!(excess["remedy"], remedy("Rotate with fewer", &key, "/rotate?scopes=used"));
    use_from(&t, &key, AIRCRAFT, "203.0.113.7").await;
    t.flush().await;
    let left = now(&t, "&code=key_excess").await;
    assert_eq!(left[0]["message"], "Scoped did not use invoices:write in the last 30 days.", "at once, without the job");
    let of_key = now(&t, &format!("&code=key_excess&api_key_id={}", key.id)).await;
    assert_eq!(of_key[0]["message"], left[0]["message"]);
    revoke(&t, &key).await;
    assert!(now(&t, "&code=key_excess").await.is_empty());
}

#[tokio::test]
async fn calls_with_a_revoked_key_are_a_finding_for_a_day() {
    let t = TestApp::new().await;
    let key = key_for(&t, 200).await;
    revoke(&t, &key).await;
    assert!(finding(&t, "key_revoked_calls").await.is_none());
    t.with(&key).from("203.0.113.7").get(TRIPS).await.is(401).code("API_KEY_REVOKED");
    let called = finding(&t, "key_revoked_calls").await.expect("a finding");
    let message = called["message"].as_str().expect("a message");
    assert!(message.contains("203.0.113.7") && message.contains("tell the owner of the application"), "{message}");
    assert_eq!([&called["apiKeyId"], &called["since"]], [&json!(key.id), &json!("2026-11-23T09:30:00Z")]);
    t.advance(DAY + Duration::from_secs(1)).await;
    assert!(finding(&t, "key_revoked_calls").await.is_none());
}

#[tokio::test]
async fn calls_with_an_expired_key_are_a_finding() {
    let t = TestApp::new().await;
    let key = key_for(&t, 1).await;
    t.advance(DAY * 2).await;
    t.with(&key).get(TRIPS).await.is(401).code("API_KEY_EXPIRED");
    assert_eq!(finding(&t, "key_revoked_calls").await.expect("a finding")["apiKeyId"], json!(key.id));
}

#[tokio::test]
async fn key_that_can_write_from_everywhere_is_a_finding_that_proposes_its_networks() {
    let t = TestApp::new().await;
    let (writer, reader) = (scoped(&t, &["trips:write"]).await, key_for(&t, 100).await);
    assert!(finding(&t, "key_everywhere").await.is_none(), "not used yet");
    use_from(&t, &reader, TRIPS, "203.0.113.7").await;
    use_from(&t, &writer, TRIPS, "203.0.113.7").await;
    use_from(&t, &writer, TRIPS, "203.0.113.200").await;
    use_from(&t, &writer, TRIPS, "2001:db8:1:2::7").await;
    let everywhere = finding(&t, "key_everywhere").await.expect("a finding");
    assert_eq!([&everywhere["apiKeyId"], &everywhere["remedy"]["label"]], [&json!(writer.id), &json!("Allow only these")]);
    let message =
        "Scoped can write from any address, but was only used from 203.0.113.0/24 and 2001:db8:1::/48 in the last 14 days.";
    assert_eq!(everywhere["message"], message);
    let form = t.person(Role::Admin).await.get(everywhere["remedy"]["href"].as_str().expect("a link")).await.is(200);
    assert!(form.text.contains("203.0.113.0/24\n2001:db8:1::/48"), "{}", form.text);
    let shown = t.owner().await.get(&format!("{KEYS}/{}", writer.id)).await.is(200);
    assert_eq!(shown.at("/data/ipAllowlist"), &json!([]), "a proposal is not saved");
    for network in ["198.51.100.1", "192.0.2.1", "192.88.1.1"] {
        use_from(&t, &writer, TRIPS, network).await;
    }
    t.flush().await;
    assert!(now(&t, "&code=key_everywhere").await.is_empty(), "five networks: at once, without the job");
    assert!(finding(&t, "key_everywhere").await.is_none());
    t.advance(DAY * 13).await;
    use_from(&t, &writer, TRIPS, "203.0.113.7").await;
    t.advance(DAY + Duration::from_secs(1)).await;
    assert!(finding(&t, "key_everywhere").await.is_some(), "one network is left");
    let allowed = json!({ "ipAllowlist": ["203.0.113.0/24"] });
    t.owner().await.patch(&format!("{KEYS}/{}", writer.id), allowed).await.is(200);
    assert!(now(&t, "&code=key_everywhere").await.is_empty(), "at once, without the job");
}

#[tokio::test]
async fn key_whose_custodian_left_is_a_finding_until_another_is_named() {
    let t = TestApp::new().await;
    let admin = t.add_member(Role::Admin).await;
    let expiry = t.app.clock.now().after(DAY * 300);
    let body = json!({ "name": "Left behind", "permissions": "read_only", "expiresAt": expiry, "custodianId": admin.id });
    let key = t.key_with(body).await;
    assert!(finding(&t, "key_orphaned").await.is_none());
    t.owner().await.delete(&format!("{MEMBERS}/{}", admin.id)).await.is(200);
    let orphaned = finding(&t, "key_orphaned").await.expect("a finding");
    assert_eq!([&orphaned["apiKeyId"], &orphaned["remedy"]], [&json!(key.id), &remedy("Name a custodian", &key, "/edit")]);
    assert_eq!(now(&t, &format!("&code=key_orphaned&api_key_id={}", key.id)).await.len(), 1);
    t.owner().await.patch(&format!("{KEYS}/{}", key.id), json!({ "custodianId": t.owner.id })).await.is(200);
    assert!(now(&t, "&code=key_orphaned").await.is_empty());
    assert!(now(&t, &format!("&code=key_orphaned&api_key_id={}", key.id)).await.is_empty());
}

#[tokio::test]
async fn keys_of_all_custodians_who_left_are_findings() {
    let t = TestApp::new().await;
    let (expiry, mut names) = (t.app.clock.now().after(DAY * 300), Vec::new());
    for number in 0..4 {
        let admin = t.add_member(Role::Admin).await;
        for part in ["a", "b"] {
            let name = format!("Key {number}{part}");
            let body = json!({ "name": name, "permissions": "read_only", "expiresAt": expiry, "custodianId": admin.id });
            let key = t.key_with(body).await;
            if (number, part) == (2, "b") {
                revoke(&t, &key).await;
            } else if number % 2 == 0 {
                names.push(name);
            }
        }
        if number % 2 == 0 {
            t.owner().await.delete(&format!("{MEMBERS}/{}", admin.id)).await.is(200);
        }
    }
    let orphaned = async |limit| {
        let keys = orphaned(t.app.db.read(), t.workspace.id, t.app.clock.now(), limit).await.expect("keys");
        let mut names: Vec<String> = keys.into_iter().map(|key| key.name).collect();
        names.sort_unstable();
        names
    };
    assert_eq!(orphaned(10).await, names);
    assert_eq!(orphaned(2).await.len(), 2);
}

#[tokio::test]
async fn dormant_key_is_not_checked_until_it_is_used_again() {
    let t = TestApp::new().await;
    let key = scoped(&t, &["trips:write", "fleet:read"]).await;
    use_from(&t, &key, TRIPS, "203.0.113.7").await;
    t.flush().await;
    t.advance(DAY * 31).await;
    assert!(finding(&t, "key_excess").await.is_none(), "it is not in use");
    t.advance(DAY).await;
    assert!(finding(&t, "key_everywhere").await.is_none(), "it is not in use");
    let sql = "SELECT COUNT(*) FROM key_checks WHERE checked_at < (SELECT MAX(checked_at) FROM key_checks WHERE rule = 'idle')";
    assert_eq!(t.number(sql).await, 2, "the other rules were not checked again");
    use_from(&t, &key, TRIPS, "203.0.113.7").await;
    assert!(finding(&t, "key_excess").await.is_some());
    assert!(finding(&t, "key_everywhere").await.is_some());
    t.advance(DAY * 15).await;
    assert!(finding(&t, "key_everywhere").await.is_none(), "it is dormant again");
    use_from(&t, &key, TRIPS, "203.0.113.7").await;
    assert!(finding(&t, "key_everywhere").await.is_some());
}

#[tokio::test]
async fn old_key_that_its_rotation_did_not_end_is_a_finding_until_it_is_revoked() {
    let t = TestApp::new().await;
    let key = key_for(&t, 300).await;
    t.owner().await.post(&format!("{KEYS}/{}/rotate", key.id), json!({ "revokeOldAfter": "2d" })).await.is(201);
    t.advance(DAY + Duration::from_secs(1)).await;
    use_from(&t, &key, TRIPS, "203.0.113.7").await;
    t.flush().await;
    t.advance(DAY.saturating_sub(Duration::from_secs(1))).await;
    assert!(finding(&t, "rotation_blocked").await.is_none());
    end_rotations(&t.app.keys).await.expect("a run");
    let blocked = finding(&t, "rotation_blocked").await.expect("a finding");
    assert_eq!([&blocked["apiKeyId"], &blocked["severity"]], [&json!(key.id), &json!("warning")]);
    assert_eq!(now(&t, &format!("&code=rotation_blocked&api_key_id={}", key.id)).await, [blocked]);
    revoke(&t, &key).await;
    assert!(now(&t, "&code=rotation_blocked").await.is_empty());
}

#[tokio::test]
async fn findings_of_one_key_are_listed_without_the_others() {
    let t = TestApp::new().await;
    let (one, _other) = (t.named_key("One").await, t.named_key("Other").await);
    t.advance(DAY * 100).await;
    let mut codes = Vec::new();
    for found in found(&t, &format!("&api_key_id={}", one.id)).await {
        assert_eq!(found["apiKeyId"], json!(one.id));
        codes.push(found["code"].as_str().unwrap_or_default().to_owned());
    }
    assert_eq!(codes, ["key_no_expiry", "key_old", "key_unused"]);
}
