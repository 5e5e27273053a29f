//! "Profile & Security": name, password and sessions in a browser.

use planeconnection::audit::{AuditContext, compare};
use planeconnection::auth;
use planeconnection::members::Role;

use crate::browser::Person;
use crate::support::{PASSWORD, TestApp};

const NEW: &str = "gliders over the lake";
const SIGN_IN: &str = "/sign-in?next=%2Faccount";

/// Signs the owner in with another browser.
async fn other_browser(t: &TestApp) -> Person {
    let person = t.anonymous_person();
    let fields = [("email", "ana@skyline.example"), ("password", PASSWORD)];
    person.submit("/sign-in", "/sign-in", &fields).await.redirects_to("/");
    person
}

#[tokio::test]
async fn old_address_redirects_and_the_name_leads_to_the_page() {
    let t = TestApp::new().await;
    let ana = t.person(Role::AccountOwner).await;
    let moved = ana.get("/settings/account?after=role").await.is(308);
    assert_eq!(moved.header("location"), "/account?after=role");
    let page = ana.get("/account").await.is(200).shows("heading", "Profile & Security");
    for heading in ["Profile", "Password", "Sessions"] {
        assert!(page.page().root().has("heading", heading), "{heading}");
    }
    let elsewhere = ana.get("/settings/api-keys").await.is(200);
    assert_eq!(elsewhere.page().root().first("#about-person a").attribute("href"), "/account");
    for form in ["/account/name", "/account/password"] {
        assert_eq!(ana.get(form).await.is(308).header("location"), "/account");
    }
}

#[tokio::test]
async fn name_is_changed_and_recorded() {
    let t = TestApp::new().await;
    let ana = t.person(Role::AccountOwner).await;
    ana.submit("/account", "/account/name", &[("name", "Ana Keller-Roth")]).await.redirects_to("/account?after=name");
    ana.get("/account?after=name").await.is(200).says("Your name was changed.").says("Ana Keller-Roth");
    let events = t.audit().await;
    let event = events.iter().find(|event| event["action"] == "member.updated").expect("an event");
    assert_eq!(event["details"]["name"]["from"], "Ana Keller");
    ana.get("/settings/audit-log").await.is(200).says("changed their name to");
    assert_eq!(compare(&t.app.db, t.workspace.id).await.expect("a comparison").total(), 0);
    let secret = format!("pcs_{}", "aB3".repeat(15).split_at(43).0);
    for refused in [" ", "x\u{202e}y", &"x".repeat(101), &secret] {
        ana.submit("/account", "/account/name", &[("name", refused)]).await.is(400).reports("name");
    }
}

#[tokio::test]
async fn name_that_reads_like_that_of_another_member_is_refused() {
    let t = TestApp::new().await;
    let dee = t.person(Role::Pilot).await;
    for name in ["Ana Keller", "ana  KELLER", "An\u{430} Keller"] {
        let page = dee.submit("/account", "/account/name", &[("name", name)]).await.is(409);
        page.reports("name").says("reads the same");
    }
    assert!(t.audit().await.iter().all(|event| event["action"] != "member.updated"));
    dee.submit("/account", "/account/name", &[("name", "Ana M. Keller")]).await.redirects_to("/account?after=name");
}

#[tokio::test]
async fn password_is_changed_and_this_browser_stays_signed_in() {
    let t = TestApp::new().await;
    let (ana, elsewhere) = (other_browser(&t).await, other_browser(&t).await);
    let before = ana.cookie("planeconnection_session").expect("a session");
    let submit = async |current: &str, new: &str| {
        ana.submit("/account", "/account/password", &[("current_password", current), ("new_password", new)]).await
    };
    submit("", "").await.is(400).reports("current_password").reports("new_password");
    submit("not this one, though", NEW).await.is(401).reports("current_password").does_not_say(NEW);
    submit(PASSWORD, "fourteen chars").await.is(400).reports("new_password").says("15 to 256 characters");
    submit(PASSWORD, "password1234567").await.is(400).reports("new_password").does_not_say("password1234567");
    submit(PASSWORD, PASSWORD).await.is(400).reports("new_password").says("This is the current password");
    submit(PASSWORD, NEW).await.redirects_to("/account?after=password");
    ana.get("/account?after=password").await.is(200).says("Your password was changed.");
    let after = ana.cookie("planeconnection_session").expect("a session");
    assert_ne!(before, after);
    elsewhere.get("/account").await.redirects_to(SIGN_IN);
    let thief = t.anonymous_person();
    thief.plant("planeconnection_session", &before);
    thief.get("/account").await.redirects_to(SIGN_IN);
}

#[tokio::test]
async fn sessions_are_shown_in_words_and_signed_out() {
    let t = TestApp::new().await;
    let (ana, phone, desk) = (other_browser(&t).await, other_browser(&t).await, other_browser(&t).await);
    t.tamper(
        "UPDATE sessions SET user_agent = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', \
         ip = '198.51.100.7'",
    )
    .await;
    let page = ana.get("/account").await.is(200).says("Firefox on Linux").says("198.51.100.7").says("This browser");
    assert_eq!(page.text.matches("Firefox on Linux").count(), 3, "{}", page.text);
    let client = |person: &Person| {
        let token = person.cookie("planeconnection_session").expect("a session");
        t.anonymous().header("authorization", &format!("Bearer {token}"))
    };
    let sessions = client(&phone).get("/api/v1/auth/sessions").await.is(200);
    let sessions = sessions.at("/data/items").as_array().expect("a list");
    let id = sessions.iter().find(|session| session["current"] == true).expect("a session")["id"].as_str().expect("an id");
    let end = format!("/account/sessions/{id}/end");
    ana.submit("/account", &end, &[]).await.redirects_to("/account?after=session");
    phone.get("/account").await.redirects_to(SIGN_IN);
    desk.get("/account").await.is(200);
    ana.submit("/account", "/account/sessions/end-others", &[]).await.redirects_to("/account?after=sessions");
    desk.get("/account").await.redirects_to(SIGN_IN);
    let alone = ana.get("/account").await.is(200).does_not_say("Sign out everywhere else");
    assert_eq!(alone.text.matches("Firefox on Linux").count(), 1);
}

#[tokio::test]
async fn own_session_is_signed_out_like_any_other() {
    let t = TestApp::new().await;
    let ana = other_browser(&t).await;
    t.tamper("UPDATE sessions SET user_agent = NULL, ip = NULL, last_seen_at = NULL").await;
    let page = ana.get("/account").await.is(200).says("Unknown browser").says("Unknown address");
    let (_, rest) = page.text.split_once("/account/sessions/ses_").expect("a form");
    let end = format!("/account/sessions/ses_{}/end", rest.split('/').next().expect("an id"));
    ana.submit("/account", &end, &[]).await.redirects_to("/sign-in?after=sign-out");
    assert_eq!(ana.cookie("planeconnection_session"), None);
}

#[tokio::test]
async fn reset_link_leads_to_a_new_password_and_then_to_sign_in() {
    let t = TestApp::new().await;
    let link = auth::make_reset_link(&t.app, &t.owner, AuditContext::operator("test")).await.expect("a link");
    let url = link.url("http://127.0.0.1:8080");
    let (page, code) = url.split_once('#').expect("a link");
    assert_eq!(page, "http://127.0.0.1:8080/reset-password");
    let ana = t.anonymous_person();
    let send = async |fields: &[(&str, &str)]| ana.submit("/reset-password", "/reset-password", fields).await;
    send(&[("code", "")]).await.is(400).reports("code");
    send(&[("code", "pcr_0123456789012345678901234567890123456789012")]).await.is(410).says("older than 30 minutes");
    send(&[("code", &url)]).await.is(200).says("Skyline Aviation").says("ana@skyline.example");
    send(&[("code", code), ("password", "fourteen chars")]).await.is(400).reports("password").does_not_say("fourteen chars");
    send(&[("code", code), ("password", NEW)]).await.redirects_to("/sign-in?after=reset");
    ana.get("/sign-in?after=reset").await.is(200).says("Your new password is set.");
    send(&[("code", code), ("password", NEW)]).await.is(410).does_not_say(NEW);
    let fields = [("email", "ana@skyline.example"), ("password", NEW)];
    ana.submit("/sign-in", "/sign-in", &fields).await.redirects_to("/");
    ana.get("/settings/audit-log").await.is(200).says("reset the password of").says("somebody else reset this password");
}
