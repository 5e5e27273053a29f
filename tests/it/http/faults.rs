//! Errors of inputs: all of them in one response, in the words of the caller's JSON.

use axum::body::Body;
use axum::http::Method;
use planeconnection::config::Config;
use planeconnection::limits::{Limit, Settings};
use serde_json::{Map, Value, json};
use testkit::{INVOICES, KEYS, TRIPS};

use crate::support::{Response, TestApp};

/// Fields and messages of a refusal, in its order.
pub(super) fn faults(refused: &Response) -> Vec<(String, String)> {
    let text = |fault: &Value, name: &str| fault[name].as_str().unwrap_or_default().to_owned();
    let fields = refused.json["error"]["fields"].as_array().cloned().unwrap_or_default();
    fields.iter().map(|fault| (text(fault, "field"), text(fault, "message"))).collect()
}

pub(super) async fn without_limits() -> TestApp {
    let limits = Limit::ALL.iter().fold(Settings::default(), |settings, limit| settings.with(*limit, None));
    TestApp::with_config(Config { limits, ..Config::default() }).await
}

#[tokio::test]
async fn every_fault_of_a_body_is_reported_at_once() {
    let t = TestApp::new().await;
    let body = json!({
        "client": { "name": "", "email": "x", "phone": "1" }, "currency": "XTS", "dueDate": "2026-02-30", "status": "sent",
        "lineItems": [
            { "description": "Landing", "quantity": 2.5, "unitPrice": "100" },
            { "description": "Fuel", "quantity": "0", "unitPrice": 1.5, "amount": 3 },
        ],
        "tripId": "key_01h455vb4pex5vsknk084sn02q", "notes": 5, "externalId": ["A"],
    });
    let refused = t.owner().await.post(INVOICES, body).await.is(400).code("INVALID_REQUEST");
    let named: Vec<_> = faults(&refused).into_iter().map(|(field, message)| format!("{field} {message}")).collect();
    let expected = [
        "client.name must have 1 to 200 characters; this has 0",
        "client.email must be an email address such as ana@skyline.example",
        "client.phone is not a field here; allowed: name, email",
        "currency must be the ISO 4217 code of a currency in use, such as EUR or USD",
        "dueDate must be a day from 1970-01-01 to 9999-12-31, such as 2026-11-23",
        "status is not a field here; allowed: client, tripId, currency, lineItems, dueDate, notes, externalId",
        "lineItems[0].quantity must be text such as \"2.5\"",
        "lineItems[0].unitPrice must be a whole number from -9,007,199,254,740,991 to 9,007,199,254,740,991, without quotes",
        "lineItems[1].quantity must be a decimal number in quotes such as \"2.5\": more than 0, at most 1,000,000, with at most 6 decimals",
        "lineItems[1].unitPrice must be a whole number from -9,007,199,254,740,991 to 9,007,199,254,740,991",
        "lineItems[1].amount is not a field here; allowed: description, quantity, unitPrice",
        "tripId must be an id such as trip_01h455vb4pex5vsknk084sn02q",
        "notes must be text, or null",
        "externalId must be text, or null",
    ];
    assert_eq!(named, expected);
    assert_eq!(refused.at("/error/message"), "14 fields are invalid; see fields.");
}

#[tokio::test]
async fn single_fault_says_what_the_value_must_be() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let key = |field: &str, value: Value| {
        let mut body = json!({ "name": "A", "permissions": "read_only", "expiresAt": null });
        body[field] = value;
        body
    };
    let trip = |field: &str, value: Value| {
        let mut body =
            json!({ "tripType": "charter", "origin": "KTEB", "destination": "KPBI", "departureDate": "2027-01-01T10:00:00Z" });
        body[field] = value;
        body
    };
    let types = "must be one of charter, owner, maintenance, positioning, training";
    let passengers = "must be a whole number from 0 to 1,000";
    for (path, body, field, message) in [
        (KEYS, key("rateLimit", json!(5)), "rateLimit", "must be an object with requests and perSeconds, or null"),
        (
            KEYS,
            key("rateLimit", json!({ "requests": 0, "perSeconds": 1 })),
            "rateLimit.requests",
            "must be a whole number from 1 to 1,000,000",
        ),
        (KEYS, key("rateLimit", json!({ "requests": 1 })), "rateLimit.perSeconds", "is required"),
        (KEYS, key("name", json!(5)), "name", "must be text"),
        (KEYS, key("name", Value::Null), "name", "must be text"),
        (KEYS, key("permissions", json!("all")), "permissions", "must be one of read_only, read_write, custom"),
        (KEYS, key("expiresAt", json!(1_800_000_000)), "expiresAt", "must be a time such as 2026-11-23T09:30:00Z, or null"),
        (KEYS, key("ipAllowlist", json!("10.0.0.0/8")), "ipAllowlist", "must be a list, or null"),
        (KEYS, key("ipAllowlist", json!([7])), "ipAllowlist[0]", "must be text"),
        (TRIPS, trip("tripType", json!("Charter")), "tripType", types),
        (TRIPS, trip("tripType", json!(1)), "tripType", types),
        (TRIPS, trip("passengerCount", json!(1001)), "passengerCount", passengers),
        (TRIPS, trip("passengerCount", json!(70_000)), "passengerCount", passengers),
        (TRIPS, trip("passengerCount", json!(-1)), "passengerCount", passengers),
        (TRIPS, trip("passengerCount", json!(1.0)), "passengerCount", passengers),
        (TRIPS, trip("passengerCount", Value::Null), "passengerCount", passengers),
        (TRIPS, trip("passengerCount", json!("4")), "passengerCount", "must be a whole number from 0 to 1,000, without quotes"),
        (
            INVOICES,
            json!({ "client": "Acme", "currency": "EUR", "lineItems": [], "dueDate": "2099-01-01" }),
            "client",
            "must be an object with name and email",
        ),
        (
            "/api/v1/members",
            json!({ "name": "A", "email": 1, "role": "pilot" }),
            "email",
            "must be an email address such as name@example.com",
        ),
    ] {
        let refused = owner.post(path, body).await.is(400).code("INVALID_REQUEST");
        let found = faults(&refused);
        assert_eq!(found[0], (field.to_owned(), message.to_owned()), "{}", refused.text);
        if found.len() == 1 {
            assert_eq!(refused.at("/error/message"), &json!(format!("{field}: {message}")));
        }
    }
    let refused = owner.put("/api/v1/settings/api-keys", json!({ "enabled": "true" })).await.is(400);
    assert_eq!(faults(&refused), [("enabled".to_owned(), "must be true or false, without quotes".to_owned())]);
}

#[tokio::test]
async fn missing_fields_are_reported_all_at_once() {
    let t = TestApp::new().await;
    let refused = t.owner().await.post(TRIPS, json!({ "Origin": "KTEB" })).await.is(400);
    let unknown = "is not a field here; allowed: externalId, tripType, status, origin, originName, destination, destinationName, \
                   departureDate, arrivalDate, aircraftId, passengerCount, notes";
    let expected = [
        ("Origin", unknown),
        ("tripType", "is required"),
        ("origin", "is required"),
        ("destination", "is required"),
        ("departureDate", "is required"),
    ];
    assert_eq!(faults(&refused), expected.map(|(field, message)| (field.to_owned(), message.to_owned())));
}

#[tokio::test]
async fn duplicates_are_reported_with_the_other_faults() {
    let t = TestApp::new().await;
    let body = r#"{"name":"A","name":"B","name":7,"permissions":"x","rateLimit":{"requests":1,"requests":2},"expiresAt":null}"#;
    let client = t.owner().await.header("content-type", "application/json");
    let refused = client.send(Method::POST, KEYS, Body::from(body)).await.is(400).code("INVALID_REQUEST");
    let fields: Vec<_> = faults(&refused).into_iter().map(|(field, _)| field).collect();
    assert_eq!(fields, ["name", "name", "permissions", "rateLimit.requests", "rateLimit.perSeconds"], "{}", refused.text);
}

#[tokio::test]
async fn faults_of_rules_join_those_of_values() {
    let t = TestApp::new().await;
    let body = json!({
        "tripType": "charter", "origin": "KTEB", "destination": "KPBI", "passengerCount": 1001,
        "departureDate": "2027-01-01T10:00:00Z", "arrivalDate": "2027-01-01T09:00:00Z",
    });
    t.owner().await.post(TRIPS, body).await.is(400).names_field("arrivalDate").names_field("passengerCount");
}

#[tokio::test]
async fn every_fault_of_a_query_is_reported_at_once() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let refused = owner
        .get(&format!("{TRIPS}?status=x&page=0&date_from=soon&Status=draft&page_size=101&trip_type=&date_from=1"))
        .await
        .is(400);
    let found: Vec<_> = faults(&refused).into_iter().map(|(field, message)| format!("{field} {message}")).collect();
    assert_eq!(found[0], "page must be a whole number from 1 to 4,294,967,295");
    assert_eq!(found[1], "page_size must be a whole number from 1 to 100");
    assert!(found[2].starts_with("status must be one of draft, quoted, "), "{found:?}");
    assert_eq!(found[3], "date_from must be a day such as 2026-11-23 or a time such as 2026-11-23T09:30:00Z");
    assert!(found[4].starts_with("Status is not a parameter here; allowed: status, trip_type, "), "{found:?}");
    assert!(found[4].ends_with("page, page_size, cursor"), "{found:?}");
    assert_eq!(found[5], "trip_type must have a value; leave the parameter out instead of sending it empty");
    assert!(found[6].starts_with("date_from must be given once"), "{found:?}");
    let missing = owner.get("/api/v1/audit-log/export?action=x").await.is(400).names_field("action");
    assert_eq!(faults(&missing)[1], ("format".to_owned(), "is required".to_owned()));
    let none = owner.get("/api/v1/auth/whoami?x=1").await.is(400);
    assert_eq!(faults(&none)[0].1, "is not a parameter of this request, which has none");
}

#[tokio::test]
async fn refusal_of_a_large_body_is_short_and_repeats_no_secret() {
    let t = without_limits().await;
    let owner = t.owner().await;
    let unknown: Map<_, _> = (0..20_000).map(|number| (format!("field{number}"), json!(number))).collect();
    let items: Vec<_> = (0..199).map(|_| json!({ "description": 1, "quantity": 2, "unitPrice": "3", "x": 4 })).collect();
    let secret = format!("pck_{}", &"aB3".repeat(13)[..38]);
    let scopes: Vec<_> = (0..60_000).map(|_| "nothing:read").collect();
    let bodies = [
        (INVOICES, Value::Object(unknown)),
        (INVOICES, json!({ "client": 1, "currency": 2, "dueDate": 3, "lineItems": items })),
        (KEYS, json!({ "name": "A", "permissions": "custom", "expiresAt": null, "scopes": scopes })),
        (
            KEYS,
            json!({ &secret: 1, secret.to_uppercase(): 1, "name": &secret, "permissions": &secret, "expiresAt": &secret, "x".repeat(500_000): 1 }),
        ),
        ("/api/v1/auth/sign-in", json!({ "email": &secret, "password": [&secret], "token": &secret })),
    ];
    for (path, body) in bodies {
        let refused = owner.post(path, body).await.is(400).code("INVALID_REQUEST");
        assert!((1..=50).contains(&faults(&refused).len()), "{}", refused.text);
        assert!(refused.text.len() < 8_000, "{} bytes", refused.text.len());
        assert!(!refused.text.to_lowercase().contains(&secret[8..].to_lowercase()), "{}", refused.text);
    }
}
