//! The page between a form and its handler, on which a person proves again who they are.

use std::time::Duration;

use planeconnection::access::RECENT;
use planeconnection::members::Role;
use testkit::KEYS;

use crate::browser::Person;
use crate::support::{PASSWORD, TestApp};

const NEW: &str = "/settings/api-keys/new";
const EXPORT: &str = "/settings/audit-log/export?format=csv&actor_id=operator";
const CONFIRM: &str = "/reauthenticate?next=%2Fsettings%2Faudit-log%2Fexport%3Fformat%3Dcsv%26actor_id%3Doperator";

/// The owner, whose sign-in is 20 minutes ago.
async fn owner_after_20_minutes(t: &TestApp) -> Person {
    let owner = t.person(Role::AccountOwner).await;
    t.advance(Duration::from_mins(20)).await;
    owner
}

fn key_form(description: &str) -> Vec<(&str, &str)> {
    vec![
        ("name", "Fleet Dashboard"),
        ("permissions", "custom"),
        ("scope-trips", "write"),
        ("scope-fleet", "read"),
        ("expiration", "90"),
        ("description", description),
        ("addresses", "203.0.113.7\r\n2001:db8::/32"),
        ("requests", "600"),
        ("seconds", "60"),
    ]
}

async fn keys(t: &TestApp) -> u64 {
    t.owner().await.get(KEYS).await.is(200).at("/data/total").as_u64().expect("a number")
}

#[tokio::test]
async fn key_is_created_after_20_minutes_with_one_question_and_nothing_typed_twice() {
    let t = TestApp::new().await;
    let owner = owner_after_20_minutes(&t).await;
    let description = "Lobby screen “A&B” <1>\r\nand the one upstairs";
    let asked = owner.submit(NEW, NEW, &key_form(description)).await.is(403).says("Confirm it is you");
    assert_eq!(keys(&t).await, 0);
    let hidden = asked.hidden(NEW);
    for (name, typed) in key_form(description) {
        // A browser submits the line breaks of HTML as CR LF again.
        assert!(hidden.contains(&(name.to_owned(), typed.replace('\r', ""))), "{name} is lost: {hidden:?}");
    }
    let made = owner.confirm(&asked, NEW, PASSWORD).await.is(201).says("pck_");
    assert_eq!(keys(&t).await, 1);
    let id = made.page().root().first("[data-secret]").attribute("data-secret").to_owned();
    owner.get(&id).await.is(200).says("Lobby screen").says("203.0.113.7");
    // The idempotency key of the form is kept: sent again, it makes nothing.
    let again = owner.confirm(&asked, NEW, PASSWORD).await.is(303);
    assert!(again.header("location").ends_with("?already=shown"));
    assert_eq!(keys(&t).await, 1);
    // The next one is not asked for.
    let second = [("name", "Second"), ("permissions", "read_only"), ("expiration", "90"), ("requests", "600"), ("seconds", "60")];
    owner.submit(NEW, NEW, &second).await.is(201);
    t.audit_ends_with(&["member.reauthenticated", "api_key.created", "member.reauthenticated", "api_key.created"]).await;
}

#[tokio::test]
async fn wrong_password_asks_again_and_loses_nothing() {
    let t = TestApp::new().await;
    let owner = owner_after_20_minutes(&t).await;
    let asked = owner.submit(NEW, NEW, &key_form("Lobby")).await.is(403);
    let again = owner.confirm(&asked, NEW, "not the password").await.is(401).says("The password is wrong.");
    assert_eq!(again.hidden(NEW), asked.hidden(NEW));
    assert!(!again.text.contains("not the password"));
    let again = owner.confirm(&again, NEW, "").await.is(401);
    owner.confirm(&again, NEW, PASSWORD).await.is(201);
    // Ten wrong ones are too many, as at a sign-in.
    t.advance(RECENT + Duration::from_mins(1)).await;
    let asked = owner.submit(NEW, NEW, &[("name", "B"), ("permissions", "read_only"), ("expiration", "90")]).await.is(403);
    for _ in 0..10 {
        owner.confirm(&asked, NEW, "not the password").await.is(401);
    }
    let limited = owner.confirm(&asked, NEW, PASSWORD).await.is(429).says("Too many sign-ins failed");
    assert!(limited.headers.contains_key("retry-after"));
    assert_eq!(limited.hidden(NEW), asked.hidden(NEW));
}

#[tokio::test]
async fn form_that_needs_no_proof_is_not_held_up() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    let owner = owner_after_20_minutes(&t).await;
    let path = format!("/settings/api-keys/{}/revoke", key.id);
    owner.submit(&path, &path, &[("reason", "leaked")]).await;
    t.with(&key).get("/api/v1/ops/trips").await.is(401).code("API_KEY_REVOKED");
    let invite = [("name", "Dee Brandt"), ("email", "dee@skyline.example"), ("role", "pilot")];
    owner.submit("/settings/members/new", "/settings/members/new", &invite).await.is(201);
}

#[tokio::test]
async fn administrators_are_invited_and_roles_changed_after_a_question() {
    let t = TestApp::new().await;
    let pilot = t.add_member(Role::Pilot).await;
    let owner = owner_after_20_minutes(&t).await;
    let new = "/settings/members/new";
    let invite = [("name", "Dee Brandt"), ("email", "dee@skyline.example"), ("role", "admin")];
    let asked = owner.submit(new, new, &invite).await.is(403).says("Confirm it is you");
    owner.confirm(&asked, new, PASSWORD).await.is(201).says("/join#pci_");
    t.advance(RECENT + Duration::from_secs(1)).await;
    let path = format!("/settings/members/{}", pilot.id);
    let asked = owner.submit(&path, &path, &[("role", "dispatcher")]).await.is(403).says("Confirm it is you");
    owner.confirm(&asked, &path, PASSWORD).await.redirects_to(&format!("/settings/members?changed={}", pilot.id));
}

#[tokio::test]
async fn link_of_an_invited_administrator_is_made_again_after_a_question() {
    let t = TestApp::new().await;
    let invite = serde_json::json!({ "name": "Dee Brandt", "email": "dee@skyline.example", "role": "admin" });
    let id = t.owner().await.post("/api/v1/members", invite).await.is(201).text_at("/data/member/id");
    let owner = owner_after_20_minutes(&t).await;
    let path = format!("/settings/members/{id}/invitation");
    let asked = owner.submit(&format!("/settings/members/{id}"), &path, &[]).await.is(403).says("Confirm it is you");
    owner.confirm(&asked, &path, PASSWORD).await.is(201).says("/join#pci_");
}

#[tokio::test]
async fn download_starts_after_a_question() {
    let t = TestApp::new().await;
    let owner = owner_after_20_minutes(&t).await;
    owner.get(EXPORT).await.redirects_to(CONFIRM);
    let asked = owner.get(CONFIRM).await.is(200).says("Confirm it is you").does_not_say("keeps your input");
    let wrong = owner.confirm(&asked, "/reauthenticate", "not the password").await.is(401);
    owner.confirm(&wrong, "/reauthenticate", PASSWORD).await.redirects_to(CONFIRM);
    let confirmed = owner.get(CONFIRM).await.is(200).says("Your download starts");
    assert_eq!(confirmed.header("refresh"), format!("0; url={EXPORT}"));
    assert!(owner.get(EXPORT).await.is(200).header("content-disposition").contains("audit-log-skyline.csv"));
}

#[tokio::test]
async fn question_leads_back_to_own_pages_only() {
    let t = TestApp::new().await;
    let owner = owner_after_20_minutes(&t).await;
    let asked = owner.get("/reauthenticate?next=https%3A%2F%2Fevil.example%2F").await.is(200);
    assert!(!asked.text.contains("evil.example"));
    owner.confirm(&asked, "/reauthenticate", PASSWORD).await.redirects_to("/");
    owner.get("/reauthenticate?next=%2Faccount").await.redirects_to("/account");
    owner.get("/reauthenticate?next=%2F%2Fevil.example").await.redirects_to("/");
}

#[tokio::test]
async fn proof_of_another_form_is_not_kept_by_any_page() {
    let t = TestApp::new().await;
    let owner = owner_after_20_minutes(&t).await;
    let asked = owner.submit(NEW, NEW, &[("name", ""), ("permissions", "read_only")]).await.is(403);
    // The handler finds the name missing, and shows the form again.
    let faulty = owner.confirm(&asked, NEW, PASSWORD).await.is(400);
    assert!(!faulty.text.contains(PASSWORD) && !faulty.text.contains("reauth_password"));
    // A form of an earlier session is kept, without the password.
    let csrf = [("csrf", "of an earlier session"), ("name", "Fleet"), ("reauth_password", PASSWORD)];
    let outdated = owner.post_with(NEW, &csrf, &[("sec-fetch-site", "same-origin")]).await.is(403).says("Send it again");
    assert!(outdated.text.contains("Fleet") && !outdated.text.contains(PASSWORD));
}

#[tokio::test]
async fn session_that_ended_on_the_way_keeps_what_was_typed() {
    let t = TestApp::new().await;
    let owner = owner_after_20_minutes(&t).await;
    let asked = owner.submit(NEW, NEW, &key_form("Lobby")).await.is(403);
    t.tamper("DELETE FROM sessions").await;
    let ended = owner.confirm(&asked, NEW, PASSWORD).await.is(401).says("Your session has ended").says("Lobby");
    assert!(!ended.text.contains(PASSWORD));
}
