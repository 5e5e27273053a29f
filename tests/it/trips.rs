//! Trips and their state machine.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::TRIPS;

use crate::support::{Client, TestApp};

fn to_boston() -> Value {
    json!({ "tripType": "charter", "origin": "KTEB", "destination": "KBOS", "departureDate": "2026-12-01T14:00:00Z" })
}

fn with(fields: Value) -> Value {
    let mut body = to_boston();
    for (field, value) in fields.as_object().expect("an object") {
        body[field] = value.clone();
    }
    body
}

async fn writer(t: &TestApp) -> Client {
    t.with(&t.key(&["trips:write"]).await)
}

async fn add(client: &Client, fields: Value) -> String {
    client.post(TRIPS, with(fields)).await.is(201).text_at("/data/id")
}

async fn aircraft(t: &TestApp, tail_number: &str, status: &str) -> String {
    let body = json!({ "tailNumber": tail_number, "typeDesignator": "C25B", "model": "Citation CJ3+", "status": status });
    t.owner().await.post("/api/v1/ops/aircraft", body).await.is(201).text_at("/data/id")
}

/// The audit events of trips, oldest first: action and details.
async fn logged(t: &TestApp) -> Vec<(String, Value)> {
    let about_trips = |event: Value| {
        let action = event["action"].as_str()?.strip_prefix("trip.")?.to_owned();
        Some((action, event["details"].clone()))
    };
    t.audit().await.into_iter().filter_map(about_trips).collect()
}

#[tokio::test]
async fn trip_is_created_shown_and_recorded() {
    let t = TestApp::new().await;
    let client = writer(&t).await;
    let tail = aircraft(&t, "N1", "active").await;
    let made = client
        .post(
            TRIPS,
            with(json!({
                "externalId": " FOS-1001 ", "arrivalDate": "2026-12-01T15:10:00Z", "aircraftId": tail,
                "passengerCount": 4, "notes": "",
            })),
        )
        .await
        .is(201);
    let expected = json!({
        "id": made.at("/data/id"), "externalId": "FOS-1001", "tripType": "charter", "status": "draft",
        "origin": "KTEB", "originName": null, "destination": "KBOS", "destinationName": null,
        "departureDate": "2026-12-01T14:00:00Z", "arrivalDate": "2026-12-01T15:10:00Z", "aircraftId": tail, "passengerCount": 4, "notes": null,
        "createdAt": "2026-11-23T09:30:00Z", "updatedAt": "2026-11-23T09:30:00Z",
    });
    assert_eq!(*made.at("/data"), expected);
    let path = format!("{TRIPS}/{}", made.text_at("/data/id"));
    assert_eq!(*client.get(&path).await.is(200).at("/data"), expected);
    let events = logged(&t).await;
    assert_eq!((events.len(), &events[0].0, &events[0].1["externalId"]), (1, &"created".to_owned(), &json!("FOS-1001")));
}

#[tokio::test]
async fn replayed_creation_makes_one_trip() {
    let t = TestApp::new().await;
    let client = writer(&t).await.header("idempotency-key", "import-1");
    let first = client.post(TRIPS, to_boston()).await.is(201);
    let again = client.post(TRIPS, to_boston()).await.is(201);
    assert_eq!(first.at("/data"), again.at("/data"));
    client.post(TRIPS, with(json!({ "passengerCount": 1 }))).await.is(422).code("IDEMPOTENCY_KEY_REUSED");
    assert_eq!(*client.get(TRIPS).await.is(200).at("/data/total"), 1);
}

#[tokio::test]
async fn invalid_trip_is_reported_per_field() {
    let t = TestApp::new().await;
    let client = writer(&t).await;
    let (_, northwind) = t.other_workspace().await;
    let body = json!({ "tailNumber": "N9", "typeDesignator": "C25B", "model": "Citation CJ3+" });
    let theirs = northwind.post("/api/v1/ops/aircraft", body).await.is(201).text_at("/data/id");
    for (field, value) in [
        ("tripType", json!("holiday")),
        ("status", json!("closed")),
        ("origin", json!("TEB")),
        ("departureDate", json!("2026-12-01")),
        ("arrivalDate", json!("2026-12-01T14:00:00Z")),
        ("passengerCount", json!(1001)),
        ("passengerCount", json!(-1)),
        ("externalId", json!(" ")),
        ("aircraftId", json!("trip_01h455vb4pex5vsknk084sn02q")),
        ("aircraftId", json!("ac_01h455vb4pex5vsknk084sn02q")),
        ("aircraftId", json!(theirs)),
        ("crew", json!(2)),
    ] {
        client.post(TRIPS, with(json!({ field: value }))).await.is(400).code("INVALID_REQUEST").names_field(field);
    }
    let path = format!("{TRIPS}/{}", add(&client, json!({})).await);
    let early = json!({ "arrivalDate": "2026-12-01T13:00:00Z" });
    client.patch(&path, early).await.is(400).names_field("arrivalDate");
    client.patch(&path, json!({ "aircraftId": theirs })).await.is(400).names_field("aircraftId");
}

#[tokio::test]
async fn list_is_filtered_and_unknown_filter_is_refused() {
    let t = TestApp::new().await;
    let client = writer(&t).await;
    let tail = aircraft(&t, "N1", "active").await;
    let first = add(&client, json!({ "externalId": "A", "aircraftId": tail })).await;
    t.advance(Duration::from_mins(1)).await;
    add(&client, json!({ "externalId": "B", "tripType": "training", "departureDate": "2026-12-02T00:00:00Z" })).await;
    let listed = async |query: &str| client.get(&format!("{TRIPS}{query}")).await.is(200).items("externalId");
    assert_eq!(listed("").await, ["B", "A"]);
    assert_eq!(listed("?status=draft").await, ["B", "A"]);
    assert_eq!(listed("?status=quoted").await, [""; 0]);
    assert_eq!(listed("?trip_type=training").await, ["B"]);
    assert_eq!(listed("?external_id=B").await, ["B"]);
    assert_eq!(listed("?external_id=b").await, [""; 0]);
    assert_eq!(listed(&format!("?aircraft_id={tail}")).await, ["A"]);
    assert_eq!(listed("?date_from=2026-12-02").await, ["B"]);
    assert_eq!(listed("?date_to=2026-12-01").await, ["A"]);
    assert_eq!(listed("?date_from=2026-12-01T14:00:00Z&date_to=2026-12-01T14:00:00Z").await, ["A"]);
    assert_eq!(listed("?updated_since=2026-11-23T09:31:00Z").await, ["B"]);
    t.advance(Duration::from_mins(1)).await;
    client.patch(&format!("{TRIPS}/{first}"), json!({ "notes": "Catering" })).await.is(200);
    assert_eq!(listed("?updated_since=2026-11-23T09:32:00Z").await, ["A"]);
    client.get(&format!("{TRIPS}?type=training")).await.is(400).code("INVALID_REQUEST");
    client.get(&format!("{TRIPS}?date_from=soon")).await.is(400).names_field("date_from");
    client.get(&format!("{TRIPS}?aircraft_id=N1")).await.is(400).names_field("aircraft_id");
}

#[tokio::test]
async fn trip_of_another_workspace_is_not_found() {
    let t = TestApp::new().await;
    let path = format!("{TRIPS}/{}", add(&writer(&t).await, json!({ "externalId": "A" })).await);
    let (_, northwind) = t.other_workspace().await;
    northwind.get(&path).await.is(404).code("NOT_FOUND");
    northwind.patch(&path, json!({ "notes": "ours" })).await.is(404).code("NOT_FOUND");
    assert_eq!(*northwind.get(TRIPS).await.is(200).at("/data/total"), 0);
    northwind.put(&format!("{TRIPS}/by-external-id/A"), to_boston()).await.is(201);
}

#[tokio::test]
async fn trip_goes_from_draft_to_completed() {
    let t = TestApp::new().await;
    let client = writer(&t).await;
    let path = format!("{TRIPS}/{}", add(&client, json!({})).await);
    for status in
        ["quoted", "requested", "confirmed", "scheduled", "released", "filed", "dispatched", "active", "close_out", "completed"]
    {
        let moved = client.patch(&path, json!({ "status": status })).await.is(200);
        assert_eq!(*moved.at("/data/status"), status);
    }
    let changes = json!({ "status": { "from": "close_out", "to": "completed" } });
    assert_eq!(logged(&t).await.pop(), Some(("updated".to_owned(), changes)));
}

#[tokio::test]
async fn completed_trip_is_final() {
    let t = TestApp::new().await;
    let client = writer(&t).await;
    let path = format!("{TRIPS}/{}", add(&client, json!({ "status": "completed" })).await);
    for status in ["draft", "close_out", "cancelled"] {
        let refused = client.patch(&path, json!({ "status": status })).await.is(409).code("CONFLICT");
        let message = refused.text_at("/error/message");
        assert!(message.contains("completed") && message.contains(status) && message.contains("final"), "{message}");
    }
    client.patch(&path, json!({ "status": "completed", "notes": "Two bags forgotten" })).await.is(200);
}

#[tokio::test]
async fn cancelled_trip_is_reopened_to_draft_only() {
    let t = TestApp::new().await;
    let client = writer(&t).await;
    let path = format!("{TRIPS}/{}", add(&client, json!({ "status": "scheduled" })).await);
    client.patch(&path, json!({ "status": "cancelled" })).await.is(200);
    let refused = client.patch(&path, json!({ "status": "scheduled" })).await.is(409).code("CONFLICT");
    assert!(refused.text_at("/error/message").contains("draft only"), "{}", refused.text);
    client.patch(&path, json!({ "status": "draft" })).await.is(200);
}

#[tokio::test]
async fn refused_transition_changes_neither_trip_nor_log() {
    let t = TestApp::new().await;
    let client = writer(&t).await;
    let path = format!("{TRIPS}/{}", add(&client, json!({ "status": "active" })).await);
    client.patch(&path, json!({ "status": "cancelled", "notes": "Weather" })).await.is(409);
    let kept = client.get(&path).await.is(200);
    assert_eq!((kept.at("/data/status"), kept.at("/data/notes")), (&json!("active"), &Value::Null));
    assert_eq!(logged(&t).await.len(), 1);
}

#[tokio::test]
async fn unchanged_update_is_not_recorded() {
    let t = TestApp::new().await;
    let client = writer(&t).await;
    let made = client.post(TRIPS, to_boston()).await.is(201);
    t.advance(Duration::from_mins(1)).await;
    let path = format!("{TRIPS}/{}", made.text_at("/data/id"));
    let same = client.patch(&path, json!({ "status": "draft", "arrivalDate": null })).await.is(200);
    assert_eq!(same.at("/data"), made.at("/data"));
    assert_eq!(logged(&t).await.len(), 1);
}

#[tokio::test]
async fn external_id_is_unique_in_a_workspace() {
    let t = TestApp::new().await;
    let client = writer(&t).await;
    let first = add(&client, json!({ "externalId": "A" })).await;
    let other = format!("{TRIPS}/{}", add(&client, json!({ "externalId": "B" })).await);
    let created = client.post(TRIPS, with(json!({ "externalId": "A" }))).await.is(409).code("CONFLICT");
    let changed = client.patch(&other, json!({ "externalId": "A" })).await.is(409).code("CONFLICT");
    for refused in [created, changed] {
        assert_eq!(refused.text_at("/error/tripId"), first);
    }
    client.patch(&other, json!({ "externalId": "B", "notes": "Catering" })).await.is(200);
    client.patch(&other, json!({ "externalId": null })).await.is(200);
    add(&client, json!({ "externalId": "B" })).await;
}

#[tokio::test]
async fn repeated_creation_names_the_trip_whose_aircraft_was_grounded_since() {
    let t = TestApp::new().await;
    let client = writer(&t).await;
    let flying = aircraft(&t, "N1", "active").await;
    let released = json!({ "externalId": "A", "status": "released", "aircraftId": flying });
    let first = add(&client, released.clone()).await;
    t.owner().await.patch(&format!("/api/v1/ops/aircraft/{flying}"), json!({ "status": "aog" })).await.is(200);
    let again = client.post(TRIPS, with(released)).await.is(409).code("CONFLICT");
    assert_eq!(again.text_at("/error/tripId"), first);
    // A fault of the body itself comes before.
    let faulty = with(json!({ "externalId": "A", "arrivalDate": "2026-12-01T13:00:00Z" }));
    client.post(TRIPS, faulty).await.is(400).names_field("arrivalDate");
}

#[tokio::test]
async fn put_by_external_id_creates_then_replaces() {
    let t = TestApp::new().await;
    let client = writer(&t).await;
    let path = format!("{TRIPS}/by-external-id/FOS%2F1001");
    let body =
        with(json!({ "status": "scheduled", "passengerCount": 4, "notes": "Catering", "arrivalDate": "2026-12-01T15:00:00Z" }));
    let made = client.put(&path, body.clone()).await.is(201);
    assert_eq!(*made.at("/data/externalId"), "FOS/1001");
    assert_eq!(client.put(&path, body).await.is(200).at("/data"), made.at("/data"));
    t.advance(Duration::from_mins(1)).await;
    let replaced = client.put(&path, with(json!({ "externalId": "FOS/1001", "destination": "KPVD" }))).await.is(200);
    let mut expected = made.at("/data").clone();
    for (field, value) in [
        ("destination", json!("KPVD")),
        ("passengerCount", json!(0)),
        ("notes", Value::Null),
        ("arrivalDate", Value::Null),
        ("updatedAt", json!("2026-11-23T09:31:00Z")),
    ] {
        expected[field] = value;
    }
    assert_eq!(*replaced.at("/data"), expected);
    let actions: Vec<_> = logged(&t).await.into_iter().map(|(action, _)| action).collect();
    assert_eq!(actions, ["created", "updated"]);
}

#[tokio::test]
async fn trip_is_found_by_its_external_id_in_its_own_workspace() {
    let t = TestApp::new().await;
    let client = writer(&t).await;
    let made = client.post(TRIPS, with(json!({ "externalId": "FOS/1 ü" }))).await.is(201);
    let path = format!("{TRIPS}/by-external-id/FOS%2F1%20%C3%BC");
    assert_eq!(client.get(&path).await.is(200).at("/data"), made.at("/data"));
    let (_, northwind) = t.other_workspace().await;
    northwind.get(&path).await.is(404).code("NOT_FOUND");
    client.get(&format!("{TRIPS}/by-external-id/fos%2F1%20%C3%BC")).await.is(404).code("NOT_FOUND");
    for wrong in ["%20".to_owned(), "x".repeat(101)] {
        client.get(&format!("{TRIPS}/by-external-id/{wrong}")).await.is(400).names_field("externalId");
    }
}

#[tokio::test]
async fn put_is_validated_like_other_writes() {
    let t = TestApp::new().await;
    let client = writer(&t).await;
    let path = format!("{TRIPS}/by-external-id/A");
    client.put(&path, with(json!({ "externalId": "B" }))).await.is(400).names_field("externalId");
    let long = format!("{TRIPS}/by-external-id/{}", "x".repeat(101));
    client.put(&long, to_boston()).await.is(400).names_field("externalId");
    client.put(&path, with(json!({ "status": "completed" }))).await.is(201);
    client.put(&path, with(json!({ "status": "draft" }))).await.is(409).code("CONFLICT");
    client.put(&path, with(json!({ "notes": "Late paper" }))).await.is(200);
}

#[tokio::test]
async fn concurrent_puts_of_a_new_trip_make_one() {
    let t = TestApp::new().await;
    let client = writer(&t).await;
    let path = format!("{TRIPS}/by-external-id/A");
    let put = || client.put(&path, to_boston());
    let (first, second, third) = tokio::join!(put(), put(), put());
    let mut statuses = [first.status, second.status, third.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 201]);
    assert_eq!(*client.get(TRIPS).await.is(200).at("/data/total"), 1);
}

#[tokio::test]
async fn trip_is_not_released_with_an_undispatchable_aircraft() {
    let t = TestApp::new().await;
    let client = t.with(&t.key(&["trips:write", "fleet:read"]).await);
    let grounded = aircraft(&t, "N1", "aog").await;
    let path = format!("{TRIPS}/{}", add(&client, json!({ "status": "scheduled", "aircraftId": grounded })).await);
    let refused = client.patch(&path, json!({ "status": "released" })).await.is(409).code("CONFLICT");
    assert!(refused.text_at("/error/message").contains("N1"), "{}", refused.text);
    client.patch(&path, json!({ "status": "released", "tripType": "positioning" })).await.is(200);
    client.patch(&path, json!({ "tripType": "charter" })).await.is(409);
    let flying = aircraft(&t, "N2", "active").await;
    client.patch(&path, json!({ "tripType": "charter", "aircraftId": flying })).await.is(200);
    let flown = json!({ "status": "completed", "aircraftId": grounded });
    client.post(TRIPS, with(flown)).await.is(201);
}

#[tokio::test]
async fn undispatchable_aircraft_is_described_only_to_readers_of_the_fleet() {
    let t = TestApp::new().await;
    let grounded = aircraft(&t, "N77GX", "maintenance").await;
    let put = || with(json!({ "status": "released", "aircraftId": grounded }));
    let (trips, fleet) = (t.key(&["trips:write"]).await, t.key(&["trips:write", "fleet:read"]).await);
    for (key, is_told) in [(trips, false), (fleet, true)] {
        let client = t.with(&key);
        let draft = format!("{TRIPS}/{}", add(&client, json!({})).await);
        for refused in [
            client.post(TRIPS, put()).await,
            client.put(&format!("{TRIPS}/by-external-id/T-1"), put()).await,
            client.patch(&draft, json!({ "status": "released", "aircraftId": grounded })).await,
        ] {
            let refused = refused.is(409).code("CONFLICT");
            assert_eq!([refused.text.contains("N77GX"), refused.text.contains("maintenance")], [is_told; 2], "{}", refused.text);
        }
    }
}
