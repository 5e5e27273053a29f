//! The usage report of a key.

use std::time::Duration;

use serde_json::json;
use testkit::{KEYS, WHOAMI};

use crate::support::TestApp;

const HOUR: Duration = Duration::from_hours(1);

#[tokio::test]
async fn usage_counts_allowed_and_denied_by_hour_and_by_day() {
    let t = TestApp::new().await;
    let key = t.key(&["audit:read"]).await;
    for hour in 0..2 {
        for _ in 0..=hour {
            t.with(&key).get("/api/v1/audit-log").await.is(200);
        }
        t.with(&key).get("/api/v1/auth/check?scope=trips:read").await.is(403);
        t.flush().await;
        t.advance(HOUR).await;
    }
    let path = format!("{KEYS}/{}/usage", key.id);
    let by_hour = t.admin().await.get(&format!("{path}?bucket=hour")).await.is(200);
    insta::assert_json_snapshot!(by_hour.at("/data"));
    let by_day = t.admin().await.get(&path).await.is(200);
    assert_eq!(by_day.at("/data/buckets"), &json!([{ "start": "2026-11-23T00:00:00Z", "allowed": 3, "denied": 2 }]));
}

#[tokio::test]
async fn usage_is_limited_to_the_requested_range() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    for _ in 0..3 {
        t.with(&key).get(WHOAMI).await.is(200);
        t.flush().await;
        t.advance(HOUR).await;
    }
    let admin = t.admin().await;
    let span = "from=2026-11-23T10:00:00Z&to=2026-11-23T11:00:00Z&bucket=hour";
    let usage = admin.get(&format!("{KEYS}/{}/usage?{span}", key.id)).await.is(200);
    assert_eq!(usage.at("/data/buckets"), &json!([{ "start": "2026-11-23T10:00:00Z", "allowed": 1, "denied": 0 }]));
    let day = admin.get(&format!("{KEYS}/{}/usage?from=2026-11-23&to=2026-11-23", key.id)).await.is(200);
    assert_eq!(day.at("/data/buckets/0/allowed"), &json!(3));
}

#[tokio::test]
async fn invalid_usage_range_is_refused() {
    let t = TestApp::new().await;
    let (key, admin) = (t.key(&["trips:read"]).await, t.admin().await);
    for query in [
        "from=2026-11-24&to=2026-11-23",
        "from=2020-01-01&to=2026-11-23",
        "from=2026-01-01&to=2026-11-23&bucket=hour",
        "from=yesterday",
        "bucket=minute",
        "to=2026-13-01",
        "form=2026-11-23",
    ] {
        admin.get(&format!("{KEYS}/{}/usage?{query}", key.id)).await.is(400).code("INVALID_REQUEST");
    }
}

#[tokio::test]
async fn key_shows_its_last_use_and_client_ip() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    for address in ["198.51.100.1", "2001:db8::1", "::ffff:203.0.113.9"] {
        t.advance(Duration::from_secs(1)).await;
        t.with(&key).from(address).get(WHOAMI).await.is(200);
    }
    t.flush().await;
    t.advance(Duration::from_secs(1)).await;
    t.with(&key).from("203.0.113.77").get("/api/v1/api-keys").await.is(403);
    t.flush().await;
    let admin = t.admin().await;
    let shown = admin.get(&format!("{KEYS}/{}", key.id)).await.is(200);
    assert_eq!(shown.at("/data/lastUsedIp"), "203.0.113.9");
    assert_eq!(shown.at("/data/lastUsedAt"), "2026-11-23T09:30:03Z");
    let usage = admin.get(&format!("{KEYS}/{}/usage", key.id)).await.is(200);
    let addresses: Vec<_> = usage.at("/data/addresses").as_array().expect("a list").iter().map(|row| &row["ip"]).collect();
    assert_eq!(addresses, ["203.0.113.9", "2001:db8::/64", "198.51.100.1"]);
}

#[tokio::test]
async fn check_counts_for_the_checked_scope() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:write"]).await;
    t.with(&key).get("/api/v1/auth/check?scope=trips:read").await.is(200);
    t.with(&key).get("/api/v1/auth/check?scope=fleet:read").await.is(403);
    t.flush().await;
    let usage = t.admin().await.get(&format!("{KEYS}/{}/usage?to=2026-11-23", key.id)).await.is(200);
    let expected = json!([
        { "scope": "trips:read", "allowed": 1, "denied": 0 },
        { "scope": "fleet:read", "allowed": 0, "denied": 1 },
    ]);
    assert_eq!(usage.at("/data/scopes"), &expected);
}

#[tokio::test]
async fn first_use_is_the_earliest_across_flushes() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    let addresses: Vec<String> = (1..=8).rev().map(|number| format!("198.51.100.{number}")).collect();
    for address in &addresses {
        t.with(&key).from(address).get("/api/v1/auth/whoami").await.is(200);
        t.app.clock.advance(Duration::from_millis(1));
    }
    let events = t.audit().await;
    let used: Vec<_> = events.iter().filter(|event| event["action"] == "api_key.used").collect();
    let reported: Vec<_> = used.iter().filter_map(|event| event["ip"].as_str()).collect();
    assert_eq!(reported, addresses);
    assert!(used.iter().enumerate().all(|(at, event)| event["details"]["firstUse"] == (at == 0)), "{used:?}");
}
