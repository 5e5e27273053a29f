//! The policy of a workspace for new and rotated keys.

use planeconnection::audit;
use planeconnection::keys::{KeyPolicy, policy_of};
use serde_json::{Value, json};
use testkit::KEYS;

use super::with;
use crate::support::{TestApp, read_only_key};

const POLICY: &str = "/api/v1/settings/api-keys/policy";

/// The defaults, with some fields changed.
fn policy(changes: Value) -> Value {
    let mut policy = json!({
        "maxLifetimeDays": null, "allowNoExpiration": true, "requireIpAllowlistForWrite": false, "rotateAfterDays": 90,
        "onLeak": "notify",
    });
    if let (Value::Object(all), Value::Object(changes)) = (&mut policy, changes) {
        all.extend(changes);
    }
    policy
}

fn writing_key(name: &str) -> Value {
    with(read_only_key(name), "permissions", json!("read_write"))
}

#[tokio::test]
async fn default_policy_changes_nothing_until_it_is_replaced() {
    let t = TestApp::new().await;
    let admin = t.admin().await;
    assert_eq!(admin.get(POLICY).await.is(200).json["data"], policy(json!({})));
    admin.post(KEYS, writing_key("From anywhere, for ever")).await.is(201);
    let changed = policy(json!({ "maxLifetimeDays": 365, "rotateAfterDays": 30, "onLeak": "pause" }));
    assert_eq!(admin.put(POLICY, changed.clone()).await.is(200).json["data"], changed);
    assert_eq!(admin.get(POLICY).await.is(200).json["data"], changed);
    let (_, other) = t.other_workspace().await;
    assert_eq!(other.get(POLICY).await.is(200).json["data"], policy(json!({})));
}

#[tokio::test]
async fn change_of_the_policy_is_audited_with_both_values_and_the_log_agrees_with_the_table() {
    let t = TestApp::new().await;
    let admin = t.admin().await;
    let strict = policy(json!({ "maxLifetimeDays": 90, "onLeak": "revoke" }));
    for _ in 0..2 {
        admin.put(POLICY, strict.clone()).await.is(200);
    }
    admin.put(POLICY, policy(json!({ "onLeak": "revoke" }))).await.is(200);
    let events = t.audit().await;
    let changes: Vec<_> = events.iter().filter(|event| event["action"] == "settings.api_key_policy.updated").collect();
    let details: Vec<_> = changes.iter().map(|event| event["details"].clone()).collect();
    let longest = |from: Value, to: Value| json!({ "from": from, "to": to });
    assert_eq!(
        details,
        [
            json!({ "maxLifetimeDays": longest(json!(null), json!(90)), "onLeak": { "from": "notify", "to": "revoke" } }),
            json!({ "maxLifetimeDays": longest(json!(90), json!(null)) }),
        ],
    );
    assert_eq!(changes[0]["target"]["type"], "workspace");
    let differences = async || audit::compare(&t.app.db, t.workspace.id).await.expect("a comparison").total();
    assert_eq!(differences().await, 0);
    t.tamper("UPDATE key_policies SET on_leak = 'notify'").await;
    assert_eq!(differences().await, 1, "a change past the log is found");
}

#[tokio::test]
async fn policy_out_of_its_bounds_is_refused_with_the_field() {
    let t = TestApp::new().await;
    let admin = t.admin().await;
    for (field, values) in [
        ("maxLifetimeDays", [json!(0), json!(1_826), json!("90")]),
        ("allowNoExpiration", [json!(null), json!(1), json!("no")]),
        ("requireIpAllowlistForWrite", [json!(null), json!(0), json!([])]),
        ("rotateAfterDays", [json!(29), json!(366), json!(null)]),
        ("onLeak", [json!("ignore"), json!(null), json!("")]),
    ] {
        for value in values {
            admin.put(POLICY, policy(json!({ field: value }))).await.is(400).code("INVALID_REQUEST").names_field(field);
        }
        let mut without = policy(json!({}));
        without.as_object_mut().expect("an object").remove(field);
        admin.put(POLICY, without).await.is(400).code("INVALID_REQUEST");
    }
    admin.put(POLICY, policy(json!({ "maxLifetimeDays": 1_825, "rotateAfterDays": 365 }))).await.is(200);
    admin.put(POLICY, policy(json!({ "maxLifetimeDays": 1, "rotateAfterDays": 30 }))).await.is(200);
}

#[tokio::test]
async fn new_key_must_expire_within_the_longest_lifetime() {
    let t = TestApp::new().await;
    let admin = t.admin().await;
    let endless = t.key_with(read_only_key("Endless")).await;
    admin.put(POLICY, policy(json!({ "maxLifetimeDays": 30, "allowNoExpiration": false }))).await.is(200);
    let until = |name: &str, expiry: Value| with(read_only_key(name), "expiresAt", expiry);
    // It is 2026-11-23T10:30 in Zurich; 23 December ends there at 23:00 in Greenwich.
    admin.post(KEYS, until("A", json!("2026-12-23T23:00:00Z"))).await.is(400).code("INVALID_REQUEST").names_field("expiresAt");
    admin.post(KEYS, until("A", json!(null))).await.is(400).code("INVALID_REQUEST").names_field("expiresAt");
    admin.post(KEYS, until("A", json!("2026-12-23T22:59:59Z"))).await.is(201);
    let rotate = format!("{KEYS}/{}/rotate", endless.id);
    let refused = admin.post(&rotate, json!({})).await.is(400).names_field("expiresAt");
    assert!(refused.text_at("/error/message").contains("23 Dec 2026"), "{}", refused.text);
    admin.post(&rotate, json!({ "expiresAt": "2027-01-01T00:00:00Z" })).await.is(400).names_field("expiresAt");
    admin.post(&rotate, json!({ "expiresAt": "2026-12-01T00:00:00Z" })).await.is(201);
    // The key that exists is changed as before.
    admin.patch(&format!("{KEYS}/{}", endless.id), json!({ "name": "Still endless" })).await.is(200);
}

#[tokio::test]
async fn key_that_can_write_needs_an_allowlist_if_the_policy_says_so() {
    let t = TestApp::new().await;
    let admin = t.admin().await;
    let open = t.key_with(writing_key("Open")).await;
    admin.put(POLICY, policy(json!({ "requireIpAllowlistForWrite": true, "maxLifetimeDays": 30 }))).await.is(200);
    admin.post(KEYS, read_only_key("Reader")).await.is(201);
    admin.post(KEYS, writing_key("A")).await.is(400).names_field("ipAllowlist");
    admin.post(KEYS, with(writing_key("A"), "ipAllowlist", json!(["0.0.0.0/0"]))).await.is(400).names_field("ipAllowlist");
    let both = with(writing_key("A"), "expiresAt", json!("2028-01-01T00:00:00Z"));
    let refused = admin.post(KEYS, both).await.is(400);
    assert_eq!(refused.at("/error/fields").as_array().map(Vec::len), Some(2), "{}", refused.text);
    let listed = t.key_with(with(writing_key("Listed"), "ipAllowlist", json!(["203.0.113.0/24"]))).await;
    admin.post(&format!("{KEYS}/{}/rotate", listed.id), json!({})).await.is(201);
    let path = format!("{KEYS}/{}", listed.id);
    admin.patch(&path, json!({ "ipAllowlist": [] })).await.is(400).names_field("ipAllowlist");
    admin.patch(&path, json!({ "ipAllowlist": ["198.51.100.7"] })).await.is(200);
    // A key that had none is not touched, and becomes rotatable with a list.
    let path = format!("{KEYS}/{}", open.id);
    admin.patch(&path, json!({ "ipAllowlist": ["0.0.0.0/0"] })).await.is(200);
    admin.post(&format!("{path}/rotate"), json!({})).await.is(400).names_field("ipAllowlist");
    admin.patch(&path, json!({ "ipAllowlist": ["198.51.100.0/24"] })).await.is(200);
    admin.post(&format!("{path}/rotate"), json!({})).await.is(201);
}

#[tokio::test]
async fn leak_rule_of_a_newer_version_is_read_as_one_that_can_be_undone() {
    let t = TestApp::new().await;
    t.admin().await.put(POLICY, policy(json!({ "onLeak": "notify" }))).await.is(200);
    t.admin().await.put(POLICY, policy(json!({ "onLeak": "revoke" }))).await.is(200);
    t.tamper("UPDATE key_policies SET on_leak = 'quarantine'").await;
    let read: KeyPolicy = policy_of(t.app.db.read(), t.workspace.id).await.expect("a policy");
    assert_eq!(read.on_leak.as_str(), "pause");
}
