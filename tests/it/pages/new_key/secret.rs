//! The page that shows the secret: once, and nowhere else.

use planeconnection::members::Role;
use serde_json::json;
use testkit::KEYS;

use super::{NEW, how_many, id_in, send, typed};
use crate::support::{Lines, Response, TestApp};

/// The whole key that a page shows.
#[track_caller]
fn secret_in(page: &Response) -> String {
    page.page().root().first("#secret").text()
}

#[tokio::test]
async fn page_shows_the_secret_and_an_example_request() {
    let t = TestApp::new().await;
    let changes = [("permissions", "custom"), ("scope-trips", "write"), ("addresses", "192.0.2.0/24")];
    let page = send(&t.person(Role::Admin).await, &changes).await.is(201);
    assert_eq!(page.header("cache-control"), "no-store");
    let secret = secret_in(&page);
    t.anonymous().header("x-api-key", &secret).get("/api/v1/auth/whoami").await.is(200);
    insta::assert_snapshot!(page.main());
}

#[tokio::test]
async fn secret_is_in_visible_text_only() {
    let t = TestApp::new().await;
    let page = send(&t.person(Role::Admin).await, &[]).await.is(201);
    let secret = secret_in(&page);
    assert_eq!(page.text.matches(&secret[4..]).count(), 2, "{}", page.text);
    let page = page.page();
    assert!(!page.title().contains(&secret));
    for value in page.root().attribute_values() {
        assert!(!value.contains(&secret), "{value}");
    }
}

#[tokio::test]
async fn secret_is_in_no_later_page_and_in_no_log() {
    let t = TestApp::new().await;
    let admin = t.person(Role::Admin).await;
    let (lines, _logging) = Lines::of_this_thread();
    let page = send(&admin, &[]).await.is(201);
    let (secret, id) = (secret_in(&page), id_in(&page));
    let key = format!("/settings/api-keys/{id}");
    let pages = [
        format!("{key}?already=shown"),
        format!("{key}/edit"),
        format!("{key}/rotate"),
        format!("{key}/revoke"),
        key,
        NEW.to_owned(),
        "/settings/api-keys".to_owned(),
        "/settings/audit-log".to_owned(),
    ];
    for path in pages {
        admin.get(&path).await.does_not_say(&secret[8..38]);
    }
    let owner = t.owner().await;
    for path in [KEYS, "/api/v1/audit-log"] {
        owner.get(path).await.is(200).does_not_say(&secret[8..38]);
    }
    let logged = String::from_utf8_lossy(&lines.bytes()).into_owned();
    assert!(logged.contains(NEW) && !logged.contains(&secret[8..38]), "{logged}");
}

#[tokio::test]
async fn resubmitted_form_creates_no_second_key_and_shows_no_secret() {
    let t = TestApp::new().await;
    let admin = t.person(Role::Admin).await;
    let opened = admin.get(NEW).await.hidden(NEW);
    let hidden: Vec<_> = opened.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let first = admin.post(NEW, &typed(&hidden)).await.is(201);
    let shown = format!("/settings/api-keys/{}?already=shown", id_in(&first));
    let another: Vec<_> = hidden.iter().copied().chain([("name", "Another name")]).collect();
    for again in [typed(&hidden), typed(&another)] {
        let answer = admin.post(NEW, &again).await;
        answer.redirects_to(&shown);
        answer.does_not_say(&secret_in(&first));
    }
    assert_eq!(how_many(&t).await, json!(1));
    send(&admin, &[("name", "Another name")]).await.is(201);
    assert_eq!(how_many(&t).await, json!(2));
}

#[tokio::test]
async fn stored_button_leads_to_the_key() {
    let t = TestApp::new().await;
    let page = send(&t.person(Role::Admin).await, &[]).await.is(201);
    let path = format!("/settings/api-keys/{}", id_in(&page));
    page.says(&format!("<form method=\"get\" action=\"{path}\"")).shows("button", "I have stored this key");
}
