//! Batches of trips, aircraft and invoices.

mod failures;

use serde_json::{Value, json};
use testkit::{AIRCRAFT, INVOICES, TRIPS};

use crate::support::{Client, Response, TestApp};

const TRIP_BATCH: &str = "/api/v1/ops/trips/batch";
const AIRCRAFT_BATCH: &str = "/api/v1/ops/aircraft/batch";
const INVOICE_BATCH: &str = "/api/v1/ops/invoices/batch";

fn trip(external_id: &str, status: &str) -> Value {
    json!({
        "externalId": external_id, "tripType": "charter", "status": status, "origin": "KTEB", "destination": "KBOS",
        "departureDate": "2026-12-01T14:00:00Z",
    })
}

fn invoice(external_id: &str, unit_price: i64) -> Value {
    json!({
        "externalId": external_id, "client": { "name": "Northwind Capital" }, "currency": "USD", "dueDate": "2026-12-23",
        "lineItems": [{ "description": "Charter", "quantity": "1", "unitPrice": unit_price }],
    })
}

fn batch(items: Vec<Value>) -> Value {
    json!({ "items": items })
}

fn atomic(items: Vec<Value>) -> Value {
    json!({ "atomic": true, "items": items })
}

fn statuses(answer: &Response) -> Vec<u64> {
    answer.at("/data/items").as_array().into_iter().flatten().filter_map(|item| item["status"].as_u64()).collect()
}

async fn external_ids(client: &Client) -> Vec<String> {
    let mut ids = client.get(&format!("{TRIPS}?page_size=100")).await.is(200).items("externalId");
    ids.sort();
    ids
}

/// The actions of the audit log whose names begin so, oldest first.
async fn actions(t: &TestApp, prefix: &str) -> Vec<String> {
    let actions = t.audit().await.into_iter().filter_map(|event| event["action"].as_str().map(str::to_owned));
    actions.filter(|action| action.starts_with(prefix)).collect()
}

#[tokio::test]
async fn each_item_is_created_or_replaced_in_order() {
    let t = TestApp::new().await;
    let client = t.with(&t.key(&["trips:write"]).await);
    client.put(&format!("{TRIPS}/by-external-id/B"), trip("B", "draft")).await.is(201);
    let items = vec![trip("A", "draft"), trip("B", "scheduled")];
    let answer = client.post(TRIP_BATCH, batch(items.clone())).await.is(200);
    assert_eq!(statuses(&answer), [201, 200]);
    assert_eq!((answer.at("/data/succeeded"), answer.at("/data/failed")), (&json!(2), &json!(0)));
    for (index, id) in [(0, "A"), (1, "B")] {
        assert_eq!(answer.text_at(&format!("/data/items/{index}/data/externalId")), id);
        assert_eq!(answer.at(&format!("/data/items/{index}/error")), &Value::Null);
    }
    assert_eq!(actions(&t, "trip.").await, ["trip.created", "trip.created", "trip.updated"]);
    // Sent again, it changes nothing.
    let again = client.post(TRIP_BATCH, batch(items)).await.is(200);
    assert_eq!(statuses(&again), [200, 200]);
    assert_eq!(again.at("/data/items/0/data"), answer.at("/data/items/0/data"));
    assert_eq!(actions(&t, "trip.").await.len(), 3);
}

#[tokio::test]
async fn failed_items_do_not_keep_the_others_from_being_stored() {
    let t = TestApp::new().await;
    let client = t.with(&t.key(&["trips:write"]).await);
    client.put(&format!("{TRIPS}/by-external-id/FINAL"), trip("FINAL", "completed")).await.is(201);
    let mut unnamed = trip("X", "draft");
    unnamed["origin"] = json!("ZZZZ");
    let mut without_id = trip("Y", "draft");
    without_id.as_object_mut().expect("an object").remove("externalId");
    let mut misspelt = trip("Z", "draft");
    misspelt["passengers"] = json!(4);
    let items = vec![trip("A", "draft"), trip("FINAL", "draft"), unnamed, without_id, misspelt, json!(7), trip("B", "draft")];
    let answer = client.post(TRIP_BATCH, batch(items)).await.is(200);
    assert_eq!(statuses(&answer), [201, 409, 400, 400, 400, 400, 201]);
    assert_eq!((answer.at("/data/succeeded"), answer.at("/data/failed")), (&json!(2), &json!(5)));
    for (index, field) in [(2, "originName"), (3, "externalId"), (4, "passengers")] {
        assert_eq!(answer.text_at(&format!("/data/items/{index}/error/fields/0/field")), field);
    }
    assert_eq!(answer.text_at("/data/items/1/error/code"), "CONFLICT");
    assert_eq!(answer.at("/data/items/1/data"), &Value::Null);
    assert_eq!(external_ids(&client).await, ["A", "B", "FINAL"]);
    assert_eq!(actions(&t, "trip.").await, ["trip.created"; 3]);
}

#[tokio::test]
async fn atomic_batch_stores_all_items_or_none() {
    let t = TestApp::new().await;
    let client = t.with(&t.key(&["trips:write"]).await);
    client.put(&format!("{TRIPS}/by-external-id/FINAL"), trip("FINAL", "completed")).await.is(201);
    let items = vec![trip("A", "draft"), trip("FINAL", "draft"), trip("B", "draft")];
    let refused = client.post(TRIP_BATCH, atomic(items)).await.is(409).code("CONFLICT");
    assert_eq!(refused.at("/error/items/0/index"), &json!(1));
    assert!(
        refused.text_at("/error/message").starts_with("Nothing was stored, as 1 of 3 items failed. items[1]: "),
        "{}",
        refused.text
    );
    let mut invalid = trip("B", "draft");
    invalid["origin"] = json!("TEB");
    client.post(TRIP_BATCH, atomic(vec![trip("A", "draft"), invalid])).await.is(400).names_field("items[1].origin");
    assert_eq!(external_ids(&client).await, ["FINAL"]);
    assert_eq!(actions(&t, "trip.").await.len(), 1);
    let answer = client.post(TRIP_BATCH, atomic(vec![trip("A", "draft"), trip("B", "draft")])).await.is(200);
    assert_eq!(statuses(&answer), [201, 201]);
    assert_eq!(external_ids(&client).await, ["A", "B", "FINAL"]);
}

#[tokio::test]
async fn batch_stores_what_single_calls_would() {
    let t = TestApp::new().await;
    let client = t.with(&t.key(&["trips:write"]).await);
    let (_, northwind) = t.other_workspace().await;
    let steps = ["draft", "scheduled", "completed", "draft", "confirmed", "cancelled"];
    let (mut single, mut many) = (Vec::new(), Vec::new());
    for round in 0..6 {
        let items: Vec<Value> =
            (0..11).map(|number| trip(&format!("T{}", number * 7 % 11), steps[(number * 5 + round) % steps.len()])).collect();
        for item in &items {
            let path = format!("{TRIPS}/by-external-id/{}", item["externalId"].as_str().expect("an id"));
            single.push(u64::from(northwind.put(&path, item.clone()).await.status));
        }
        many.extend(statuses(&client.post(TRIP_BATCH, batch(items)).await.is(200)));
    }
    assert_eq!(many, single);
    assert!(single.contains(&201) && single.contains(&200) && single.contains(&409), "{single:?}");
    let stored = async |client: &Client| {
        let list = client.get(&format!("{TRIPS}?page_size=100")).await.is(200);
        let mut rows: Vec<_> =
            list.items("externalId").into_iter().zip(list.items("status")).map(|row| format!("{row:?}")).collect();
        rows.sort();
        rows
    };
    assert_eq!(stored(&client).await, stored(&northwind).await);
}

#[tokio::test]
async fn field_that_is_left_out_stays_and_null_removes_it() {
    let t = TestApp::new().await;
    let client = t.with(&t.key(&["trips:write"]).await);
    let mut entered = trip("A", "scheduled");
    for (field, value) in
        [("passengerCount", json!(4)), ("notes", json!("Two dogs")), ("arrivalDate", json!("2026-12-01T15:00:00Z"))]
    {
        entered[field] = value;
    }
    let mut moved = trip("A", "scheduled");
    moved.as_object_mut().expect("an object").remove("status");
    moved["departureDate"] = json!("2026-12-01T14:30:00Z");
    moved["arrivalDate"] = json!(null);
    client.post(TRIP_BATCH, batch(vec![entered])).await.is(200);
    let answer = client.post(TRIP_BATCH, batch(vec![moved])).await.is(200);
    let stored = answer.at("/data/items/0/data");
    assert_eq!(
        (&stored["passengerCount"], &stored["notes"], &stored["status"]),
        (&json!(4), &json!("Two dogs"), &json!("scheduled"))
    );
    assert_eq!((&stored["departureDate"], &stored["arrivalDate"]), (&json!("2026-12-01T14:30:00Z"), &Value::Null));
}

#[tokio::test]
async fn batch_of_another_length_or_form_is_refused() {
    let t = TestApp::new().await;
    let client = t.with(&t.key(&["trips:write"]).await);
    let many = (0..501).map(|number| trip(&format!("T{number}"), "draft")).collect();
    for body in [batch(Vec::new()), batch(many), json!({ "items": {} }), json!({})] {
        client.post(TRIP_BATCH, body).await.is(400).names_field("items");
    }
    client.post(TRIP_BATCH, json!([trip("A", "draft")])).await.is(400).code("INVALID_REQUEST");
    let most = (0..500).map(|number| trip(&format!("T{number}"), "draft")).collect();
    let answer = client.post(TRIP_BATCH, batch(most)).await.is(200);
    assert_eq!(answer.at("/data/succeeded"), &json!(500));
}

#[tokio::test]
async fn batch_needs_the_write_scope_and_shows_no_aircraft_without_that_of_the_fleet() {
    let t = TestApp::new().await;
    t.with(&t.key(&["trips:read"]).await).post(TRIP_BATCH, batch(vec![trip("A", "draft")])).await.is(403).code("SCOPE_REQUIRED");
    let grounded = json!({ "tailNumber": "N1", "typeDesignator": "C25B", "model": "CJ3", "status": "aog" });
    let tail = t.owner().await.post(AIRCRAFT, grounded).await.is(201).text_at("/data/id");
    let mut released = trip("A", "released");
    released["aircraftId"] = json!(tail);
    for (scopes, names_it) in [(&["trips:write"][..], false), (&["trips:write", "fleet:read"], true)] {
        let client = t.with(&t.key(scopes).await);
        let answer = client.post(TRIP_BATCH, batch(vec![released.clone()])).await.is(200);
        assert_eq!(answer.text_at("/data/items/0/error/message").contains("N1"), names_it, "{}", answer.text);
    }
}

#[tokio::test]
async fn aircraft_are_put_by_tail_number_and_keep_their_status() {
    let t = TestApp::new().await;
    let client = t.with(&t.key(&["fleet:write"]).await);
    let aircraft = |tail: &str, model: &str| json!({ "tailNumber": tail, "typeDesignator": "C25B", "model": model });
    let mut grounded = aircraft("N1", "CJ3");
    for (field, value) in [("status", "aog"), ("statusNote", "Hydraulic pump"), ("homeBase", "KTEB")] {
        grounded[field] = json!(value);
    }
    let answer = client.post(AIRCRAFT_BATCH, batch(vec![grounded, aircraft("N2", "CJ3")])).await.is(200);
    assert_eq!(statuses(&answer), [201, 201]);
    let mut returned = aircraft("N2", "CJ3+");
    returned["status"] = json!("sold");
    let answer = client.post(AIRCRAFT_BATCH, batch(vec![aircraft("N1", "CJ3+"), returned, aircraft("n3", "CJ3")])).await.is(200);
    assert_eq!(statuses(&answer), [200, 200, 400]);
    let first = answer.at("/data/items/0/data");
    assert_eq!(
        (&first["model"], &first["status"], &first["statusNote"]),
        (&json!("CJ3+"), &json!("aog"), &json!("Hydraulic pump"))
    );
    assert_eq!(first["homeBase"], "KTEB", "a field that is left out stays");
    assert_eq!(answer.text_at("/data/items/1/data/status"), "sold");
}

#[tokio::test]
async fn invoices_are_billed_once_and_numbered_without_gaps() {
    let t = TestApp::new().await;
    let client = t.with(&t.key(&["invoices:write"]).await);
    let answer = client.post(INVOICE_BATCH, batch(vec![invoice("QB-1", 100), invoice("QB-2", 200)])).await.is(200);
    assert_eq!(statuses(&answer), [201, 201]);
    let sent = answer.text_at("/data/items/0/data/id");
    client.post(&format!("{INVOICES}/{sent}/send"), json!({})).await.is(200);
    // The first was sent: it stays as it is.
    let again = client.post(INVOICE_BATCH, batch(vec![invoice("QB-1", 100), invoice("QB-2", 250)])).await.is(200);
    assert_eq!(statuses(&again), [200, 200]);
    assert_eq!(statuses(&client.post(INVOICE_BATCH, batch(vec![invoice("QB-1", 300)])).await.is(200)), [409]);
    assert_eq!(again.text_at("/data/items/0/data/status"), "sent");
    assert_eq!(again.at("/data/items/1/data/total"), &json!(250));
    client.post(INVOICE_BATCH, atomic(vec![invoice("QB-3", 100), invoice("QB-1", 300)])).await.is(409).code("CONFLICT");
    let next = client.post(INVOICE_BATCH, batch(vec![invoice("QB-4", 100)])).await.is(200);
    assert_eq!(next.text_at("/data/items/0/data/number"), "INV-2026-0003");
    assert_eq!(client.get(INVOICES).await.is(200).at("/data/total"), &json!(3));
}

#[tokio::test]
async fn object_that_is_named_twice_is_refused() {
    let t = TestApp::new().await;
    let client = t.with(&t.key(&["trips:write"]).await);
    let items = vec![trip("A", "scheduled"), trip("A", "completed")];
    client.post(TRIP_BATCH, atomic(items.clone())).await.is(400).names_field("items[1].externalId");
    assert_eq!(statuses(&client.post(TRIP_BATCH, batch(items)).await.is(200)), [201, 400]);
}

#[tokio::test]
async fn items_after_a_failed_transaction_have_its_error() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:write"]).await;
    let items: Vec<Value> = (0..120).map(|number| trip(&format!("T{number}"), "draft")).collect();
    // The second transaction begins with the fifty-first item.
    t.tamper(t.database.by_engine(
        "CREATE TRIGGER sixty BEFORE INSERT ON trips WHEN (SELECT count(*) FROM trips) >= 60 BEGIN SELECT RAISE(ABORT, 'no more'); END",
        "CREATE FUNCTION sixty() RETURNS trigger AS $$ BEGIN IF (SELECT count(*) FROM trips) >= 60 THEN RAISE EXCEPTION 'no more'; \
         END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER sixty BEFORE INSERT ON trips FOR EACH ROW EXECUTE FUNCTION sixty()",
    ))
    .await;
    let answer = t.with(&key).post(TRIP_BATCH, batch(items.clone())).await.is(200);
    let expected: Vec<u64> = (0..120).map(|index| if index < 50 { 201 } else { 500 }).collect();
    assert_eq!(statuses(&answer), expected);
    assert_eq!((answer.at("/data/succeeded"), answer.at("/data/failed")), (&json!(50), &json!(70)));
    assert_eq!(t.number("SELECT count(*) FROM trips").await, 50);
    t.with(&key).post(TRIP_BATCH, atomic(items[50..].to_vec())).await.is(500);
    assert_eq!(t.number("SELECT count(*) FROM trips").await, 50);
    assert_eq!(actions(&t, "trip.").await.len(), 50);
}

#[tokio::test]
async fn secret_in_an_item_is_refused_and_not_repeated() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:write"]).await;
    let mut leaking = trip("A", "draft");
    leaking["notes"] = json!(format!("see {}", key.secret));
    let mut misspelt = trip("B", "draft");
    misspelt[&key.secret] = json!(1);
    let answer = t.with(&key).post(TRIP_BATCH, batch(vec![leaking, misspelt])).await.is(200);
    assert_eq!(statuses(&answer), [400, 400]);
    assert_eq!(answer.text_at("/data/items/0/error/fields/0/field"), "notes");
    assert!(!answer.text.contains(&key.secret), "{}", answer.text);
}

#[tokio::test]
async fn batch_of_a_revoked_key_is_refused() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:write"]).await;
    t.owner().await.post(&format!("/api/v1/api-keys/{}/revoke", key.id), json!({})).await.is(200);
    t.with(&key).post(TRIP_BATCH, batch(vec![trip("A", "draft")])).await.is(401).code("API_KEY_REVOKED");
}
