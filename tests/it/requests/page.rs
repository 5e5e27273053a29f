//! Settings > Audit Log > Why was it refused?

use planeconnection::members::Role;
use serde_json::json;
use testkit::{TRIPS, WHOAMI};

use super::{TRACE, revoke, with_id};
use crate::support::TestApp;

const PAGE: &str = "/settings/audit-log/requests";

#[tokio::test]
async fn audit_log_has_a_field_for_administrators_only() {
    let t = TestApp::new().await;
    let key = t.named_key("Reader").await;
    let refused = t.with(&key).post(TRIPS, json!({})).await.is(403);
    t.flush().await;
    let admin = t.person(Role::Admin).await;
    let log = admin.get("/settings/audit-log").await.is(200).shows("heading", "Why was a request refused?");
    assert_eq!(log.page().field("request_id").attribute("maxlength"), "128");
    let why = log.page().link("Why was it refused?");
    assert_eq!(why, format!("{PAGE}?request_id={}", refused.header("x-request-id")));
    admin.get(&why).await.is(200).says("needs the scope trips:write");
    let auditor = t.person(Role::Auditor).await;
    auditor.get("/settings/audit-log").await.is(200).lacks("heading", "Why was a request refused?").does_not_say(PAGE);
    auditor.get(&why).await.is(403);
    t.anonymous_person().get(PAGE).await.redirects_to(&format!("/sign-in?next={}", PAGE.replace('/', "%2F")));
}

#[tokio::test]
async fn page_explains_a_refusal_with_the_state_of_the_key() {
    let t = TestApp::new().await;
    let key = t.key_with(json!({
        "name": "Fleet Dashboard", "permissions": "custom", "scopes": ["fleet:read"], "expiresAt": "2026-12-23T09:30:00Z",
        "ipAllowlist": ["203.0.113.0/24", "2001:db8::/32"],
    }));
    let key = key.await;
    let client = with_id(&t.with(&key), TRACE).from("203.0.113.7");
    client.get(TRIPS).await.is(403);
    revoke(&t, &key).await;
    t.app.clock.advance(std::time::Duration::from_secs(1));
    client.get(WHOAMI).await.is(401);
    let page = t.person(Role::Admin).await.get(&format!("{PAGE}?request_id={TRACE}")).await.is(200);
    let page = page.shows("heading", "The key was revoked.").keeps("request_id", TRACE);
    assert_eq!(page.page().link("Fleet Dashboard"), format!("/settings/api-keys/{}", key.id));
    insta::assert_snapshot!(page.main());
}

#[tokio::test]
async fn page_says_no_such_key_and_no_such_request() {
    let t = TestApp::new().await;
    let admin = t.person(Role::Admin).await;
    admin.get(PAGE).await.is(200).lacks("heading", "No refused request with this id");
    let none = admin.get(&format!("{PAGE}?request_id={TRACE}")).await.is(200);
    none.shows("heading", "No refused request with this id").does_not_say("left out");
    with_id(&t.anonymous().header("x-api-key", "pck_no"), TRACE).get(TRIPS).await.is(401);
    let unknown = admin.get(&format!("{PAGE}?request_id={TRACE}")).await.is(200);
    unknown
        .shows("heading", "There is no such key: the secret is unknown or malformed.")
        .says("No such key")
        .does_not_say("192.0.2.1");
}

#[tokio::test]
async fn id_is_escaped_and_a_text_that_is_none_is_refused_with_the_text_kept() {
    let t = TestApp::new().await;
    let key = t.named_key("<b>Reader</b>").await;
    let id = "<script>alert(1)</script>\"'";
    with_id(&t.with(&key), id).post(TRIPS, json!({})).await.is(403);
    let admin = t.person(Role::Admin).await;
    let query = "?request_id=%3Cscript%3Ealert(1)%3C%2Fscript%3E%22%27";
    let page = admin.get(&format!("{PAGE}{query}")).await.is(200).keeps("request_id", id);
    assert!(!page.text.contains("<script>alert") && !page.text.contains("<b>Reader"), "{}", page.text);
    let page = page.page();
    assert_eq!(page.root().find("link", "<b>Reader</b>").attribute("href"), format!("/settings/api-keys/{}", key.id));
    let text = format!("{} {}", "a", "b".repeat(200));
    let refused = admin.get(&format!("{PAGE}?request_id={}", text.replace(' ', "+"))).await.is(400);
    refused.reports("request_id").keeps("request_id", &text);
}
