//! The list of keys: filters, search, pages; and that a workspace sees its own only.

use std::time::Duration;

use axum::http::Method;
use kit::http::Paging;
use planeconnection::keys::{self, Include, KeyFilter, KeyQuery};
use serde_json::json;
use testkit::KEYS;

use super::with;
use crate::support::{TestApp, read_only_key};

#[tokio::test]
async fn keys_are_listed_newest_first_in_pages() {
    let t = TestApp::new().await;
    for number in 1..=5 {
        t.key_with(read_only_key(&format!("Key {number}"))).await;
        t.advance(Duration::from_secs(1)).await;
    }
    let admin = t.admin().await;
    let page = admin.get(&format!("{KEYS}?page=2&page_size=2")).await.is(200);
    assert_eq!(page.items("name"), ["Key 3", "Key 2"]);
    assert_eq!(
        (page.at("/data/total"), page.at("/data/page"), page.at("/data/per_page"), page.at("/data/total_pages")),
        (&json!(5), &json!(2), &json!(2), &json!(3))
    );
    let usual = admin.get(KEYS).await.is(200);
    assert_eq!((usual.items("name").len(), usual.at("/data/per_page")), (5, &json!(20)));
    assert!(admin.get(&format!("{KEYS}?page=4294967295&page_size=100")).await.is(200).items("name").is_empty());
}

#[tokio::test]
async fn unknown_or_invalid_filter_is_refused() {
    let t = TestApp::new().await;
    let admin = t.admin().await;
    for (query, field) in [
        ("page=0", "page"),
        ("page=x", "page"),
        ("page=4294967296", "page"),
        ("page_size=0", "page_size"),
        ("page_size=101", "page_size"),
        ("page_size=-1", "page_size"),
        ("status=gone", "status"),
        ("status=", "status"),
    ] {
        admin.get(&format!("{KEYS}?{query}")).await.is(400).code("INVALID_REQUEST").names_field(field);
    }
    let too_long = format!("search={}", "x".repeat(201));
    for query in ["stauts=active", "pageSize=5", "status=active&status=revoked", "p%61ge=0", &too_long] {
        admin.get(&format!("{KEYS}?{query}")).await.is(400).code("INVALID_REQUEST");
    }
    // The same name for every reader of URLs (RFC 3986, 6.2.2.2).
    assert_eq!(admin.get(&format!("{KEYS}?p%61ge=2")).await.is(200).at("/data/page"), 2);
}

#[tokio::test]
async fn call_without_parameters_refuses_any() {
    let t = TestApp::new().await;
    let (admin, key) = (t.admin().await, t.key(&["trips:read"]).await);
    admin.get(&format!("{KEYS}/{}?status=active", key.id)).await.is(400).code("INVALID_REQUEST");
    admin.post(&format!("{KEYS}/{}/revoke?dry_run=true", key.id), json!({})).await.is(400).code("INVALID_REQUEST");
    t.with(&key).get("/api/v1/auth/whoami?").await.is(200);
}

#[tokio::test]
async fn status_filter_lists_that_status_only() {
    let t = TestApp::new().await;
    t.key_with(read_only_key("Runs")).await;
    let gone = t.key_with(read_only_key("Gone")).await;
    t.key_with(with(read_only_key("Over"), "expiresAt", json!("2026-11-23T09:31:00Z"))).await;
    let admin = t.admin().await;
    admin.post(&format!("{KEYS}/{}/revoke", gone.id), json!({})).await.is(200);
    t.advance(Duration::from_mins(1)).await;
    for (status, name) in [("active", "Runs"), ("revoked", "Gone"), ("expired", "Over")] {
        let found = admin.get(&format!("{KEYS}?status={status}")).await.is(200);
        assert_eq!((found.items("name"), found.items("status")), (vec![name.to_owned()], vec![status.to_owned()]));
    }
}

#[tokio::test]
async fn key_counts_follow_creation_revocation_and_expiry() {
    let t = TestApp::new().await;
    t.key_with(read_only_key("Runs")).await;
    let admin = t.admin().await;
    let totals = async || {
        let total = async |status: &str| admin.get(&format!("{KEYS}{status}")).await.is(200).at("/data/total").clone();
        [total("").await, total("?status=active").await, total("?status=revoked").await, total("?status=expired").await]
    };
    assert_eq!(totals().await, [1, 1, 0, 0]);
    let gone = t.key_with(read_only_key("Gone")).await;
    t.key_with(with(read_only_key("Over"), "expiresAt", json!("2026-11-23T09:31:00Z"))).await;
    assert_eq!(totals().await, [3, 3, 0, 0]);
    admin.post(&format!("{KEYS}/{}/revoke", gone.id), json!({})).await.is(200);
    assert_eq!(totals().await, [3, 2, 1, 0]);
    t.advance(Duration::from_mins(1)).await;
    assert_eq!(totals().await, [3, 1, 1, 1]);
}

#[tokio::test]
async fn key_counts_stay_correct_over_hours() {
    let t = TestApp::new().await;
    let admin = t.admin().await;
    let total = async |status: &str| admin.get(&format!("{KEYS}?status={status}")).await.is(200).at("/data/total").clone();
    let (mut revoked, mut ends) = (0, Vec::new());
    for number in 0..16 {
        let key = t.key_with(read_only_key(&format!("Key {number}"))).await;
        if number % 3 == 0 {
            admin.post(&format!("{KEYS}/{}/revoke", key.id), json!({})).await.is(200);
            revoked += 1;
        }
        // Runs out before it is an hour old, or after.
        let end = t.app.clock.now().after(Duration::from_mins(30 + 10 * number));
        t.key_with(with(read_only_key(&format!("Short {number}")), "expiresAt", json!(end.to_string()))).await;
        ends.push(end);
        t.advance(Duration::from_mins(25)).await;
        let expired = ends.iter().filter(|end| **end <= t.app.clock.now()).count();
        let counted = [total("active").await, total("revoked").await, total("expired").await];
        assert_eq!(counted, [2 * ends.len() - revoked - expired, revoked, expired], "after {number}");
    }
}

#[tokio::test]
async fn search_finds_names_and_hints() {
    let t = TestApp::new().await;
    t.key_with(read_only_key("Fleet Dashboard")).await;
    t.key_with(read_only_key("Übersicht der Flüge")).await;
    let other = t.key_with(read_only_key("Scheduler")).await;
    let admin = t.admin().await;
    let search = async |text: &str| admin.get(&format!("{KEYS}?search={text}")).await.is(200).items("name");
    assert_eq!(search("DASH").await, ["Fleet Dashboard"]);
    assert_eq!(search("%20fleet%20").await, ["Fleet Dashboard"]);
    assert_eq!(search("%C3%9Cbersicht").await, ["Übersicht der Flüge"]);
    assert_eq!(search(&other.secret[..8]).await, ["Scheduler"]);
    assert_eq!(search(&other.secret[38..]).await, ["Scheduler"]);
    assert_eq!(search("nothing").await, [""; 0]);
}

#[tokio::test]
async fn wildcards_in_a_search_are_literal() {
    let t = TestApp::new().await;
    for name in ["100% sure", "snake_case", r"back\slash", "plain"] {
        t.key_with(read_only_key(name)).await;
    }
    let admin = t.admin().await;
    for (text, name) in [("%25", "100% sure"), ("e_c", "snake_case"), ("%5C", r"back\slash"), ("0%25%20s", "100% sure")] {
        assert_eq!(admin.get(&format!("{KEYS}?search={text}")).await.is(200).items("name"), [name], "{text}");
    }
}

#[tokio::test]
async fn secret_finds_its_key_but_not_in_a_url() {
    let t = TestApp::new().await;
    let (key, _) = (t.key(&["trips:read"]).await, t.key(&["trips:read"]).await);
    let filter = KeyFilter { search: Some(key.secret.clone()), ..KeyFilter::default() };
    let (query, paging, now) = (KeyQuery::from(&filter), |_| Paging::default(), t.app.clock.now());
    let found = keys::list(&t.app.keys, t.workspace.id, &query, paging, Include::Nothing, now).await.expect("a list").page;
    assert_eq!(found.items.iter().map(|listed| listed.key.id.to_string()).collect::<Vec<_>>(), [key.id.as_str()]);
    t.admin().await.get(&format!("{KEYS}?search={}", key.secret)).await.is(400).code("CREDENTIAL_IN_URL");
}

#[tokio::test]
async fn key_of_another_workspace_is_not_found() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    let (_, outsider) = t.other_workspace().await;
    let path = format!("{KEYS}/{}", key.id);
    for (method, path) in [
        (Method::GET, path.clone()),
        (Method::PATCH, path.clone()),
        (Method::POST, format!("{path}/rotate")),
        (Method::POST, format!("{path}/revoke")),
        (Method::GET, format!("{path}/usage")),
    ] {
        outsider.json(method, &path, json!({})).await.is(404).code("NOT_FOUND");
    }
    assert!(outsider.get(KEYS).await.is(200).items("id").is_empty());
    t.with(&key).get("/api/v1/auth/whoami").await.is(200);
}
