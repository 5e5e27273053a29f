//! Sentences about sign-ins, and about sessions and invitations that ended with another action.

use serde_json::Value;

use super::{Event, Phrase, subject, target};
use kit::page::number::{grouped, plural};

/// “Somebody tried to sign in as Ana Keller with a wrong password, 12 times”
pub(super) fn failed(event: &Event) -> Vec<Phrase> {
    let count = number(&event.details, "/count").unwrap_or(1);
    if event.details.get("limitReached") == Some(&Value::Bool(true)) {
        let refused = format!(" were refused {}: too many wrong passwords for this email", times(count));
        return vec!["Sign-ins as ".into(), target(event), refused.into()];
    }
    let often = if count > 1 { format!(", {}", times(count)) } else { String::new() };
    vec![subject(event), " tried to sign in as ".into(), target(event), format!(" with a wrong password{often}").into()]
}

/// Sessions that ended because the member had too many.
pub(super) fn ended(details: &Value) -> String {
    match number(details, "/endedSessions") {
        Some(count) if count > 0 => format!("; the oldest {} ended", plural(count, "session")),
        _ => String::new(),
    }
}

/// Invitations that ended because their author may not invite any more.
pub(super) fn ended_invitations(details: &Value) -> String {
    match number(details, "/endedInvitations/count") {
        Some(count) if count > 0 => format!("; {} ended", plural(count, "open invitation")),
        _ => String::new(),
    }
}

fn times(count: u64) -> String {
    if count == 1 { "once".to_owned() } else { format!("{} times", grouped(count)) }
}

fn number(details: &Value, pointer: &str) -> Option<u64> {
    details.pointer(pointer).and_then(Value::as_u64)
}
