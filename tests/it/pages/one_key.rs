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
    let by_hour = ana.get(&format!("{}?by=hour", page(&key.id))).await.is(200);
    // The 23rd, 9 to 10, is 48 hours and a half ago.
    by_hour.says("In the last 48 hours: 2 requests allowed and 1 denied.").says("with 3 requests");
}

#[tokio::test]
async fn request_at_the_start_of_an_hour_is_counted() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    t.advance(Duration::from_mins(30)).await;
    t.with(&key).get("/api/v1/auth/whoami").await.is(200);
    t.flush().await;
    let ana = t.person(Role::AccountOwner).await;
    for by in ["hour", "day"] {
        ana.get(&format!("{}?by={by}", page(&key.id))).await.is(200).says("1 request allowed and 0 denied");
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
        let made = admin.post(&format!("{KEYS}/{}/rotate", ids[ids.len() - 1]), json!({ "name": name })).await.is(201);
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
