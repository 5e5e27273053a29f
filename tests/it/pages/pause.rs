//! Pausing and resuming a key in a browser.

use std::time::Duration;

use planeconnection::access::RECENT;
use planeconnection::members::Role;
use serde_json::json;
use testkit::{KEYS, PASSWORD, WHOAMI};

use crate::support::{TestApp, TestKey, read_only_key};

fn page(key: &TestKey, action: &str) -> String {
    format!("/settings/api-keys/{}{action}", key.id)
}

#[tokio::test]
async fn page_offers_lengths_and_explains_that_a_pause_is_not_a_revocation() {
    let t = TestApp::new().await;
    let key = t.named_key("Fleet Dashboard").await;
    t.with(&key).from("203.0.113.9").get(WHOAMI).await.is(200);
    t.flush().await;
    let ana = t.person(Role::AccountOwner).await;
    let asked = ana.get(&page(&key, "/pause")).await.is(200).says("Pause “Fleet Dashboard”?");
    insta::assert_snapshot!(asked.main());
    asked.says("A pause is not a revocation").says("<dd>1 request from 1 address</dd>");
    let again = ana.submit(&page(&key, "/pause"), &page(&key, "/pause"), &[("length", "7")]).await.is(400);
    again.reports("length").says("Choose how long");
    t.with(&key).get(WHOAMI).await.is(200);
}

#[tokio::test]
async fn key_is_paused_and_resumed_by_buttons_of_its_page() {
    let t = TestApp::new().await;
    let (key, ana) = (t.named_key("Scheduler").await, t.person(Role::AccountOwner).await);
    ana.get(&page(&key, "")).await.is(200).shows("button", "Pause").lacks("button", "Resume");
    let sent = ana.submit(&page(&key, "/pause"), &page(&key, "/pause"), &[("length", "60")]).await;
    sent.redirects_to(&page(&key, "?paused=1"));
    t.with(&key).get(WHOAMI).await.is(401).code("API_KEY_PAUSED");
    let shown = ana.get(&page(&key, "?paused=1")).await.is(200).lacks("button", "Pause").shows("button", "Resume");
    let shown = shown.says("badge paused").says("The key is paused. Every server refuses it.").says("23 Nov 2026, 11:30:00 CET");
    insta::assert_snapshot!(shown.main());
    ana.get("/settings/api-keys").await.is(200).says("Paused 1").says("ends <time");
    ana.get(&page(&key, "/revoke")).await.is(200).says("It is already refused.");
    ana.get(&page(&key, "/rotate")).await.is(200).says("The old key stays paused");
    ana.get(&page(&key, "/edit")).await.is(200).shows("button", "Save changes");
    let resumed = ana.submit(&page(&key, ""), &page(&key, "/resume"), &[]).await;
    resumed.redirects_to(&page(&key, "?resumed=1"));
    t.with(&key).get(WHOAMI).await.is(200);
    ana.get(&page(&key, "?resumed=1")).await.is(200).says("It works again.").says("badge active");
    // A page that is loaded again later does not say what is no longer true.
    ana.get(&page(&key, "?paused=1")).await.is(200).does_not_say("Every server refuses it");
}

#[tokio::test]
async fn resuming_asks_for_the_password_after_15_minutes() {
    let t = TestApp::new().await;
    let (key, ana) = (t.named_key("Scheduler").await, t.person(Role::AccountOwner).await);
    t.advance(RECENT + Duration::from_secs(1)).await;
    ana.submit(&page(&key, "/pause"), &page(&key, "/pause"), &[("length", "resumed")]).await.is(303);
    let asked = ana.submit(&page(&key, ""), &page(&key, "/resume"), &[]).await.is(403).says("Confirm it is you");
    t.with(&key).get(WHOAMI).await.is(401).code("API_KEY_PAUSED");
    ana.confirm(&asked, &page(&key, "/resume"), PASSWORD).await.redirects_to(&page(&key, "?resumed=1"));
    t.with(&key).get(WHOAMI).await.is(200);
}

#[tokio::test]
async fn page_of_a_revoked_key_and_of_an_upgrade_say_why_the_key_is_not_paused() {
    let t = TestApp::new().await;
    let (revoked, key) = (t.named_key("Old website").await, t.named_key("Scheduler").await);
    let ana = t.person(Role::AccountOwner).await;
    t.owner().await.post(&format!("{KEYS}/{}/revoke", revoked.id), json!({})).await.is(200);
    ana.get(&page(&revoked, "/pause")).await.is(409).says("This key is revoked, which is final").lacks("button", "Pause key");
    t.other_node("old", "1000000", "2026-11-23 09:30:01+00:00").await;
    let refused = ana.submit(&page(&key, "/pause"), &page(&key, "/pause"), &[("length", "1440")]).await.is(409);
    let refused = refused.says("finish the upgrade first");
    assert!(refused.text.contains("value=\"1440\" aria-describedby=\"length-1440-hint\" checked"), "{}", refused.main());
    t.with(&key).get(WHOAMI).await.is(200);
}

#[tokio::test]
async fn page_of_a_paused_key_refuses_a_shorter_pause() {
    let t = TestApp::new().await;
    let (key, ana) = (t.named_key("Scheduler").await, t.person(Role::AccountOwner).await);
    ana.submit(&page(&key, "/pause"), &page(&key, "/pause"), &[("length", "resumed")]).await.is(303);
    ana.get(&page(&key, "/pause")).await.is(200).says("A new pause can only be longer");
    let refused = ana.submit(&page(&key, "/pause"), &page(&key, "/pause"), &[("length", "5")]).await.is(409);
    refused.says("The key is paused until it is resumed; resume it first to pause it for less.");
    t.with(&key).get(WHOAMI).await.is(401).code("API_KEY_PAUSED");
}

#[tokio::test]
async fn pause_requires_the_role_and_the_workspace() {
    let t = TestApp::new().await;
    let (key, (_, ben)) = (t.named_key("Scheduler").await, t.other_workspace().await);
    let theirs = ben.post(KEYS, read_only_key("Theirs")).await.is(201).text_at("/data/apiKey/id");
    let ana = t.person(Role::AccountOwner).await;
    ana.get(&format!("/settings/api-keys/{theirs}/pause")).await.is(404);
    for action in ["pause", "resume"] {
        t.owner().await.post(&format!("{KEYS}/{theirs}/{action}"), json!({})).await.is(404);
        t.member(Role::Pilot).await.post(&format!("{KEYS}/{}/{action}", key.id), json!({})).await.is(403).code("ROLE_REQUIRED");
        t.with(&key).post(&format!("{KEYS}/{}/{action}", key.id), json!({})).await.is(403).code("PERSON_REQUIRED");
    }
}
