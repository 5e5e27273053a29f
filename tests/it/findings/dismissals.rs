//! Dismissed findings.

use std::time::Duration;

use planeconnection::members::Role;
use serde_json::json;

use super::{FINDINGS, finding, now};
use crate::support::TestApp;

#[tokio::test]
async fn dismissed_finding_is_hidden_from_all_administrators_for_30_days() {
    let t = TestApp::new().await;
    let key = t.named_key("Endless").await;
    let id = now(&t, "&code=key_no_expiry").await[0]["id"].as_str().expect("an id").to_owned();
    let path = format!("{FINDINGS}/{id}/dismiss");
    let reason = json!({ "reason": "The tower cannot rotate" });
    let dismissed = t.admin().await.post(&path, reason).await.is(200);
    assert_eq!([dismissed.at("/data/id"), dismissed.at("/data/code")], [&json!(id), &json!("key_no_expiry")]);
    assert_eq!(dismissed.at("/data/endsAt"), &json!("2026-12-23T09:30:00Z"));
    t.audit_ends_with(&["finding.dismissed"]).await;
    let events = t.audit().await;
    let event = events.iter().find(|event| event["action"] == "finding.dismissed").expect("an event");
    assert_eq!([&event["target"]["id"], &event["details"]["reason"]], [&json!(key.id), &json!("The tower cannot rotate")]);
    assert!(now(&t, "&code=key_no_expiry").await.is_empty());
    assert!(now(&t, &format!("&api_key_id={}", key.id)).await.is_empty());
    t.advance(Duration::from_secs(30 * 24 * 3_600 - 1)).await;
    assert!(finding(&t, "key_no_expiry").await.is_none());
    t.advance(Duration::from_secs(1)).await;
    assert_eq!(finding(&t, "key_no_expiry").await.expect("a finding")["id"], json!(id));
}

#[tokio::test]
async fn dismissal_is_taken_back() {
    let t = TestApp::new().await;
    let id = now(&t, "&code=owner_alone").await[0]["id"].as_str().expect("an id").to_owned();
    let path = format!("{FINDINGS}/{id}/dismiss");
    let owner = t.owner().await;
    owner.delete(&path).await.is(409).code("CONFLICT");
    owner.post(&path, json!({ "reason": "We are two people" })).await.is(200);
    owner.post(&path, json!({ "reason": "We are still two people" })).await.is(200);
    owner.delete(&path).await.is(200);
    assert_eq!(now(&t, "&code=owner_alone").await.len(), 1);
    t.audit_ends_with(&["finding.dismissed", "finding.dismissed", "finding.restored"]).await;
}

#[tokio::test]
async fn only_administrators_dismiss_and_only_findings_with_a_reason() {
    let t = TestApp::new().await;
    let id = now(&t, "&code=owner_alone").await[0]["id"].as_str().expect("an id").to_owned();
    let path = format!("{FINDINGS}/{id}/dismiss");
    let reason = || json!({ "reason": "Known" });
    t.member(Role::Auditor).await.post(&path, reason()).await.is(403);
    t.with(&t.key(&["audit:read"]).await).post(&path, reason()).await.is(403);
    let owner = t.owner().await;
    owner.post(&path, json!({ "reason": " " })).await.is(400).names_field("reason");
    owner.post(&path, json!({ "reason": "x".repeat(501) })).await.is(400).names_field("reason");
    let unknown = "finding_01h455vb4pex5vsknk084sn02q";
    owner.post(&format!("{FINDINGS}/{unknown}/dismiss"), reason()).await.is(404).code("NOT_FOUND");
    let (_, other) = t.other_workspace().await;
    other.post(&path, reason()).await.is(404);
}

#[tokio::test]
async fn dismissal_is_repeated_by_its_idempotency_key() {
    let t = TestApp::new().await;
    let key = t.named_key("Endless").await;
    let id = now(&t, "&code=key_no_expiry").await[0]["id"].as_str().expect("an id").to_owned();
    let owner = t.owner().await.header("idempotency-key", "dismissal-1");
    let dismiss = async || owner.post(&format!("{FINDINGS}/{id}/dismiss"), json!({ "reason": "Known" })).await.is(200).text;
    let first = dismiss().await;
    super::revoke(&t, &key).await;
    assert_eq!(dismiss().await, first, "although the cause is gone meanwhile");
}
