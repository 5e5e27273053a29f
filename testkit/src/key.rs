//! API keys as clients know them.

use serde_json::{Value, json};

/// An API key with its secret.
#[derive(Clone, Debug)]
pub struct Key {
    pub id: String,
    pub secret: String,
}

impl Key {
    /// Reads the `{secret, apiKey}` that a creation or a rotation returns.
    #[track_caller]
    pub fn from_json(created: &Value) -> Self {
        let text = |pointer| created.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{created}")).to_owned();
        Self { id: text("/apiKey/id"), secret: text("/secret") }
    }
}

/// The body of a request that creates a key with these scopes, without expiry or rate limit.
pub fn create_key_body(name: &str, scopes: &[&str]) -> Value {
    json!({ "name": name, "permissions": "custom", "scopes": scopes, "expiresAt": null, "rateLimit": null })
}
