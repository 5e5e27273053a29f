//! The latest requests of a key.

use std::time::Duration;

use planeconnection::members::Role;
use serde_json::{Value, json};
use testkit::{KEYS, REPORTS, TRIPS};

use super::{found, with_id};
use crate::support::{TestApp, TestKey};

const SECOND: Duration = Duration::from_secs(1);

async fn latest(t: &TestApp, key: &TestKey) -> Vec<Value> {
    let answer = t.owner().await.get(&format!("{KEYS}/{}/requests", key.id)).await.is(200);
    assert_eq!(answer.at("/data/sampled"), &json!(true));
    found(&answer)
}

#[tokio::test]
async fn latest_requests_are_listed_with_their_responses() {
    let t = TestApp::new().await;
    let key = t.named_key("Reader").await;
    with_id(&t.with(&key), "first").from("203.0.113.7").get(&format!("{TRIPS}?status=draft")).await.is(200);
    t.app.clock.advance(SECOND);
    with_id(&t.with(&key), "second").post(TRIPS, json!({})).await.is(403);
    t.app.clock.advance(SECOND);
    with_id(&t.with(&key), "third").get(&format!("{TRIPS}/none")).await.is(404);
    let expected = json!([
        { "requestId": "third", "at": "2026-11-23T09:30:02Z", "method": "GET", "route": "/api/v1/ops/trips/{id}",
          "status": 404, "code": "NOT_FOUND", "ip": "192.0.2.1" },
        { "requestId": "second", "at": "2026-11-23T09:30:01Z", "method": "POST", "route": TRIPS,
          "status": 403, "code": "SCOPE_REQUIRED", "ip": "192.0.2.1" },
        { "requestId": "first", "at": "2026-11-23T09:30:00Z", "method": "GET", "route": TRIPS,
          "status": 200, "code": null, "ip": "203.0.113.7" },
    ]);
    assert_eq!(json!(latest(&t, &key).await), expected);
    t.flush().await;
    assert_eq!(json!(latest(&t, &key).await), expected, "from the database");
}

#[tokio::test]
async fn one_request_a_second_is_listed_and_fifty_are_kept() {
    let t = TestApp::new().await;
    let key = t.named_key("Reader").await;
    for number in 0..130 {
        with_id(&t.with(&key), &format!("a-{number}")).get(TRIPS).await.is(200);
        with_id(&t.with(&key), &format!("b-{number}")).get(TRIPS).await.is(200);
        t.advance(SECOND).await;
    }
    let listed: Vec<_> = latest(&t, &key).await.iter().map(|item| item["requestId"].to_string()).collect();
    let expected: Vec<_> = (80..130).rev().map(|number| format!("\"a-{number}\"")).collect();
    assert_eq!(listed, expected);
    t.flush().await;
    assert_eq!(t.number("SELECT count(*) FROM api_key_requests").await, 50);
}

#[tokio::test]
async fn trimming_one_key_leaves_the_requests_of_others() {
    let t = TestApp::new().await;
    let (busy, quiet) = (t.named_key("Busy").await, t.named_key("Quiet").await);
    t.with(&quiet).get(TRIPS).await.is(200);
    for _ in 0..60 {
        t.with(&busy).get(TRIPS).await.is(200);
        t.app.clock.advance(SECOND);
    }
    t.flush().await;
    assert_eq!((latest(&t, &quiet).await.len(), latest(&t, &busy).await.len()), (1, 50));
    assert_eq!(t.number("SELECT count(*) FROM api_key_requests").await, 51);
}

#[tokio::test]
async fn request_that_files_a_report_is_not_listed() {
    let t = TestApp::new().await;
    let key = t.key(&["safety:write"]).await;
    let report = |confidentiality: &str| {
        json!({ "reportType": "hazard", "title": "Loose panel", "description": "On stand 4.", "location": "LSZH",
                "occurredAt": "2026-11-22T09:00:00Z", "severity": "minor", "confidentiality": confidentiality })
    };
    for confidentiality in ["anonymous", "nonsense"] {
        let answer = t.with(&key).post(REPORTS, report(confidentiality)).await;
        assert!(matches!(answer.status, 201 | 400), "{}", answer.text);
        t.app.clock.advance(SECOND);
    }
    assert!(latest(&t, &key).await.is_empty());
}

#[tokio::test]
async fn page_of_a_key_lists_its_latest_requests() {
    let t = TestApp::new().await;
    let key = t.named_key("Reader").await;
    let ana = t.person(Role::Admin).await;
    let address = format!("/settings/api-keys/{}", key.id);
    ana.get(&address).await.is(200).lacks("heading", "Latest requests");
    for _ in 0..11 {
        t.with(&key).get(TRIPS).await.is(200);
        t.app.clock.advance(SECOND);
    }
    with_id(&t.with(&key), "why&me").post(TRIPS, json!({})).await.is(403);
    let page = ana.get(&address).await.is(200).says("This is a sample: at most one request a second is listed").page();
    let section = page.section("Latest requests");
    let rows = section.select("tbody tr");
    assert_eq!((rows.len(), section.first("summary").text().as_str()), (12, "2 more"));
    assert_eq!(
        rows[0].select("td").iter().map(|cell| cell.text()).collect::<Vec<_>>(),
        ["23 Nov 2026, 10:30:11 CET", "POST /api/v1/ops/trips", "403 SCOPE_REQUIRED Why?", "192.0.2.1", "why&me",]
    );
    let why = ana.get(rows[0].find("link", "Why?").attribute("href")).await.is(200);
    why.says("The request needs the scope trips:write, which the key does not have.");
}
