//! People: invited, joined, given roles, removed; and that a workspace never loses its last account owner.

use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use planeconnection::members::Role;
use serde_json::json;
use testkit::{MEMBERS, SIGN_IN, WHOAMI};

use crate::support::{Client, PASSWORD, Response, TestApp};

const JOIN: &str = "/api/v1/auth/join";

async fn invite(by: &Client, email: &str, role: &str) -> Response {
    by.post(MEMBERS, json!({ "name": "Dee Patch", "email": email, "role": role })).await
}

fn token(invited: &Response) -> String {
    invited.text_at("/data/inviteUrl").split_once("/join#").expect("a link").1.to_owned()
}

#[tokio::test]
async fn invited_person_joins_and_signs_in() {
    let t = TestApp::new().await;
    let invited = invite(&t.admin().await, " Dee@Skyline.example ", "dispatcher").await.is(201);
    assert_eq!(invited.at("/data/member/email"), "dee@skyline.example");
    assert_eq!(invited.at("/data/member/hasJoined"), &json!(false));
    let credentials = json!({ "email": "DEE@skyline.example", "password": "a password of hers" });
    t.anonymous().post(SIGN_IN, credentials.clone()).await.is(401).code("INVALID_CREDENTIALS");
    let joined = t.anonymous().post(JOIN, json!({ "token": token(&invited), "password": "a password of hers" })).await.is(200);
    assert_eq!(joined.at("/data/hasJoined"), &json!(true));
    let signed_in = t.anonymous().post(SIGN_IN, credentials).await.is(200);
    assert_eq!(signed_in.header("cache-control"), "no-store");
    assert_eq!(signed_in.at("/data/member/role"), "dispatcher");
    let client = t.anonymous().header("authorization", &format!("Bearer {}", signed_in.text_at("/data/token")));
    assert_eq!(client.get(WHOAMI).await.is(200).at("/data/member/email"), "dee@skyline.example");
    let actions: Vec<_> = t.audit().await.iter().map(|event| event["action"].clone()).collect();
    assert!(actions.contains(&json!("member.joined")) && actions.contains(&json!("member.added")));
}

#[tokio::test]
async fn invitation_works_once_and_for_seven_days() {
    let t = TestApp::new().await;
    let admin = t.admin().await;
    let one = invite(&admin, "one@skyline.example", "pilot").await.is(201);
    let body = json!({ "token": token(&one), "password": PASSWORD });
    t.anonymous().post(JOIN, body.clone()).await.is(200);
    t.anonymous().post(JOIN, body).await.is(410).code("INVITATION_INVALID");
    let late = invite(&admin, "late@skyline.example", "pilot").await.is(201);
    t.advance(Duration::from_hours(7 * 24)).await;
    t.anonymous().post(JOIN, json!({ "token": token(&late), "password": PASSWORD })).await.is(410);
    t.anonymous().post(JOIN, json!({ "token": "", "password": PASSWORD })).await.is(410);
}

#[tokio::test]
async fn short_password_leaves_the_invitation_open() {
    let t = TestApp::new().await;
    let invited = invite(&t.admin().await, "one@skyline.example", "pilot").await.is(201);
    for wrong in ["", "fourteen chars", &"gliders over the lake, ".repeat(12)] {
        let body = json!({ "token": token(&invited), "password": wrong });
        t.anonymous().post(JOIN, body).await.is(400).names_field("password");
    }
    t.anonymous().post(JOIN, json!({ "token": token(&invited), "password": "fifteen chars ok" })).await.is(200);
}

#[tokio::test]
async fn email_is_unique_in_a_workspace() {
    let t = TestApp::new().await;
    let admin = t.admin().await;
    for email in ["ana@skyline.example", "ANA@SKYLINE.EXAMPLE"] {
        invite(&admin, email, "pilot").await.is(409).code("CONFLICT");
    }
    invite(&admin, "ärzte@skyline.example", "pilot").await.is(201);
    invite(&admin, "Ärzte@skyline.example", "pilot").await.is(409).code("CONFLICT");
    let (_, other) = t.other_workspace().await;
    invite(&other, "ana@skyline.example", "pilot").await.is(201);
}

#[tokio::test]
async fn invalid_invitation_is_reported_per_field() {
    let t = TestApp::new().await;
    let admin = t.admin().await;
    for email in ["", "ana", "ana@", "@skyline.example", "ana@skyline", "a b@skyline.example", "a@b@c.example"] {
        invite(&admin, email, "pilot").await.is(400).names_field("email");
    }
    invite(&admin, "one@skyline.example", "superuser").await.is(400).names_field("role");
    let unknown = json!({ "name": "A", "email": "one@skyline.example", "role": "pilot", "password": "x" });
    admin.post(MEMBERS, unknown).await.is(400).code("INVALID_REQUEST");
}

#[tokio::test]
async fn replayed_invitation_is_one_member_with_a_new_link() {
    let t = TestApp::new().await;
    let admin = t.admin().await.header("idempotency-key", "invite-1");
    let first = invite(&admin, "one@skyline.example", "pilot").await.is(201);
    let second = invite(&admin, "one@skyline.example", "pilot").await.is(201);
    assert_eq!(first.at("/data/member/id"), second.at("/data/member/id"));
    t.anonymous().post(JOIN, json!({ "token": token(&first), "password": PASSWORD })).await.is(410);
    t.anonymous().post(JOIN, json!({ "token": token(&second), "password": PASSWORD })).await.is(200);
}

#[tokio::test]
async fn last_account_owner_cannot_be_removed() {
    let t = TestApp::new().await;
    let (owner, path) = (t.owner().await, format!("{MEMBERS}/{}", t.owner.id));
    owner.patch(&path, json!({ "role": "admin" })).await.is(409).code("CONFLICT");
    owner.delete(&path).await.is(409).code("CONFLICT");
    let second = t.add_member(Role::AccountOwner).await;
    owner.patch(&path, json!({ "role": "pilot" })).await.is(200);
    let second_path = format!("{MEMBERS}/{}", second.id);
    t.signed_in(second).await.delete(&second_path).await.is(409).code("CONFLICT");
}

#[tokio::test]
async fn concurrent_mutual_demotions_leave_one_account_owner() {
    let t = TestApp::new().await;
    let other = t.add_member(Role::AccountOwner).await;
    let (ana, ben) = (t.owner().await, t.signed_in(other.clone()).await);
    let (path_of_ana, path_of_ben) = (format!("{MEMBERS}/{}", t.owner.id), format!("{MEMBERS}/{}", other.id));
    let admin = json!({ "role": "admin" });
    let (first, second) = tokio::join!(ana.patch(&path_of_ben, admin.clone()), ben.patch(&path_of_ana, admin));
    assert!(first.status == 200 || second.status == 200, "{} {}", first.text, second.text);
    let owners = ana.get(MEMBERS).await.is(200).items("role").iter().filter(|role| *role == "account_owner").count();
    assert_eq!(owners, 1);
}

#[tokio::test]
async fn concurrent_mutual_removals_leave_one_account_owner() {
    let t = TestApp::new().await;
    let other = t.add_member(Role::AccountOwner).await;
    let (ana, ben) = (t.owner().await, t.signed_in(other.clone()).await);
    let (path_of_ana, path_of_ben) = (format!("{MEMBERS}/{}", t.owner.id), format!("{MEMBERS}/{}", other.id));
    let (first, second) = tokio::join!(ana.delete(&path_of_ben), ben.delete(&path_of_ana));
    assert_eq!([first.status, second.status].iter().filter(|status| **status == 200).count(), 1, "{first:?} {second:?}");
    t.admin().await.get(MEMBERS).await.is(200);
}

#[tokio::test]
async fn first_of_two_mutual_removals_wins() {
    let t = TestApp::new().await;
    let (one, other) = (t.add_member(Role::AccountOwner).await, t.add_member(Role::AccountOwner).await);
    let (path_of_one, path_of_other) = (format!("{MEMBERS}/{}", one.id), format!("{MEMBERS}/{}", other.id));
    let (one, other) = (t.signed_in(one).await, t.signed_in(other).await);
    let (first, second) = tokio::join!(one.delete(&path_of_other), other.delete(&path_of_one));
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    // The second one is no longer a member: their session is ended, or their transaction is refused.
    assert!(matches!(statuses, [200, 401 | 403]), "{} {}", first.text, second.text);
}

#[tokio::test]
async fn administrator_cannot_change_account_owners() {
    let t = TestApp::new().await;
    let (admin, pilot) = (t.admin().await, t.add_member(Role::Pilot).await);
    let owner = format!("{MEMBERS}/{}", t.owner.id);
    admin.patch(&owner, json!({ "role": "pilot" })).await.is(403).code("ROLE_REQUIRED");
    admin.delete(&owner).await.is(403).code("ROLE_REQUIRED");
    admin.patch(&format!("{MEMBERS}/{}", pilot.id), json!({ "role": "account_owner" })).await.is(403).code("ROLE_REQUIRED");
    invite(&admin, "boss@skyline.example", "account_owner").await.is(403).code("ROLE_REQUIRED");
    invite(&t.owner().await, "boss@skyline.example", "account_owner").await.is(201);
}

#[tokio::test]
async fn removed_member_is_signed_out_and_their_keys_stay() {
    let t = TestApp::new().await;
    let member = t.add_member(Role::Admin).await;
    let client = t.signed_in(member.clone()).await;
    let made =
        client.post("/api/v1/api-keys", json!({ "name": "Theirs", "permissions": "read_only", "expiresAt": null })).await.is(201);
    t.owner().await.delete(&format!("{MEMBERS}/{}", member.id)).await.is(200);
    client.get(WHOAMI).await.is(401).code("SESSION_INVALID");
    t.anonymous().header("x-api-key", &made.text_at("/data/secret")).get(WHOAMI).await.is(200);
    let listed = t.owner().await.get("/api/v1/api-keys").await.is(200);
    assert_eq!(listed.at("/data/items/0/createdBy/name"), "Test admin");
    t.owner().await.delete(&format!("{MEMBERS}/{}", member.id)).await.is(404).code("NOT_FOUND");
}

#[tokio::test]
async fn new_role_takes_effect_at_once() {
    let t = TestApp::new().await;
    let member = t.add_member(Role::Admin).await;
    let (client, owner) = (t.signed_in(member.clone()).await, t.owner().await);
    let path = format!("{MEMBERS}/{}", member.id);
    client.get("/api/v1/api-keys").await.is(200);
    owner.patch(&path, json!({ "role": "pilot" })).await.is(200);
    client.get("/api/v1/api-keys").await.is(403).code("ROLE_REQUIRED");
    owner.patch(&path, json!({ "role": "pilot" })).await.is(200);
    owner.patch(&path, json!({ "role": "account_owner" })).await.is(200);
    client.get("/api/v1/settings/api-keys").await.is(200);
    t.audit_ends_with(&["workspace.created", "member.role_changed", "member.role_changed"]).await;
}

#[tokio::test]
async fn member_of_another_workspace_is_not_found() {
    let t = TestApp::new().await;
    let (_, outsider) = t.other_workspace().await;
    let path = format!("{MEMBERS}/{}", t.owner.id);
    outsider.patch(&path, json!({ "role": "pilot" })).await.is(404).code("NOT_FOUND");
    outsider.delete(&path).await.is(404).code("NOT_FOUND");
    assert_eq!(outsider.get(MEMBERS).await.is(200).items("email"), ["ben@northwind.example"]);
    t.owner().await.get(WHOAMI).await.is(200);
}

#[tokio::test]
async fn unknown_member_filter_is_refused() {
    let t = TestApp::new().await;
    let admin = t.admin().await;
    admin.get(&format!("{MEMBERS}?role=pilot")).await.is(400).code("INVALID_REQUEST");
    admin.get(&format!("{MEMBERS}?page=1&page_size=1")).await.is(200);
    admin.send(Method::PATCH, &format!("{MEMBERS}/{}", t.owner.id), Body::empty()).await.is(400).code("INVALID_REQUEST");
}
