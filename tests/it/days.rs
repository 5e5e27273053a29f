//! Days and times: RFC 3339 on the wire, the end of the calendar, and the workspace's own day.

use std::time::Duration;

use planeconnection::workspaces::Workspace;
use serde_json::{Value, json};
use testkit::{INVOICES, REPORTS, TRIPS};

use crate::support::{Client, TestApp};

fn invoice(due: &str) -> Value {
    json!({
        "client": { "name": "Alpine Charter AG" }, "currency": "USD", "dueDate": due,
        "lineItems": [{ "description": "Flight", "quantity": "1", "unitPrice": 100 }],
    })
}

/// Half an hour into 2027 in Greenwich.
async fn new_year() -> TestApp {
    let t = TestApp::new().await;
    t.advance(Duration::from_hours(24 * 38 + 15)).await;
    t
}

/// A new workspace in this time zone, and its owner.
async fn workspace_in(t: &TestApp, zone: &str) -> (Workspace, Client) {
    t.workspace_in("elsewhere", zone).await
}

#[tokio::test]
async fn invoice_west_of_greenwich_belongs_to_the_day_of_the_workspace() {
    let t = new_year().await;
    // 31 December, half past four in the afternoon.
    let (_, owner) = workspace_in(&t, "America/Los_Angeles").await;
    let made = owner.post(INVOICES, invoice("2026-12-31")).await.is(201);
    assert_eq!(made.at("/data/number"), "INV-2026-0001");
    let path = format!("{INVOICES}/{}", made.text_at("/data/id"));
    assert_eq!(owner.post(&format!("{path}/send"), json!({})).await.is(200).at("/data/status"), "sent");
    owner.post(&format!("{path}/payments"), json!({ "amount": 40 })).await.is(201);
    assert_eq!(owner.get(&format!("{path}/payments")).await.is(200).items("paidOn"), ["2026-12-31"]);
    let listed = async |query: &str| owner.get(&format!("{INVOICES}?{query}")).await.is(200).items("status");
    assert_eq!((listed("status=sent").await, listed("status=overdue").await), (vec!["sent".to_owned()], vec![]));
    assert_eq!(listed("due_from=2026-12-31&due_to=2026-12-31").await, ["sent"]);

    t.advance(Duration::from_secs(7 * 3600 + 29 * 60 + 59)).await;
    assert_eq!(owner.get(&path).await.is(200).at("/data/status"), "sent", "a second before midnight");
    t.advance(Duration::from_secs(1)).await;
    assert_eq!(owner.get(&path).await.is(200).at("/data/status"), "overdue");
    assert_eq!((listed("status=sent").await, listed("status=overdue").await), (vec![], vec!["overdue".to_owned()]));
    assert_eq!(owner.post(INVOICES, invoice("2027-01-01")).await.is(201).at("/data/number"), "INV-2027-0001");
}

#[tokio::test]
async fn invoice_east_of_greenwich_belongs_to_the_day_of_the_workspace() {
    let t = TestApp::new().await;
    // 31 December, half an hour before midnight, where it is still morning in Greenwich.
    t.advance(Duration::from_hours(24 * 38)).await;
    let (_, owner) = workspace_in(&t, "Pacific/Kiritimati").await;
    let send = async |due: &str| {
        let made = owner.post(INVOICES, invoice(due)).await.is(201);
        let path = format!("{INVOICES}/{}", made.text_at("/data/id"));
        let sent = owner.post(&format!("{path}/send"), json!({})).await.is(200);
        (path, made.text_at("/data/number"), sent.text_at("/data/status"))
    };
    let (path, number, status) = send("2026-12-31").await;
    assert_eq!((number.as_str(), status.as_str()), ("INV-2026-0001", "sent"));
    let payments = format!("{path}/payments");
    owner.post(&payments, json!({ "amount": 1, "paidOn": "2027-01-01" })).await.is(400).names_field("paidOn");
    t.advance(Duration::from_mins(30)).await;
    assert_eq!(owner.get(&path).await.is(200).at("/data/status"), "overdue");
    let (_, number, status) = send("2026-12-31").await;
    assert_eq!((number.as_str(), status.as_str()), ("INV-2027-0001", "overdue"));
    let (_, number, status) = send("2027-01-01").await;
    assert_eq!((number.as_str(), status.as_str()), ("INV-2027-0002", "sent"));
    owner.post(&payments, json!({ "amount": 1 })).await.is(201);
    owner.post(&payments, json!({ "amount": 1, "paidOn": "2027-01-01" })).await.is(201);
    owner.post(&payments, json!({ "amount": 1, "paidOn": "2027-01-02" })).await.is(400).names_field("paidOn");
    assert_eq!(owner.get(&payments).await.is(200).items("paidOn"), ["2027-01-01", "2027-01-01"]);
}

#[tokio::test]
async fn payment_may_be_dated_by_a_bank_whose_day_has_begun() {
    let t = new_year().await;
    let (_, owner) = workspace_in(&t, "America/Los_Angeles").await;
    let made = owner.post(INVOICES, invoice("2027-02-01")).await.is(201);
    let path = format!("{INVOICES}/{}", made.text_at("/data/id"));
    owner.post(&format!("{path}/send"), json!({})).await.is(200);
    let payments = format!("{path}/payments");
    for (day, status) in [("2027-01-01", 201), ("2027-01-02", 400), ("9999-12-31", 400), ("1970-01-01", 201)] {
        owner.post(&payments, json!({ "amount": 1, "paidOn": day })).await.is(status);
    }
}

#[tokio::test]
async fn numbers_and_names_have_the_day_of_the_workspace() {
    let t = new_year().await;
    let (_, owner) = workspace_in(&t, "America/Los_Angeles").await;
    let report = json!({
        "reportType": "hazard", "title": "Fuel cap found open", "occurredAt": "2026-12-31T20:00:00Z",
        "description": "During the walk-around before the second leg the left fuel cap was found open.",
    });
    assert_eq!(owner.post(REPORTS, report).await.is(201).at("/data/number"), "HAZ-2026-0001");
    let key = json!({ "name": "Dashboard", "permissions": "read_only", "expiresAt": null });
    let id = owner.post("/api/v1/api-keys", key).await.is(201).text_at("/data/apiKey/id");
    let rotated = owner.post(&format!("/api/v1/api-keys/{id}/rotate"), json!({})).await.is(201);
    assert_eq!(rotated.at("/data/apiKey/name"), "Dashboard (2026-12-31)");
}

#[tokio::test]
async fn times_are_rfc_3339_in_bodies() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let trip =
        |departure: &str| json!({ "tripType": "charter", "origin": "KTEB", "destination": "KBOS", "departureDate": departure });
    for (text, stored) in [
        ("2027-07-21T00:00:00+01:00", "2027-07-20T23:00:00Z"),
        ("2027-07-21t00:00:00.25z", "2027-07-21T00:00:00.25Z"),
        ("9999-12-30T22:00:00Z", "9999-12-30T22:00:00Z"),
    ] {
        assert_eq!(owner.post(TRIPS, trip(text)).await.is(201).at("/data/departureDate"), stored);
    }
    for (text, word) in [
        ("2027-01-01T00:00:60Z", "leap seconds"),
        ("20270221T000000Z", "RFC 3339"),
        ("2027-02-21T00Z", "RFC 3339"),
        ("2027-02-21 00:00:00Z", "RFC 3339"),
        ("2027-02-21T00:00:00,5Z", "RFC 3339"),
        ("2027-02-21T00:00:00+00:00:30", "RFC 3339"),
        ("2027-07-21T00:00:00+01:00[Europe/Zurich]", "RFC 3339"),
        ("9999-12-31T23:59:59Z", "9999-12-30T22:00:00Z"),
    ] {
        let refused = owner.post(TRIPS, trip(text)).await.is(400).names_field("departureDate");
        assert!(refused.text.contains(word), "{text}: {}", refused.text);
        let key = json!({ "name": "A", "permissions": "read_only", "expiresAt": text });
        owner.post("/api/v1/api-keys", key).await.is(400).names_field("expiresAt");
        let query = serde_urlencoded::to_string([("date_from", text)]).expect("a query");
        // An end of a filter may be later than every time.
        owner.get(&format!("{TRIPS}?{query}")).await.is(if text.starts_with("9999") { 200 } else { 400 });
    }
}

#[tokio::test]
async fn filters_reach_the_end_of_the_calendar() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let key = t.key(&["trips:read"]).await;
    let usage = format!("/api/v1/api-keys/{}/usage", key.id);
    for end in ["9999-12-31", "9999-12-30", "9999-12-31T23:59:59.999Z"] {
        for (path, name) in [
            (TRIPS, "date_to"),
            (TRIPS, "date_from"),
            (TRIPS, "updated_since"),
            (REPORTS, "date_to"),
            ("/api/v1/audit-log", "date_to"),
            ("/api/v1/audit-log/export", "date_to"),
            (usage.as_str(), "to"),
        ] {
            let format = if path.ends_with("export") { "&format=ndjson" } else { "" };
            owner.get(&format!("{path}?{name}={end}{format}")).await.is(200);
        }
    }
    for name in ["due_to", "due_from"] {
        owner.get(&format!("{INVOICES}?{name}=9999-12-31")).await.is(200);
        owner.get(&format!("{INVOICES}?{name}=9999-12-31T00:00:00Z")).await.is(400).names_field(name);
    }
    let until = owner.get("/api/v1/audit-log?date_to=9999-12-31").await.is(200);
    assert_eq!(until.at("/data/total"), owner.get("/api/v1/audit-log?date_from=1970-01-01").await.is(200).at("/data/total"));
    let early = owner.get(&format!("{TRIPS}?date_from=1969-12-31")).await.is(400).names_field("date_from");
    assert!(early.text.contains("from 1970 to 9999"), "{}", early.text);
}

#[tokio::test]
async fn unescaped_plus_of_a_time_zone_is_explained() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let raw = owner.get(&format!("{TRIPS}?date_from=2028-03-01T00:00:00+00:00")).await.is(400).names_field("date_from");
    assert!(raw.text.contains("write %2B"), "{}", raw.text);
    owner.get(&format!("{TRIPS}?date_from=2028-03-01T00:00:00%2B00:00")).await.is(200);
}
