//! One key: what it is, what it may do, what it did.

use std::time::Duration;

use planeconnection::members::Role;
use serde_json::json;
use testkit::KEYS;

use crate::support::TestApp;

const HOUR: Duration = Duration::from_hours(1);

fn page(id: &str) -> String {
    format!("/settings/api-keys/{id}")
}

#[tokio::test]
async fn unused_key_says_so() {
    let t = TestApp::new().await;
    let body = json!({
        "name": "Fleet Dashboard", "permissions": "custom", "scopes": ["fleet:read"], "expiresAt": "2026-11-30T09:30:00Z",
        "description": "The screen in the lobby", "ipAllowlist": ["203.0.113.0/24", "2001:db8::/32"],
        "rateLimit": { "requests": 5, "perSeconds": 90 },
    });
    let key = t.key_with(body).await;
    let shown = t.person(Role::Admin).await.get(&page(&key.id)).await.is(200);
    insta::assert_snapshot!(shown.main());
    let shown = shown.says("This key has never been used").says("Expires in 7 days").says("203.0.113.0/24, 2001:db8::/32");
    shown.says("see aircraft and their status").says("5 requests in 90 seconds").does_not_say(&key.secret);
}

#[tokio::test]
async fn usage_is_shown_by_day_hour_scope_and_client_ip() {
    let t = TestApp::new().await;
    let key = t.key(&["audit:read"]).await;
    for (times, address) in [(3, "198.51.100.7"), (2, "2001:db8::7")] {
        for _ in 0..times {
            t.with(&key).from(address).get("/api/v1/audit-log").await.is(200);
        }
        t.with(&key).from(address).get("/api/v1/auth/check?scope=trips:read").await.is(403);
        t.flush().await;
        t.advance(24 * HOUR).await;
    }
    let ana = t.person(Role::AccountOwner).await;
    let by_day = ana.get(&page(&key.id)).await.is(200);
    let by_day = by_day.says("In the last 30 days: 5 requests allowed and 2 denied.");
    let by_day = by_day.says("The busiest day was 23 Nov, with 4 requests.").says("198.51.100.7").says("2001:db8::7");
    insta::assert_snapshot!(by_day.main());
    let by_hour = ana.get(&format!("{}?range=24h", page(&key.id))).await.is(200);
    // The 24th, 10 o'clock, is 24 hours ago: the chart begins with this hour.
    by_hour.says("In the last 24 hours: 2 requests allowed and 1 denied.").says("The busiest hour began 24 Nov, 10:00 CET");
}

#[tokio::test]
async fn ranges_are_links_and_an_unknown_one_is_the_default() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    t.with(&key).get("/api/v1/ops/trips").await.is(200);
    t.flush().await;
    let ana = t.person(Role::AccountOwner).await;
    for (query, current, bars) in [
        ("", "30 days", 30),
        ("?range=24h", "24 hours", 25),
        ("?range=7d", "7 days", 7),
        ("?range=90d", "90 days", 90),
        ("?range=x", "30 days", 30),
    ] {
        let shown = ana.get(&format!("{}{query}", page(&key.id))).await.is(200).page();
        let usage = shown.root().first("#usage");
        assert_eq!(usage.first("nav").text_of("link"), ["24 hours", "7 days", "30 days", "90 days"]);
        assert_eq!(usage.first("[aria-current]").text(), current, "{query}");
        assert_eq!((usage.select("svg.bars g").len(), usage.select(".axis span").len()), (bars, 3), "{query}");
        let scale: Vec<_> = usage.select(".scale span").into_iter().map(super::super::page::Part::text).collect();
        assert_eq!(scale, ["2", "1", "0"]);
    }
}

#[tokio::test]
async fn key_id_can_be_copied() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    let shown = t.person(Role::Admin).await.get(&page(&key.id)).await.is(200).page();
    assert_eq!(shown.root().first("#key-id").text(), key.id);
    let copy = shown.root().first("button[data-copy=key-id]");
    assert_eq!((copy.attribute("aria-label"), copy.text().as_str()), ("Copy key id", "Copy"));
}

#[tokio::test]
async fn refusals_are_counted_by_reason() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    for path in ["/api/v1/ops/aircraft", "/api/v1/ops/aircraft", "/api/v1/api-keys"] {
        t.with(&key).get(path).await.is(403);
    }
    t.flush().await;
    let rows = async |query: &str| {
        let ana = t.person(Role::AccountOwner).await;
        let shown = ana.get(&format!("{}{query}", page(&key.id))).await.is(200).page();
        let has_section = shown.root().has("heading", "Refusals by reason");
        let rows = if has_section { shown.section("Refusals by reason").select("tbody tr") } else { Vec::new() };
        rows.into_iter().map(|row| row.text_of("cell")[..2].join(": ")).collect::<Vec<_>>()
    };
    assert_eq!(rows("").await, ["it lacks the scope fleet:read: 2", "only people can do that: 1"]);
    t.advance(48 * HOUR).await;
    assert_eq!(rows("?range=24h").await, [""; 0]);
    assert_eq!(rows("?range=7d").await.len(), 2);
}

#[tokio::test]
async fn granted_permissions_are_compared_with_used_ones_after_a_week() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read", "trips:write", "fleet:read"]).await;
    let ana = t.person(Role::AccountOwner).await;
    let never_wrote =
        "This key only read data since it was created 8 days ago. It was also granted write access and never used it.";
    t.with(&key).get("/api/v1/ops/trips").await.is(200);
    t.flush().await;
    ana.get(&page(&key.id)).await.is(200).does_not_say("only read data");
    t.advance(8 * 24 * HOUR).await;
    let ana = t.person(Role::AccountOwner).await;
    ana.get(&page(&key.id)).await.is(200).says(never_wrote);
}

#[tokio::test]
async fn request_at_the_start_of_an_hour_is_counted() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    t.advance(Duration::from_mins(30)).await;
    t.with(&key).get("/api/v1/auth/whoami").await.is(200);
    t.flush().await;
    let ana = t.person(Role::AccountOwner).await;
    for range in ["24h", "30d"] {
        ana.get(&format!("{}?range={range}", page(&key.id))).await.is(200).says("1 request allowed and 0 denied");
    }
}

#[tokio::test]
async fn revoked_key_shows_its_revocation_time_and_no_actions() {
    let t = TestApp::new().await;
    let (key, admin) = (t.key(&["trips:read"]).await, t.admin().await);
    admin.post(&format!("{KEYS}/{}/revoke", key.id), json!({ "reason": "Left the project" })).await.is(200);
    let shown = t.person(Role::Admin).await.get(&page(&key.id)).await.is(200);
    insta::assert_snapshot!(shown.main());
    let shown = shown.says("Every request that began after <time datetime=\"2026-11-23T09:30:00Z\"").says("Left the project");
    shown.does_not_say("/rotate\"").does_not_say("/revoke\"").does_not_say("/edit\"");
}

#[tokio::test]
async fn expired_key_can_only_be_revoked() {
    let t = TestApp::new().await;
    let key = t.key_with(json!({ "name": "Over", "permissions": "read_only", "expiresAt": "2026-11-23T09:31:00Z" })).await;
    t.advance(Duration::from_mins(5)).await;
    let shown = t.person(Role::Admin).await.get(&page(&key.id)).await.is(200).says("badge expired").says("Expired <time");
    shown.does_not_say("/rotate\"").does_not_say("/edit\"").says("/revoke\"");
}

#[tokio::test]
async fn rotation_chain_is_listed_on_each_of_its_keys() {
    let t = TestApp::new().await;
    let admin = t.admin().await;
    let mut ids = vec![t.key_with(json!({ "name": "First", "permissions": "read_only", "expiresAt": null })).await.id];
    for name in ["Second", "Third"] {
        t.advance(HOUR).await;
        let made = t.owner().await.post(&format!("{KEYS}/{}/rotate", ids[ids.len() - 1]), json!({ "name": name })).await.is(201);
        ids.push(made.text_at("/data/apiKey/id"));
    }
    admin.post(&format!("{KEYS}/{}/revoke", ids[0]), json!({})).await.is(200);
    let ana = t.person(Role::AccountOwner).await;
    for (place, id) in ids.iter().enumerate() {
        let shown = ana.get(&page(id)).await.is(200).page();
        let chain = shown.section("Rotation");
        for (other, name) in ["First", "Second", "Third"].into_iter().enumerate() {
            assert!(chain.text().contains(name), "{name}: {}", chain.text());
            assert_eq!(chain.has("link", name), other != place, "{name}: {}", chain.text());
        }
        assert!(chain.text().contains("Revoked") && chain.text().contains("This key"), "{}", chain.text());
    }
}

#[tokio::test]
async fn latest_events_are_shown_with_a_link_to_the_log() {
    let t = TestApp::new().await;
    let (key, other) = (t.key(&["trips:read"]).await, t.key(&["trips:read"]).await);
    for number in 1..=12 {
        t.with(&key).from(&format!("198.51.100.{number}")).get("/api/v1/auth/whoami").await.is(200);
    }
    t.with(&other).from("203.0.113.1").get("/api/v1/auth/whoami").await.is(200);
    t.flush().await;
    let shown = t.person(Role::Admin).await.get(&page(&key.id)).await.is(200);
    assert_eq!(shown.page().section("Latest events").select("tbody tr").len(), 10, "{}", shown.text);
    let shown = shown.says("7 more</summary>").does_not_say("203.0.113.1");
    shown.says(&format!("href=\"/settings/audit-log?api_key_id={}\"", key.id));
}

#[tokio::test]
async fn user_text_is_escaped() {
    let t = TestApp::new().await;
    let hostile = "<img src=x onerror=alert(1)>\"'&";
    let key = t.key_with(json!({ "name": hostile, "permissions": "read_only", "expiresAt": null, "description": hostile })).await;
    t.with(&key).header("user-agent", "<script>alert(1)</script>").get("/api/v1/api-keys").await.is(403);
    t.flush().await;
    let ana = t.person(Role::AccountOwner).await;
    let path = page(&key.id);
    for page in [path.clone(), format!("{path}/rotate"), format!("{path}/revoke")] {
        let shown = ana.get(&page).await.is(200).does_not_say("<img src=x").does_not_say("<script>alert");
        shown.says("&#60;img src=x onerror=alert(1)&#62;&#34;&#39;&#38;");
    }
    ana.get(&path).await.says("&#60;script&#62;alert(1)&#60;/script&#62;");
}

#[tokio::test]
async fn notices_are_fixed_texts() {
    let t = TestApp::new().await;
    let (key, ana) = (t.key(&["trips:read"]).await, t.person(Role::Admin).await);
    let shown = async |query: &str| ana.get(&format!("{}?{query}", page(&key.id))).await.is(200);
    shown("already=shown").await.says("cannot be shown again");
    shown("updated=1").await.says("Changes saved.");
    shown("updated=hacked&by=%3Cb%3E").await.does_not_say("role=\"status\"").does_not_say("hacked");
}

#[tokio::test]
async fn key_page_is_for_administrators_of_its_workspace() {
    let t = TestApp::new().await;
    let (key, (_, ben)) = (t.key(&["trips:read"]).await, t.other_workspace().await);
    let theirs = ben.post(KEYS, json!({ "name": "Theirs", "permissions": "read_only", "expiresAt": null })).await.is(201);
    let (ana, pilot) = (t.person(Role::AccountOwner).await, t.person(Role::Pilot).await);
    for action in ["", "/rotate", "/revoke"] {
        ana.get(&format!("{}{action}", page(&theirs.text_at("/data/apiKey/id")))).await.is(404);
        ana.get(&format!("{}{action}", page("key_nothing"))).await.is(404);
        pilot.get(&format!("{}{action}", page(&key.id))).await.is(403);
    }
}
