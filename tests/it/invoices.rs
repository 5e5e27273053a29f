//! Invoices: money and numbers.

use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use serde_json::{Value, json};
use testkit::INVOICES;

use crate::support::{Client, TestApp};

fn invoice() -> Value {
    json!({
        "client": { "name": "Alpine Charter AG", "email": "accounts@alpine.example" },
        "currency": "CHF",
        "lineItems": [
            { "description": "Flight hours", "quantity": "2.5", "unitPrice": 480_001 },
            { "description": "Frequent flyer discount", "quantity": "1", "unitPrice": -20_000 },
        ],
        "dueDate": "2026-12-23",
    })
}

fn with(field: &str, value: Value) -> Value {
    let mut body = invoice();
    body[field] = value;
    body
}

async fn client(t: &TestApp) -> Client {
    t.with(&t.key(&["invoices:write"]).await)
}

/// Drafts one and gives its path.
async fn draft(client: &Client, body: Value) -> String {
    format!("{INVOICES}/{}", client.post(INVOICES, body).await.is(201).text_at("/data/id"))
}

#[tokio::test]
async fn amounts_are_computed_by_the_server() {
    let t = TestApp::new().await;
    let made = client(&t).await.post(INVOICES, invoice()).await.is(201);
    // 2.5 × 480001 = 1200002.5, and half a centime is rounded away from zero.
    assert_eq!(made.at("/data/lineItems/0/amount"), 1_200_003);
    assert_eq!(made.at("/data/lineItems/0/quantity"), "2.5");
    for field in ["subtotal", "total"] {
        assert_eq!(made.at(&format!("/data/{field}")), 1_180_003);
    }
    assert_eq!([made.at("/data/amountPaid"), made.at("/data/status")], [&json!(0), &json!("draft")]);
    assert_eq!([made.at("/data/number"), made.at("/data/dueDate")], ["INV-2026-0001", "2026-12-23"]);
    t.audit_ends_with(&["invoice.created", "api_key.used"]).await;
}

#[tokio::test]
async fn invalid_invoice_is_reported_per_field() {
    let t = TestApp::new().await;
    let client = client(&t).await;
    let line = |quantity: Value, price: Value| json!([{ "description": "x", "quantity": quantity, "unitPrice": price }]);
    for (field, value, named) in [
        ("lineItems", json!([]), "lineItems"),
        ("lineItems", line(json!("0"), json!(1)), "lineItems[0].quantity"),
        ("lineItems", line(json!(1), json!(1)), "lineItems[0].quantity"),
        ("lineItems", line(json!("1"), json!(1.5)), "lineItems[0].unitPrice"),
        ("lineItems", line(json!("1000000"), json!(9_007_199_254_740_991_i64)), "lineItems[0]"),
        ("lineItems", line(json!("1"), json!(-1)), "lineItems"),
        ("currency", json!("chf"), "currency"),
        ("dueDate", json!("2026-02-30"), "dueDate"),
        ("tripId", json!("trip_01h455vb4pex5vsknk084sn02q"), "tripId"),
    ] {
        client.post(INVOICES, with(field, value)).await.is(400).code("INVALID_REQUEST").names_field(named);
    }
    client.post(INVOICES, with("total", json!(1))).await.is(400);
    assert_eq!(client.post(INVOICES, invoice()).await.is(201).at("/data/number"), "INV-2026-0001");
}

#[tokio::test]
async fn concurrent_invoices_have_gap_free_numbers() {
    let t = TestApp::new().await;
    let client = client(&t).await;
    let sends: Vec<_> = (0..20)
        .map(|place| {
            let client = client.clone();
            // Every fourth asks for the same external id, so that all but one of those are rolled back.
            let body = if place % 4 == 0 { with("externalId", json!("LEDGER-7")) } else { invoice() };
            tokio::spawn(async move { client.post(INVOICES, body).await })
        })
        .collect();
    let mut numbers = Vec::new();
    let mut refused = 0;
    for send in sends {
        let answer = send.await.expect("an answer");
        match answer.status {
            409 => refused += 1,
            _ => numbers.push(answer.is(201).text_at("/data/number")),
        }
    }
    numbers.sort();
    assert_eq!(refused, 4);
    assert_eq!(numbers, (1..=16).map(|count| format!("INV-2026-{count:04}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn external_id_is_unique_among_invoices() {
    let t = TestApp::new().await;
    let client = client(&t).await;
    let first = client.post(INVOICES, with("externalId", json!("LEDGER-7"))).await.is(201);
    let again = client.post(INVOICES, with("externalId", json!("LEDGER-7"))).await.is(409).code("CONFLICT");
    assert_eq!(again.at("/error/invoiceId"), first.at("/data/id"));
    let other = draft(&client, invoice()).await;
    client.patch(&other, json!({ "externalId": "LEDGER-7" })).await.is(409);
    let own = format!("{INVOICES}/{}", first.text_at("/data/id"));
    client.patch(&own, json!({ "externalId": "LEDGER-7", "notes": "Thank you." })).await.is(200);
    client.patch(&own, json!({ "externalId": null })).await.is(200);
    client.patch(&other, json!({ "externalId": "LEDGER-7" })).await.is(200);
    let found = client.get(&format!("{INVOICES}/by-external-id/LEDGER-7")).await.is(200);
    assert_eq!(client.get(&other).await.is(200).at("/data"), found.at("/data"));
    assert_eq!(client.get(&format!("{INVOICES}?external_id=LEDGER-7")).await.is(200).items("id"), [found.text_at("/data/id")]);
    client.get(&format!("{INVOICES}/by-external-id/ledger-7")).await.is(404).code("NOT_FOUND");
    client.get(&format!("{INVOICES}/by-external-id/{}", "x".repeat(201))).await.is(400).names_field("externalId");
}

#[tokio::test]
async fn only_drafts_can_be_edited() {
    let t = TestApp::new().await;
    let client = client(&t).await;
    let path = draft(&client, invoice()).await;
    let lines = json!([{ "description": "Handling", "quantity": "3", "unitPrice": 100 }]);
    let edited = client.patch(&path, json!({ "lineItems": lines, "client": { "name": "Beta" } })).await.is(200);
    assert_eq!([edited.at("/data/total"), edited.at("/data/client/email")], [&json!(300), &Value::Null]);
    assert_eq!(client.send(Method::POST, &format!("{path}/send"), Body::empty()).await.is(200).at("/data/status"), "sent");
    client.patch(&path, json!({ "notes": "Late" })).await.is(409).code("CONFLICT");
    let again = client.send(Method::POST, &format!("{path}/send"), Body::empty()).await.is(200);
    assert_eq!(again.at("/data/status"), "sent");
    t.audit_ends_with(&["invoice.created", "invoice.updated", "invoice.sent", "api_key.used"]).await;
}

#[tokio::test]
async fn replayed_payment_is_recorded_once() {
    let t = TestApp::new().await;
    let client = client(&t).await;
    let path = draft(&client, invoice()).await;
    let payments = format!("{path}/payments");
    client.post(&payments, json!({ "amount": 1 })).await.is(409).code("CONFLICT");
    client.post(&format!("{path}/send"), json!({})).await.is(200);
    let once = client.clone().header("idempotency-key", "payment-1");
    for _ in 0..3 {
        let paid = once.post(&payments, json!({ "amount": 1_000_000, "reference": "Wire 8814" })).await.is(201);
        assert_eq!(paid.at("/data/amountPaid"), 1_000_000);
    }
    once.post(&payments, json!({ "amount": 2 })).await.is(422).code("IDEMPOTENCY_KEY_REUSED");
    client.post(&payments, json!({ "amount": 0 })).await.is(400).names_field("amount");
    client.post(&payments, json!({ "amount": 1, "paidOn": "2026-11-25" })).await.is(400).names_field("paidOn");
    client.post(&payments, json!({ "amount": 180_004 })).await.is(409).code("CONFLICT");
    client.post(&format!("{path}/void"), json!({})).await.is(409).code("CONFLICT");
    let paid = client.post(&payments, json!({ "amount": 180_003, "paidOn": "2026-11-20" })).await.is(201);
    assert_eq!([paid.at("/data/status"), paid.at("/data/amountPaid")], [&json!("paid"), &json!(1_180_003)]);
    client.post(&payments, json!({ "amount": 1 })).await.is(409);
    t.audit_ends_with(&["invoice.sent", "invoice.payment_recorded", "invoice.payment_recorded", "api_key.used"]).await;
}

#[tokio::test]
async fn payments_of_an_invoice_are_listed() {
    let t = TestApp::new().await;
    let client = client(&t).await;
    let path = draft(&client, invoice()).await;
    let payments = format!("{path}/payments");
    let none = client.get(&payments).await.is(200);
    assert_eq!([none.at("/data/total"), none.at("/data/items")], [&json!(0), &json!([])]);
    client.post(&format!("{path}/send"), json!({})).await.is(200);
    for amount in 1..=3 {
        t.app.clock.advance(Duration::from_secs(1));
        let body = json!({ "amount": amount, "reference": format!("Wire {amount}"), "paidOn": "2026-11-20" });
        client.post(&payments, body).await.is(201);
    }
    let other = draft(&client, invoice()).await;
    client.post(&format!("{other}/send"), json!({})).await.is(200);
    client.post(&format!("{other}/payments"), json!({ "amount": 9 })).await.is(201);

    let reader = t.with(&t.key(&["invoices:read"]).await);
    let listed = reader.get(&payments).await.is(200);
    assert_eq!(listed.items("reference"), ["Wire 3", "Wire 2", "Wire 1"]);
    let newest = json!({
        "id": listed.at("/data/items/0/id"), "invoiceId": path.rsplit_once('/').expect("an id").1, "amount": 3, "currency": "CHF",
        "paidOn": "2026-11-20", "reference": "Wire 3", "createdAt": "2026-11-23T09:30:03Z",
    });
    assert_eq!(listed.at("/data/items/0"), &newest);
    assert!(listed.text_at("/data/items/0/id").starts_with("pay_"));
    let last = reader.get(&format!("{payments}?page=2&page_size=2")).await.is(200);
    assert_eq!((last.items("reference"), last.at("/data/total")), (vec!["Wire 1".to_owned()], &json!(3)));
    reader.get(&format!("{payments}?status=paid")).await.is(400);
    reader.post(&payments, json!({ "amount": 1 })).await.is(403).code("SCOPE_REQUIRED");
    t.with(&t.key(&["trips:read"]).await).get(&payments).await.is(403).code("SCOPE_REQUIRED");
    let (_, outsider) = t.other_workspace().await;
    outsider.get(&payments).await.is(404);
    reader.get(&format!("{INVOICES}/inv_01h455vb4pex5vsknk084sn02q/payments")).await.is(404);
}

#[tokio::test]
async fn invoice_with_total_of_zero_is_paid_when_sent_and_can_be_voided() {
    let t = TestApp::new().await;
    let client = client(&t).await;
    let free = json!([
        { "description": "Ferry flight", "quantity": "1", "unitPrice": 100 },
        { "description": "Goodwill", "quantity": "1", "unitPrice": -100 },
    ]);
    let path = draft(&client, with("lineItems", free)).await;
    assert_eq!(client.post(&format!("{path}/send"), json!({})).await.is(200).at("/data/status"), "paid");
    client.post(&format!("{path}/payments"), json!({ "amount": 1 })).await.is(409).code("CONFLICT");
    assert_eq!(client.post(&format!("{path}/void"), json!({})).await.is(200).at("/data/status"), "void");
    assert_eq!(client.post(&format!("{path}/void"), json!({})).await.is(200).at("/data/status"), "void");
    client.post(&format!("{path}/send"), json!({})).await.is(409).code("CONFLICT");
    t.audit_ends_with(&["invoice.created", "invoice.sent", "invoice.voided", "api_key.used"]).await;
}

#[tokio::test]
async fn void_invoice_stays_void_and_keeps_its_number() {
    let t = TestApp::new().await;
    let client = client(&t).await;
    let path = draft(&client, invoice()).await;
    assert_eq!(
        client.post(&format!("{path}/void"), json!({ "reason": "Wrong client" })).await.is(200).at("/data/status"),
        "void"
    );
    client.send(Method::POST, &format!("{path}/void"), Body::empty()).await.is(200);
    client.post(&format!("{path}/void"), json!({ "because": "" })).await.is(400);
    client.post(&format!("{path}/send"), json!({})).await.is(409).code("CONFLICT");
    client.patch(&path, json!({ "notes": "x" })).await.is(409);
    assert_eq!(client.post(INVOICES, invoice()).await.is(201).at("/data/number"), "INV-2026-0002");
    t.audit_ends_with(&["invoice.created", "invoice.voided", "invoice.created", "api_key.used"]).await;
}

#[tokio::test]
async fn invoices_are_filtered_become_overdue_and_are_isolated_by_workspace() {
    let t = TestApp::new().await;
    let client = client(&t).await;
    for (name, due, sent) in
        [("Alpine 100% AG", "2026-11-23", true), ("Beta_Air", "2026-12-01", true), ("Gamma", "2026-12-31", false)]
    {
        let mut body = with("client", json!({ "name": name }));
        body["dueDate"] = json!(due);
        let path = draft(&client, body).await;
        t.app.clock.advance(Duration::from_secs(1));
        if sent {
            client.post(&format!("{path}/send"), json!({})).await.is(200);
        }
    }
    let rows = async |query: &str| client.get(&format!("{INVOICES}{query}")).await.is(200).items("number").join(" ");
    assert_eq!(rows("?status=sent").await, "INV-2026-0002 INV-2026-0001");
    assert_eq!(rows("?status=overdue").await, "");
    t.advance(Duration::from_hours(15)).await;
    assert_eq!(rows("?status=sent").await, "INV-2026-0002");
    assert_eq!(rows("?status=overdue").await, "INV-2026-0001");
    assert_eq!(rows("?client=100%25").await, "INV-2026-0001");
    assert_eq!(rows("?client=a_a").await, "INV-2026-0002");
    assert_eq!(rows("?client=GAMMA&status=draft").await, "INV-2026-0003");
    assert_eq!(rows("?due_from=2026-12-01&due_to=2026-12-31").await, "INV-2026-0003 INV-2026-0002");
    client.get(&format!("{INVOICES}?due_from=soon")).await.is(400).names_field("due_from");
    client.get(&format!("{INVOICES}?customer=Beta")).await.is(400);

    let overdue = client.get(&format!("{INVOICES}?status=overdue")).await;
    assert_eq!(overdue.at("/data/items/0/status"), "overdue");
    let path = format!("{INVOICES}/{}", overdue.text_at("/data/items/0/id"));
    let (_, outsider) = t.other_workspace().await;
    outsider.get(&path).await.is(404);
    outsider.post(&format!("{path}/payments"), json!({ "amount": 1 })).await.is(404);
    outsider.post(&format!("{path}/void"), json!({})).await.is(404);
    assert_eq!(outsider.get(INVOICES).await.is(200).at("/data/total"), 0);
    let payment = client.post(&format!("{path}/payments"), json!({ "amount": 1_180_003 })).await.is(201);
    assert_eq!(payment.at("/data/status"), "paid", "what is overdue can be paid");
}
