//! Aircraft, and the fleet's status.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::AIRCRAFT;

use crate::support::{Client, TestApp};

const STATUS: &str = "/api/v1/ops/fleet-status";

fn citation(tail_number: &str) -> Value {
    json!({ "tailNumber": tail_number, "typeDesignator": "C25B", "model": "Citation CJ3+" })
}

async fn writer(t: &TestApp) -> Client {
    t.with(&t.key(&["fleet:write"]).await)
}

async fn add(client: &Client, body: Value) -> String {
    client.post(AIRCRAFT, body).await.is(201).text_at("/data/id")
}

/// The audit events of aircraft, oldest first.
async fn logged(t: &TestApp) -> Vec<Value> {
    let is_about_aircraft = |event: &Value| event["target"]["type"] == "aircraft";
    t.audit().await.into_iter().filter(is_about_aircraft).collect()
}

#[tokio::test]
async fn aircraft_is_created_shown_and_recorded() {
    let t = TestApp::new().await;
    let body = json!({
        "tailNumber": "N525SK", "typeDesignator": "C25B", "model": " Citation CJ3+ ", "homeBase": "KTEB",
        "status": "aog", "statusNote": "Hydraulic pump", "expectedReturn": "2026-12-01T08:00:00+02:00",
    });
    let client = writer(&t).await;
    let made = client.post(AIRCRAFT, body).await.is(201);
    let expected = json!({
        "id": made.at("/data/id"), "tailNumber": "N525SK", "typeDesignator": "C25B", "model": "Citation CJ3+",
        "homeBase": "KTEB", "homeBaseName": null, "status": "aog", "statusNote": "Hydraulic pump", "expectedReturn": "2026-12-01T06:00:00Z",
        "dispatchAvailable": false, "createdAt": "2026-11-23T09:30:00Z", "updatedAt": "2026-11-23T09:30:00Z",
    });
    assert_eq!(*made.at("/data"), expected);
    let path = format!("{AIRCRAFT}/{}", made.text_at("/data/id"));
    assert_eq!(*client.get(&path).await.is(200).at("/data"), expected);
    let events = logged(&t).await;
    assert_eq!((events.len(), &events[0]["action"]), (1, &json!("aircraft.created")));
    assert_eq!(events[0]["target"], json!({ "type": "aircraft", "id": made.at("/data/id"), "name": "N525SK" }));
}

#[tokio::test]
async fn replayed_creation_makes_one_aircraft() {
    let t = TestApp::new().await;
    let client = writer(&t).await;
    let once = client.clone().header("idempotency-key", "import-1");
    let first = once.post(AIRCRAFT, citation("N1")).await.is(201);
    let again = once.post(AIRCRAFT, citation("N1")).await.is(201);
    assert_eq!(first.at("/data"), again.at("/data"));
    once.post(AIRCRAFT, citation("N2")).await.is(422).code("IDEMPOTENCY_KEY_REUSED");
    assert_eq!(client.get(AIRCRAFT).await.is(200).items("tailNumber"), ["N1"]);
}

#[tokio::test]
async fn tail_number_is_unique_in_a_workspace() {
    let t = TestApp::new().await;
    let client = writer(&t).await;
    let first = add(&client, citation("N1")).await;
    let other = format!("{AIRCRAFT}/{}", add(&client, citation("N2")).await);
    let created = client.post(AIRCRAFT, citation("N1")).await.is(409).code("CONFLICT");
    let changed = client.patch(&other, json!({ "tailNumber": "N1" })).await.is(409).code("CONFLICT");
    for refused in [created, changed] {
        assert_eq!(refused.text_at("/error/aircraftId"), first);
    }
    client.patch(&other, json!({ "tailNumber": "N2", "statusNote": "Washed" })).await.is(200);
    let (_, northwind) = t.other_workspace().await;
    northwind.post(AIRCRAFT, citation("N1")).await.is(201);
}

#[tokio::test]
async fn invalid_codes_are_reported_per_field() {
    let t = TestApp::new().await;
    let client = writer(&t).await;
    for (field, value) in [
        ("tailNumber", json!("n525sk")),
        ("typeDesignator", json!("C")),
        ("homeBase", json!("TEB")),
        ("model", json!("  ")),
        ("status", json!("flying")),
        ("expectedReturn", json!("2026-12-01T08:00:00Z")),
        ("colour", json!("white")),
    ] {
        let mut body = citation("N525SK");
        body[field] = value;
        client.post(AIRCRAFT, body).await.is(400).code("INVALID_REQUEST").names_field(field);
    }
}

#[tokio::test]
async fn list_is_filtered_and_unknown_filter_is_refused() {
    let t = TestApp::new().await;
    let client = writer(&t).await;
    add(&client, citation("N1")).await;
    t.advance(Duration::from_secs(1)).await;
    let mut falcon = json!({ "tailNumber": "D-ABLE", "typeDesignator": "FA7X", "model": "Falcon 7X" });
    falcon["status"] = json!("maintenance");
    add(&client, falcon).await;
    let listed = async |query: &str| client.get(&format!("{AIRCRAFT}{query}")).await.is(200).items("tailNumber");
    assert_eq!(listed("").await, ["D-ABLE", "N1"]);
    assert_eq!(listed("?status=maintenance").await, ["D-ABLE"]);
    assert_eq!(listed("?search=fal").await, ["D-ABLE"]);
    assert_eq!(listed("?search=c25").await, ["N1"]);
    assert_eq!(listed("?search=d-a&status=active").await, [""; 0]);
    assert_eq!(listed("?search=%25").await, [""; 0]);
    assert_eq!(listed("?page=2&page_size=1").await, ["N1"]);
    client.get(&format!("{AIRCRAFT}?state=active")).await.is(400).code("INVALID_REQUEST");
    client.get(&format!("{AIRCRAFT}?status=flying")).await.is(400).names_field("status");
}

#[tokio::test]
async fn new_status_clears_the_note_and_return_of_the_old_one() {
    let t = TestApp::new().await;
    let client = writer(&t).await;
    let path = format!("{AIRCRAFT}/{}", add(&client, citation("N1")).await);
    let away = json!({ "status": "maintenance", "statusNote": "Phase 3", "expectedReturn": "2026-12-01T00:00:00Z" });
    let away = client.patch(&path, away).await.is(200);
    assert_eq!((away.at("/data/statusNote"), away.at("/data/dispatchAvailable")), (&json!("Phase 3"), &json!(false)));
    let back = client.patch(&path, json!({ "status": "active" })).await.is(200);
    assert_eq!((back.at("/data/statusNote"), back.at("/data/expectedReturn")), (&Value::Null, &Value::Null));
    let early = json!({ "expectedReturn": "2026-12-01T00:00:00Z" });
    client.patch(&path, early).await.is(400).names_field("expectedReturn");
    let changes = json!({
        "status": { "from": "maintenance", "to": "active" },
        "expectedReturn": { "from": "2026-12-01T00:00:00Z", "to": null },
        "rewritten": ["statusNote"],
    });
    assert_eq!(logged(&t).await[2]["details"], changes);
}

#[tokio::test]
async fn unchanged_update_is_not_recorded() {
    let t = TestApp::new().await;
    let client = writer(&t).await;
    let made = client.post(AIRCRAFT, citation("N1")).await.is(201);
    t.advance(Duration::from_mins(1)).await;
    let path = format!("{AIRCRAFT}/{}", made.text_at("/data/id"));
    let same = client.patch(&path, json!({ "model": "Citation CJ3+", "homeBase": null })).await.is(200);
    assert_eq!(same.at("/data"), made.at("/data"));
    assert_eq!(logged(&t).await.len(), 1);
}

#[tokio::test]
async fn aircraft_of_another_workspace_is_not_found() {
    let t = TestApp::new().await;
    let path = format!("{AIRCRAFT}/{}", add(&writer(&t).await, citation("N1")).await);
    let (_, northwind) = t.other_workspace().await;
    northwind.get(&path).await.is(404).code("NOT_FOUND");
    northwind.patch(&path, json!({ "status": "sold" })).await.is(404).code("NOT_FOUND");
    assert_eq!(*northwind.get(AIRCRAFT).await.is(200).at("/data/total"), 0);
    assert_eq!(*northwind.get(STATUS).await.is(200).at("/data/aircraft"), json!([]));
}

#[tokio::test]
async fn fleet_status_counts_all_aircraft_and_lists_a_bounded_number() {
    let t = TestApp::new().await;
    let client = writer(&t).await;
    for (tail_number, status) in [("N3", "active"), ("N1", "aog"), ("N2", "sold"), ("N4", "retired")] {
        let mut body = citation(tail_number);
        body["status"] = json!(status);
        add(&client, body).await;
    }
    let answer = t.with(&t.key(&["fleet:read"]).await).get(STATUS).await.is(200);
    let line = |tail: &str, status: &str, available: bool| {
        json!({
            "tailNumber": tail, "typeDesignator": "C25B", "model": "Citation CJ3+", "status": status,
            "dispatchAvailable": available, "expectedReturn": null,
        })
    };
    let expected = json!({
        "counts": { "active": 1, "maintenance": 0, "aog": 1, "storage": 0, "retired": 1, "sold": 1 },
        "aircraft": [line("N1", "aog", false), line("N3", "active", true)],
    });
    assert_eq!(*answer.at("/data"), expected);
}

#[tokio::test]
async fn fleet_status_supports_if_none_match() {
    let t = TestApp::new().await;
    let client = writer(&t).await;
    let path = format!("{AIRCRAFT}/{}", add(&client, citation("N1")).await);
    let first = client.get(STATUS).await.is(200);
    let tag = first.header("etag").to_owned();
    assert!(tag.starts_with('"') && tag.len() == 34, "{tag}");
    assert_eq!(first.header("cache-control"), "private, no-cache");
    for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
        let again = client.clone().header("if-none-match", &known).get(STATUS).await.is(304);
        assert_eq!((again.text.as_str(), again.header("etag")), ("", tag.as_str()));
        assert!(again.header("x-request-id").starts_with("req_"));
    }
    client.patch(&path, json!({ "status": "storage" })).await.is(200);
    let changed = client.clone().header("if-none-match", &tag).get(STATUS).await.is(200);
    assert_ne!(changed.header("etag"), tag);
}
