//! Every action as it is recorded, and its sentence.
//!
//! - here those about data, webhooks and settings; `keys` about API keys; `people` about members and their sign-ins

mod keys;
mod people;

use serde_json::{Value, json};

use super::{describe, phrases, unusual};
use crate::audit::action::{Action, Outcome};
use crate::audit::actor::EventActor;
use crate::audit::event::{Event, EventId};
use crate::audit::target::{EventTarget, TargetKind};
use kit::clock::Time;

const ANA: (&str, &str) = ("member", "Ana Keller");
const BEN: (&str, &str) = ("member", "Ben Moser");
const KEY: (&str, &str) = ("api_key", "Fleet Dashboard");
const OPERATOR: (&str, &str) = ("operator", "root");
const ANONYMOUS: (&str, &str) = ("anonymous", "");
const SYSTEM: (&str, &str) = ("system", "");

fn event(action: &str, actor: (&str, &str), target: (&str, &str), details: Value) -> Event {
    let named = |(kind, name): (&str, &str)| (kind.to_owned(), Some(name.to_owned()).filter(|name| !name.is_empty()));
    let (kind, name) = named(actor);
    let id = name.as_ref().filter(|_| kind != "operator").map(|name| format!("{kind}_{}", name.len()));
    let (target_kind, target_name) = named(target);
    let is_refusal =
        ["api_key.denied", "api_key.leaked_in_url", "member.sign_in_failed", "member.two_factor_failed"].contains(&action);
    Event {
        id: EventId(uuid::Uuid::nil()),
        sequence: 7,
        occurred_at: Time::FIRST,
        action: action.to_owned(),
        outcome: if is_refusal { Outcome::Denied } else { Outcome::Success }.as_str().to_owned(),
        actor: EventActor { kind, id, name },
        target: target_name.map(|name| EventTarget { kind: target_kind, id: Some("x_1".to_owned()), name: Some(name) }),
        ip: None,
        user_agent: None,
        request_id: None,
        details,
        authentication: None,
        hash: String::new(),
    }
}

fn of_data() -> Vec<(Event, &'static str)> {
    let aircraft = json!({
        "status": { "from": "active", "to": "maintenance" }, "homeBase": { "from": null, "to": "LSZH" },
        "statusNote": { "from": null, "to": "status (active)" },
    });
    let trip = json!({ "departureDate": { "from": "a", "to": "b" }, "status": { "from": "active", "to": "close_out" } });
    let report = json!({ "status": { "from": "submitted", "to": "under_review" }, "rewritten": ["title", "description"] });
    let filed = |how: &str| json!({ "reportType": "hazard", "severity": "minor", "confidentiality": how });
    let (trip_name, invoice, number) =
        (("trip", "LSZH–EGLL 2026-11-24"), ("invoice", "INV-2026-0001"), ("report", "HAZ-2026-0007"));
    vec![
        (event("aircraft.created", ANA, ("aircraft", "HB-JAA"), json!({})), "Ana Keller added the aircraft HB-JAA"),
        (
            event("aircraft.updated", KEY, ("aircraft", "HB-JAA"), aircraft),
            "The key Fleet Dashboard changed the aircraft HB-JAA: home base, status (active → maintenance) and status note",
        ),
        (event("trip.created", KEY, trip_name, json!({})), "The key Fleet Dashboard created the trip LSZH–EGLL 2026-11-24"),
        (
            event("trip.updated", ANA, trip_name, trip),
            "Ana Keller changed the trip LSZH–EGLL 2026-11-24: departure date and status (active → close out)",
        ),
        (event("report.created", ANA, number, filed("standard")), "Ana Keller filed the report HAZ-2026-0007"),
        (event("report.created", ANONYMOUS, number, filed("anonymous")), "The report HAZ-2026-0007 was filed anonymously"),
        (event("report.created", ANONYMOUS, number, filed("confidential")), "The report HAZ-2026-0007 was filed in confidence"),
        (
            event("report.updated", ANA, number, report),
            "Ana Keller changed the report HAZ-2026-0007: description, status (submitted → under review) and title",
        ),
        (
            event("report.updated", ANA, number, json!({ "severity": { "from": "low", "to": "hazardous" } })),
            "Ana Keller changed the report HAZ-2026-0007: severity (minor → hazardous)",
        ),
        (event("invoice.created", KEY, invoice, json!({})), "The key Fleet Dashboard drafted the invoice INV-2026-0001"),
        (
            event("invoice.updated", KEY, invoice, json!({ "rewritten": ["lineItems"] })),
            "The key Fleet Dashboard changed the draft of the invoice INV-2026-0001: line items",
        ),
        (event("invoice.sent", ANA, invoice, json!({})), "Ana Keller sent the invoice INV-2026-0001"),
        (
            event("invoice.payment_recorded", ANA, invoice, json!({ "amount": 1 })),
            "Ana Keller recorded a payment for the invoice INV-2026-0001",
        ),
        (
            event("invoice.voided", ANA, invoice, json!({ "reason": "Twice" })),
            "Ana Keller voided the invoice INV-2026-0001: “Twice”",
        ),
        (
            event("invoice.overdue", SYSTEM, invoice, json!({ "dueDate": "2026-11-23" })),
            "The invoice INV-2026-0001 was not paid by 2026-11-23",
        ),
    ]
}

fn of_webhooks() -> Vec<(Event, &'static str)> {
    let hook = ("webhook", "ops.example");
    let active = json!({ "active": { "from": true, "to": false } });
    let reason = json!({ "reason": "410 Gone" });
    vec![
        (event("webhook.created", ANA, hook, json!({})), "Ana Keller created the webhook ops.example"),
        (event("webhook.updated", ANA, hook, active), "Ana Keller changed the webhook ops.example: active"),
        (event("webhook.deleted", ANA, hook, json!({})), "Ana Keller deleted the webhook ops.example"),
        (event("webhook.secret_rotated", ANA, hook, json!({})), "Ana Keller replaced the secret of the webhook ops.example"),
        (event("webhook.disabled", SYSTEM, hook, reason), "The webhook ops.example was disabled: “410 Gone”"),
        (event("webhook.enabled", ANA, hook, json!({})), "Ana Keller enabled the webhook ops.example"),
        (
            event("finding.dismissed", ANA, KEY, json!({ "reason": "Known" })),
            "Ana Keller dismissed a finding about the key Fleet Dashboard: “Known”",
        ),
        (
            event("finding.restored", ANA, KEY, json!({})),
            "Ana Keller took back the dismissal of a finding about the key Fleet Dashboard",
        ),
    ]
}

fn of_security() -> Vec<(Event, &'static str)> {
    let workspace = ("workspace", "Skyline Aviation");
    let changed = json!({
        "twoFactorPolicy": { "from": "optional", "to": "required_for_all" },
        "passkeysAllowed": { "from": true, "to": false },
        "idleMinutes": { "from": 720, "to": 60 },
    });
    let policy = json!({
        "maxLifetimeDays": { "from": null, "to": 90 },
        "allowNoExpiration": { "from": true, "to": false },
        "onLeak": { "from": "notify", "to": "pause" },
    });
    let emptied = json!({ "trips": 2, "aircraft": 1, "invoices": 1200, "reports": 0, "complete": true });
    let ended = |sessions: u64, keys: u64| json!({ "endedSessions": sessions, "revokedApiKeys": keys });
    vec![
        (
            event("settings.security.updated", ANA, workspace, changed),
            "Ana Keller changed the security settings: idle minutes (720 → 60), passkeys allowed (yes → no) and two-factor policy \
             (optional → required for all)",
        ),
        (
            event("settings.api_key_policy.updated", ANA, workspace, policy),
            "Ana Keller changed the policy for API keys: longest lifetime in days (no limit → 90), no expiration allowed (yes → no) \
             and on a leak (notify → pause)",
        ),
        (
            event("sandbox.reset", ANA, workspace, emptied),
            "Ana Keller reset the sandbox: 2 trips, 1 aircraft, 1,200 invoices and 0 safety reports were deleted",
        ),
        (event("workspace.everyone_signed_out", ANA, workspace, ended(1, 0)), "Ana Keller signed everyone out: 1 session ended"),
        (
            event("workspace.everyone_signed_out", ANA, workspace, ended(12, 3)),
            "Ana Keller signed everyone out and revoked 3 API keys: 12 sessions ended",
        ),
    ]
}

#[test]
fn every_action_has_a_sentence() {
    let all = [keys::events(), people::events(), of_security(), of_data(), of_webhooks()].concat();
    for (event, sentence) in &all {
        assert_eq!(describe(event), *sentence, "{}", event.action);
    }
    for action in Action::ALL {
        assert!(all.iter().any(|(event, _)| event.action == action.as_str()), "{action} is not in the table");
    }
}

#[test]
fn unknown_action_is_described_by_its_code() {
    let unknown = event("hangar.swept", ANA, ("hangar", "North"), json!(["anything"]));
    assert_eq!(describe(&unknown), "Ana Keller: hangar.swept (North)");
    assert_eq!(unusual(&unknown), None);
}

#[test]
fn malformed_details_still_make_a_sentence() {
    for action in Action::ALL {
        for details in [json!(null), json!([]), json!({ "role": 7, "count": "x", "rewritten": 3, "enabled": [], "reason": {} })] {
            for target in [KEY, ANONYMOUS] {
                assert!(!describe(&event(action.as_str(), ANONYMOUS, target, details.clone())).is_empty());
            }
        }
    }
}

#[test]
fn names_in_a_sentence_refer_to_their_subjects() {
    let event = event("api_key.created", ANA, KEY, json!({}));
    let names: Vec<_> =
        phrases(&event).into_iter().filter_map(|phrase| phrase.names.map(|(kind, _)| (kind, phrase.text))).collect();
    assert_eq!(names, [(TargetKind::Member, "Ana Keller".to_owned()), (TargetKind::ApiKey, "Fleet Dashboard".to_owned())]);
}
