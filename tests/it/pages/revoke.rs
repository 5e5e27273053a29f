//! Revoking a key in a browser.

use std::time::Duration;

use planeconnection::members::Role;
use serde_json::json;
use testkit::{KEYS, WHOAMI};

use crate::support::{TestApp, TestKey};

fn revoke(key: &TestKey) -> String {
    format!("/settings/api-keys/{}/revoke", key.id)
}

#[tokio::test]
async fn page_shows_recent_usage() {
    let t = TestApp::new().await;
    let key = t.named_key("Fleet Dashboard").await;
    for (times, address, later) in [(3, "198.51.100.7", 48), (2, "203.0.113.9", 1)] {
        for _ in 0..times {
            t.with(&key).from(address).get(WHOAMI).await.is(200);
        }
        t.flush().await;
        t.advance(Duration::from_hours(later)).await;
    }
    let asked = t.person(Role::AccountOwner).await.get(&revoke(&key)).await.is(200).says("Revoke “Fleet Dashboard”?");
    insta::assert_snapshot!(asked.main());
    let asked = asked.says("401 Unauthorized immediately").says("<dd>2 requests from 1 address</dd>");
    asked.says("<dd>5 requests from 2 addresses</dd>").says("1 hour ago</time> from <span class=\"mono\">203.0.113.9");
}

#[tokio::test]
async fn replacement_is_shown_with_its_usage() {
    let t = TestApp::new().await;
    let (key, ana) = (t.named_key("Scheduler").await, t.person(Role::AccountOwner).await);
    ana.get(&revoke(&key)).await.is(200).says("rotate the key</a> first");
    let made = t.admin().await.post(&format!("{KEYS}/{}/rotate", key.id), json!({})).await.is(201);
    ana.get(&revoke(&key)).await.is(200).says("Scheduler (2026-11-23)</a> <span class=\"badge warn\">Not used yet");
    t.anonymous().header("x-api-key", &made.text_at("/data/secret")).get(WHOAMI).await.is(200);
    t.flush().await;
    ana.get(&revoke(&key)).await.is(200).says("Scheduler (2026-11-23)</a> is in use: last used");
}

#[tokio::test]
async fn revoked_key_is_refused_at_once_and_stays_in_the_list() {
    let t = TestApp::new().await;
    let (key, ana) = (t.named_key("Scheduler").await, t.person(Role::AccountOwner).await);
    t.with(&key).get(WHOAMI).await.is(200);
    let sent = ana.submit(&revoke(&key), &revoke(&key), &[("reason", "Leaked\r\nin a ticket")]).await;
    sent.redirects_to(&format!("/settings/api-keys?revoked={}", key.id));
    t.with(&key).get(WHOAMI).await.is(401).code("API_KEY_REVOKED");
    let list = ana.get(&format!("/settings/api-keys?revoked={}", key.id)).await.is(200);
    list.says("<strong>Scheduler</strong> was revoked.").says("badge revoked");
    let kept = t.admin().await.get(&format!("{KEYS}/{}", key.id)).await.is(200);
    assert_eq!(kept.at("/data/revokeReason"), "Leaked\nin a ticket");
    t.audit_ends_with(&["api_key.revoked", "api_key.refused_everywhere", "api_key.used", "api_key.denied"]).await;
}

#[tokio::test]
async fn key_is_revoked_once() {
    let t = TestApp::new().await;
    let (key, ana) = (t.named_key("Scheduler").await, t.person(Role::AccountOwner).await);
    let form = ana.get(&revoke(&key)).await.hidden(&revoke(&key));
    let all: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain([("reason", "First")]).collect();
    ana.post(&revoke(&key), &all).await.is(303);
    t.advance(Duration::from_mins(3)).await;
    ana.post(&revoke(&key), &all).await.is(303);
    let shown = ana.get(&revoke(&key)).await.is(200).says("“Scheduler” is revoked").does_not_say("<textarea");
    insta::assert_snapshot!(shown.main());
    shown.says("3 minutes ago").says("Every request that began after").says("First");
    t.audit_ends_with(&["api_key.created", "api_key.revoked", "api_key.refused_everywhere"]).await;
}

#[tokio::test]
async fn overlong_reason_is_kept_in_the_form_and_the_key_works() {
    let t = TestApp::new().await;
    let (key, ana) = (t.named_key("Scheduler").await, t.person(Role::AccountOwner).await);
    let long = format!("<b>{}", "x".repeat(498));
    let again = ana.submit(&revoke(&key), &revoke(&key), &[("reason", &long)]).await.is(400);
    again.reports("reason").says(&"x".repeat(498)).says("&#60;b&#62;xxx");
    t.with(&key).get(WHOAMI).await.is(200);
    // A line break counts as one character, although a browser sends two.
    let fits = format!("{}{}", "x\r\n".repeat(100), "x".repeat(300));
    ana.submit(&revoke(&key), &revoke(&key), &[("reason", &fits)]).await.is(303);
}

#[tokio::test]
async fn key_in_the_reason_is_refused_and_not_kept() {
    let t = TestApp::new().await;
    let (key, ana) = (t.named_key("Scheduler").await, t.person(Role::AccountOwner).await);
    let reason = format!("{} was in a chat", key.secret);
    ana.submit(&revoke(&key), &revoke(&key), &[("reason", &reason)]).await.is(400).says("contain an API key or token");
    ana.submit(&revoke(&key), &revoke(&key), &[("reason", "It was in a chat")]).await.is(303);
    let shown = ana.get(&format!("/settings/api-keys/{}", key.id)).await.is(200);
    shown.says("was in a chat").does_not_say(&key.secret);
}

#[tokio::test]
async fn expired_key_can_be_revoked() {
    let t = TestApp::new().await;
    let key = t.key_with(json!({ "name": "Over", "permissions": "read_only", "expiresAt": "2026-11-23T09:31:00Z" })).await;
    t.advance(Duration::from_mins(5)).await;
    let ana = t.person(Role::AccountOwner).await;
    ana.get(&revoke(&key)).await.is(200).says("It is already refused.");
    ana.submit(&revoke(&key), &revoke(&key), &[]).await.is(303);
}

#[tokio::test]
async fn revocation_requires_the_role_and_the_workspace() {
    let t = TestApp::new().await;
    let (key, (_, ben)) = (t.named_key("Scheduler").await, t.other_workspace().await);
    let theirs = ben.post(KEYS, json!({ "name": "Theirs", "permissions": "read_only", "expiresAt": null })).await.is(201);
    let theirs = TestKey { id: theirs.text_at("/data/apiKey/id"), secret: theirs.text_at("/data/secret") };
    let ana = t.person(Role::AccountOwner).await;
    let form = ana.get(&revoke(&key)).await.hidden(&revoke(&key));
    let form: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    ana.post(&revoke(&theirs), &form).await.is(404);
    t.with(&theirs).get(WHOAMI).await.is(200);
    let pilot = t.person(Role::Pilot).await;
    let token = pilot.get("/account").await.hidden("/sign-out");
    let token: Vec<_> = token.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    pilot.post(&revoke(&key), &token).await.is(403);
    t.with(&key).get(WHOAMI).await.is(200);
}
