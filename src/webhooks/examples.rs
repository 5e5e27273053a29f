//! Descriptions of event types, and an example of each: for the reference, and for tests of an endpoint.

use serde_json::{Value, json};

use super::model::Endpoint;
use crate::audit::{EventId, EventType, payload_body};
use kit::clock::Time;

/// The type of a test, which is no event.
pub const TEST_TYPE: &str = "webhook.test";

pub(super) const TEST_DESCRIPTION: &str = "Somebody tests the webhook. Nothing has happened.";

/// Returns when events of a type happen.
pub const fn description(event_type: EventType) -> &'static str {
    match event_type {
        EventType::TripCreated => "A trip was created.",
        EventType::TripUpdated => "Details of a trip changed, or its status became one that has no type of its own.",
        EventType::TripConfirmed => "A trip was confirmed.",
        EventType::TripCancelled => "A trip was cancelled.",
        EventType::TripCompleted => "A trip was completed.",
        EventType::ReportSubmitted => "A safety report was filed.",
        EventType::ReportUpdated => "A safety report was changed.",
        EventType::ReportClosed => "A safety report was closed.",
        EventType::InvoiceCreated => "An invoice was drafted.",
        EventType::InvoiceUpdated => "The draft of an invoice was changed.",
        EventType::InvoiceSent => "An invoice was sent.",
        EventType::InvoicePaymentRecorded => "A payment was recorded that leaves something to pay.",
        EventType::InvoicePaid => "An invoice was paid completely.",
        EventType::InvoiceVoided => "An invoice was voided.",
        EventType::InvoiceOverdue => "The day after the due date of a sent invoice has begun.",
        EventType::AircraftCreated => "An aircraft was added.",
        EventType::AircraftUpdated => "Details of an aircraft changed.",
        EventType::AircraftStatusChanged => {
            "The status of an aircraft changed, and with it possibly whether it can be dispatched."
        }
        EventType::KeyCreated => "An API key was created.",
        EventType::KeyUpdated => "Name, description, allow-list, rate limit or planned end of an API key changed.",
        EventType::KeyRotated => "An API key got a successor. The old key works until it is revoked.",
        EventType::KeyRotationBlocked => {
            "The end of a rotation has come, and the old API key stays active, as it is still in use, or no active key replaces it."
        }
        EventType::KeyPaused => "An API key was paused: requests with it are refused until the pause ends.",
        EventType::KeyResumed => "An API key works again: it was resumed, or its pause ended.",
        EventType::KeyRevoked => "An API key was revoked.",
        EventType::KeyRefusedEverywhere => "Every node refuses a revoked API key.",
        EventType::KeyExpiring => "An API key expires within 7 days, or within a day.",
        EventType::KeyExpired => "An API key has expired.",
        EventType::KeyLeakedInUrl => "An API key was sent in a URL, where proxies and histories keep it. Revoke it.",
        EventType::KeyLeaked => "An API key was found where others can read it, at url. Revoke it.",
        EventType::KeyUnusual => {
            "The activity of an API key is unusual for it, or it was used from a new address, or requests with it were refused; reason says which."
        }
        EventType::MemberAdded => "A person was invited to the workspace.",
        EventType::MemberRoleChanged => "The role of a member changed.",
        EventType::MemberRemoved => "A member was removed from the workspace.",
        EventType::MemberSignInFailed => "Sign-ins with the email of a member failed.",
        EventType::WebhookDisabled => "The server disabled a webhook after days without a success.",
        EventType::WebhookEnabled => "A webhook that the server had disabled was enabled again.",
        EventType::FindingDismissed => "An administrator dismissed a finding for 30 days.",
        EventType::FindingRestored => "An administrator took the dismissal of a finding back.",
    }
}

/// Returns an example of a payload.
pub fn example(event_type: EventType) -> Value {
    json!({
        "id": "evt_01kafvzxgp1xf3a7qyfr6f0dth",
        "type": event_type,
        "workspace_id": "ws_01kafvzxbra48w8800ddaajmcd",
        "timestamp": "2026-03-24T14:30:00Z",
        "sequence": 4711,
        "data": data(event_type),
    })
}

/// Returns an example of the payload of a test.
pub(super) fn example_of_test() -> Value {
    let mut example = example(EventType::WebhookEnabled);
    example["type"] = TEST_TYPE.into();
    example["sequence"] = Value::Null;
    example["data"] = test_data("wh_01kafvzx9acqyj5tatkh1cawbe".into());
    example["test"] = true.into();
    example
}

fn test_data(webhook: Value) -> Value {
    json!({ "webhook_id": webhook, "message": TEST_DESCRIPTION })
}

/// Returns the payload of a test: an example of a type, or one that says that it is a test.
pub(super) fn test_payload(id: EventId, event_type: Option<EventType>, endpoint: &Endpoint, now: Time) -> Value {
    let data = event_type.map_or_else(|| test_data(json!(endpoint.id)), data);
    // The type of the example is put in below: a test has none of the types of events.
    let shape = event_type.unwrap_or(EventType::WebhookEnabled);
    let mut body = payload_body(id, shape, endpoint.workspace, now, None, data);
    body["type"] = event_type.map_or(TEST_TYPE, EventType::as_str).into();
    body["test"] = true.into();
    body
}

fn data(event_type: EventType) -> Value {
    match event_type {
        EventType::TripCreated => trip("draft"),
        EventType::TripUpdated => updated(trip("quoted"), &["status"]),
        EventType::TripConfirmed => updated(trip("confirmed"), &["status"]),
        EventType::TripCancelled => updated(trip("cancelled"), &["status"]),
        EventType::TripCompleted => updated(trip("completed"), &["status"]),
        EventType::ReportSubmitted => report("submitted"),
        EventType::ReportUpdated => updated(report("under_review"), &["status"]),
        EventType::ReportClosed => updated(report("closed"), &["status"]),
        EventType::InvoiceCreated => invoice("draft", 0),
        EventType::InvoiceUpdated => updated(invoice("draft", 0), &["due_date"]),
        EventType::InvoiceSent => invoice("sent", 0),
        EventType::InvoicePaymentRecorded => invoice("sent", 500_000),
        EventType::InvoicePaid => invoice("paid", 1_200_000),
        EventType::InvoiceVoided => invoice("void", 0),
        EventType::InvoiceOverdue => invoice("overdue", 0),
        EventType::AircraftCreated => aircraft("active"),
        EventType::AircraftUpdated => updated(aircraft("active"), &["home_base"]),
        EventType::AircraftStatusChanged => updated(aircraft("maintenance"), &["status"]),
        EventType::KeyCreated | EventType::KeyLeakedInUrl | EventType::KeyResumed => key("active"),
        EventType::KeyLeaked => with(key("active"), "url", "https://github.com/skyline/website/blob/main/.env".into()),
        EventType::KeyUpdated => updated(key("active"), &["name"]),
        EventType::KeyRotated => with(key("active"), "rotated_to", "key_01kafvzxbcrk1qta9g4nk0n4kp".into()),
        EventType::KeyRotationBlocked => {
            let rotated = with(key("active"), "rotated_to", "key_01kafvzxbcrk1qta9g4nk0n4kp".into());
            with(rotated, "revoke_old_at", "2026-03-24T14:30:00Z".into())
        }
        EventType::KeyPaused => with(key("paused"), "paused_until", "2026-03-24T15:30:00Z".into()),
        EventType::KeyRevoked | EventType::KeyRefusedEverywhere => {
            with(key("revoked"), "revoked_at", "2026-03-24T14:30:00Z".into())
        }
        EventType::KeyExpiring => with(key("active"), "expires_at", "2026-03-31T14:30:00Z".into()),
        EventType::KeyExpired => with(key("expired"), "expires_at", "2026-03-24T14:30:00Z".into()),
        EventType::KeyUnusual => {
            let reason = "was used again after 43 days without a use";
            with(with(key("active"), "kind", "dormant".into()), "reason", reason.into())
        }
        EventType::MemberAdded | EventType::MemberRemoved | EventType::MemberSignInFailed => member("dispatcher"),
        EventType::MemberRoleChanged => member("admin"),
        EventType::WebhookDisabled => webhook("no success for 5 days".into()),
        EventType::WebhookEnabled => webhook(Value::Null),
        EventType::FindingDismissed => finding("The tower replaces it in May".into()),
        EventType::FindingRestored => finding(Value::Null),
    }
}

fn finding(reason: Value) -> Value {
    json!({
        "finding_id": "finding_5kbfvzx9acqyj5tatkh1cawbe0", "code": "key_no_expiry",
        "target": { "type": "api_key", "id": "key_01kafvzx9acqyj5tatkh1cawbe" }, "reason": reason,
    })
}

fn with(mut data: Value, field: &str, value: Value) -> Value {
    data[field] = value;
    data
}

fn updated(data: Value, changed: &[&str]) -> Value {
    with(data, "changed", json!(changed))
}

fn trip(status: &str) -> Value {
    json!({
        "trip_id": "trip_01kafvzxkymbyyb3g1ps1tqr0w",
        "external_id": null,
        "trip_type": "charter",
        "status": status,
        "origin": "KTEB",
        "destination": "KMIA",
        "departure_date": "2026-04-01T10:00:00Z",
        "aircraft_id": "ac_01kafvzx2bc7fxppgx6qj2v5dn",
        "created_by": "user_01kafvzxq9nh5kmkb59kya35s2",
    })
}

fn report(status: &str) -> Value {
    json!({
        "report_id": "rpt_01kafvzxfpgxt932znd88t6avq",
        "number": "SR-2026-0042",
        "report_type": "hazard",
        "severity": "minor",
        "status": status,
        "confidentiality": "standard",
        "occurred_at": "2026-03-23T17:05:00Z",
        "title": "Fuel cap found open",
        "location": "KTEB, stand E3",
        "assigned_to": null,
    })
}

fn invoice(status: &str, paid: i64) -> Value {
    json!({
        "invoice_id": "inv_01kafvzx93tj9xaxzmyhjys97r",
        "external_id": null,
        "number": "INV-2026-0117",
        "status": status,
        "client_name": "Alpine Charter AG",
        "trip_id": "trip_01kafvzxkymbyyb3g1ps1tqr0w",
        "currency": "CHF",
        "subtotal": 1_200_000,
        "total": 1_200_000,
        "amount_paid": paid,
        "due_date": "2026-04-23",
    })
}

fn aircraft(status: &str) -> Value {
    json!({
        "aircraft_id": "ac_01kafvzx2bc7fxppgx6qj2v5dn",
        "tail_number": "N525SK",
        "type_designator": "C25B",
        "model": "Citation CJ3+",
        "home_base": "KTEB",
        "status": status,
        "dispatch_available": status == "active",
    })
}

fn key(status: &str) -> Value {
    json!({
        "api_key_id": "key_01kafvzxbznb5zhq4p2kqhzgjn",
        "name": "Fleet Dashboard",
        "hint": "pck_Ab3d…Xy9z",
        "status": status,
        "permissions": "custom",
        "scopes": ["fleet:read", "trips:read"],
        "expires_at": null,
        "paused_until": null,
        "revoked_at": null,
        "rotated_from": null,
        "rotated_to": null,
        "revoke_old_at": null,
    })
}

fn member(role: &str) -> Value {
    json!({
        "member_id": "user_01kafvzxb0ygmhxjpphptpbwqn",
        "name": "Dee Castillo",
        "email": "dee@skyline.example",
        "role": role,
    })
}

fn webhook(reason: Value) -> Value {
    json!({
        "webhook_id": "wh_01kafvzx9acqyj5tatkh1cawbe",
        "url": "https://hooks.example.com/planeconnection",
        "reason": reason,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// Collects the ids in a value.
    fn ids(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::String(text) if text.contains("_01") => found.push(text.clone()),
            Value::Object(fields) => fields.values().for_each(|value| ids(value, found)),
            _ => {}
        }
    }

    #[test]
    fn ids_of_examples_are_ids() {
        let mut found = Vec::new();
        for event_type in EventType::ALL {
            ids(&example(*event_type), &mut found);
        }
        ids(&example_of_test(), &mut found);
        assert!(found.len() > 2 * EventType::ALL.len());
        for id in found {
            let parsed: type_safe_id::TypeSafeId<type_safe_id::DynamicType> = id.parse().expect(&id);
            assert_eq!(parsed.to_string(), id);
        }
    }

    #[test]
    fn every_type_has_its_own_description_and_an_example() {
        let descriptions: HashSet<_> = EventType::ALL.iter().map(|event_type| description(*event_type)).collect();
        assert_eq!(descriptions.len(), EventType::ALL.len());
        for event_type in EventType::ALL {
            let example = example(*event_type);
            assert_eq!(example["type"], event_type.as_str());
            assert!(example["data"].as_object().is_some_and(|data| data.len() >= 3), "{event_type}");
        }
    }
}
