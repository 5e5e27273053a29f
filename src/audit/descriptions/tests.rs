//! Every action as it is recorded, and its sentence.

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

fn denied(reason: &str, count: u64) -> Event {
    event("api_key.denied", KEY, KEY, json!({ "reason": reason, "count": count, "first": Time::FIRST, "last": Time::FIRST }))
}

fn of_pauses() -> Vec<(Event, &'static str)> {
    let paused =
        |minutes: Option<u32>| event("api_key.paused", ANA, KEY, json!({ "minutes": minutes, "pausedUntil": Time::LAST }));
    let resumed = |who, automatic: bool| event("api_key.resumed", who, KEY, json!({ "automatic": automatic }));
    vec![
        (paused(None), "Ana Keller paused the key Fleet Dashboard until it is resumed"),
        (paused(Some(5)), "Ana Keller paused the key Fleet Dashboard for 5 minutes"),
        (paused(Some(60)), "Ana Keller paused the key Fleet Dashboard for 1 hour"),
        (paused(Some(10_080)), "Ana Keller paused the key Fleet Dashboard for 7 days"),
        (
            event("api_key.paused_everywhere", SYSTEM, KEY, json!({ "confirmedBy": [{}, {}], "leaseRanOut": [] })),
            "The key Fleet Dashboard is refused everywhere: confirmed by 2 nodes",
        ),
        (resumed(ANA, false), "Ana Keller resumed the key Fleet Dashboard"),
        (resumed(SYSTEM, true), "The key Fleet Dashboard works again: its pause ended"),
        (denied("paused", 2), "2 requests with the key Fleet Dashboard were refused: it is paused"),
    ]
}

fn of_shadows() -> Vec<(Event, &'static str)> {
    let ended = |early: bool| event("api_key.shadow_ended", ANA, KEY, json!({ "early": early }));
    vec![
        (
            event("api_key.shadow_started", ANA, KEY, json!({ "scopes": ["trips:read", "fleet:read"] })),
            "Ana Keller started shadow mode for the key Fleet Dashboard with only trips:read, fleet:read",
        ),
        (ended(true), "Ana Keller ended shadow mode for the key Fleet Dashboard"),
        (ended(false), "Ana Keller removed the result of shadow mode for the key Fleet Dashboard"),
    ]
}

fn of_unusual() -> Vec<(Event, &'static str)> {
    vec![
        (
            event("api_key.unusual", SYSTEM, KEY, json!({ "kind": "dormant", "quietDays": 43 })),
            "The key Fleet Dashboard was used again after 43 days without a use",
        ),
        (
            event("api_key.unusual", SYSTEM, KEY, json!({ "kind": "of_later" })),
            "The key Fleet Dashboard was used in an unusual way",
        ),
    ]
}

fn of_keys() -> Vec<(Event, &'static str)> {
    let created =
        json!({ "hint": "pck_Ab3d…Xy9z", "permissions": "read_only", "scopes": ["fleet:read"], "expiresAt": Time::LAST });
    let mut replacing = created.clone();
    replacing["rotatedFrom"] = json!("key_1");
    let used = |first: bool| json!({ "firstUse": first, "address": "203.0.113.7", "at": Time::FIRST });
    let replacement = json!({ "replacement": { "id": "key_2", "name": "Fleet Dashboard (2026-11-23)" } });
    let switched = |to: bool| json!({ "enabled": { "from": !to, "to": to } });
    let changes = json!({ "name": { "from": "Old", "to": "New" }, "rateLimit": { "from": null, "to": { "requests": 5 } } });
    let mut scope = denied("scope_required", 2);
    scope.details["requiredScope"] = json!("trips:write");
    let with_end = json!({ "replacement": { "name": "Desk" }, "revokeOldAt": "2026-11-30T09:30:00Z" });
    let new_end = json!({ "revokeOldAt": { "from": null, "to": "2026-11-30T09:30:00Z" } });
    vec![
        (event("api_key.created", ANA, KEY, created.clone()), "Ana Keller created the key Fleet Dashboard"),
        (event("api_key.created", OPERATOR, KEY, created), "The operator (command line) created the key Fleet Dashboard"),
        (event("api_key.created", ANA, KEY, replacing), "Ana Keller created the key Fleet Dashboard to replace another"),
        (event("api_key.updated", ANA, KEY, changes), "Ana Keller changed the key Fleet Dashboard: name and rate limit"),
        (
            event("api_key.rotated", ANA, KEY, replacement),
            "Ana Keller created a replacement for the key Fleet Dashboard: Fleet Dashboard (2026-11-23)",
        ),
        (
            event("api_key.rotated", ANA, KEY, with_end),
            "Ana Keller created a replacement for the key Fleet Dashboard: Desk; the old key ends at 2026-11-30T09:30:00Z",
        ),
        (
            event("api_key.updated", ANA, KEY, new_end),
            "Ana Keller changed the key Fleet Dashboard: time of its revocation (none → 2026-11-30T09:30:00Z)",
        ),
        (
            event("api_key.rotation_blocked", SYSTEM, KEY, json!({ "lastUsedAt": Time::FIRST })),
            "The key Fleet Dashboard was not revoked at the end of its rotation: it is still in use",
        ),
        (
            event("api_key.rotation_blocked", SYSTEM, KEY, json!({ "cause": "no_successor" })),
            "The key Fleet Dashboard was not revoked at the end of its rotation: no active key replaces it",
        ),
        (event("api_key.revoked", ANA, KEY, json!({ "reason": null })), "Ana Keller revoked the key Fleet Dashboard"),
        (
            event("api_key.revoked", ANA, KEY, json!({ "reason": "It leaked" })),
            "Ana Keller revoked the key Fleet Dashboard: “It leaked”",
        ),
        (
            event("api_key.refused_everywhere", SYSTEM, KEY, json!({ "confirmedBy": [{}, {}, {}], "leaseRanOut": [] })),
            "The key Fleet Dashboard is refused everywhere: confirmed by 3 nodes",
        ),
        (
            event("api_key.refused_everywhere", KEY, KEY, json!({ "confirmedBy": [{}], "leaseRanOut": [{}, {}] })),
            "The key Fleet Dashboard is refused everywhere: confirmed by 1 node; the leases of 2 nodes expired",
        ),
        (
            event("api_key.refused_everywhere", KEY, KEY, json!({ "confirmedBy": [{}], "leaseRanOut": [], "gone": [{}] })),
            "The key Fleet Dashboard is refused everywhere: confirmed by 1 node; 1 node left in the meantime",
        ),
        (event("api_key.expiring", SYSTEM, KEY, json!({ "daysLeft": 7 })), "The key Fleet Dashboard expires in 7 days"),
        (event("api_key.expiring", SYSTEM, KEY, json!({ "daysLeft": 1 })), "The key Fleet Dashboard expires within a day"),
        (event("api_key.expired", SYSTEM, KEY, json!({ "expiresAt": Time::LAST })), "The key Fleet Dashboard expired"),
        // In logs of earlier versions by the key itself.
        (event("api_key.expired", KEY, KEY, json!({ "expiresAt": Time::LAST })), "The key Fleet Dashboard expired"),
        (event("api_key.used", KEY, KEY, used(true)), "The key Fleet Dashboard was used for the first time, from 203.0.113.7"),
        (event("api_key.used", KEY, KEY, used(false)), "The key Fleet Dashboard was used from a new address, 203.0.113.7"),
        (denied("revoked", 1_200), "1,200 requests with the key Fleet Dashboard were refused: it is revoked"),
        (denied("expired", 1), "A request with the key Fleet Dashboard was refused: it has expired"),
        (
            denied("ip_not_allowed", 2),
            "2 requests with the key Fleet Dashboard were refused: the key may not be used from that address",
        ),
        (denied("rate_limited", 2), "2 requests with the key Fleet Dashboard were refused: more than its rate limit allows"),
        (scope, "2 requests with the key Fleet Dashboard were refused: it lacks the scope trips:write"),
        (denied("person_required", 1), "A request with the key Fleet Dashboard was refused: only people can do that"),
        (denied("test_key", 1), "A request with the key Fleet Dashboard was refused: it is a test key"),
        (denied("too_loud", 1), "A request with the key Fleet Dashboard was refused: too loud"),
        (
            event("api_key.leaked_in_url", KEY, KEY, json!({ "reason": "leaked_in_url", "count": 3 })),
            "The key Fleet Dashboard was sent in a URL 3 times",
        ),
        (
            event("api_key.leaked", SYSTEM, KEY, json!({ "foundBy": "github", "url": "https://github.com/a", "live": true })),
            "The key Fleet Dashboard was found in public by GitHub: https://github.com/a",
        ),
        (
            event("api_key.leaked", SYSTEM, KEY, json!({ "foundBy": "other", "url": "", "live": false })),
            "The key Fleet Dashboard was found in public",
        ),
        (
            event(
                "api_key.custody_transferred",
                ANA,
                BEN,
                json!({ "count": 12, "custodian": { "id": "user_1", "name": "Dee Patch" } }),
            ),
            "Ana Keller handed over 12 keys of Ben Moser to Dee Patch",
        ),
        (event("settings.api_keys.updated", ANA, ANONYMOUS, switched(false)), "Ana Keller switched API key management off"),
        (event("settings.api_keys.updated", ANA, ANONYMOUS, switched(true)), "Ana Keller switched API key management on"),
    ]
}

fn of_people() -> Vec<(Event, &'static str)> {
    let added = json!({ "email": "ben@skyline.example", "role": "safety_manager" });
    let raised = json!({ "role": { "from": "pilot", "to": "admin" } });
    let made = json!({ "slug": "skyline", "timezone": "Europe/Zurich" });
    let set_up = ("operator", "set-up link");
    vec![
        (
            event("workspace.created", set_up, ("workspace", "Skyline Aviation"), made.clone()),
            "Somebody with the set-up link created the workspace Skyline Aviation",
        ),
        (event("member.signed_in", ANA, ANA, json!({})), "Ana Keller signed in"),
        (
            event("member.sign_in_failed", ANONYMOUS, BEN, json!({ "at": Time::FIRST })),
            "Somebody tried to sign in as Ben Moser with a wrong password",
        ),
        (
            event("member.sign_in_failed", ANONYMOUS, BEN, json!({ "at": Time::FIRST, "last": Time::FIRST, "count": 1_200 })),
            "Somebody tried to sign in as Ben Moser with a wrong password, 1,200 times",
        ),
        (
            event("member.sign_in_failed", ANONYMOUS, BEN, json!({ "at": Time::FIRST, "count": 1, "limitReached": true })),
            "Sign-ins as Ben Moser were refused once: too many wrong passwords for this email",
        ),
        (event("member.signed_in", ANA, ANA, json!({ "endedSessions": 2 })), "Ana Keller signed in; the oldest 2 sessions ended"),
        (
            event("member.removed", ANA, BEN, json!({ "endedInvitations": { "count": 1, "members": ["user_1"] } })),
            "Ana Keller removed Ben Moser from the workspace; 1 open invitation ended",
        ),
        (event("member.signed_out", ANA, ANA, json!({})), "Ana Keller signed out"),
        (event("member.notices_updated", ANA, ANA, json!({})), "Ana Keller changed which notices they get by email"),
        (
            event("member.updated", ANA, ("member", "Ana Roth"), json!({ "name": { "from": "Ana Keller", "to": "Ana Roth" } })),
            "Ana Keller changed their name to Ana Roth",
        ),
        (
            event("member.reauthenticated", ANA, ANA, json!({ "methods": ["password", "backup_code"] })),
            "Ana Keller confirmed their identity by password and backup code",
        ),
        (
            event("member.session_revoked", ANA, ANA, json!({ "endedSessions": 1, "session": "ses_x" })),
            "Ana Keller signed out another session of theirs",
        ),
        (
            event("member.session_revoked", ANA, ANA, json!({ "endedSessions": 3 })),
            "Ana Keller signed out 3 other sessions of theirs",
        ),
        (
            event("member.password_changed", ANA, ANA, json!({ "endedSessions": 2 })),
            "Ana Keller changed their password; 2 other sessions ended",
        ),
        (
            event("member.password_changed", ANA, ANA, json!({ "endedSessions": 0, "byLink": true })),
            "Ana Keller set a new password with a reset link",
        ),
        (
            event("member.password_reset_requested", ANONYMOUS, ANA, json!({ "linkExpiresAt": "x" })),
            "Somebody asked for a link by email to reset the password of Ana Keller",
        ),
        (
            event("member.password_reset", OPERATOR, ANA, json!({ "byMember": false, "linkExpiresAt": "x", "endedSessions": 2 })),
            "The operator (command line) reset the password of Ana Keller with a link; 2 sessions ended",
        ),
        (event("member.added", ANA, BEN, added.clone()), "Ana Keller added Ben Moser with the role Safety manager"),
        (event("member.invited_again", ANA, BEN, json!({})), "Ana Keller invited Ben Moser again"),
        (event("member.joined", BEN, BEN, json!({})), "Ben Moser set a password and joined"),
        (event("member.role_changed", ANA, BEN, raised), "Ana Keller changed the role of Ben Moser from Pilot to Admin"),
        (event("member.removed", ANA, BEN, added), "Ana Keller removed Ben Moser from the workspace"),
        (
            event("workspace.created", OPERATOR, ("workspace", "Skyline Aviation"), made),
            "The operator (command line) created the workspace Skyline Aviation",
        ),
    ]
}

fn of_factors() -> Vec<(Event, &'static str)> {
    vec![
        (
            event("member.two_factor_enabled", ANA, ANA, json!({ "endedSessions": 2 })),
            "Ana Keller enabled two-factor authentication; 2 other sessions ended",
        ),
        (
            event("member.two_factor_enabled", ANA, ANA, json!({ "replaced": true, "endedSessions": 0 })),
            "Ana Keller changed their authenticator app",
        ),
        (event("member.two_factor_disabled", ANA, ANA, json!({})), "Ana Keller disabled two-factor authentication"),
        (
            event("member.two_factor_reset", ANA, BEN, json!({ "endedSessions": 1 })),
            "Ana Keller reset the two-factor authentication of Ben Moser; 1 session ended",
        ),
        (
            event("member.two_factor_failed", ANONYMOUS, ANA, json!({ "at": Time::FIRST, "count": 12 })),
            "Somebody with the password of Ana Keller entered a wrong code, 12 times",
        ),
        (event("member.backup_code_used", ANA, ANA, json!({ "left": 9 })), "Ana Keller used a backup code; 9 are left"),
        (event("member.backup_code_used", ANA, ANA, json!({ "left": 1 })), "Ana Keller used a backup code; 1 is left"),
        (event("member.backup_codes_replaced", ANA, ANA, json!({})), "Ana Keller created new backup codes"),
        (
            event("member.passkey_added", ANA, ANA, json!({ "passkey": { "name": "Work laptop" } })),
            "Ana Keller added the passkey Work laptop",
        ),
        (event("member.passkey_removed", ANA, ANA, json!({})), "Ana Keller removed a passkey"),
        (
            event("member.passkey_refused", ANONYMOUS, ANA, json!({ "passkey": { "name": "Work laptop" } })),
            "A passkey of Ana Keller, Work laptop, was refused: its counter went back, so a copy of it seems to exist",
        ),
    ]
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
    let all =
        [of_keys(), of_pauses(), of_shadows(), of_unusual(), of_people(), of_factors(), of_security(), of_data(), of_webhooks()]
            .concat();
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
