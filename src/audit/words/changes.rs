//! What changed, and why requests were refused.

use serde_json::Value;

use super::text;
use crate::keys::DenialReason;

/// The changes of an event as the rest of a sentence: “: status (active → maintenance), home base and notes”.
pub(super) fn changed(details: &Value) -> String {
    let Some(fields) = details.as_object() else { return String::new() };
    let rewritten = fields.get("rewritten").and_then(Value::as_array).into_iter().flatten();
    let named = fields.iter().filter(|(name, _)| name.as_str() != "rewritten").map(|(name, change)| field(name, change));
    let mut told: Vec<String> = named.chain(rewritten.filter_map(Value::as_str).map(spelled)).collect();
    // A database may hand members of JSON back in an order of its own.
    told.sort_unstable();
    match told.split_last() {
        None => String::new(),
        Some((only, [])) => format!(": {only}"),
        Some((last, others)) => format!(": {} and {last}", others.join(", ")),
    }
}

/// Fields whose values are words of this product or codes: short, and nobody's own text.
const TOLD: [&str; 8] = ["status", "severity", "confidentiality", "tripType", "origin", "destination", "homeBase", "currency"];

/// A field, and from what to what if that is said in a word or two.
fn field(name: &str, change: &Value) -> String {
    match ["from", "to"].map(|end| change.get(end).and_then(Value::as_str)) {
        [Some(from), Some(to)] if TOLD.contains(&name) => format!("{} ({} → {})", spelled(name), spaced(from), spaced(to)),
        _ => spelled(name),
    }
}

/// A word of the API as people write it: `close_out` is “close out”.
fn spaced(word: &str) -> String {
    word.replace('_', " ")
}

/// A field of the API as people call it: `departureDate` is “departure date”.
fn spelled(field: &str) -> String {
    match field {
        "ipAllowlist" => return "allowed addresses".to_owned(),
        "aircraftId" => return "aircraft".to_owned(),
        "tripId" => return "trip".to_owned(),
        "externalId" => return "external id".to_owned(),
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

/// The reason of a denied request with a key; `None` if the event has none that this version knows.
pub(super) fn denial_reason(details: &Value) -> Option<DenialReason> {
    let scope = text(details, "/requiredScope").and_then(|scope| scope.parse().ok());
    DenialReason::from_label(text(details, "/reason")?, scope)
}

/// The reason of denied requests with a key, as the rest of a sentence.
pub(super) fn refused(details: &Value) -> String {
    let Some(reason) = denial_reason(details) else {
        return text(details, "/reason").map_or_else(|| "no reason recorded".to_owned(), spaced);
    };
    match reason {
        DenialReason::Invalid => "it is not valid".to_owned(),
        DenialReason::Revoked => "it is revoked".to_owned(),
        DenialReason::Expired => "it has expired".to_owned(),
        DenialReason::AddressNotAllowed => "the key may not be used from that address".to_owned(),
        DenialReason::RateLimited(()) => "more than its rate limit allows".to_owned(),
        DenialReason::ScopeRequired(scope) => format!("it lacks the scope {scope}"),
        DenialReason::PersonRequired => "only people can do that".to_owned(),
        DenialReason::LeakedInUrl => "it was sent in a URL".to_owned(),
    }
}
