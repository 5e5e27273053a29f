//! The page of an invitation link.

use std::time::Duration;

use planeconnection::members::Role;

use super::members::{code, invite};
use crate::support::{PASSWORD, TestApp};

const HERS: &str = "a password of hers";

async fn invited(t: &TestApp) -> String {
    code(&invite(&t.person(Role::AccountOwner).await, "Dee Patch", "dee@skyline.example", "dispatcher").await.is(201))
}

#[tokio::test]
async fn invitation_link_sets_a_password_and_signs_in() {
    let t = TestApp::new().await;
    let (code, dee) = (invited(&t).await, t.anonymous_person());
    let page = dee.get("/join").await.is(200).says("Invitation code").says("minlength=\"12\"");
    assert_eq!(page.header("referrer-policy"), "same-origin");
    drop(page);
    dee.submit("/join", "/join", &[("code", &code), ("password", HERS)]).await.redirects_to("/settings");
    dee.get("/settings").await.redirects_to("/settings/account");
    dee.get("/settings/account").await.is(200).says("Dee Patch").says("Dispatcher");
    let later = t.anonymous_person();
    later.submit("/sign-in", "/sign-in", &[("email", "dee@skyline.example"), ("password", HERS)]).await.redirects_to("/settings");
    let events = t.audit().await;
    let names: Vec<&str> = events.iter().filter_map(|event| event["action"].as_str()).collect();
    assert!(names.windows(2).any(|pair| pair == ["member.joined", "member.signed_in"]), "{names:?}");
}

#[tokio::test]
async fn whole_link_is_accepted_as_code() {
    let t = TestApp::new().await;
    let link = format!("  http://127.0.0.1:8080/join#{} ", invited(&t).await);
    t.anonymous_person().submit("/join", "/join", &[("code", &link), ("password", HERS)]).await.redirects_to("/settings");
}

#[tokio::test]
async fn invalid_invitation_is_reported_at_its_field() {
    let t = TestApp::new().await;
    let used = invited(&t).await;
    t.anonymous_person().submit("/join", "/join", &[("code", &used), ("password", HERS)]).await.is(303);
    let late = code(&invite(&t.person(Role::AccountOwner).await, "Late", "late@skyline.example", "pilot").await.is(201));
    t.advance(Duration::from_hours(7 * 24)).await;
    for code in [&used, &late, "nonsense"] {
        let refused = t.anonymous_person().submit("/join", "/join", &[("code", code), ("password", HERS)]).await.is(410);
        let refused = refused.reports("code").says("ask an administrator for a new one").does_not_say(HERS);
        assert!(!refused.text.contains("data-from-fragment"), "the field must be seen: {}", refused.text);
    }
}

#[tokio::test]
async fn invalid_password_keeps_the_code_in_the_form() {
    let t = TestApp::new().await;
    let (code, dee) = (invited(&t).await, t.anonymous_person());
    for password in ["", "elevenchars", &"x".repeat(201)] {
        let refused = dee.submit("/join", "/join", &[("code", &code), ("password", password)]).await.is(400);
        let refused = refused.says("12 to 200 characters").keeps("code", &code).says("data-from-fragment");
        assert!(password.is_empty() || !refused.text.contains(password));
    }
    dee.submit("/join", "/join", &[]).await.is(400).says("2 fields need to be corrected");
    dee.submit("/join", "/join", &[("code", &code), ("password", HERS)]).await.redirects_to("/settings");
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
    dee.post("/join", &fields).await.redirects_to("/settings");
}

#[tokio::test]
async fn joining_ends_the_previous_session() {
    let t = TestApp::new().await;
    let (code, pilot) = (invited(&t).await, t.person(Role::Pilot).await);
    let earlier = pilot.cookie("planeconnection_session").expect("a session");
    pilot.submit("/join", "/join", &[("code", &code), ("password", PASSWORD)]).await.redirects_to("/settings");
    pilot.get("/settings/account").await.is(200).says("Dee Patch");
    let ghost = t.anonymous_person();
    ghost.plant("planeconnection_session", &earlier);
    ghost.get("/settings/account").await.is(303);
}
