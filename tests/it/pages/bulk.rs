//! The keys that are selected in the list: confirmed, changed, and shown as they are then.

use planeconnection::members::Role;
use serde_json::json;
use testkit::WHOAMI;

use crate::browser::Person;
use crate::support::{Response, TestApp, TestKey, read_only_key};

const LIST: &str = "/settings/api-keys";
const BULK: &str = "/settings/api-keys/bulk";
const REVOKE: &str = "/settings/api-keys/bulk/revoke";
const PAUSE: &str = "/settings/api-keys/bulk/pause";
const ASSIGN: &str = "/settings/api-keys/bulk/assign-custodian";

fn selection(action: &str, keys: &[&TestKey]) -> String {
    let keys: Vec<_> = keys.iter().map(|key| format!("&key={}", key.id)).collect();
    format!("{BULK}?action={action}&status=active&sort=name{}", keys.concat())
}

/// Sends the form of the confirmation, and opens the page that it leads to.
async fn send(person: &Person, page: &str, action: &str, fields: &[(&str, &str)]) -> Response {
    let sent = person.submit(page, action, fields).await.is(303);
    person.get(sent.header("location")).await.is(200)
}

#[tokio::test]
async fn list_selects_keys_without_a_script() {
    let t = TestApp::new().await;
    let (key, gone) = (t.named_key("Website").await, t.named_key("Gone").await);
    t.owner().await.post(&format!("/api/v1/api-keys/{}/revoke", gone.id), json!({})).await.is(200);
    let admin = t.person(Role::Admin).await;
    let list = admin.get(&format!("{LIST}?sort=name&can_write=false")).await.is(200);
    let box_of = |id: &str| format!("<input type=\"checkbox\" form=\"bulk\" name=\"key\" value=\"{id}\"");
    assert!(list.text.contains(&box_of(&key.id)) && !list.text.contains(&box_of(&gone.id)), "{}", list.text);
    assert_eq!(list.hidden(BULK), [("sort".to_owned(), "name".to_owned())]);
    admin.get(&format!("{LIST}?status=revoked")).await.is(200).does_not_say("Revoke…");
}

#[tokio::test]
async fn selected_keys_are_revoked_after_one_confirmation() {
    let t = TestApp::new().await;
    let (used, other) = (t.named_key("Website").await, t.named_key("Import").await);
    t.with(&used).get(WHOAMI).await.is(200);
    t.flush().await;
    let admin = t.person(Role::Admin).await;
    let page = selection("revoke", &[&used, &other]);
    let asked = admin.get(&page).await.is(200).says("Revoke 2 keys").says("cannot be undone");
    let row = |name: &str| asked.page().row(name).text();
    assert!(row("Website").contains("1 request") && row("Import").contains("Never"), "{}", asked.text);
    let done = send(&admin, &page, REVOKE, &[("reason", "Review")]).await;
    let done = done.says("2 selected keys revoked").says(&format!("href=\"{LIST}?status=active&#38;sort=name\""));
    assert_eq!(done.page().rows().len(), 2);
    for key in [&used, &other] {
        t.with(key).get(WHOAMI).await.is(401).code("API_KEY_REVOKED");
    }
    let events = t.audit().await;
    let reasons = events.iter().filter(|event| event["action"] == "api_key.revoked").map(|event| &event["details"]["reason"]);
    assert_eq!(reasons.collect::<Vec<_>>(), ["Review", "Review"]);
    admin.get(&page).await.is(200).says("stay as they are").does_not_say("cannot be undone");
}

#[tokio::test]
async fn selected_keys_are_paused_after_one_confirmation() {
    let t = TestApp::new().await;
    let (one, other) = (t.named_key("Website").await, t.named_key("Import").await);
    let admin = t.person(Role::Admin).await;
    let page = selection("pause", &[&one, &other]);
    admin.get(&page).await.is(200).says("Pause 2 keys").says("A pause is not a revocation");
    admin.submit(&page, PAUSE, &[("length", "7")]).await.is(400).says("Choose how long the keys are paused");
    let done = send(&admin, &page, PAUSE, &[("length", "resumed")]).await;
    let done = done.says("2 of 2 selected keys paused").says("it is resumed");
    assert_eq!(done.page().rows().len(), 2);
    for key in [&one, &other] {
        t.with(key).get(WHOAMI).await.is(401).code("API_KEY_PAUSED");
    }
}

#[tokio::test]
async fn key_that_is_paused_for_longer_stays_so_as_the_confirmation_says() {
    let t = TestApp::new().await;
    let (one, other) = (t.named_key("Website").await, t.named_key("Import").await);
    t.owner().await.post(&format!("/api/v1/api-keys/{}/pause", one.id), json!({})).await.is(200);
    let admin = t.person(Role::Admin).await;
    let page = selection("pause", &[&one, &other]);
    admin.get(&page).await.is(200).says("1 key is paused already. A pause that would end later");
    let done = send(&admin, &page, PAUSE, &[("length", "60")]).await.says("2 of 2 selected keys paused");
    let row = |name: &str| done.page().row(name).text();
    assert!(row("Website").ends_with("it is resumed") && row("Import").contains("11:30:00 CET"), "{}", done.text);
}

#[tokio::test]
async fn selected_keys_get_a_custodian() {
    let t = TestApp::new().await;
    let (one, other) = (t.named_key("Website").await, t.named_key("Import").await);
    let pilot = t.add_member(Role::Pilot).await;
    let admin = t.person(Role::Admin).await;
    let page = selection("assign", &[&one, &other]);
    admin.get(&page).await.is(200).says("Assign to 2 keys");
    for unfit in ["", "pilot", "user_01h455vb4pex5vsknk084sn02q"] {
        let again = admin.submit(&page, ASSIGN, &[("custodian", unfit)]).await.is(400);
        again.says("Choose a member who has joined").says("Assign to 2 keys");
    }
    let done = send(&admin, &page, ASSIGN, &[("custodian", &pilot.id.to_string())]).await;
    assert!(done.page().row("Website").text().contains("Test pilot"), "{}", done.text);
    admin.get(LIST).await.is(200).says("custodian: Test pilot");
}

#[tokio::test]
async fn empty_large_or_foreign_selection_changes_nothing() {
    let t = TestApp::new().await;
    let key = t.named_key("Website").await;
    let (_, outsider) = t.other_workspace().await;
    let theirs = outsider.post("/api/v1/api-keys", read_only_key("Theirs")).await.is(201).text_at("/data/apiKey/id");
    let admin = t.person(Role::Admin).await;
    admin.get(&selection("revoke", &[])).await.is(400).says("Select at least one key");
    let many: Vec<String> =
        (0..101).map(|_| format!("&key={}", planeconnection::keys::KeyId::new(t.app.clock.now(), &t.app.random))).collect();
    admin.get(&format!("{BULK}?action=revoke{}", many.concat())).await.is(400).says("Select at most 100 keys");
    admin.get(&format!("{BULK}?action=revoke&key={theirs}")).await.is(200).says("No key is selected").does_not_say("Theirs");
    admin.get(&format!("{BULK}?action=delete&key={}&sort=name", key.id)).await.redirects_to(&format!("{LIST}?sort=name"));
    let token = admin.get("/account").await.hidden("/sign-out").remove(0).1;
    admin.post(REVOKE, &[("csrf", &token), ("key", "x")]).await.is(400).says("Select at least one key");
    admin.post(REVOKE, &[("csrf", &token), ("key", &key.id), ("reason", &"x".repeat(501))]).await.is(400).says("500");
    t.with(&key).get(WHOAMI).await.is(200);
    t.person(Role::Auditor).await.get(&selection("revoke", &[&key])).await.is(403);
}
