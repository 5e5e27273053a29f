//! Events as they are sent.

use serde::Serialize;
use serde_json::Value;

use super::action::{Action, Outcome};
use super::actor::EventActor;
use super::authentication::EventAuthentication;
use super::target::EventTarget;
use kit::clock::Time;

kit::ids! {
    /// An audit event.
    EventId = "evt";
}

/// An event of the audit log, as it is sent, exported and (without `hash`) hashed.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuditEvent)]
pub struct Event {
    pub id: EventId,
    /// The position in the workspace's log, from 1, without gaps.
    pub sequence: i64,
    pub occurred_at: Time,
    #[schema(value_type = Action)]
    pub action: String,
    #[schema(value_type = Outcome)]
    pub outcome: String,
    pub actor: EventActor,
    pub target: Option<EventTarget>,
    /// The client's IP address.
    pub ip: Option<String>,
    /// The `User-Agent` of the request.
    pub user_agent: Option<String>,
    /// The id of the request, as in `X-Request-Id`.
    pub request_id: Option<String>,
    /// Further data, which depend on the action.
    #[schema(value_type = Object)]
    pub details: Value,
    /// The last proof of identity of the person who acted; left out for keys, the operator, the system and unknown actors.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = EventAuthentication, required = false)]
    pub authentication: Option<EventAuthentication>,
    /// SHA-256, in hexadecimal, over the previous event's 32 bytes (zeros before the first) and this event's RFC 8785 JSON without `hash`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub hash: String,
}

/// Returns the fields in which two descriptions differ, as `{field: {from, to}}`; `None` if they are equal.
pub fn differences(old: &Value, new: &Value) -> Option<Value> {
    let (old, new) = (old.as_object()?, new.as_object()?);
    let differing = new.iter().filter(|(field, to)| old.get(*field) != Some(*to));
    let changes: serde_json::Map<_, _> =
        differing.map(|(field, to)| (field.clone(), serde_json::json!({ "from": old.get(field), "to": to }))).collect();
    (!changes.is_empty()).then_some(Value::Object(changes))
}

/// Returns the names of the fields in a description of changes, in `snake_case`: for a payload.
pub fn changed_fields(changes: &Value) -> Vec<String> {
    let Some(changes) = changes.as_object() else { return Vec::new() };
    let rewritten = changes.get("rewritten").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    changes.keys().map(String::as_str).filter(|field| *field != "rewritten").chain(rewritten).map(snake_case).collect()
}

fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

/// Stands in the event of a creation for a text that the log does not repeat; `null` if there is none.
pub fn unrepeated<T>(text: Option<&T>) -> Value {
    text.map_or(Value::Null, |_| Value::from("rewritten"))
}

/// Adds to `changes` the names of texts that were rewritten, for texts that the log does not repeat.
pub fn and_rewritten<const N: usize>(changes: Option<Value>, texts: [(&str, bool); N]) -> Option<Value> {
    let rewritten: Vec<_> = texts.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect();
    if rewritten.is_empty() {
        return changes;
    }
    let mut changes = changes.unwrap_or_else(|| Value::Object(serde_json::Map::new()));
    changes["rewritten"] = serde_json::json!(rewritten);
    Some(changes)
}
