//! Places without an ICAO code: national codes, and names.

use serde_json::{Value, json};
use testkit::{AIRCRAFT, TRIPS};

use crate::support::{Client, TestApp};

/// A trip to Boston with these fields.
fn with(fields: Value) -> Value {
    let mut body =
        json!({ "tripType": "charter", "origin": "KTEB", "destination": "KBOS", "departureDate": "2026-12-01T14:00:00Z" });
    for (field, value) in fields.as_object().expect("an object") {
        body[field] = value.clone();
    }
    body
}

async fn writer(t: &TestApp, scope: &str) -> Client {
    t.with(&t.key(&[scope]).await)
}

#[tokio::test]
async fn place_has_an_airport_code_or_a_name() {
    let t = TestApp::new().await;
    let client = writer(&t, "trips:write").await;
    for code in ["KN66", "19AK", "K7B2", "N66", "KTEB"] {
        let made = client.post(TRIPS, with(json!({ "origin": code, "destinationName": "Logan" }))).await.is(201);
        assert_eq!([made.at("/data/origin"), made.at("/data/originName")], [&json!(code), &Value::Null]);
        assert_eq!(made.at("/data/destinationName"), "Logan");
    }
    for wrong in ["LHR", "kn66", "KN66A", "1234", "K-66", ""] {
        client.post(TRIPS, with(json!({ "origin": wrong }))).await.is(400).names_field("origin");
    }
    let nowhere = with(json!({ "origin": "ZZZZ", "destination": "ZZZZ", "destinationName": " " }));
    client.post(TRIPS, nowhere).await.is(400).names_field("destinationName");
    let nowhere = client.post(TRIPS, with(json!({ "origin": "ZZZZ", "destination": "ZZZZ" }))).await.is(400);
    nowhere.names_field("originName").names_field("destinationName");
    client.post(TRIPS, with(json!({ "origin": "ZZZZ", "originName": "x".repeat(101) }))).await.is(400).names_field("originName");

    let made = client.post(TRIPS, with(json!({ "origin": "ZZZZ", "originName": "Miller strip, 5 NM N of Salem" }))).await.is(201);
    assert_eq!(made.at("/data/originName"), "Miller strip, 5 NM N of Salem");
    let path = format!("{TRIPS}/{}", made.text_at("/data/id"));
    client.patch(&path, json!({ "originName": null })).await.is(400).names_field("originName");
    client.patch(&path, json!({ "destination": "ZZZZ" })).await.is(400).names_field("destinationName");
    client.patch(&path, json!({ "passengerCount": 2 })).await.is(200);
    let moved = client.patch(&path, json!({ "origin": "KTEB" })).await.is(200);
    assert_eq!(moved.at("/data/originName"), &Value::Null, "the name belongs to the place");
    let both = client.patch(&path, json!({ "origin": "ZZZZ", "originName": "Hay barn" })).await.is(200);
    assert_eq!(both.at("/data/originName"), "Hay barn");
    let same = client.patch(&path, json!({ "origin": "ZZZZ" })).await.is(200);
    assert_eq!(same.at("/data"), both.at("/data"));
    let events = t.audit().await;
    assert_eq!(
        events.iter().rfind(|event| event["action"] == "trip.updated").expect("an event")["details"]["rewritten"],
        json!(["originName"])
    );
    assert!(!events.iter().any(|event| event["details"].to_string().contains("barn")));
}

#[tokio::test]
async fn unnamed_place_of_an_earlier_version_does_not_block_other_changes() {
    let t = TestApp::new().await;
    let client = writer(&t, "trips:write").await;
    let body = with(json!({ "origin": "ZZZZ", "originName": "Hay barn", "externalId": "FOS-1" }));
    let id = client.post(TRIPS, body).await.is(201).text_at("/data/id");
    t.tamper("UPDATE trips SET origin_name = NULL").await;
    let path = format!("{TRIPS}/{id}");
    client.patch(&path, json!({ "passengerCount": 2, "origin": "ZZZZ" })).await.is(200);
    client.patch(&path, json!({ "originName": "Hay barn" })).await.is(200);
    client.patch(&path, json!({ "originName": null })).await.is(400).names_field("originName");
    let put = format!("{TRIPS}/by-external-id/FOS-1");
    client.put(&put, with(json!({ "origin": "ZZZZ" }))).await.is(400).names_field("originName");
    let replaced = client.put(&put, with(json!({}))).await.is(200);
    assert_eq!(replaced.at("/data/originName"), &Value::Null);
}

#[tokio::test]
async fn home_base_without_a_code_has_a_name() {
    let t = TestApp::new().await;
    let client = writer(&t, "fleet:write").await;
    let based = |base: Value, name: Value| {
        let mut body = json!({ "tailNumber": "N1", "typeDesignator": "C25B", "model": "Citation CJ3+" });
        (body["homeBase"], body["homeBaseName"]) = (base, name);
        body
    };
    client.post(AIRCRAFT, based(json!("ZZZZ"), Value::Null)).await.is(400).names_field("homeBaseName");
    client.post(AIRCRAFT, based(Value::Null, json!("Miller strip"))).await.is(400).names_field("homeBaseName");
    let made = client.post(AIRCRAFT, based(json!("ZZZZ"), json!(" Miller strip "))).await.is(201);
    assert_eq!(made.at("/data/homeBaseName"), "Miller strip");
    let path = format!("{AIRCRAFT}/{}", made.text_at("/data/id"));
    client.patch(&path, json!({ "homeBaseName": null })).await.is(400).names_field("homeBaseName");
    let named = client.patch(&path, json!({ "homeBaseName": "Miller Field" })).await.is(200);
    assert_eq!(named.at("/data/homeBaseName"), "Miller Field");
    let moved = client.patch(&path, json!({ "homeBase": "19AK" })).await.is(200);
    assert_eq!((moved.at("/data/homeBase"), moved.at("/data/homeBaseName")), (&json!("19AK"), &Value::Null));
    assert!(!t.audit().await.iter().any(|event| event["details"].to_string().contains("Miller")));
}
