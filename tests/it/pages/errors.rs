//! Error pages: with the menu for a member, without it for others.

use planeconnection::members::Role;

use crate::browser::Person;
use crate::support::{Response, TestApp};

/// Asserts that the page has the menu of an administrator, with no entry marked, and the request id.
#[track_caller]
fn has_menu(page: Response) -> Response {
    let id = page.header("x-request-id").to_owned();
    let page = page.shows("link", "API Keys").shows("link", "Members").shows("button", "Sign out").says(&id);
    page.does_not_say("aria-current")
}

async fn token(person: &Person) -> String {
    person.get("/account").await.hidden("/sign-out").remove(0).1
}

#[tokio::test]
async fn error_page_of_a_member_keeps_the_menu() {
    let t = TestApp::new().await;
    let ana = t.person(Role::AccountOwner).await;
    let missing = has_menu(ana.get("/nothing-here").await.is(404)).says("Skyline Aviation").says("Ana Keller");
    assert_eq!(missing.page().link("/docs"), "/docs");
    for path in ["/settings/api-keys/key_01h455vb4pex5vsknk084sn02q", "/settings/members/nobody", "/assets/none.css"] {
        has_menu(ana.get(path).await.is(404));
    }
    let token = token(&ana).await;
    has_menu(ana.post("/settings", &[("csrf", &token)]).await.is(405));
    has_menu(ana.post("/sign-out", &[]).await.is(403)).says("Not allowed");
    has_menu(ana.post("/sign-out", &[("csrf", &token), ("note", &"x".repeat(129 << 10))]).await.is(413));
    has_menu(ana.post_with("/sign-out", &[("csrf", &token)], &[("origin", "https://evil.example")]).await.is(403));
    let again = ana.post_with("/sign-out", &[("csrf", "earlier"), ("note", "typed")], &[("sec-fetch-site", "same-origin")]);
    let again = again.await.is(403).shows("link", "API Keys").says("Send this again?");
    for kept in [("csrf", token.as_str()), ("note", "typed")] {
        assert!(again.hidden("/sign-out").contains(&(kept.0.to_owned(), kept.1.to_owned())), "{}", again.text);
    }
    let signed_in = ana.get("/account").await.is(200).page();
    assert_eq!(signed_in.root().first(".menu [aria-current]").text(), "Profile & Security");
}

#[tokio::test]
async fn error_page_shows_only_what_the_role_opens() {
    let t = TestApp::new().await;
    let pilot = t.person(Role::Pilot).await;
    pilot.get("/nothing-here").await.is(404).shows("link", "Profile & Security").lacks("link", "API Keys");
    pilot.get("/settings/api-keys").await.is(403).shows("link", "Profile & Security").does_not_say("aria-current");
}

#[tokio::test]
async fn error_page_has_a_menu_only_with_a_valid_session() {
    let t = TestApp::new().await;
    let outsider = t.anonymous_person();
    let page = outsider.get("/nothing-here").await.is(404).lacks("button", "Sign out").does_not_say("Skyline");
    assert_eq!((page.page().link("/docs"), page.page().link("Go to Home")), ("/docs".to_owned(), "/".to_owned()));
    for cookie in ["", "x", "pcs_0123456789012345678901234567890123456789012"] {
        outsider.plant("planeconnection_session", cookie);
        outsider.get("/nothing-here").await.is(404).lacks("button", "Sign out");
    }
    let ana = t.person(Role::AccountOwner).await;
    outsider.plant("planeconnection_session", &ana.cookie("planeconnection_session").expect("a session"));
    has_menu(outsider.get("/nothing-here").await.is(404));
    outsider.get("/api/v1/nothing-here").await.is(404).code("NOT_FOUND");
}
