//! Resets of passwords and second factors by administrators.

use std::time::Duration;

use planeconnection::audit::compare;
use planeconnection::members::Role;
use serde_json::json;
use testkit::WHOAMI;

use super::{Protected, bearer, challenge, complete, password, protected};
use crate::support::{Client, PASSWORD, Response, TestApp};

fn path(t: &TestApp, what: &str) -> String {
    format!("/api/v1/members/{}/reset-{what}", t.owner.id)
}

async fn reset(t: &TestApp, by: &Client, what: &str) -> Response {
    by.post(&path(t, what), json!({})).await
}

/// Makes the protected person a pilot, as one reset by an administrator is.
async fn demoted(t: &TestApp) -> Client {
    let admin = t.admin().await;
    t.tamper("UPDATE members SET role = 'pilot' WHERE email = 'ana@skyline.example'").await;
    admin
}

#[tokio::test]
async fn reset_factor_is_replaced_by_a_code_for_the_next_sign_in() {
    let Protected { t, app, backup_codes, desk } = protected().await;
    let other_owner = t.member(Role::AccountOwner).await;
    let done = reset(&t, &other_owner, "two-factor").await.is(200);
    assert_eq!(done.header("cache-control"), "no-store");
    assert_eq!((done.at("/data/expiresAt"), done.at("/data/sessionsEnded")), (&json!("2026-11-24T09:31:00Z"), &json!(1)));
    let code = done.text_at("/data/resetCode");
    desk.get(WHOAMI).await.is(401).code("SESSION_INVALID");
    let asked = password(&t, PASSWORD).await.is(401).code("TWO_FACTOR_REQUIRED");
    assert_eq!(asked.at("/error/challenge/methods"), &json!(["reset_code"]));
    let open = asked.text_at("/error/challenge/token");
    for ended in [&app.code(&t, 0), &backup_codes[0]] {
        complete(&t, &open, ended).await.is(401).code("TWO_FACTOR_INVALID");
    }
    assert_eq!(t.number("SELECT COUNT(*) FROM members WHERE password_hash LIKE '2fa:%'").await, 1, "also at older nodes");
    let session = complete(&t, &open, &code).await.is(200);
    let sessions = bearer(&t, &session.text_at("/data/token")).get("/api/v1/auth/sessions").await.is(200);
    assert_eq!(sessions.at("/data/items/0/methods"), &json!(["password", "reset_code"]));
    password(&t, PASSWORD).await.is(200);
    let events = t.audit().await;
    let event = events.iter().find(|event| event["action"] == "member.two_factor_reset").expect("an event");
    assert_eq!((&event["target"]["name"], &event["details"]["byMember"]), (&json!("Ana Keller"), &json!(false)));
    assert_eq!(compare(&t.app.db, t.workspace.id).await.expect("a comparison").total(), 0);
}

#[tokio::test]
async fn expired_code_is_still_asked_for() {
    let Protected { t, .. } = protected().await;
    let other_owner = t.member(Role::AccountOwner).await;
    let first = reset(&t, &other_owner, "two-factor").await.is(200).text_at("/data/resetCode");
    t.advance(Duration::from_hours(24)).await;
    complete(&t, &challenge(&t).await, &first).await.is(401).code("TWO_FACTOR_INVALID");
    let other_owner = t.member(Role::AccountOwner).await;
    let second = reset(&t, &other_owner, "two-factor").await.is(200).text_at("/data/resetCode");
    complete(&t, &challenge(&t).await, &first).await.is(401).code("TWO_FACTOR_INVALID");
    complete(&t, &challenge(&t).await, &second).await.is(200);
    let other_owner = t.member(Role::AccountOwner).await;
    reset(&t, &other_owner, "two-factor").await.is(409).code("CONFLICT");
}

#[tokio::test]
async fn administrators_reset_everybody_but_account_owners_and_themselves() {
    let Protected { t, desk, .. } = protected().await;
    for what in ["two-factor", "password"] {
        reset(&t, &t.admin().await, what).await.is(403).code("ROLE_REQUIRED");
        reset(&t, &t.member(Role::Pilot).await, what).await.is(403).code("ROLE_REQUIRED");
        reset(&t, &desk, what).await.is(409).code("CONFLICT");
        let key = t.with(&t.key(&["audit:read"]).await);
        key.post(&path(&t, what), json!({})).await.is(403).code("PERSON_REQUIRED");
    }
    desk.get(WHOAMI).await.is(200);
    let admin = demoted(&t).await;
    reset(&t, &admin, "two-factor").await.is(200);
    reset(&t, &admin, "password").await.is(200);
    admin.post("/api/v1/members/none/reset-password", json!({})).await.is(404);
}

#[tokio::test]
async fn link_and_code_end_with_a_change_of_the_role() {
    let Protected { t, .. } = protected().await;
    let admin = demoted(&t).await;
    let link = reset(&t, &admin, "password").await.is(200).text_at("/data/resetUrl");
    let other_owner = t.member(Role::AccountOwner).await;
    let to_owner = json!({ "role": "account_owner" });
    other_owner.patch(&format!("/api/v1/members/{}", t.owner.id), to_owner).await.is(200);
    let fields = [("code", link.split_once('#').expect("a token").1), ("password", "gliders over the lake")];
    t.anonymous_person().submit("/reset-password", "/reset-password", &fields).await.is(410);

    let Protected { t, .. } = protected().await;
    let admin = demoted(&t).await;
    let code = reset(&t, &admin, "two-factor").await.is(200).text_at("/data/resetCode");
    t.tamper("UPDATE members SET role = 'account_owner' WHERE email = 'ana@skyline.example'").await;
    complete(&t, &challenge(&t).await, &code).await.is(401).code("TWO_FACTOR_INVALID");
}

#[tokio::test]
async fn reset_password_leaves_the_second_factor() {
    let Protected { t, app, desk, .. } = protected().await;
    let admin = demoted(&t).await;
    let done = reset(&t, &admin, "password").await.is(200);
    let link = done.text_at("/data/resetUrl");
    assert!(link.starts_with("http://127.0.0.1:8080/reset-password#pcr_"), "{link}");
    desk.get(WHOAMI).await.is(401).code("SESSION_INVALID");
    password(&t, PASSWORD).await.is(401).code("INVALID_CREDENTIALS");
    let ana = t.anonymous_person();
    let code = link.split_once('#').expect("a token").1;
    let new = "gliders over the lake";
    ana.submit("/reset-password", "/reset-password", &[("code", code), ("password", new)])
        .await
        .redirects_to("/sign-in?after=reset");
    let open = password(&t, new).await.is(401).code("TWO_FACTOR_REQUIRED").text_at("/error/challenge/token");
    complete(&t, &open, &app.code(&t, 0)).await.is(200);
}

#[tokio::test]
async fn buttons_show_the_link_and_the_code_once() {
    let Protected { t, .. } = protected().await;
    let admin = t.person(Role::Admin).await;
    let page = format!("/settings/members/{}", t.owner.id);
    admin.get(&page).await.is(200).does_not_say("Reset 2FA").does_not_say("Reset password");
    t.tamper("UPDATE members SET role = 'pilot' WHERE email = 'ana@skyline.example'").await;
    let code = admin.submit(&page, &format!("{page}/reset-two-factor"), &[]).await.is(201).says("Reset code for Ana Keller");
    assert!(code.text.contains("Their next sign-in asks for this code"));
    let link = admin.submit(&page, &format!("{page}/reset-password"), &[]).await.is(201).says("/reset-password#pcr_");
    assert_eq!(link.header("cache-control"), "no-store");
}
