//! The life cycle of a key in the API.

mod bulk;
mod create;
mod custodian;
mod export;
mod filters;
mod idempotency;
mod limits;
mod list;
mod locks;
mod pause;
mod policy;
mod revoke;
mod rotate;
mod rotated_retries;
mod rotation_end;
mod sandbox;
mod search;
mod settings;
mod shadow;
mod update;
mod usage;

use serde_json::Value;

/// Replaces a field of a body.
fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}
