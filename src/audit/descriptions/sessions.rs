//! Sentences about sign-ins and passwords, and about sessions and invitations that ended with another action.

use serde_json::Value;

use super::{Event, Phrase, subject, target};
use crate::sessions::AuthMethod;
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

/// “; 2 other sessions ended”
pub(super) fn ended(details: &Value, noun: &str) -> String {
    match number(details, "/endedSessions") {
        Some(count) if count > 0 => format!("; {} ended", plural(count, noun)),
        _ => String::new(),
    }
}

/// Sessions that ended because the member had too many.
pub(super) fn oldest_ended(details: &Value) -> String {
    match number(details, "/endedSessions") {
        Some(count) if count > 0 => format!("; the oldest {} ended", plural(count, "session")),
        _ => String::new(),
    }
}

/// “Ana Keller confirmed their identity by password and code”
pub(super) fn proved(details: &Value) -> String {
    let methods = details.get("methods").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    match AuthMethod::in_words(methods) {
        Some(methods) => format!(" confirmed their identity by {methods}"),
        None => " confirmed their identity".to_owned(),
    }
}

/// “Ana Keller signed out 2 other sessions of theirs”
pub(super) fn revoked(details: &Value) -> String {
    match number(details, "/endedSessions") {
        Some(count) if count != 1 => format!(" signed out {} other sessions of theirs", grouped(count)),
        _ => " signed out another session of theirs".to_owned(),
    }
}

/// “Ana Keller changed their password; 2 other sessions ended”
pub(super) fn changed_password(details: &Value) -> String {
    let how = if details.get("byLink") == Some(&Value::Bool(true)) {
        "set a new password with a reset link"
    } else {
        "changed their password"
    };
    format!(" {how}{}", ended(details, "other session"))
}

/// “The operator (command line) reset the password of Ana Keller with a link; 2 sessions ended”
pub(super) fn reset_password(details: &Value) -> String {
    let how = if details.get("linkExpiresAt").is_some() { " with a link" } else { "" };
    format!("{how}{}", ended(details, "session"))
}

/// “Ana Keller added the passkey Work laptop”
pub(super) fn passkey(details: &Value, verb: &str) -> String {
    match super::text(details, "/passkey/name") {
        Some(name) => format!(" {verb} the passkey {name}"),
        None => format!(" {verb} a passkey"),
    }
}

/// “A passkey of Ana Keller, Work laptop, was refused: its counter went back, so a copy of it seems to exist”
pub(super) fn refused_passkey(event: &Event) -> Vec<Phrase> {
    let name = super::text(&event.details, "/passkey/name").map(|name| format!(", {name},")).unwrap_or_default();
    let because = format!("{name} was refused: its counter went back, so a copy of it seems to exist");
    vec!["A passkey of ".into(), target(event), because.into()]
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

/// “signed everyone out and revoked 3 API keys: 12 sessions ended”
pub(super) fn signed_everyone_out(details: &Value) -> String {
    let count = |name: &str| details.get(name).and_then(Value::as_u64).unwrap_or_default();
    let ended = plural(count("endedSessions"), "session");
    match count("revokedApiKeys") {
        0 => format!(" signed everyone out: {ended} ended"),
        keys => format!(" signed everyone out and revoked {}: {ended} ended", plural(keys, "API key")),
    }
}
