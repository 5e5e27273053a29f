//! Secrets are removed from texts before they reach the log.

use std::borrow::Cow;

use serde_json::Value;

use super::tables::event;

/// Removes keys and tokens from an event before it is hashed: the log cannot be changed afterwards.
///
/// Requests with a secret in a text are refused. This covers texts that were not checked, or were stored before the check.
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

/// Replaces the secrets in a text, if it has any.
pub(super) fn take_secrets_out(text: &mut String) {
    if let Cow::Owned(clean) = key_format::scrub(text) {
        *text = clean;
    }
}
