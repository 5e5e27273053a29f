//! Texts and persons that the log must not repeat: it cannot forget them.

use planeconnection::audit::{Action, compare, describe, feed, verify};
use serde_json::{Value, json};

use crate::support::TestApp;

/// Occurs in every free text, name and email of these tests.
const MARK: &str = "Zebrastripe";

/// The details of the last event with this action.
fn details<'a>(log: &'a [Value], action: &str) -> &'a Value {
    let event = log.iter().rfind(|event| event["action"] == action);
    &event.unwrap_or_else(|| panic!("no {action}"))["details"]
}

#[tokio::test]
async fn log_repeats_no_free_text_of_workspace_data() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let text = |number: u32| format!("{MARK} {number}: passenger with a peanut allergy, seat 2A, calls before every flight");

    let trip = json!({
        "tripType": "charter", "origin": "KTEB", "destination": "KPBI", "departureDate": "2027-01-01T10:00:00Z", "notes": text(1),
    });
    let path = format!("/api/v1/ops/trips/{}", owner.post("/api/v1/ops/trips", trip).await.is(201).text_at("/data/id"));
    owner.patch(&path, json!({ "notes": text(2), "passengerCount": 3 })).await.is(200);

    let aircraft =
        json!({ "tailNumber": "N1", "typeDesignator": "C25B", "model": "Citation", "status": "aog", "statusNote": text(3) });
    let path = format!("/api/v1/ops/aircraft/{}", owner.post("/api/v1/ops/aircraft", aircraft).await.is(201).text_at("/data/id"));
    owner.patch(&path, json!({ "statusNote": text(4) })).await.is(200);

    let invoice = json!({
        "client": { "name": MARK, "email": "zebrastripe@alpine.example" }, "currency": "EUR", "dueDate": "2026-12-23", "notes": text(5),
        "lineItems": [{ "description": MARK, "quantity": "1", "unitPrice": 100 }],
    });
    let path = format!("/api/v1/ops/invoices/{}", owner.post("/api/v1/ops/invoices", invoice).await.is(201).text_at("/data/id"));
    let other = json!({ "client": { "name": format!("{MARK} AG") }, "notes": null });
    owner.patch(&path, other).await.is(200);
    owner.post(&format!("{path}/send"), json!({})).await.is(200);
    owner.post(&format!("{path}/payments"), json!({ "amount": 1, "reference": MARK })).await.is(201);

    let report = json!({
        "reportType": "concern", "title": MARK, "description": text(6), "location": MARK, "occurredAt": "2026-11-22T10:00:00Z",
    });
    let path = format!("/api/v1/sms/reports/{}", owner.post("/api/v1/sms/reports", report).await.is(201).text_at("/data/id"));
    owner.patch(&path, json!({ "title": format!("{MARK} again"), "description": text(7), "location": null })).await.is(200);

    let log = t.audit().await;
    for event in &log {
        assert!(!event.to_string().to_lowercase().contains("zebra") && !event.to_string().contains("peanut"), "{event}");
    }
    assert_eq!(details(&log, "trip.created")["notes"], "rewritten");
    let changed = json!({ "passengerCount": { "from": 0, "to": 3 }, "rewritten": ["notes"] });
    assert_eq!(details(&log, "trip.updated"), &changed);
    assert_eq!(details(&log, "aircraft.created")["statusNote"], "rewritten");
    assert_eq!(details(&log, "aircraft.updated"), &json!({ "rewritten": ["statusNote"] }));
    let created = details(&log, "invoice.created");
    assert_eq!(
        [&created["client"], &created["notes"], &created["total"]],
        [&json!("rewritten"), &json!("rewritten"), &json!(100)]
    );
    assert_eq!(details(&log, "invoice.updated"), &json!({ "rewritten": ["client", "notes"] }));
    assert_eq!(details(&log, "invoice.payment_recorded")["reference"], "rewritten");
    assert_eq!(details(&log, "report.updated"), &json!({ "rewritten": ["title", "description", "location"] }));

    let verdict = verify(&t.app.db, t.workspace.id).await.expect("a verdict");
    assert!(verdict.fault.is_none(), "{:?}", verdict.fault);
    assert_eq!(compare(&t.app.db, t.workspace.id).await.expect("a comparison").total(), 0);
}

#[tokio::test]
async fn sentence_names_the_texts_that_were_rewritten() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let invoice = json!({
        "client": { "name": "Alpine" }, "currency": "EUR", "dueDate": "2026-12-23",
        "lineItems": [{ "description": "Fuel", "quantity": "1", "unitPrice": 100 }],
    });
    let path = format!("/api/v1/ops/invoices/{}", owner.post("/api/v1/ops/invoices", invoice).await.is(201).text_at("/data/id"));
    owner.patch(&path, json!({ "client": { "name": "Beta" }, "notes": "Thank you." })).await.is(200);
    let updated = feed::read(t.app.db.read(), t.workspace.id, &[Action::InvoiceUpdated], 0, 10).await.expect("events");
    let sentences: Vec<_> = updated.events.iter().map(describe).collect();
    let expected = "changed the draft of the invoice INV-2026-0001: client and notes";
    assert!(sentences.iter().any(|sentence| sentence.ends_with(expected)), "{sentences:?}");
}
