//! Invitations end with the right of their maker.

use planeconnection::members::{Member, Role};
use serde_json::{Value, json};
use testkit::MEMBERS;

use crate::support::{Client, PASSWORD, Response, TestApp};

async fn invite(by: &Client, name: &str, role: &str) -> (String, String) {
    let email = format!("{}@skyline.example", name.to_lowercase());
    let invited = by.post(MEMBERS, json!({ "name": name, "email": email, "role": role })).await.is(201);
    let url = invited.text_at("/data/inviteUrl");
    (invited.text_at("/data/member/id"), url.split_once('#').expect("a link").1.to_owned())
}

async fn join(t: &TestApp, token: &str) -> Response {
    t.anonymous().post("/api/v1/auth/join", json!({ "token": token, "password": PASSWORD })).await
}

/// The code of the link that a page shows.
#[track_caller]
fn code(page: &Response) -> String {
    let (_, rest) = page.text.split_once("/join#").unwrap_or_else(|| panic!("no link: {}", page.text));
    rest.split('<').next().unwrap_or_default().to_owned()
}

fn at(member: &Member) -> String {
    format!("{MEMBERS}/{}", member.id)
}

async fn last(t: &TestApp, action: &str) -> Value {
    t.audit().await.into_iter().rfind(|event| event["action"] == action).expect("an event")
}

#[tokio::test]
async fn removing_a_member_ends_their_invitations() {
    let t = TestApp::new().await;
    let admin = t.add_member(Role::Admin).await;
    let client = t.signed_in(admin.clone()).await;
    let (first, token) = invite(&client, "Eve", "admin").await;
    let (second, other) = invite(&client, "Dee", "pilot").await;
    let (_, joined) = invite(&client, "Joe", "pilot").await;
    join(&t, &joined).await.is(200);
    let (_, of_owner) = invite(&t.owner().await, "Ben", "pilot").await;
    t.owner().await.delete(&at(&admin)).await.is(200);
    join(&t, &token).await.is(410).code("INVITATION_INVALID");
    join(&t, &other).await.is(410).code("INVITATION_INVALID");
    join(&t, &of_owner).await.is(200);
    let ended = &last(&t, "member.removed").await["details"]["endedInvitations"];
    assert_eq!(ended["count"], 2);
    let mut named: Vec<_> = ended["members"].as_array().expect("ids").iter().filter_map(Value::as_str).collect();
    named.sort_unstable();
    let mut expected = [first.as_str(), &second];
    expected.sort_unstable();
    assert_eq!(named, expected);
    t.person(Role::AccountOwner).await.get("/settings/audit-log").await.is(200).says("2 open invitations ended");
    // Another administrator invites them again.
    let again = t.person(Role::AccountOwner).await;
    let page = again.submit(&format!("/settings/members/{first}"), &format!("/settings/members/{first}/invitation"), &[]).await;
    join(&t, &code(&page.is(201))).await.is(200);
}

#[tokio::test]
async fn demoting_a_member_ends_invitations_beyond_the_new_role() {
    let t = TestApp::new().await;
    let maker = t.add_member(Role::AccountOwner).await;
    let client = t.signed_in(maker.clone()).await;
    let (_, owner) = invite(&client, "Boss", "account_owner").await;
    let (_, admin) = invite(&client, "Adam", "admin").await;
    t.owner().await.patch(&at(&maker), json!({ "role": "admin" })).await.is(200);
    join(&t, &owner).await.is(410);
    let changed = last(&t, "member.role_changed").await;
    assert_eq!(changed["details"]["endedInvitations"]["count"], 1);
    t.owner().await.patch(&at(&maker), json!({ "role": "dispatcher" })).await.is(200);
    join(&t, &admin).await.is(410);
}

#[tokio::test]
async fn promoting_a_member_keeps_their_invitations() {
    let t = TestApp::new().await;
    let maker = t.add_member(Role::Admin).await;
    let (_, token) = invite(&t.signed_in(maker.clone()).await, "Dee", "pilot").await;
    t.owner().await.patch(&at(&maker), json!({ "role": "account_owner" })).await.is(200);
    join(&t, &token).await.is(200);
    assert_eq!(last(&t, "member.role_changed").await["details"].get("endedInvitations"), None);
}

#[tokio::test]
async fn renewed_invitation_belongs_to_the_renewing_administrator() {
    let t = TestApp::new().await;
    let admin = t.add_member(Role::Admin).await;
    let (id, old) = invite(&t.signed_in(admin.clone()).await, "Dee", "pilot").await;
    let ana = t.person(Role::AccountOwner).await;
    let page = ana.submit(&format!("/settings/members/{id}"), &format!("/settings/members/{id}/invitation"), &[]).await.is(201);
    let new = code(&page);
    t.owner().await.delete(&at(&admin)).await.is(200);
    join(&t, &old).await.is(410);
    join(&t, &new).await.is(200);
}

#[tokio::test]
async fn raising_an_invited_role_beyond_the_inviter_ends_the_link() {
    let t = TestApp::new().await;
    let admin = t.add_member(Role::Admin).await;
    let (id, token) = invite(&t.signed_in(admin).await, "Dee", "pilot").await;
    t.owner().await.patch(&format!("{MEMBERS}/{id}"), json!({ "role": "dispatcher" })).await.is(200);
    t.owner().await.patch(&format!("{MEMBERS}/{id}"), json!({ "role": "account_owner" })).await.is(200);
    join(&t, &token).await.is(410);
}

#[tokio::test]
async fn invitation_of_a_removed_member_is_refused_at_once() {
    let t = TestApp::new().await;
    for round in 0..5 {
        let admin = t.add_member(Role::Admin).await;
        let (_, token) = invite(&t.signed_in(admin.clone()).await, &format!("Dee{round}"), "admin").await;
        let owner = t.owner().await;
        let path = at(&admin);
        let (joined, removed) = tokio::join!(join(&t, &token), owner.delete(&path));
        removed.is(200);
        let ended = last(&t, "member.removed").await["details"]["endedInvitations"]["count"].as_u64().unwrap_or(0);
        assert_eq!((joined.status == 200, ended), if joined.status == 200 { (true, 0) } else { (false, 1) }, "{}", joined.text);
        join(&t, &token).await.is(410);
    }
}

#[tokio::test]
async fn removal_page_lists_invitations_and_keys() {
    let t = TestApp::new().await;
    let admin = t.add_member(Role::Admin).await;
    let client = t.signed_in(admin.clone()).await;
    invite(&client, "Dee", "pilot").await;
    let create = |name: &str| json!({ "name": name, "permissions": "read_only", "expiresAt": null });
    let seen = client.post("/api/v1/api-keys", create("Seen by them")).await.is(201).text_at("/data/apiKey/id");
    let revoked = client.post("/api/v1/api-keys", create("Revoked since")).await.is(201).text_at("/data/apiKey/id");
    client.post(&format!("/api/v1/api-keys/{revoked}/revoke"), json!({})).await.is(200);
    t.owner().await.post("/api/v1/api-keys", create("Made by another")).await.is(201);
    let other = t.owner().await.post("/api/v1/api-keys", create("Old")).await.is(201).text_at("/data/apiKey/id");
    let rotated = json!({ "name": "Rotated by them" });
    client.post(&format!("/api/v1/api-keys/{other}/rotate"), rotated).await.is(201);
    let page = t.person(Role::AccountOwner).await.get(&format!("/settings/members/{}/remove", admin.id)).await.is(200);
    let page = page.says("1 open invitation that they created ends").shows("link", "Dee").says("the secrets of 2 active keys");
    let page = page.says(&format!("/settings/api-keys/{seen}\">Seen by them</a>")).says("Rotated by them");
    page.does_not_say("Revoked since").does_not_say("Made by another").does_not_say(">Old<");
}
