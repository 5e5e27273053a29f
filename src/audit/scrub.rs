//! Secrets are removed from texts before they reach the log.

use std::borrow::Cow;

use serde_json::Value;

use super::tables::event;

/// Takes keys and tokens out of an event before it is hashed: nothing is removed from the log afterwards. Texts with one
/// are refused where they come in; this is for a text that was forgotten there, or stored before it was refused.
pub(super) fn scrub(row: &mut event::Model) {
    let texts = [&mut row.actor_name, &mut row.target_id, &mut row.target_name, &mut row.user_agent, &mut row.request_id];
    texts.into_iter().flatten().for_each(take_secrets_out);
    scrub_json(&mut row.details);
}

fn scrub_json(value: &mut Value) {
    match value {
        Value::String(text) => take_secrets_out(text),
        Value::Array(items) => items.iter_mut().for_each(scrub_json),
        Value::Object(members) => members.values_mut().for_each(scrub_json),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A text without any is left as it is.
pub(super) fn take_secrets_out(text: &mut String) {
    if let Cow::Owned(clean) = key_format::scrub(text) {
        *text = clean;
    }
}
