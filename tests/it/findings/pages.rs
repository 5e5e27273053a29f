//! The page of findings, and their number in the menu.

use std::time::Duration;

use planeconnection::members::Role;

use super::now;
use crate::support::TestApp;

#[tokio::test]
async fn page_lists_findings_with_their_remedies() {
    let t = TestApp::new().await;
    let key = t.named_key("Website").await;
    let admin = t.person(Role::Admin).await;
    let page = admin.get("/findings").await.is(200);
    assert!(page.text.contains("Website does not expire."), "{}", page.text);
    assert_eq!(page.page().link("Rotate with a date"), format!("/settings/api-keys/{}/rotate", key.id));
    let filtered = admin.get("/findings?code=key_old").await.is(200);
    assert!(filtered.text.contains("No finding matches the filters."), "{}", filtered.text);
}

#[tokio::test]
async fn page_without_findings_says_when_it_checked() {
    let t = TestApp::new().await;
    t.add_member(Role::AccountOwner).await;
    let page = t.person(Role::Admin).await.get("/findings").await.is(200);
    assert!(page.text.contains("Nothing needs attention") && page.text.contains("23 Nov 2026, 10:30:00 CET"), "{}", page.text);
}

#[tokio::test]
async fn menu_shows_administrators_the_number_of_findings() {
    let t = TestApp::new().await;
    t.named_key("Website").await;
    let admin = t.person(Role::Admin).await;
    let link =
        |page: &crate::support::Response| page.page().root().find("link", "Needs attention 2").attribute("href").to_owned();
    assert_eq!(link(&admin.get("/settings/members").await.is(200)), "/findings");
    t.add_member(Role::AccountOwner).await;
    assert_eq!(link(&admin.get("/settings/members").await.is(200)), "/findings", "it is not counted for each event");
    t.app.clock.advance(Duration::from_secs(10));
    let page = admin.get("/settings/members").await.is(200);
    assert!(page.page().root().has("link", "Needs attention 1"), "ten seconds later: {}", page.text);
    let auditor = t.person(Role::Auditor).await;
    auditor.get("/settings/audit-log").await.is(200).lacks("link", "Needs attention");
    auditor.get("/findings").await.is(403);
}

#[tokio::test]
async fn finding_is_dismissed_and_taken_back_in_the_browser() {
    let t = TestApp::new().await;
    t.add_member(Role::AccountOwner).await;
    t.named_key("Website").await;
    let admin = t.person(Role::Admin).await;
    let link = admin.get("/findings").await.is(200).page().link("Dismiss");
    let asked = admin.get(&link).await.is(200);
    let token = asked.page().field("csrf").value().clone();
    admin.post(&link, &[("csrf", &token), ("reason", " ")]).await.is(400).reports("reason");
    let done = admin.post(&link, &[("csrf", &token), ("reason", "It is <known>")]).await.is(303);
    assert_eq!(done.header("location"), "/findings?after=dismissed");
    let page = admin.get("/findings").await.is(200);
    assert!(page.text.contains("Nothing needs attention") && page.text.contains("It is &#60;known&#62;"), "{}", page.text);
    let restore = link.replace("dismiss", "restore");
    admin.post(&restore, &[("csrf", &token)]).await.is(303);
    admin.post(&restore, &[("csrf", &token)]).await.is(303);
    assert_eq!(now(&t, "&code=key_no_expiry").await.len(), 1);
}
