//! Search by name, hint and pasted key, isolated by workspace.

use planeconnection::members::Role;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{LIST, SEARCH, link, names};
use crate::support::{Lines, TestApp, read_only_key};

#[tokio::test]
async fn search_finds_names_and_hints_and_keeps_filter_and_sort() {
    let t = TestApp::new().await;
    let (dashboard, _) = (t.key_with(read_only_key("Fleet Dashboard")).await, t.key_with(read_only_key("Scheduler")).await);
    let admin = t.person(Role::Admin).await;
    let searched = admin.submit("/settings/api-keys?status=active&sort=name", SEARCH, &[("search", " DASH ")]).await;
    searched.redirects_to("/settings/api-keys?status=active&search=DASH&sort=name");
    let hint = format!("…{}", &dashboard.secret[38..]);
    for text in ["DASH", &dashboard.secret[..8], &hint] {
        let found =
            admin.get(&format!("{LIST}?{}", serde_urlencoded::to_string([("search", text)]).expect("text"))).await.is(200);
        assert_eq!(names(&found), ["Fleet Dashboard"], "{text}");
    }
}

#[tokio::test]
async fn empty_search_offers_to_clear_the_filter() {
    let t = TestApp::new().await;
    t.key_with(read_only_key("Scheduler")).await;
    let admin = t.person(Role::Admin).await;
    let page = admin.get("/settings/api-keys?search=nothing&status=revoked").await.is(200).says("No matching keys");
    assert_eq!(names(&admin.get(&link(&page, "Clear the filter")).await.is(200)), ["Scheduler"]);
}

#[tokio::test]
async fn pasted_key_is_found_by_its_digest_and_not_kept() {
    let (lines, _guard) = Lines::of_this_thread();
    let t = TestApp::new().await;
    let (key, _) = (t.key_with(read_only_key("Leaked")).await, t.key_with(read_only_key("Other")).await);
    t.revoke(&key).await;
    let admin = t.person(Role::Admin).await;
    let address = format!("/settings/api-keys?search=sha256:{}", hex::encode(Sha256::digest(&key.secret)));
    let pasted = format!("curl -H 'X-API-Key: {}'", key.secret);
    let answer = admin.submit("/settings/api-keys?status=active", SEARCH, &[("search", &pasted)]).await;
    answer.redirects_to(&address);
    let found = admin.get(&address).await.is(200).says("The key you pasted").does_not_say(&key.secret);
    assert_eq!(names(&found), ["Leaked"]);
    assert_eq!(link(&found, "Show all keys"), LIST);
    // After an ended session the input is shown again, but never a key.
    let expired = t.anonymous_person();
    let form = expired.get("/sign-in").await.hidden("/sign-in");
    let waiting = expired.post(SEARCH, &[("csrf", &form[0].1), ("search", &pasted)]).await.is(401);
    waiting.says("You were signed out").does_not_say(&key.secret);
    let logged = String::from_utf8(lines.bytes()).expect("text");
    assert!(logged.contains(SEARCH) && !logged.contains(&key.secret), "{logged}");
}

#[tokio::test]
async fn key_of_another_workspace_is_neither_listed_nor_found() {
    let t = TestApp::new().await;
    let (_, other) = t.other_workspace().await;
    let body = other.post("/api/v1/api-keys", read_only_key("Northwind")).await.is(201);
    let (id, secret) = (body.text_at("/data/apiKey/id"), body.text_at("/data/secret"));
    other.post(&format!("/api/v1/api-keys/{id}/revoke"), json!({})).await.is(200);
    t.key_with(read_only_key("Skyline")).await;
    let admin = t.person(Role::Admin).await;
    for query in ["", "?search=north", "?status=revoked", &format!("?revoked={id}")] {
        admin.get(&format!("{LIST}{query}")).await.is(200).does_not_say("Northwind").does_not_say(&id);
    }
    let digest = hex::encode(Sha256::digest(&secret));
    let page = admin.get(&format!("{LIST}?search=sha256:{digest}")).await.is(200);
    page.says("The key you pasted").says("No key in this workspace has that secret").does_not_say("Northwind");
}
