//! Findings: each appears with its cause and is gone with it; dismissals; who sees them.

mod dismissals;
mod of_keys;
mod pages;
mod remedies;

use std::time::Duration;

use planeconnection::keys::hygiene;
use planeconnection::members::Role;
use serde_json::{Value, json};
use testkit::KEYS;

use crate::support::{TestApp, TestKey};
use crate::webhooks::webhook;

pub(crate) const FINDINGS: &str = "/api/v1/findings";
pub(crate) const DAY: Duration = Duration::from_hours(24);

/// The findings of the workspace, after the background job has run.
async fn found(t: &TestApp, query: &str) -> Vec<Value> {
    t.flush().await;
    hygiene::review(&t.app).await.expect("a review");
    now(t, query).await
}

/// The findings of the workspace as they are, without the job.
async fn now(t: &TestApp, query: &str) -> Vec<Value> {
    let page = t.owner().await.get(&format!("{FINDINGS}?page_size=100{query}")).await.is(200);
    page.at("/data/items").as_array().expect("a list").clone()
}

/// The one finding with this code; `None` if there is none.
async fn finding(t: &TestApp, code: &str) -> Option<Value> {
    let mut all = found(t, &format!("&code={code}")).await;
    assert!(all.len() < 2, "{all:?}");
    all.pop()
}

/// A key that expires in so many days.
async fn key_for(t: &TestApp, days: u32) -> TestKey {
    let expiry = t.app.clock.now().after(DAY * days);
    t.key_with(json!({ "name": format!("For {days} days"), "permissions": "read_only", "expiresAt": expiry })).await
}

async fn revoke(t: &TestApp, key: &TestKey) {
    t.owner().await.post(&format!("{KEYS}/{}/revoke", key.id), json!({})).await.is(200);
}

#[tokio::test]
async fn failing_webhook_is_a_finding_until_it_succeeds_or_is_switched_off() {
    let t = TestApp::new().await;
    let id = webhook(&t.owner().await, &["*"]).await;
    assert!(finding(&t, "webhook_failing").await.is_none());
    t.tamper("UPDATE webhook_endpoints SET failed_attempts = 5, failing_since = '2026-11-23 08:00:00+00:00'").await;
    let failing = finding(&t, "webhook_failing").await.expect("a finding");
    assert_eq!([&failing["webhookId"], &failing["severity"]], [&json!(id), &json!("warning")]);
    assert_eq!(failing["remedy"], json!({ "label": "Look", "href": format!("/settings/webhooks/{id}") }));
    t.tamper("UPDATE webhook_endpoints SET disabled_at = '2026-11-23 09:00:00+00:00'").await;
    assert!(finding(&t, "webhook_failing").await.is_none());
    let disabled = finding(&t, "webhook_disabled").await.expect("a finding");
    assert_eq!(disabled["severity"], "critical");
    t.tamper("UPDATE webhook_endpoints SET disabled_at = NULL, failed_attempts = 0").await;
    assert!(finding(&t, "webhook_disabled").await.is_none());
}

#[tokio::test]
async fn member_without_a_second_factor_is_a_finding_if_one_is_recommended_or_required() {
    let t = TestApp::new().await;
    assert!(finding(&t, "member_no_second_factor").await.is_none(), "it is optional");
    let set = |policy: &str| {
        format!(
            "INSERT INTO security_settings (workspace_id, two_factor_policy, grace_days, passkeys_allowed, idle_minutes, absolute_minutes, minimum_password_length) SELECT id, '{policy}', 30, true, 720, 10080, 15 FROM workspaces"
        )
    };
    t.tamper(&set("recommended")).await;
    let recommended = finding(&t, "member_no_second_factor").await.expect("a finding");
    assert_eq!([&recommended["memberId"], &recommended["severity"]], [&json!(t.owner.id), &json!("info")]);
    assert_eq!(recommended["message"], "Ana Keller has no second factor, which this workspace recommends.");
    // The owner has to set up a factor before anything else: a key sees the finding meanwhile.
    let key = t.key(&["audit:read"]).await;
    t.tamper("UPDATE security_settings SET two_factor_policy = 'required_for_admins'").await;
    let required = t.with(&key).get(&format!("{FINDINGS}?code=member_no_second_factor")).await.is(200);
    assert_eq!(required.items("severity"), ["warning"]);
    t.tamper("UPDATE members SET second_factor_at = '2026-11-23 09:00:00+00:00'").await;
    assert!(finding(&t, "member_no_second_factor").await.is_none());
}

#[tokio::test]
async fn only_account_owner_is_a_finding_until_there_is_another() {
    let t = TestApp::new().await;
    let alone = finding(&t, "owner_alone").await.expect("a finding");
    assert_eq!([&alone["apiKeyId"], &alone["memberId"], &alone["since"]], [&Value::Null; 3]);
    t.add_member(Role::AccountOwner).await;
    assert!(finding(&t, "owner_alone").await.is_none());
}

#[tokio::test]
async fn altered_log_is_a_critical_finding_within_a_minute() {
    let t = TestApp::new().await;
    t.named_key("Website").await;
    assert!(finding(&t, "chain_broken").await.is_none());
    t.tamper("UPDATE audit_events SET actor_name = 'Nobody' WHERE sequence = 2").await;
    t.app.clock.advance(Duration::from_mins(1));
    let broken = finding(&t, "chain_broken").await.expect("a finding");
    assert_eq!([&broken["severity"], &broken["remedy"]["href"]], [&json!("critical"), &json!("/settings/audit-log")]);
}

#[tokio::test]
async fn findings_are_for_those_who_read_the_audit_log() {
    let t = TestApp::new().await;
    for role in Role::ALL {
        let status = if role.reads_audit_log() { 200 } else { 403 };
        t.member(role).await.get(FINDINGS).await.is(status);
    }
    t.with(&t.key(&["audit:read"]).await).get(FINDINGS).await.is(200);
    t.with(&t.key(&["trips:read"]).await).get(FINDINGS).await.is(403).code("SCOPE_REQUIRED");
}

#[tokio::test]
async fn unknown_value_of_a_filter_is_refused() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let (_, other) = t.other_workspace().await;
    let foreign = other.post(KEYS, json!({ "name": "Theirs", "permissions": "read_only", "expiresAt": null })).await.is(201);
    let foreign = foreign.text_at("/data/apiKey/id");
    for (query, field) in [
        ("code=key_unusual".to_owned(), "code"),
        ("severity=urgent".to_owned(), "severity"),
        ("api_key_id=none".to_owned(), "api_key_id"),
        (format!("api_key_id={foreign}"), "api_key_id"),
    ] {
        owner.get(&format!("{FINDINGS}?{query}")).await.is(400).names_field(field);
    }
}

#[tokio::test]
async fn most_urgent_findings_come_first_and_a_walk_sees_each_once() {
    let t = TestApp::new().await;
    for number in 1..=3 {
        t.named_key(&format!("Endless {number}")).await;
        key_for(&t, number).await;
    }
    let all = found(&t, "").await;
    let severities: Vec<&str> = all.iter().filter_map(|one| one["severity"].as_str()).collect();
    assert_eq!(severities, ["critical", "critical", "critical", "warning", "warning", "warning", "warning"]);
    assert!(all[0]["message"].as_str().is_some_and(|message| message.starts_with("For 1 days expires")), "{all:?}");
    let owner = t.owner().await;
    let (mut walked, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = owner.get(&format!("{FINDINGS}?page_size=2{cursor}")).await.is(200);
        walked.extend(page.items("id"));
        let Some(next) = page.at("/data/next_cursor").as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    let ids: Vec<String> = all.iter().filter_map(|one| one["id"].as_str().map(str::to_owned)).collect();
    assert_eq!(walked, ids);
    let second = owner.get(&format!("{FINDINGS}?page_size=2&page=2")).await.is(200);
    assert_eq!((second.items("id"), second.at("/data/total")), (ids[2..4].to_vec(), &json!(7)));
    assert_eq!(found(&t, "&severity=critical").await.len(), 3);
}
