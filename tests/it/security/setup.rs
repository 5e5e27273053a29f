//! Members who have to set up a second factor before anything else.

use std::fmt::Write;
use std::time::Duration;

use axum::http::Method;
use planeconnection::members::Role;
use planeconnection::router;
use serde_json::json;
use testkit::{SIGN_IN, WHOAMI};

use super::{SETTINGS, give_factor, settings};
use crate::support::{PASSWORD, TestApp};

const DAY: Duration = Duration::from_hours(24);

/// A workspace that requires a second factor, which its owner has.
async fn requiring(policy: &str, grace_days: u32) -> TestApp {
    let t = TestApp::new().await;
    give_factor(&t, "ana@skyline.example").await;
    require(&t, policy, grace_days).await;
    t
}

async fn require(t: &TestApp, policy: &str, grace_days: u32) {
    let wanted = settings(
        json!({ "twoFactorPolicy": policy, "graceDays": grace_days, "idleMinutes": 43_200, "absoluteMinutes": 129_600 }),
    );
    t.owner().await.put(SETTINGS, wanted).await.is(200);
}

#[tokio::test]
async fn only_the_own_account_is_open_before_the_set_up() {
    let t = requiring("required_for_all", 0).await;
    let member = t.member(Role::Admin).await;
    let mut open = String::new();
    for route in router::table().into_iter().flat_map(|routes| routes.lines) {
        // Signing out works, and would end the session that the next call needs.
        if route.permission == "anyone" || route.path == "/api/v1/auth/sign-out" {
            continue;
        }
        let path = route.path.replace("{id}", "none").replace("{externalId}", "none").replace("{scope}", "fleet:read");
        // No route takes this body: the call is refused before it is read, or for it.
        let answer = member.json(route.method.clone(), &path, json!([])).await;
        // The response to a check by a proxy has no body.
        let is_check = route.path.starts_with("/api/v1/auth/check");
        if answer.status == 403 && (is_check || answer.json["error"]["code"] == "TWO_FACTOR_SETUP_REQUIRED") {
            continue;
        }
        writeln!(open, "{} {}", route.method, route.path).expect("a string");
    }
    insta::assert_snapshot!(open);
    member.post("/api/v1/auth/sign-out", json!({})).await.is(200);
}

#[tokio::test]
async fn every_other_page_leads_to_the_own_account_before_the_set_up() {
    let t = requiring("required_for_all", 0).await;
    let person = t.person(Role::Admin).await;
    let token = person
        .get("/account")
        .await
        .says("Until you have set it up, only your own account opens")
        .hidden("/sign-out")
        .remove(0)
        .1;
    let mut open = String::new();
    for route in router::pages().into_iter().flat_map(|routes| routes.lines) {
        if route.permission == "anyone" || route.path == "/sign-out" {
            continue;
        }
        let path = route.path.replace("{id}", "none");
        let is_form = route.method == Method::POST;
        let answer = if is_form { person.post(&path, &[("csrf", &token)]).await } else { person.get(&path).await };
        let leads_to = answer.headers.get("location").and_then(|to| to.to_str().ok());
        if (answer.status, leads_to) != (303, Some("/account")) {
            writeln!(open, "{} {}", route.method, route.path).expect("a string");
        }
    }
    insta::assert_snapshot!(open);
    person.get("/account").await.does_not_say("/settings/members");
    person.submit("/account", "/sign-out", &[]).await.redirects_to("/sign-in?after=sign-out");
}

#[tokio::test]
async fn call_from_the_documentation_is_refused_before_the_set_up() {
    let t = requiring("required_for_all", 0).await;
    let person = t.person(Role::Admin).await;
    let answer = person.try_it("/api/v1/ops/trips").await.is(200);
    assert_eq!(answer.at("/data/status"), 403);
    assert!(answer.text_at("/data/body").contains("TWO_FACTOR_SETUP_REQUIRED"), "{}", answer.text);
}

#[tokio::test]
async fn keys_go_on_while_members_have_to_set_up() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    give_factor(&t, "ana@skyline.example").await;
    require(&t, "required_for_all", 0).await;
    t.with(&key).get("/api/v1/ops/trips").await.is(200);
}

#[tokio::test]
async fn sign_in_says_that_a_second_factor_has_to_be_set_up() {
    let t = TestApp::new().await;
    let credentials = json!({ "email": "ana@skyline.example", "password": PASSWORD });
    assert_eq!(t.anonymous().post(SIGN_IN, credentials.clone()).await.is(200).at("/data/setupRequired"), false);
    give_factor(&t, "ana@skyline.example").await;
    require(&t, "required_for_all", 0).await;
    t.tamper("UPDATE members SET second_factor_at = NULL").await;
    let answer = t.anonymous().post(SIGN_IN, credentials).await.is(200);
    assert_eq!(answer.at("/data/setupRequired"), true);
    let ana = t.anonymous().header("authorization", &format!("Bearer {}", answer.text_at("/data/token")));
    ana.get(WHOAMI).await.is(200);
    ana.get("/api/v1/members").await.is(403).code("TWO_FACTOR_SETUP_REQUIRED");
    give_factor(&t, "ana@skyline.example").await;
    ana.get("/api/v1/members").await.is(200);
}

#[tokio::test]
async fn requirement_for_administrators_leaves_others_alone() {
    let t = requiring("required_for_admins", 0).await;
    t.member(Role::Pilot).await.get("/api/v1/ops/trips").await.is(200);
    t.member(Role::Admin).await.get("/api/v1/ops/trips").await.is(403).code("TWO_FACTOR_SETUP_REQUIRED");
    t.member(Role::AccountOwner).await.get("/api/v1/ops/trips").await.is(403).code("TWO_FACTOR_SETUP_REQUIRED");
}

#[tokio::test]
async fn grace_ends_for_sessions_that_began_before() {
    let t = requiring("required_for_all", 7).await;
    let pilot = t.member(Role::Pilot).await;
    let person = t.person(Role::Pilot).await;
    pilot.get("/api/v1/ops/trips").await.is(200);
    person.get("/account").await.says("required in 7 days");
    t.advance(DAY * 6 + Duration::from_hours(1)).await;
    person.get("/account").await.says("required in 1 day");
    t.advance(Duration::from_hours(23)).await;
    pilot.get("/api/v1/ops/trips").await.is(403).code("TWO_FACTOR_SETUP_REQUIRED");
    person.get("/account").await.says("Until you have set it up, only your own account opens");
}

#[tokio::test]
async fn shorter_grace_holds_at_once_and_a_longer_one_does_not_reopen_it() {
    let t = requiring("required_for_all", 14).await;
    let pilot = t.member(Role::Pilot).await;
    let trips = async || pilot.get("/api/v1/ops/trips").await.status;
    t.advance(DAY * 8).await;
    assert_eq!(trips().await, 200);
    require(&t, "required_for_all", 7).await;
    assert_eq!(trips().await, 403);
    require(&t, "required_for_all", 90).await;
    assert_eq!(trips().await, 403);
    require(&t, "optional", 90).await;
    assert_eq!(trips().await, 200);
    require(&t, "required_for_all", 1).await;
    assert_eq!(trips().await, 200);
    t.advance(DAY).await;
    assert_eq!(trips().await, 403);
}

#[tokio::test]
async fn recommendation_is_shown_once_after_a_sign_in() {
    let t = TestApp::new().await;
    require(&t, "recommended", 0).await;
    let person = t.anonymous_person();
    let fields = [("email", "ana@skyline.example"), ("password", PASSWORD)];
    let answer = person.submit("/sign-in?next=/settings/members", "/sign-in", &fields).await.is(303);
    let page = answer.header("location").to_owned();
    assert_eq!(page, "/account/recommended?next=%2Fsettings%2Fmembers");
    person.get(&page).await.says("Enable 2FA").says("href=\"/settings/members\">Not now");
    person.get("/settings/members").await.is(200);
    person.get("/account/recommended?next=https://evil.example").await.says("href=\"/\">Not now");
    give_factor(&t, "ana@skyline.example").await;
    person.get(&page).await.redirects_to("/settings/members");
}
