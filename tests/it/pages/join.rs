//! The page of an invitation link.

use std::time::Duration;

use planeconnection::members::Role;

use super::members::{code, invite};
use crate::browser::Person;
use crate::support::{PASSWORD, Response, TestApp};

const HERS: &str = "a password of hers";

async fn invited(t: &TestApp) -> String {
    code(&invite(&t.person(Role::AccountOwner).await, "Dee Patch", "dee@skyline.example", "dispatcher").await.is(201))
}

/// Sends the code alone, as a browser does that opened the link.
async fn open(person: &Person, code: &str) -> Response {
    person.submit("/join", "/join", &[("code", code)]).await
}

#[tokio::test]
async fn invitation_link_shows_the_invitation_then_sets_a_password_and_signs_in() {
    let t = TestApp::new().await;
    let (code, dee) = (invited(&t).await, t.anonymous_person());
    let page = dee.get("/join").await.is(200).says("Invitation code").does_not_say("Choose a password");
    assert_eq!(page.header("referrer-policy"), "same-origin");
    drop(page);
    let opened = open(&dee, &code).await.is(200).says("Join Skyline Aviation").says("minlength=\"15\"");
    let opened = opened.says("Ana Keller (ana@skyline.example) has invited you to").says("Dispatcher").says("Dee Patch");
    assert!(opened.page().root().first("#email").attribute("value") == "dee@skyline.example", "{}", opened.text);
    dee.submit("/join", "/join", &[("code", &code), ("password", HERS)]).await.redirects_to("/");
    dee.get("/settings").await.redirects_to("/account");
    dee.get("/account").await.is(200).says("Dee Patch").says("Dispatcher");
    let later = t.anonymous_person();
    later.submit("/sign-in", "/sign-in", &[("email", "dee@skyline.example"), ("password", HERS)]).await.redirects_to("/");
    let events = t.audit().await;
    let names: Vec<&str> = events.iter().filter_map(|event| event["action"].as_str()).collect();
    assert!(names.windows(2).any(|pair| pair == ["member.joined", "member.signed_in"]), "{names:?}");
}

#[tokio::test]
async fn whole_link_is_accepted_as_code() {
    let t = TestApp::new().await;
    let link = format!("  http://127.0.0.1:8080/join#{} ", invited(&t).await);
    open(&t.anonymous_person(), &link).await.is(200).says("Join Skyline Aviation");
    t.anonymous_person().submit("/join", "/join", &[("code", &link), ("password", HERS)]).await.redirects_to("/");
}

#[tokio::test]
async fn ended_invitation_says_why_before_a_password_is_typed() {
    let t = TestApp::new().await;
    let admin = t.add_member(Role::Admin).await;
    let admins = t.anonymous_person();
    admins.plant("planeconnection_session", &t.token_of(admin.clone()).await);
    let withdrawn = code(&invite(&admins, "Cut", "cut@skyline.example", "pilot").await.is(201));
    let remove = format!("/settings/members/{}/remove", admin.id);
    t.person(Role::AccountOwner).await.submit(&remove, &remove, &[]).await.is(303);
    let used = invited(&t).await;
    t.anonymous_person().submit("/join", "/join", &[("code", &used), ("password", HERS)]).await.is(303);
    let late = code(&invite(&t.person(Role::AccountOwner).await, "Late", "late@skyline.example", "pilot").await.is(201));
    t.advance(Duration::from_hours(7 * 24)).await;
    for (code, title, advice) in [
        (&*withdrawn, "This invitation was withdrawn", "Ask another administrator of Skyline Aviation"),
        (&used, "This invitation was already used", "someone else has joined with your link"),
        (&late, "This invitation has expired", "Ask Ana Keller (<a href=\"mailto:ana@skyline.example\">"),
    ] {
        let page = open(&t.anonymous_person(), code).await.is(410).says(title).says(advice).says("Skyline Aviation");
        page.does_not_say("<form").does_not_say(code).does_not_say("Late").does_not_say("Dee Patch");
        let sent = t.anonymous_person().submit("/join", "/join", &[("code", code), ("password", HERS)]).await.is(410);
        sent.says(title).does_not_say(HERS);
    }
}

#[tokio::test]
async fn unknown_code_is_reported_at_its_field() {
    let t = TestApp::new().await;
    let known = invited(&t).await;
    let (cut, other) = (&known[..known.len() - 1], known.replacen("pci_", "pci_x", 1));
    for code in ["nonsense", cut, &other, "pcu_0123456789012345678901234567890123456789012", "#", "x#y"] {
        let refused = open(&t.anonymous_person(), code).await;
        assert_eq!(refused.status, if code == "#" { 400 } else { 410 }, "{code}");
        refused.reports("code").does_not_say("Skyline");
    }
    open(&t.anonymous_person(), "").await.is(400).reports("code");
}

#[tokio::test]
async fn invalid_password_keeps_the_code_in_the_form() {
    let t = TestApp::new().await;
    let (code, dee) = (invited(&t).await, t.anonymous_person());
    for password in ["", "fourteen chars", &"gliders over the lake, ".repeat(12), "dee@skyline.example"] {
        let refused = dee.submit("/join", "/join", &[("code", &code), ("password", password)]).await.is(400);
        let refused = refused.reports("password").keeps("code", &code).says("has invited you to");
        assert!(password.is_empty() || password.contains('@') || !refused.text.contains(password));
    }
    dee.submit("/join", "/join", &[("code", &code), ("password", HERS)]).await.redirects_to("/");
}

#[tokio::test]
async fn joining_names_the_session_that_ends() {
    let t = TestApp::new().await;
    let code = invited(&t).await;
    let page = open(&t.person(Role::Pilot).await, &code).await.is(200);
    page.says("You are signed in as Test pilot in this browser.");
}

#[tokio::test]
async fn join_form_requires_its_csrf_token() {
    let t = TestApp::new().await;
    let (code, dee) = (invited(&t).await, t.anonymous_person());
    dee.post("/join", &[("code", &code), ("password", HERS)]).await.is(403);
    let others = t.anonymous_person().get("/join").await.hidden("/join").remove(0).1;
    dee.get("/join").await.is(200);
    dee.post("/join", &[("csrf", &others), ("code", &code), ("password", HERS)]).await.is(403);
    let own = dee.get("/join").await.hidden("/join").remove(0).1;
    let fields = [("csrf", own.as_str()), ("code", &code), ("password", HERS)];
    dee.post_with("/join", &fields, &[("origin", "https://evil.example")]).await.is(403);
    dee.post("/join", &fields).await.redirects_to("/");
}

#[tokio::test]
async fn joining_ends_the_previous_session() {
    let t = TestApp::new().await;
    let (code, pilot) = (invited(&t).await, t.person(Role::Pilot).await);
    let earlier = pilot.cookie("planeconnection_session").expect("a session");
    pilot.submit("/join", "/join", &[("code", &code), ("password", PASSWORD)]).await.redirects_to("/");
    pilot.get("/account").await.is(200).says("Dee Patch");
    let ghost = t.anonymous_person();
    ghost.plant("planeconnection_session", &earlier);
    ghost.get("/account").await.is(303);
}
