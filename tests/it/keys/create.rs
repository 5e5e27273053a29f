//! Making a key: what is asked of the body, and what comes back.

use std::time::Duration;

use serde_json::json;
use testkit::{KEYS, WHOAMI};

use super::with;
use crate::support::{TestApp, read_only_key};

#[tokio::test]
async fn new_key_shows_its_secret_once() {
    let t = TestApp::new().await;
    let body = json!({ "name": " Fleet Dashboard ", "permissions": "read_only", "expiresAt": "2027-02-21T00:00:00Z", "description": "The lobby screen" });
    let made = t.admin().await.post(KEYS, body).await.is(201);
    let secret = made.text_at("/data/secret");
    assert_eq!(made.header("cache-control"), "no-store");
    assert_eq!(secret.len(), 42);
    insta::assert_json_snapshot!(made.at("/data/apiKey"));
    let path = format!("{KEYS}/{}", made.text_at("/data/apiKey/id"));
    let (admin, key) = (t.admin().await, t.anonymous().header("x-api-key", &secret));
    let answers = [
        admin.get(KEYS).await,
        admin.get(&path).await,
        admin.patch(&path, json!({ "name": "Another" })).await,
        admin.get(&format!("{path}/usage")).await,
        key.get(WHOAMI).await,
        admin.post(&format!("{path}/revoke"), json!({})).await,
    ];
    for answer in answers {
        assert!(!answer.is(200).text.contains(&secret[8..38]));
    }
}

#[tokio::test]
async fn key_is_refused_from_its_expiry_on() {
    let t = TestApp::new().await;
    let key = t.key_with(with(read_only_key("Soon over"), "expiresAt", json!("2026-11-23T10:00:00Z"))).await;
    t.advance(Duration::from_secs(30 * 60 - 1)).await;
    t.with(&key).get(WHOAMI).await.is(200);
    t.advance(Duration::from_secs(1)).await;
    t.with(&key).get(WHOAMI).await.is(401).code("API_KEY_EXPIRED");
    t.audit_ends_with(&["api_key.expired", "api_key.denied"]).await;
}

#[tokio::test]
async fn expiry_is_required() {
    let t = TestApp::new().await;
    let admin = t.admin().await;
    let left_out = json!({ "name": "A", "permissions": "read_only" });
    admin.post(KEYS, left_out).await.is(400).code("INVALID_REQUEST").names_field("expiresAt");
    let never = admin.post(KEYS, read_only_key("A")).await.is(201);
    assert_eq!(never.at("/data/apiKey/expiresAt"), &json!(null));
}

#[tokio::test]
async fn expiry_is_within_five_years() {
    let t = TestApp::new().await;
    let admin = t.admin().await;
    // It is 2026-11-23T09:30:00Z.
    for wrong in ["2020-01-01T00:00:00Z", "2026-11-23T09:30:00Z", "2031-11-23T09:30:01Z", "9999-01-01T00:00:00Z", "soon", ""] {
        let body = with(read_only_key("A"), "expiresAt", json!(wrong));
        admin.post(KEYS, body).await.is(400).code("INVALID_REQUEST").names_field("expiresAt");
    }
    for right in ["2026-11-23T09:30:00.000001Z", "2031-11-23T09:30:00Z", "2031-11-23T11:30:00+02:00"] {
        admin.post(KEYS, with(read_only_key(right), "expiresAt", json!(right))).await.is(201);
    }
}

#[tokio::test]
async fn preset_determines_the_scopes() {
    let t = TestApp::new().await;
    let admin = t.admin().await;
    for (preset, access) in [("read_only", "read"), ("read_write", "write")] {
        let made = admin.post(KEYS, with(read_only_key(preset), "permissions", json!(preset))).await.is(201);
        let expected = ["trips", "fleet", "safety", "invoices"].map(|module| format!("{module}:{access}"));
        assert_eq!(made.at("/data/apiKey/scopes"), &json!(expected));
        let both = with(with(read_only_key("B"), "permissions", json!(preset)), "scopes", json!(["trips:read"]));
        admin.post(KEYS, both).await.is(400).names_field("scopes");
    }
}

#[tokio::test]
async fn custom_permissions_require_scopes() {
    let t = TestApp::new().await;
    let admin = t.admin().await;
    let custom = with(read_only_key("C"), "permissions", json!("custom"));
    admin.post(KEYS, custom.clone()).await.is(400).names_field("scopes");
    admin.post(KEYS, with(custom.clone(), "scopes", json!([]))).await.is(400).names_field("scopes");
    for unknown in ["audit:write", "trips", "trips:*", "TRIPS:READ", "members:read", " trips:read", ""] {
        let body = with(custom.clone(), "scopes", json!(["trips:read", unknown]));
        admin.post(KEYS, body).await.is(400).names_field("scopes[1]");
    }
    let made = admin.post(KEYS, with(custom, "scopes", json!(["audit:read", "trips:write", "trips:write"]))).await.is(201);
    assert_eq!(made.at("/data/apiKey/scopes"), &json!(["trips:write", "audit:read"]));
}

#[tokio::test]
async fn unknown_field_is_reported_by_name() {
    let t = TestApp::new().await;
    let answer = t.admin().await.post(KEYS, with(read_only_key("A"), "ipAllowList", json!(["10.0.0.0/8"]))).await.is(400);
    assert!(answer.text.contains("ipAllowList"), "{}", answer.text);
    t.admin().await.post(KEYS, with(read_only_key("A"), "permissions", json!("admin"))).await.is(400).names_field("permissions");
}

#[tokio::test]
async fn name_has_1_to_100_characters_after_trimming() {
    let t = TestApp::new().await;
    let admin = t.admin().await;
    for wrong in ["", "   ", "\u{a0}", &"x".repeat(101), "a\0b", "a\nb", "a\u{202e}b", "a\u{7f}b"] {
        admin.post(KEYS, read_only_key(wrong)).await.is(400).names_field("name");
    }
    let longest = "é".repeat(100);
    let made = admin.post(KEYS, read_only_key(&format!("  {longest}  "))).await.is(201);
    assert_eq!(made.at("/data/apiKey/name"), &json!(longest));
}

#[tokio::test]
async fn name_of_an_inactive_key_can_be_reused() {
    let t = TestApp::new().await;
    let admin = t.admin().await;
    let first = t.key_with(read_only_key("Scheduler")).await;
    admin.post(KEYS, read_only_key(" Scheduler ")).await.is(409).code("CONFLICT");
    admin.post(&format!("{KEYS}/{}/revoke", first.id), json!({})).await.is(200);
    t.key_with(with(read_only_key("Scheduler"), "expiresAt", json!("2026-11-23T09:31:00Z"))).await;
    admin.post(KEYS, read_only_key("Scheduler")).await.is(409);
    t.advance(Duration::from_mins(1)).await;
    admin.post(KEYS, read_only_key("Scheduler")).await.is(201);
}

#[tokio::test]
async fn concurrent_creations_with_one_name_succeed_once() {
    let t = TestApp::new().await;
    let (one, other) = (t.admin().await, t.admin().await);
    let (first, second) = tokio::join!(one.post(KEYS, read_only_key("Scheduler")), other.post(KEYS, read_only_key("Scheduler")));
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
}

#[tokio::test]
async fn name_is_unique_per_workspace() {
    let t = TestApp::new().await;
    t.key_with(read_only_key("Scheduler")).await;
    let (_, other) = t.other_workspace().await;
    other.post(KEYS, read_only_key("Scheduler")).await.is(201);
}

#[tokio::test]
async fn allow_list_has_up_to_50_blocks() {
    let t = TestApp::new().await;
    let admin = t.admin().await;
    let listing = |name: &str, blocks: Vec<String>| with(read_only_key(name), "ipAllowlist", json!(blocks));
    for wrong in ["10.0.0.0/33", "10.0.0", "2001:db8::/129", "localhost", "", "10.0.0.0/-1", "10.0.0.1-10.0.0.9"] {
        let body = listing("A", vec!["10.0.0.0/8".to_owned(), wrong.to_owned()]);
        admin.post(KEYS, body).await.is(400).names_field("ipAllowlist[1]");
    }
    let blocks = |number: u8| (0..number).map(|place| format!("10.0.{place}.0/24")).collect::<Vec<_>>();
    admin.post(KEYS, listing("A", blocks(51))).await.is(400).names_field("ipAllowlist");
    admin.post(KEYS, listing("A", blocks(50))).await.is(201);
    let mapped = admin.post(KEYS, listing("B", vec!["::ffff:203.0.113.0/120".to_owned()])).await.is(201);
    assert_eq!(mapped.at("/data/apiKey/ipAllowlist"), &json!(["203.0.113.0/24"]));
}

#[tokio::test]
async fn block_that_admits_nobody_is_refused_with_the_block_to_write() {
    let t = TestApp::new().await;
    let admin = t.admin().await;
    let blocks = json!(["::ffff:203.0.113.0/24", "10.0.0.0/8", "fe80::1%eth0", "::203.0.113.7", "203.0.113.7/0"]);
    let refused = admin.post(KEYS, with(read_only_key("A"), "ipAllowlist", blocks)).await.is(400).code("INVALID_REQUEST");
    let said = refused.at("/error/fields").as_array().expect("a list").iter().map(|fault| {
        let [field, message] = ["field", "message"].map(|name| fault[name].as_str().expect("text"));
        (field, message.rsplit_once("; write ").expect("advice").1)
    });
    let expected = [
        ("ipAllowlist[0]", "203.0.113.0/24."),
        ("ipAllowlist[2]", "fe80::1."),
        ("ipAllowlist[3]", "203.0.113.7/32."),
        ("ipAllowlist[4]", "203.0.113.7, or 0.0.0.0/0 for every IPv4 address."),
    ];
    assert_eq!(said.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn rate_limit_is_default_custom_or_none() {
    let t = TestApp::new().await;
    let admin = t.admin().await;
    let usual = admin.post(KEYS, read_only_key("Usual")).await.is(201);
    assert_eq!(usual.at("/data/apiKey/rateLimit"), &json!({ "requests": 600, "perSeconds": 60 }));
    let none = admin.post(KEYS, with(read_only_key("None"), "rateLimit", json!(null))).await.is(201);
    assert_eq!(none.at("/data/apiKey/rateLimit"), &json!(null));
    for (place, limit) in [(1, 1), (1_000_000, 86_400)].into_iter().enumerate() {
        let limit = json!({ "requests": limit.0, "perSeconds": limit.1 });
        let made = admin.post(KEYS, with(read_only_key(&format!("Chosen {place}")), "rateLimit", limit.clone())).await.is(201);
        assert_eq!(made.at("/data/apiKey/rateLimit"), &limit);
    }
}

#[tokio::test]
async fn rate_limit_out_of_range_is_reported_per_field() {
    let t = TestApp::new().await;
    let admin = t.admin().await;
    for (requests, seconds, field) in [
        (json!(0), json!(60), "rateLimit.requests"),
        (json!(1_000_001), json!(60), "rateLimit.requests"),
        (json!(-1), json!(60), "rateLimit.requests"),
        (json!(1.5), json!(60), "rateLimit.requests"),
        (json!("600"), json!(60), "rateLimit.requests"),
        (json!(600), json!(0), "rateLimit.perSeconds"),
        (json!(600), json!(86_401), "rateLimit.perSeconds"),
        (json!(600), json!(4_294_967_296_u64), "rateLimit.perSeconds"),
    ] {
        let body = with(read_only_key("A"), "rateLimit", json!({ "requests": requests, "perSeconds": seconds }));
        admin.post(KEYS, body).await.is(400).code("INVALID_REQUEST").names_field(field);
    }
}

#[tokio::test]
async fn all_invalid_fields_are_reported_at_once() {
    let t = TestApp::new().await;
    let body =
        json!({ "name": "A", "permissions": "custom", "ipAllowlist": ["x"], "rateLimit": { "requests": 0, "perSeconds": 0 } });
    let answer = t.admin().await.post(KEYS, body).await.is(400);
    for field in ["scopes", "expiresAt", "ipAllowlist[0]", "rateLimit.requests", "rateLimit.perSeconds"] {
        assert!(answer.text.contains(field), "{}", answer.text);
    }
}

#[tokio::test]
async fn text_with_a_key_in_it_is_not_stored() {
    let t = TestApp::new().await;
    let (admin, key) = (t.admin().await, t.key(&["trips:read"]).await);
    for field in ["name", "description"] {
        let answer = admin.post(KEYS, with(read_only_key("A"), field, json!(format!("is{}", key.secret)))).await;
        assert!(!answer.is(400).names_field(field).text.contains(&key.secret));
    }
}
