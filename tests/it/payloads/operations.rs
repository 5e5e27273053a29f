//! Trips, aircraft and invoices.

use planeconnection::audit::EventType;
use serde_json::{Value, json};
use testkit::{INVOICES, TRIPS};

use super::{all_data, data, receiving, to_miami, types};
use crate::support::TestApp;

const AIRCRAFT: &str = "/api/v1/ops/aircraft";

fn citation(tail_number: &str) -> Value {
    json!({ "tailNumber": tail_number, "typeDesignator": "C25B", "model": "Citation CJ3+", "homeBase": "KTEB" })
}

fn invoice(price: i64) -> Value {
    json!({
        "client": { "name": "Alpine Charter AG", "email": "accounts@alpine.example" }, "currency": "CHF",
        "lineItems": [{ "description": "Flight hours", "quantity": "2", "unitPrice": price }], "dueDate": "2026-12-23",
    })
}

/// Makes every kind of change.
pub(super) async fn change_everything(t: &TestApp) {
    let owner = t.owner().await;
    let aircraft = owner.post(AIRCRAFT, citation("N1")).await.is(201).text_at("/data/id");
    owner.patch(&format!("{AIRCRAFT}/{aircraft}"), json!({ "model": "Citation CJ4" })).await.is(200);
    owner.patch(&format!("{AIRCRAFT}/{aircraft}"), json!({ "status": "aog" })).await.is(200);
    for statuses in [&["quoted", "confirmed", "active", "completed"][..], &["cancelled"][..]] {
        let trip = owner.post(TRIPS, to_miami()).await.is(201).text_at("/data/id");
        for status in statuses {
            owner.patch(&format!("{TRIPS}/{trip}"), json!({ "status": status })).await.is(200);
        }
    }
    for price in [100, 0] {
        let path = format!("{INVOICES}/{}", owner.post(INVOICES, invoice(price)).await.is(201).text_at("/data/id"));
        owner.patch(&path, json!({ "notes": "For the flight" })).await.is(200);
        owner.post(&format!("{path}/send"), json!({})).await.is(200);
        if price > 0 {
            owner.post(&format!("{path}/payments"), json!({ "amount": 50 })).await.is(201);
        }
    }
    let voided = owner.post(INVOICES, invoice(1)).await.is(201).text_at("/data/id");
    owner.post(&format!("{INVOICES}/{voided}/void"), json!({})).await.is(200);
    let mut late = invoice(1);
    late["dueDate"] = json!("2026-11-22");
    let late = owner.post(INVOICES, late).await.is(201).text_at("/data/id");
    owner.post(&format!("{INVOICES}/{late}/send"), json!({})).await.is(200);
    planeconnection::invoices::record_overdue(&t.app).await.expect("a run");
}

#[tokio::test]
async fn change_of_a_trip_names_the_changed_fields_and_who_changed_it() {
    let t = receiving().await;
    let key = t.key(&["trips:write"]).await;
    let trip = t.owner().await.post(TRIPS, to_miami()).await.is(201).text_at("/data/id");
    let body = json!({ "status": "quoted", "passengerCount": 4, "notes": "With a dog" });
    t.with(&key).patch(&format!("{TRIPS}/{trip}"), body).await.is(200);
    let updated = data(&t, EventType::TripUpdated).await;
    let mut changed: Vec<&str> = updated["changed"].as_array().expect("names").iter().filter_map(Value::as_str).collect();
    changed.sort_unstable();
    assert_eq!(changed, ["notes", "passenger_count", "status"]);
    assert_eq!([&updated["created_by"], &updated["status"]], [&json!(key.id), &json!("quoted")]);
    assert!(!updated.to_string().contains("dog"), "{updated}");
}

#[tokio::test]
async fn payload_of_an_aircraft_has_exactly_the_documented_fields() {
    let t = receiving().await;
    let owner = t.owner().await;
    let id = owner.post(AIRCRAFT, citation("N1SK")).await.is(201).text_at("/data/id");
    let mut expected = json!({
        "aircraft_id": id, "tail_number": "N1SK", "type_designator": "C25B", "model": "Citation CJ3+", "home_base": "KTEB",
        "status": "active", "dispatch_available": true,
    });
    assert_eq!(data(&t, EventType::AircraftCreated).await, expected);

    owner.patch(&format!("{AIRCRAFT}/{id}"), json!({ "model": "Citation CJ4", "statusNote": "Clean" })).await.is(200);
    expected["model"] = json!("Citation CJ4");
    let mut updated = data(&t, EventType::AircraftUpdated).await;
    assert_eq!(updated["changed"].take(), json!(["model", "status_note"]));
    expected["changed"] = Value::Null;
    assert_eq!(updated, expected);

    let body = json!({ "status": "maintenance", "homeBase": null, "expectedReturn": "2026-12-01T10:00:00Z" });
    owner.patch(&format!("{AIRCRAFT}/{id}"), body).await.is(200);
    let changed = data(&t, EventType::AircraftStatusChanged).await;
    assert_eq!(
        [&changed["status"], &changed["dispatch_available"], &changed["home_base"]],
        [&json!("maintenance"), &json!(false), &Value::Null]
    );
    assert_eq!(all_data(&t, EventType::AircraftUpdated).await.len(), 1, "one event a change");
}

#[tokio::test]
async fn payload_of_an_invoice_has_exactly_the_documented_fields() {
    let t = receiving().await;
    let owner = t.owner().await;
    let made = owner.post(INVOICES, invoice(590_000)).await.is(201);
    let path = format!("{INVOICES}/{}", made.text_at("/data/id"));
    let mut expected = json!({
        "invoice_id": made.at("/data/id"), "external_id": null, "number": "INV-2026-0001", "status": "draft",
        "client_name": "Alpine Charter AG", "trip_id": null, "currency": "CHF", "subtotal": 1_180_000, "total": 1_180_000,
        "amount_paid": 0, "due_date": "2026-12-23",
    });
    assert_eq!(data(&t, EventType::InvoiceCreated).await, expected);

    owner.patch(&path, json!({ "externalId": "R-77", "notes": "For Ms Baumann" })).await.is(200);
    expected["external_id"] = json!("R-77");
    let mut updated = data(&t, EventType::InvoiceUpdated).await;
    let changed = updated.as_object_mut().expect("an object").remove("changed");
    assert_eq!((changed, &updated), (Some(json!(["external_id", "notes"])), &expected));

    owner.post(&format!("{path}/send"), json!({})).await.is(200);
    expected["status"] = json!("sent");
    assert_eq!(data(&t, EventType::InvoiceSent).await, expected);

    owner.post(&format!("{path}/payments"), json!({ "amount": 180_000, "reference": "From Ms Baumann" })).await.is(201);
    expected["amount_paid"] = json!(180_000);
    assert_eq!(data(&t, EventType::InvoicePaymentRecorded).await, expected);

    owner.post(&format!("{path}/payments"), json!({ "amount": 1_000_000 })).await.is(201);
    (expected["amount_paid"], expected["status"]) = (json!(1_180_000), json!("paid"));
    assert_eq!(data(&t, EventType::InvoicePaid).await, expected);
    let of_invoices: Vec<String> = types(&t).await.into_iter().filter(|name| name.starts_with("invoice.")).collect();
    let once = ["invoice.created", "invoice.updated", "invoice.sent", "invoice.payment_recorded", "invoice.paid"];
    assert_eq!(of_invoices, once, "a payment that completes is one event");
}

#[tokio::test]
async fn invoice_over_nothing_is_paid_when_it_is_sent_and_can_be_voided() {
    let t = receiving().await;
    let owner = t.owner().await;
    let path = format!("{INVOICES}/{}", owner.post(INVOICES, invoice(0)).await.is(201).text_at("/data/id"));
    owner.post(&format!("{path}/send"), json!({})).await.is(200);
    owner.post(&format!("{path}/send"), json!({})).await.is(200);
    owner.post(&format!("{path}/void"), json!({ "reason": "Ms Baumann called" })).await.is(200);
    let of_invoices: Vec<String> = types(&t).await.into_iter().filter(|name| name.starts_with("invoice.")).collect();
    assert_eq!(of_invoices, ["invoice.created", "invoice.paid", "invoice.voided"]);
    let voided = data(&t, EventType::InvoiceVoided).await;
    assert_eq!(voided["status"], "void");
    assert!(!voided.to_string().contains("Baumann"), "{voided}");
}

#[tokio::test]
async fn payment_of_an_overdue_invoice_says_that_it_is_overdue() {
    let t = receiving().await;
    let owner = t.owner().await;
    let mut body = invoice(100);
    body["dueDate"] = json!("2026-11-22");
    let path = format!("{INVOICES}/{}", owner.post(INVOICES, body).await.is(201).text_at("/data/id"));
    owner.post(&format!("{path}/send"), json!({})).await.is(200);
    owner.post(&format!("{path}/payments"), json!({ "amount": 50 })).await.is(201);
    assert_eq!(data(&t, EventType::InvoicePaymentRecorded).await["status"], "overdue");
}
