//! Members: added, changed, removed, and failed sign-ins.

use planeconnection::audit::EventType;
use planeconnection::members::Role;
use serde_json::{Value, json};
use testkit::SIGN_IN;

use super::{all_data, data, payloads, receiving};
use crate::support::TestApp;

async fn fail_to_sign_in(t: &TestApp, times: usize) {
    for _ in 0..times {
        let body = json!({ "email": "ana@skyline.example", "password": "no password at all" });
        t.anonymous().post(SIGN_IN, body).await.is(401);
    }
}

/// Makes every kind of change.
pub(super) async fn change_everything(t: &TestApp) {
    let member = t.add_member(Role::Pilot).await;
    let (owner, path) = (t.owner().await, format!("/api/v1/members/{}", member.id));
    owner.patch(&path, json!({ "role": "dispatcher" })).await.is(200);
    owner.delete(&path).await.is(200);
    fail_to_sign_in(t, 1).await;
}

#[tokio::test]
async fn payload_of_a_member_has_exactly_the_documented_fields() {
    let t = receiving().await;
    let owner = t.owner().await;
    let body = json!({ "name": "Zoë Müller", "email": "zoe@skyline.example", "role": "pilot" });
    let added = owner.post("/api/v1/members", body).await.is(201);
    let id = data(&t, EventType::MemberAdded).await["member_id"].clone();
    let mut expected = json!({ "member_id": id, "name": "Zoë Müller", "email": "zoe@skyline.example", "role": "pilot" });
    assert_eq!(data(&t, EventType::MemberAdded).await, expected);

    let path = format!("/api/v1/members/{}", id.as_str().expect("an id"));
    owner.patch(&path, json!({ "role": "dispatcher" })).await.is(200);
    expected["role"] = json!("dispatcher");
    assert_eq!(data(&t, EventType::MemberRoleChanged).await, expected);
    owner.delete(&path).await.is(200);
    assert_eq!(data(&t, EventType::MemberRemoved).await, expected);
    let (_, token) = added
        .text_at("/data/inviteUrl")
        .split_once('#')
        .map(|(page, token)| (page.to_owned(), token.to_owned()))
        .expect("a link");
    assert!(!json!(payloads(&t).await).to_string().contains(&token), "no payload has the link");
}

#[tokio::test]
async fn wrong_passwords_of_a_minute_are_one_event_of_the_member() {
    let t = receiving().await;
    fail_to_sign_in(&t, 3).await;
    t.flush().await;
    let failed = all_data(&t, EventType::MemberSignInFailed).await;
    let expected = json!({
        "member_id": t.owner.id, "name": "Ana Keller", "email": "ana@skyline.example", "role": "account_owner",
    });
    assert_eq!(failed, [expected]);
    assert!(!json!(payloads(&t).await).to_string().contains("no password at all"));
    let nobody: Value = json!({ "email": "nobody@skyline.example", "password": "no password at all" });
    t.anonymous().post(SIGN_IN, nobody).await.is(401);
    t.flush().await;
    assert_eq!(all_data(&t, EventType::MemberSignInFailed).await.len(), 1, "an unknown email has no member");
}
