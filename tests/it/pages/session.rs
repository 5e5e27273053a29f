//! Signing in and out in a browser, and what a form has to prove.

use planeconnection::config::Config;
use planeconnection::members::Role;

use crate::support::{PASSWORD, TestApp};

const OWNER: [(&str, &str); 2] = [("email", "ana@skyline.example"), ("password", PASSWORD)];

#[tokio::test]
async fn sign_in_redirects_to_the_requested_page() {
    let t = TestApp::new().await;
    let ana = t.anonymous_person();
    ana.get("/account?x=1").await.redirects_to("/sign-in?next=%2Faccount%3Fx%3D1");
    let signed_in = ana.submit("/sign-in?next=%2Faccount%3Fx%3D1", "/sign-in", &OWNER).await;
    signed_in.redirects_to("/account?x=1");
    let account = ana.get("/account").await.is(200).says("Ana Keller").says("Account owner");
    account.says("<code id=\"slug\">skyline</code>").says("data-copy=\"slug\"");
}

#[tokio::test]
async fn wrong_password_keeps_the_email_in_the_form() {
    let t = TestApp::new().await;
    let wrong = [("email", "ana@skyline.example"), ("password", "not this one, though")];
    let refused = t.anonymous_person().submit("/sign-in", "/sign-in", &wrong).await.is(401);
    refused.says("Wrong email or password.").keeps("email", "ana@skyline.example").does_not_say("not this one");
}

#[tokio::test]
async fn session_cookie_is_http_only_and_same_site() {
    let t = TestApp::new().await;
    let answer = t.anonymous_person().submit("/sign-in", "/sign-in", &OWNER).await;
    let cookie = answer.header("set-cookie").to_owned();
    for part in ["planeconnection_session=pcs_", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=604800"] {
        assert!(cookie.contains(part), "{part} in {cookie}");
    }
    assert!(!cookie.contains("Secure"), "{cookie}");
    let config = Config { public_url: "https://keys.skyline.example".to_owned(), ..Config::default() };
    let t = TestApp::with_config(config).await;
    let answer = t.anonymous_person().submit("/sign-in", "/sign-in", &OWNER).await;
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("__Host-planeconnection_session=pcs_") && cookie.contains("Secure"), "{cookie}");
}

#[tokio::test]
async fn sign_in_replaces_a_planted_session() {
    let t = TestApp::new().await;
    let mallory = t.person(Role::Pilot).await;
    let planted = mallory.cookie("planeconnection_session").expect("a session");
    let ana = t.anonymous_person();
    let form = ana.get("/sign-in").await.hidden("/sign-in");
    ana.plant("planeconnection_session", &planted);
    let fields: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(OWNER).collect();
    ana.post("/sign-in", &fields).await.redirects_to("/");
    assert_ne!(ana.cookie("planeconnection_session"), Some(planted));
    mallory.get("/account").await.redirects_to("/sign-in?next=%2Faccount");
}

#[tokio::test]
async fn signing_out_ends_the_session_on_the_server() {
    let t = TestApp::new().await;
    let ana = t.person(Role::AccountOwner).await;
    let session = ana.cookie("planeconnection_session").expect("a session");
    ana.submit("/account", "/sign-out", &[]).await.redirects_to("/sign-in?after=sign-out");
    assert_eq!(ana.cookie("planeconnection_session"), None);
    ana.plant("planeconnection_session", &session);
    ana.get("/account").await.redirects_to("/sign-in?next=%2Faccount");
}

#[tokio::test]
async fn api_ignores_session_cookies() {
    let t = TestApp::new().await;
    let ana = t.person(Role::AccountOwner).await;
    ana.get("/api/v1/api-keys").await.is(401).code("AUTHENTICATION_REQUIRED");
}

#[tokio::test]
async fn form_without_its_csrf_token_changes_nothing() {
    let t = TestApp::new().await;
    let (ana, ben) = (t.person(Role::AccountOwner).await, t.person(Role::Admin).await);
    let bens = ben.get("/account").await.hidden("/sign-out");
    for token in ["", "0", bens[0].1.as_str()] {
        ana.post("/sign-out", &[("csrf", token)]).await.is(403);
    }
    let visit = t.anonymous_person();
    let outsiders = visit.get("/sign-in").await.hidden("/sign-in");
    ana.plant("planeconnection_visit", &visit.cookie("planeconnection_visit").expect("a cookie"));
    ana.post("/sign-out", &[("csrf", outsiders[0].1.as_str())]).await.is(403);
    ana.get("/account").await.is(200);
}

#[tokio::test]
async fn cross_site_form_is_refused_despite_its_csrf_token() {
    let t = TestApp::new().await;
    let ana = t.person(Role::AccountOwner).await;
    let token = ana.get("/account").await.hidden("/sign-out").remove(0).1;
    for elsewhere in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
    ] {
        ana.post_with("/sign-out", &[("csrf", &token)], &[elsewhere]).await.is(403);
    }
    let here = [("sec-fetch-site", "same-origin"), ("origin", "http://127.0.0.1:8080")];
    ana.post_with("/sign-out", &[("csrf", &token)], &here).await.is(303);
}

#[tokio::test]
async fn input_survives_an_ended_session() {
    let t = TestApp::new().await;
    let ana = t.person(Role::AccountOwner).await;
    let token = ana.get("/account").await.hidden("/sign-out").remove(0).1;
    ana.post("/sign-out", &[("csrf", &token)]).await.is(303);
    let again = t.person(Role::AccountOwner).await;
    let typed = [("csrf", token.as_str()), ("note", "<b>typed</b>")];
    let page = again.post_with("/sign-out", &typed, &[("sec-fetch-site", "same-origin")]).await.is(403).says("Send this again?");
    let kept = page.hidden("/sign-out");
    assert!(kept.contains(&("note".to_owned(), "<b>typed</b>".to_owned())), "{kept:?}");
    let fields: Vec<_> = kept.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    again.post("/sign-out", &fields).await.redirects_to("/sign-in?after=sign-out");
}

#[tokio::test]
async fn input_survives_an_expired_session() {
    let t = TestApp::new().await;
    let ana = t.person(Role::AccountOwner).await;
    let form = ana.get("/account").await.hidden("/sign-out");
    let session = ana.cookie("planeconnection_session").expect("a session");
    // A browser drops the cookie when its time is over.
    ana.plant("planeconnection_session", "");
    let typed = [("csrf", form[0].1.as_str()), ("note", "typed")];
    let here = [("sec-fetch-site", "same-origin")];
    let page = ana.post_with("/sign-out", &typed, &here).await.is(401).says("You were signed out");
    let kept = page.hidden("/sign-out");
    assert!(kept.contains(&("note".to_owned(), "typed".to_owned())), "{kept:?}");
    // Signed in again in another tab, the kept form leads to a page that sends it.
    ana.plant("planeconnection_session", &session);
    let kept: Vec<_> = kept.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let page = ana.post_with("/sign-out", &kept, &here).await.is(403).says("Send this again?");
    let again = page.hidden("/sign-out");
    let again: Vec<_> = again.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    ana.post("/sign-out", &again).await.redirects_to("/sign-in?after=sign-out");
}

#[tokio::test]
async fn pages_have_security_headers() {
    let t = TestApp::new().await;
    let page = t.person(Role::AccountOwner).await.get("/account").await.is(200);
    let policy = page.header("content-security-policy");
    for part in [
        "default-src 'none'",
        "script-src 'self'",
        "font-src 'self'",
        "frame-ancestors 'none'",
        "form-action 'self'",
        "base-uri 'none'",
    ] {
        assert!(policy.contains(part), "{part} in {policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.header("x-frame-options"), "DENY");
    assert_eq!(page.header("x-content-type-options"), "nosniff");
}

#[tokio::test]
async fn menu_shows_the_pages_of_the_role() {
    let t = TestApp::new().await;
    for (role, places) in
        [(Role::Admin, ["API Keys", "Audit Log", "Members"].as_slice()), (Role::Auditor, &["Audit Log"]), (Role::Pilot, &[])]
    {
        let page = t.person(role).await.get("/account").await.is(200);
        for place in ["API Keys", "Audit Log", "Members"] {
            assert_eq!(page.page().root().has("link", place), places.contains(&place), "{role} and {place}");
        }
    }
}

#[tokio::test]
async fn rate_limited_sign_in_shows_when_to_retry() {
    let t = TestApp::new().await;
    let guess = [("email", "ana@skyline.example"), ("password", "not this one, though")];
    let outsider = t.anonymous_person();
    for _ in 0..10 {
        outsider.submit("/sign-in", "/sign-in", &guess).await.is(401);
    }
    let refused = outsider.submit("/sign-in", "/sign-in", &guess).await.is(429);
    assert!(refused.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
}
