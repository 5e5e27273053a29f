//! The rows of the list.

use std::net::IpAddr;

use serde_json::Value;

use crate::audit::action::{Action, Outcome};
use crate::audit::authentication::EventAuthentication;
use crate::audit::descriptions::{Phrase, phrases, unusual};
use crate::audit::event::Event;
use crate::audit::target::TargetKind;
use crate::keys::KeyId;
use crate::requests;
use kit::page::{Fields, Moments};

/// The events of one day.
pub(super) struct EventDay {
    /// “Monday, 23 November 2026”
    pub(super) heading: String,
    pub(super) rows: Vec<EventRow>,
}

/// Groups events, in order, by the day on which they happened.
pub(super) fn days(rows: impl Iterator<Item = EventRow>, at: &Moments) -> Vec<EventDay> {
    let mut days: Vec<EventDay> = Vec::new();
    for row in rows {
        let heading = at.day_of(row.event.occurred_at).with_weekday();
        match days.last_mut().filter(|day| day.heading == heading) {
            Some(day) => day.rows.push(row),
            None => days.push(EventDay { heading, rows: vec![row] }),
        }
    }
    days
}

/// An event as a sentence, with its details.
pub(super) struct EventRow {
    pub(super) event: Event,
    /// The parts of the sentence, with their links.
    pub(super) words: Vec<(String, Option<String>)>,
    pub(super) unusual: Option<&'static str>,
    pub(super) is_denied: bool,
    /// The last proof of identity: “3 minutes before, by password and code”.
    pub(super) proof: Option<String>,
    /// The client's address.
    pub(super) from: String,
    pub(super) details: Vec<(String, String)>,
    /// The link to the explanation of a denied request.
    pub(super) why: Option<String>,
}

impl EventRow {
    /// Prepares an event. `opens_keys` is true for a reader who may open the pages of keys.
    pub(super) fn new(event: Event, opens_keys: bool) -> Self {
        let words = phrases(&event).into_iter().map(|phrase| (link(&phrase, opens_keys), phrase.text));
        Self {
            words: words.filter(|(_, text)| !text.is_empty()).map(|(link, text)| (text, link)).collect(),
            unusual: unusual(&event),
            is_denied: event.outcome == Outcome::Denied.as_str(),
            proof: event.authentication.as_ref().map(EventAuthentication::in_words),
            from: from(&event),
            details: details(&event.details),
            why: why(&event).filter(|_| opens_keys),
            event,
        }
    }

    pub(super) fn actor(&self) -> String {
        spelled(&self.event.actor.kind, self.event.actor.id.as_deref())
    }

    pub(super) fn target(&self) -> Option<String> {
        self.event.target.as_ref().map(|target| spelled(&target.kind, target.id.as_deref()))
    }
}

/// Returns the link of a name: of a key to its page, or to its events if the reader may not open that page; of a member to
/// their events.
fn link(phrase: &Phrase, opens_keys: bool) -> Option<String> {
    let (kind, id) = phrase.names.as_ref()?;
    match kind {
        TargetKind::ApiKey if opens_keys => id.parse::<KeyId>().ok().map(|id| format!("/settings/api-keys/{id}")),
        TargetKind::ApiKey => Some(Fields::default().with("api_key_id", id).to_query()),
        TargetKind::Member => Some(Fields::default().with("actor_id", id).to_query()),
        TargetKind::Workspace
        | TargetKind::Aircraft
        | TargetKind::Trip
        | TargetKind::Report
        | TargetKind::Invoice
        | TargetKind::Webhook => None,
    }
}

/// Returns whether an event sums up denied requests with a key.
fn is_denial(event: &Event) -> bool {
    matches!(event.action.parse(), Ok(Action::KeyDenied | Action::KeyLeakedInUrl))
}

/// Returns the link to the explanation of the first request of a denial.
fn why(event: &Event) -> Option<String> {
    event.request_id.as_deref().filter(|_| is_denial(event)).map(requests::link)
}

fn from(event: &Event) -> String {
    // Denials are aggregated by network, and past some number of networks under none.
    let is_aggregated = is_denial(event);
    match event.ip.as_deref() {
        Some(ip) if is_aggregated && matches!(ip.parse(), Ok(IpAddr::V6(_))) => format!("{ip}/64"),
        Some(ip) => ip.to_owned(),
        None if is_aggregated => "many addresses".to_owned(),
        None => String::new(),
    }
}

fn spelled(kind: &str, id: Option<&str>) -> String {
    id.map_or_else(|| kind.to_owned(), |id| format!("{kind} {id}"))
}

/// Returns the details by name: changes as old and new value, the rest as JSON. Sorted, as Postgres reorders the members of
/// a JSON object.
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
