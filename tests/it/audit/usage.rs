//! Audit events of requests with keys.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::{KEYS, WHOAMI};

use super::LOG;
use crate::support::{Lines, PASSWORD, TestApp, TestKey};

fn events_of<'a>(events: &'a [Value], action: &str) -> Vec<&'a Value> {
    events.iter().filter(|event| event["action"] == action).collect()
}

#[tokio::test]
async fn first_use_and_new_client_ips_are_recorded() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    for address in ["198.51.100.1", "198.51.100.1", "203.0.113.9", "198.51.100.1"] {
        t.with(&key).from(address).get(WHOAMI).await.is(200);
        t.advance(Duration::from_secs(1)).await;
    }
    let events = t.audit().await;
    let uses: Vec<_> = events_of(&events, "api_key.used")
        .iter()
        .map(|event| (event["ip"].clone(), event["details"]["firstUse"].clone()))
        .collect();
    assert_eq!(uses, [(json!("198.51.100.1"), json!(true)), (json!("203.0.113.9"), json!(false))]);
}

/// A key without a limit.
async fn unlimited(t: &TestApp) -> TestKey {
    let scopes = ["trips:read"];
    t.key_with(json!({ "name": "Busy", "permissions": "custom", "scopes": scopes, "expiresAt": null, "rateLimit": null })).await
}

async fn addresses(t: &TestApp, key: &TestKey) -> Value {
    t.owner().await.get(&format!("{KEYS}/{}/usage", key.id)).await.is(200).at("/data/addresses").clone()
}

#[tokio::test]
async fn ipv6_network_counts_as_one_new_client_ip() {
    let t = TestApp::new().await;
    let key = unlimited(&t).await;
    for place in 0..1_100 {
        t.with(&key).from(&format!("2001:db8:0:1::{place:x}")).get(WHOAMI).await.is(200);
        if place % 100 == 0 {
            t.advance(Duration::from_secs(1)).await;
        }
    }
    let events = t.audit().await;
    let used = events_of(&events, "api_key.used");
    assert_eq!((used.len(), &used[0]["ip"]), (1, &json!("2001:db8:0:1::")));
    assert_eq!(used[0]["details"]["address"], "2001:db8:0:1::/64");
    let listed = addresses(&t, &key).await;
    assert_eq!((listed[0]["ip"].clone(), listed.as_array().map(Vec::len)), (json!("2001:db8:0:1::/64"), Some(1)));
}

#[tokio::test]
async fn full_ipv6_address_stored_earlier_covers_its_network() {
    let t = TestApp::new().await;
    let key = unlimited(&t).await;
    t.with(&key).from("203.0.113.7").get(WHOAMI).await.is(200);
    t.flush().await;
    t.tamper("UPDATE api_key_addresses SET ip = '2001:db8:0:1::77'").await;
    t.with(&key).from("2001:db8:0:1::78").get(WHOAMI).await.is(200);
    assert_eq!(events_of(&t.audit().await, "api_key.used").len(), 1, "the one before");
    let mut listed: Vec<_> =
        addresses(&t, &key).await.as_array().expect("a list").iter().map(|row| row["ip"].to_string()).collect();
    listed.sort();
    assert_eq!(listed, ["\"2001:db8:0:1::/64\"", "\"2001:db8:0:1::77\""]);
}

#[tokio::test]
async fn new_client_ip_is_recorded_when_the_list_is_full() {
    let t = TestApp::new().await;
    let key = unlimited(&t).await;
    for place in 0..1_100 {
        t.with(&key).from(&format!("198.18.{}.{}", place / 250, place % 250)).get(WHOAMI).await.is(200);
        if place % 300 == 0 {
            t.advance(Duration::from_secs(1)).await;
        }
    }
    t.advance(Duration::from_secs(1)).await;
    t.with(&key).from("198.51.100.77").get(WHOAMI).await.is(200);
    let events = t.audit().await;
    let used = events_of(&events, "api_key.used");
    assert_eq!(used.iter().filter(|event| event["ip"] == "198.51.100.77").count(), 1);
    assert_eq!(used.iter().filter(|event| event["details"]["listFull"] == 1_000).count(), 1);
    assert_eq!(used.len(), 1_100 + 2);
    assert_eq!(addresses(&t, &key).await[0]["ip"], "198.51.100.77");
    assert_eq!(t.number("SELECT count(*) FROM api_key_addresses").await, 1_000);
    let first = "SELECT count(*) FROM api_key_addresses WHERE ip = '198.18.0.0'";
    assert_eq!(t.number(first).await, 1, "when a key was first used is not forgotten");
    // The longest unused was forgotten, and is new again.
    t.with(&key).from("198.18.0.1").get(WHOAMI).await.is(200);
    let events = t.audit().await;
    assert_eq!(events_of(&events, "api_key.used").iter().filter(|event| event["ip"] == "198.18.0.1").count(), 2);
}

#[tokio::test]
async fn denials_of_a_minute_are_one_event() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    t.owner().await.post(&format!("{KEYS}/{}/revoke", key.id), json!({})).await.is(200);
    for _ in 0..1_000 {
        t.with(&key).get(WHOAMI).await.is(401);
    }
    t.advance(Duration::from_secs(1)).await;
    for _ in 0..10 {
        t.with(&key).get(WHOAMI).await.is(401);
    }
    t.advance(Duration::from_secs(1)).await;
    t.advance(Duration::from_mins(1)).await;
    let events = t.audit().await;
    let denied = events_of(&events, "api_key.denied");
    let counts: Vec<_> = denied.iter().map(|event| event["details"]["count"].as_u64()).collect();
    assert_eq!(counts, [Some(1_000), Some(10)]);
    assert_eq!(denied[0]["details"]["reason"], "revoked");
    assert_eq!((&denied[0]["outcome"], &denied[0]["target"]["id"]), (&json!("denied"), &json!(key.id)));
}

#[tokio::test]
async fn denials_are_aggregated_by_reason_and_client_ip() {
    let t = TestApp::new().await;
    let office = json!({ "name": "Office", "permissions": "custom", "scopes": ["trips:read"], "expiresAt": null, "ipAllowlist": ["192.0.2.1"] });
    let key = t.key_with(office).await;
    for address in ["198.51.100.1", "198.51.100.2"] {
        t.with(&key).from(address).get(WHOAMI).await.is(403);
    }
    t.with(&key).get(LOG).await.is(403).code("SCOPE_REQUIRED");
    t.with(&key).get(KEYS).await.is(403).code("PERSON_REQUIRED");
    let events = t.audit().await;
    let mut reported: Vec<_> = events_of(&events, "api_key.denied")
        .iter()
        .map(|event| {
            format!("{} {}", event["details"]["reason"].as_str().unwrap_or_default(), event["ip"].as_str().unwrap_or_default())
        })
        .collect();
    reported.sort();
    let expected =
        ["ip_not_allowed 198.51.100.1", "ip_not_allowed 198.51.100.2", "person_required 192.0.2.1", "scope_required 192.0.2.1"];
    assert_eq!(reported, expected);
}

#[tokio::test]
async fn denials_from_many_addresses_are_bounded_per_key() {
    let t = TestApp::new().await;
    let (spread, other) = (t.key(&["trips:read"]).await, t.key(&["trips:read"]).await);
    t.owner().await.post(&format!("{KEYS}/{}/revoke", spread.id), json!({})).await.is(200);
    for place in 0..500 {
        t.with(&spread).from(&format!("198.18.{}.{}", place / 250, place % 250)).get(WHOAMI).await.is(401);
    }
    t.with(&other).from("203.0.113.7").get(KEYS).await.is(403);
    t.advance(Duration::from_secs(1)).await;
    t.with(&spread).from("203.0.113.8").get(WHOAMI).await.is(401);
    let events = t.audit().await;
    let denied = events_of(&events, "api_key.denied");
    let of = |id: &str| denied.iter().filter(|event| event["target"]["id"] == *id).collect::<Vec<_>>();
    assert_eq!(of(&other.id)[0]["ip"], "203.0.113.7");
    let reported = of(&spread.id);
    let unnamed: Vec<_> = reported.iter().filter(|event| event["ip"].is_null()).map(|event| &event["details"]["count"]).collect();
    // The last is aggregated, too: it came in the same minute.
    assert_eq!((reported.len(), unnamed), (18, vec![&json!(484), &json!(1)]));
    for _ in 0..2 {
        t.advance(Duration::from_mins(1)).await;
    }
    t.with(&spread).from("203.0.113.9").get(WHOAMI).await.is(401);
    let events = t.audit().await;
    assert_eq!(events_of(&events, "api_key.denied").last().expect("an event")["ip"], "203.0.113.9");
}

#[tokio::test]
async fn denials_are_aggregated_by_ipv6_network() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    for address in ["2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "2001:db8:0:2::1"] {
        t.with(&key).from(address).get(KEYS).await.is(403);
    }
    let events = t.audit().await;
    let mut reported: Vec<_> = events_of(&events, "api_key.denied")
        .iter()
        .map(|event| (event["ip"].to_string(), event["details"]["count"].as_u64()))
        .collect();
    reported.sort();
    assert_eq!(reported, [("\"2001:db8:0:1::\"".to_owned(), Some(2)), ("\"2001:db8:0:2::\"".to_owned(), Some(1))]);
}

#[tokio::test]
async fn unknown_key_leaves_no_event() {
    let t = TestApp::new().await;
    let before = t.audit().await.len();
    for secret in ["pck_nonsense", "x", ""] {
        t.anonymous().header("x-api-key", secret).get(WHOAMI).await.is(401);
    }
    assert_eq!(t.audit().await.len(), before + 1, "one for the sign-in that asked");
}

#[tokio::test]
async fn failed_flush_is_retried() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    let usage = async || {
        let owner = t.owner().await;
        owner.get(&format!("{KEYS}/{}/usage?to=2026-11-23", key.id)).await.is(200).at("/data/buckets").clone()
    };
    for table in ["api_key_usage", "audit_events", "api_key_addresses"] {
        t.database.reject_writes("INSERT", table, "TRUE").await;
    }
    for _ in 0..3 {
        t.with(&key).get(WHOAMI).await.is(200);
        t.with(&key).get(KEYS).await.is(403);
        let wrong = json!({ "email": "ana@skyline.example", "password": "not her password" });
        t.anonymous().post("/api/v1/auth/sign-in", wrong).await.is(401);
        t.flush().await;
    }
    t.database.accept_writes("api_key_usage").await;
    t.flush().await;
    t.database.accept_writes("audit_events").await;
    assert_eq!(usage().await, json!([{ "start": "2026-11-23T00:00:00Z", "allowed": 3, "denied": 3 }]));
    t.flush().await;
    t.database.accept_writes("api_key_addresses").await;
    let events = t.audit().await;
    let count = |action: &str| events_of(&events, action).len();
    assert_eq!((count("api_key.used"), count("api_key.denied"), count("member.sign_in_failed")), (1, 1, 1));
    for action in ["api_key.denied", "member.sign_in_failed"] {
        assert_eq!(events_of(&events, action)[0]["details"]["count"], 3, "{action}");
    }
}

#[tokio::test]
async fn secret_is_neither_stored_nor_logged() {
    let (lines, _logging) = Lines::of_this_thread();
    let t = TestApp::new().await;
    let owner = t.owner().await.header("idempotency-key", "once");
    let made = owner.post(KEYS, json!({ "name": "A", "permissions": "read_only", "expiresAt": null })).await.is(201);
    let secret = made.text_at("/data/secret");
    let rotated = t.owner().await.post(&format!("{KEYS}/{}/rotate", made.text_at("/data/apiKey/id")), json!({})).await.is(201);
    let session =
        t.anonymous().post("/api/v1/auth/sign-in", json!({ "email": "ana@skyline.example", "password": PASSWORD })).await.is(200);
    let invited =
        t.owner().await.post("/api/v1/members", json!({ "name": "A", "email": "a@b.example", "role": "pilot" })).await.is(201);
    let carrying = t.anonymous().header("x-api-key", &secret).header("x-request-id", &format!("r{secret}"));
    let carrying =
        carrying.header("user-agent", &format!("agent/{secret}/1")).header("referer", &format!("https://a.example/{secret}"));
    carrying.get(WHOAMI).await.is(200);
    carrying.get(KEYS).await.is(403);
    carrying.get(&format!("{WHOAMI}?key={secret}")).await.is(400).code("CREDENTIAL_IN_URL");
    carrying.get(&format!("/api/v1/{secret}")).await.is(404);
    carrying.get(&format!("/x{secret}x")).await.is(404);
    t.owner().await.post(KEYS, json!({ "name": secret, "permissions": secret })).await.is(400);
    t.owner()
        .await
        .post(&format!("{KEYS}/{}/revoke", made.text_at("/data/apiKey/id")), json!({ "reason": secret }))
        .await
        .is(400);
    t.owner().await.post(&format!("{KEYS}/{}/revoke", made.text_at("/data/apiKey/id")), json!({})).await.is(200);
    carrying.get(WHOAMI).await.is(401);
    let events = t.audit().await;
    let log = lines.bytes();
    let places =
        [("the database", t.database.dump().await), ("the log", log), ("the audit log", json!(events).to_string().into_bytes())];
    let token = invited.text_at("/data/inviteUrl").split_once('#').expect("a link").1.to_owned();
    let secrets = [secret, rotated.text_at("/data/secret"), session.text_at("/data/token"), token, PASSWORD.to_owned()];
    for (place, bytes) in &places {
        let text = String::from_utf8_lossy(bytes).to_lowercase();
        assert!(!text.is_empty());
        for secret in &secrets {
            for form in [secret.to_lowercase(), secret[4..].to_lowercase(), hex::encode(secret.as_bytes())] {
                assert!(!text.contains(&form), "{} characters of a secret are in {place}", form.len());
            }
        }
    }
    // Neither place is merely empty.
    for (place, word) in [(0, "ana@skyline.example"), (1, "/api/v1/auth/whoami"), (2, "api_key.leaked_in_url")] {
        assert!(String::from_utf8_lossy(&places[place].1).contains(word), "{word}");
    }
}
