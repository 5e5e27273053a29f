//! Quotas of objects in a workspace.

use std::time::Duration;

use planeconnection::limits::Limit;
use planeconnection::members::Role;
use serde_json::{Value, json};
use testkit::{KEYS, MEMBERS};

use super::{refusals, with};
use crate::support::{Response, read_only_key};

fn invited(number: usize) -> Value {
    json!({ "name": format!("Person {number}"), "email": format!("person-{number}@skyline.example"), "role": "pilot" })
}

fn is_exceeded(refused: Response, quota: &str, limit: u64) {
    let refused = refused.is(409).code("QUOTA_EXCEEDED");
    assert_eq!((refused.at("/error/quota"), refused.at("/error/limit")), (&json!(quota), &json!(limit)));
    assert!(refused.text.contains(&format!("raise {quota}.")), "{}", refused.text);
}

#[tokio::test]
async fn active_key_quota_includes_successors() {
    let t = with([(Limit::ActiveKeys, 2)]).await;
    let owner = t.owner().await;
    let first = owner.post(KEYS, read_only_key("One")).await.is(201).text_at("/data/apiKey/id");
    let short = json!({ "name": "Two", "permissions": "read_only", "expiresAt": "2026-11-23T10:00:00Z" });
    owner.post(KEYS, short).await.is(201);
    is_exceeded(owner.post(KEYS, read_only_key("Three")).await, "active-keys", 2);
    is_exceeded(owner.post(&format!("{KEYS}/{first}/rotate"), json!({})).await, "active-keys", 2);
    owner.post(&format!("{KEYS}/{first}/revoke"), json!({})).await.is(200);
    owner.post(KEYS, read_only_key("Three")).await.is(201);
    is_exceeded(owner.post(KEYS, read_only_key("Four")).await, "active-keys", 2);
    t.advance(Duration::from_hours(1)).await;
    owner.reauthenticate().await;
    owner.post(KEYS, read_only_key("Four")).await.is(201);
    let (_, other) = t.other_workspace().await;
    other.post(KEYS, read_only_key("Theirs")).await.is(201);
    assert_eq!(refusals(&t, Limit::ActiveKeys).await, 3);
}

#[tokio::test]
async fn revoked_keys_count_against_the_new_key_quota_for_a_day() {
    let t = with([(Limit::NewKeys, 3)]).await;
    let owner = t.owner().await;
    for number in 0..3 {
        let made = owner.post(KEYS, read_only_key(&format!("Key {number}"))).await.is(201).text_at("/data/apiKey/id");
        owner.post(&format!("{KEYS}/{made}/revoke"), json!({})).await.is(200);
    }
    is_exceeded(owner.post(KEYS, read_only_key("One more")).await, "new-keys", 3);
    t.advance(Duration::from_hours(24)).await;
    t.owner().await.post(KEYS, read_only_key("One more")).await.is(201);
}

#[tokio::test]
async fn member_and_invitation_quotas_are_enforced() {
    let t = with([(Limit::Members, 5), (Limit::Invitations, 3)]).await;
    let owner = t.owner().await;
    let mut made = Vec::new();
    for number in 0..3 {
        made.push(owner.post(MEMBERS, invited(number)).await.is(201).text_at("/data/member/id"));
    }
    is_exceeded(owner.post(MEMBERS, invited(3)).await, "invitations", 3);
    owner.delete(&format!("{MEMBERS}/{}", made[0])).await.is(200);
    owner.post(MEMBERS, invited(3)).await.is(201);
    t.add_member(Role::Pilot).await;
    is_exceeded(owner.post(MEMBERS, invited(4)).await, "members", 5);
    assert_eq!((refusals(&t, Limit::Invitations).await, refusals(&t, Limit::Members).await), (1, 1));
}

#[tokio::test]
async fn expired_invitation_is_renewed_within_the_quota_only() {
    let t = with([(Limit::Invitations, 1)]).await;
    let ana = t.person(Role::AccountOwner).await;
    let late = t.owner().await.post(MEMBERS, invited(0)).await.is(201).text_at("/data/member/id");
    t.advance(Duration::from_hours(8 * 24)).await;
    let ana = {
        drop(ana);
        t.person(Role::AccountOwner).await
    };
    t.owner().await.post(MEMBERS, invited(1)).await.is(201);
    let page = format!("/settings/members/{late}");
    let refused = ana.submit(&page, &format!("{page}/invitation"), &[]).await.is(409);
    refused.says("has 1 open invitation, the maximum");
}
