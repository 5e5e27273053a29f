//! Settings > API Keys > Find leaked keys: the digests that the script sends.

use planeconnection::members::Role;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::browser::Person;
use crate::support::{Response, TestApp, TestKey, read_only_key};

const PATH: &str = "/settings/api-keys/leaks";

fn digest(secret: &str) -> String {
    hex::encode(Sha256::digest(secret))
}

/// Sends the form as the script fills it in.
async fn search(person: &Person, digests: &str, left_out: &str) -> Response {
    let csrf = person.get(PATH).await.is(200).hidden(PATH).remove(0).1;
    person.post(PATH, &[("csrf", &csrf), ("digests", digests), ("left_out", left_out)]).await
}

#[tokio::test]
async fn digests_name_the_keys_of_the_workspace_and_count_the_others() {
    let t = TestApp::new().await;
    let [live, gone] = [t.named_key("Website").await, t.named_key("Old").await];
    t.owner().await.post(&format!("/api/v1/api-keys/{}/revoke", gone.id), json!({})).await.is(200);
    let (_, other) = t.other_workspace().await;
    let theirs = other.post("/api/v1/api-keys", read_only_key("Northwind")).await.is(201).text_at("/data/secret");
    let admin = t.person(Role::Admin).await;
    let digests = [&gone.secret, &live.secret, &theirs, "nobody's"].map(digest).join(".");
    let page = search(&admin, &digests, "7").await.is(200);
    let page =
        page.says("2 of 4 keys in the text belong to Skyline Aviation.").says("2 are unknown here.").does_not_say("Northwind");
    let page = page.says("7 more keys, which were not looked up").does_not_say(&live.secret);
    let names: Vec<_> = page.page().rows().into_iter().map(|row| row.first("a.name").text()).collect();
    assert_eq!(names, ["Website", "Old"], "those that work come first");
    let revoke = |key: &TestKey| format!("action=\"/settings/api-keys/{}/revoke\"", key.id);
    page.says(&revoke(&live)).does_not_say(&revoke(&gone));

    let none = search(&admin, &digest(&theirs), "0").await.is(200);
    none.says("The key in the text is unknown in Skyline Aviation.").does_not_say("Northwind");
}

#[tokio::test]
async fn text_in_place_of_digests_is_refused_and_not_shown() {
    let t = TestApp::new().await;
    let key = t.named_key("Website").await;
    let admin = t.person(Role::Admin).await;
    for text in ["", &key.secret, "0f"] {
        let page = search(&admin, text, "0").await.is(400);
        page.says("No key was looked up").does_not_say(&key.secret);
    }
}

#[tokio::test]
async fn page_without_a_script_sends_no_text_and_names_the_command() {
    let t = TestApp::new().await;
    let page = t.person(Role::Admin).await.get(PATH).await.is(200);
    let page = page.says("This search needs JavaScript").says("planeconnection keys scan -");
    let html = page.page();
    assert!(!html.root().first("textarea").has_attribute("name"), "its content is not sent");
    assert!(html.root().first("form[data-find-keys]").has_attribute("hidden"));
    t.person(Role::Auditor).await.get(PATH).await.is(403);
}
