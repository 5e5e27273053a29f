//! A key's life, call by call.

mod create;
mod limits;
mod list;
mod once;
mod revoke;
mod rotate;
mod settings;
mod update;
mod usage;

use serde_json::{Value, json};

const KEYS: &str = "/api/v1/api-keys";
const WHOAMI: &str = "/api/v1/auth/whoami";

/// A body that makes a key of this name.
fn named(name: &str) -> Value {
    json!({ "name": name, "permissions": "read_only", "expiresAt": null })
}

/// The same body with another value of `field`.
fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}
