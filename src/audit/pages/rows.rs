//! An event as a row of the list.

use std::net::IpAddr;

use serde_json::Value;

use crate::audit::model::{Action, Event, Outcome};
use crate::audit::words::{Phrase, phrases, unusual};
use crate::keys::KeyId;
use kit::page::Fields;

/// An event in words, and all there is to it.
pub(super) struct Row {
    pub(super) event: Event,
    /// The sentence: words, and where they lead.
    pub(super) words: Vec<(String, Option<String>)>,
    pub(super) unusual: Option<&'static str>,
    pub(super) is_denied: bool,
    /// From which address.
    pub(super) from: String,
    /// Names and texts.
    pub(super) details: Vec<(String, String)>,
}

impl Row {
    /// As it is shown to someone who may open the pages of keys, or may not.
    pub(super) fn new(event: Event, opens_keys: bool) -> Self {
        let words = phrases(&event).into_iter().map(|phrase| (link(&phrase, opens_keys), phrase.text));
        Self {
            words: words.filter(|(_, text)| !text.is_empty()).map(|(link, text)| (text, link)).collect(),
            unusual: unusual(&event),
            is_denied: event.outcome == Outcome::Denied.as_str(),
            from: from(&event),
            details: details(&event.details),
            event,
        }
    }

    /// The kind and the id of whoever did it.
    pub(super) fn actor(&self) -> String {
        spelled(&self.event.actor.kind, self.event.actor.id.as_deref())
    }

    /// The kind and the id of what it was done to.
    pub(super) fn target(&self) -> Option<String> {
        self.event.target.as_ref().map(|target| spelled(&target.kind, target.id.as_deref()))
    }
}

/// A key leads to its page, or to its events for those who may not open that; a person leads to what they did.
fn link(phrase: &Phrase, opens_keys: bool) -> Option<String> {
    let (kind, id) = phrase.names.as_ref()?;
    match kind.as_str() {
        "api_key" if opens_keys => id.parse::<KeyId>().ok().map(|id| format!("/settings/api-keys/{id}")),
        "api_key" => Some(Fields::default().with("api_key_id", id).to_query()),
        "member" => Some(Fields::default().with("actor_id", id).to_query()),
        _ => None,
    }
}

fn from(event: &Event) -> String {
    // Refusals are folded by network, and past some addresses not told apart at all.
    let is_folded = matches!(event.action.parse(), Ok(Action::KeyDenied | Action::KeyLeakedInUrl));
    match event.ip.as_deref() {
        Some(ip) if is_folded && matches!(ip.parse(), Ok(IpAddr::V6(_))) => format!("{ip}/64"),
        Some(ip) => ip.to_owned(),
        None if is_folded => "many addresses".to_owned(),
        None => String::new(),
    }
}

fn spelled(kind: &str, id: Option<&str>) -> String {
    id.map_or_else(|| kind.to_owned(), |id| format!("{kind} {id}"))
}

/// The details one by one: what changed as from what to what, the rest as JSON. By name: a database may hand members of
/// JSON back in an order of its own.
fn details(details: &Value) -> Vec<(String, String)> {
    match details {
        Value::Object(members) => {
            let mut named: Vec<_> = members.iter().map(|(name, value)| (name.clone(), shown(value))).collect();
            named.sort_unstable();
            named
        }
        Value::Null => Vec::new(),
        other => vec![("details".to_owned(), shown(other))],
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "none".to_owned(),
        Value::Object(members) if members.len() == 2 => match (members.get("from"), members.get("to")) {
            (Some(from), Some(to)) => format!("{} → {}", shown(from), shown(to)),
            _ => value.to_string(),
        },
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}
