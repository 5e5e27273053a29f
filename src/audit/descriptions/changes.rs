//! Changed fields and denial reasons, as the rest of a sentence.

use std::borrow::Cow;

use serde_json::Value;

use super::text;
use crate::keys::DenialReason;
use crate::safety::Severity;

/// Returns the changes of an event: “: status (active → maintenance), home base and notes”.
pub(super) fn changed(details: &Value) -> String {
    let Some(fields) = details.as_object() else { return String::new() };
    let rewritten = fields.get("rewritten").and_then(Value::as_array).into_iter().flatten();
    let named = fields.iter().filter(|(name, _)| name.as_str() != "rewritten").map(|(name, change)| field(name, change));
    let mut texts: Vec<String> = named.chain(rewritten.filter_map(Value::as_str).map(spelled)).collect();
    // Postgres reorders the members of a JSON object.
    texts.sort_unstable();
    match texts.split_last() {
        None => String::new(),
        Some((only, [])) => format!(": {only}"),
        Some((last, others)) => format!(": {} and {last}", others.join(", ")),
    }
}

/// Fields with short values from a closed list or of a fixed form, never free text.
const SHOWN_FIELDS: [&str; 20] = [
    "status",
    "severity",
    "confidentiality",
    "tripType",
    "origin",
    "destination",
    "homeBase",
    "currency",
    "twoFactorPolicy",
    "graceDays",
    "passkeysAllowed",
    "idleMinutes",
    "absoluteMinutes",
    "minimumPasswordLength",
    "maxLifetimeDays",
    "allowNoExpiration",
    "requireIpAllowlistForWrite",
    "rotateAfterDays",
    "onLeak",
    "revokeOldAt",
];

/// Returns a field, with its old and new values if they are shown.
fn field(name: &str, change: &Value) -> String {
    match ["from", "to"].map(|end| change.get(end).and_then(|value| short(name, value))) {
        [Some(from), Some(to)] if SHOWN_FIELDS.contains(&name) => {
            format!("{} ({} → {})", spelled(name), shown(name, &from), shown(name, &to))
        }
        _ => spelled(name),
    }
}

/// Returns a text, a number, or yes or no; “no limit” for a lifetime without one, “none” for a time that is not set.
fn short<'a>(name: &str, value: &'a Value) -> Option<Cow<'a, str>> {
    match value {
        Value::Null if name == "maxLifetimeDays" => Some("no limit".into()),
        Value::Null if name == "revokeOldAt" => Some("none".into()),
        Value::String(text) => Some(text.into()),
        Value::Number(number) => Some(number.to_string().into()),
        Value::Bool(is_so) => Some(if *is_so { "yes" } else { "no" }.into()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Returns a value in words. A severity that the previous version recorded is shown by its present name.
fn shown(name: &str, value: &str) -> String {
    match Severity::from_record(value) {
        Some(severity) if name == "severity" => severity.to_string(),
        Some(_) | None => spaced(value),
    }
}

/// Returns a value of the API with spaces: `close_out` becomes “close out”.
fn spaced(word: &str) -> String {
    word.replace('_', " ")
}

/// Returns a field of the API in plain words: `departureDate` becomes “departure date”.
fn spelled(field: &str) -> String {
    match field {
        "ipAllowlist" => return "allowed addresses".to_owned(),
        "maxLifetimeDays" => return "longest lifetime in days".to_owned(),
        "allowNoExpiration" => return "no expiration allowed".to_owned(),
        "requireIpAllowlistForWrite" => return "allowed addresses required for write".to_owned(),
        "rotateAfterDays" => return "days until rotation".to_owned(),
        "revokeOldAt" => return "time of its revocation".to_owned(),
        "revokeOldForced" => return "revocation while in use".to_owned(),
        "onLeak" => return "on a leak".to_owned(),
        "aircraftId" => return "aircraft".to_owned(),
        "twoFactorPolicy" => return "two-factor policy".to_owned(),
        "tripId" => return "trip".to_owned(),
        "externalId" => return "external id".to_owned(),
        "custodianId" => return "custodian".to_owned(),
        "occurredAt" => return "when it occurred".to_owned(),
        _ => {}
    }
    let mut words = String::with_capacity(field.len() + 4);
    for letter in field.chars() {
        if letter.is_ascii_uppercase() {
            words.push(' ');
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}

/// Returns the reason why requests with a key were denied, unless this version does not know it.
pub(super) fn denial_reason(details: &Value) -> Option<DenialReason> {
    let scope = text(details, "/requiredScope").and_then(|scope| scope.parse().ok());
    DenialReason::from_label(text(details, "/reason")?, scope)
}

/// Returns the reason in words.
pub(in crate::audit) fn denied_because(details: &Value) -> String {
    let Some(reason) = denial_reason(details) else {
        return text(details, "/reason").map_or_else(|| "no reason recorded".to_owned(), spaced);
    };
    match reason {
        DenialReason::Invalid => "it is not valid".to_owned(),
        DenialReason::Revoked => "it is revoked".to_owned(),
        DenialReason::Expired => "it has expired".to_owned(),
        DenialReason::Paused => "it is paused".to_owned(),
        DenialReason::AddressNotAllowed => "the key may not be used from that address".to_owned(),
        DenialReason::RateLimited(()) => "more than its rate limit allows".to_owned(),
        DenialReason::ScopeRequired(scope) => format!("it lacks the scope {scope}"),
        DenialReason::PersonRequired => "only people can do that".to_owned(),
        DenialReason::TestKey => "it is a test key".to_owned(),
        DenialReason::LeakedInUrl => "it was sent in a URL".to_owned(),
    }
}
