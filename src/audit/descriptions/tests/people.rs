//! Events about members, their sign-ins and their second factors.

use serde_json::json;

use super::{ANA, ANONYMOUS, BEN, OPERATOR, event};
use crate::audit::event::Event;
use kit::clock::Time;

pub(super) fn events() -> Vec<(Event, &'static str)> {
    [of_people(), of_factors()].concat()
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
