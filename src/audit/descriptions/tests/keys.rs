//! Events about API keys.

use serde_json::json;

use super::{ANA, ANONYMOUS, BEN, KEY, OPERATOR, SYSTEM, event};
use crate::audit::event::Event;
use kit::clock::Time;

pub(super) fn events() -> Vec<(Event, &'static str)> {
    [of_keys(), of_pauses(), of_shadows(), of_unusual()].concat()
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
