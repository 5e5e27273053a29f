//! Sentences about second factors.

use serde_json::Value;

use super::sessions::ended;
use super::{Event, Phrase, subject, target};
use kit::page::number::grouped;

/// “Ana Keller enabled two-factor authentication; 2 other sessions ended”
pub(super) fn enabled(details: &Value) -> String {
    let how = if details.get("replaced") == Some(&Value::Bool(true)) {
        "changed their authenticator app"
    } else {
        "enabled two-factor authentication"
    };
    format!(" {how}{}", ended(details, "other session"))
}

/// “Somebody who knows the password of Ana Keller entered a wrong code, 12 times”
pub(super) fn failed(event: &Event) -> Vec<Phrase> {
    let often = match number(&event.details, "count") {
        Some(count) if count > 1 => format!(", {} times", grouped(count)),
        _ => String::new(),
    };
    vec![subject(event), " with the password of ".into(), target(event), format!(" entered a wrong code{often}").into()]
}

/// “Ana Keller used a backup code; 9 are left”
pub(super) fn used_backup_code(details: &Value) -> String {
    match number(details, "left") {
        Some(1) => " used a backup code; 1 is left".to_owned(),
        Some(left) => format!(" used a backup code; {left} are left"),
        None => " used a backup code".to_owned(),
    }
}

fn number(details: &Value, name: &str) -> Option<u64> {
    details.get(name).and_then(Value::as_u64)
}
