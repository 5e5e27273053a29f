//! The hash that ties an event to all before it.

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::model::Event;

/// A link: 32 bytes of SHA-256.
pub type Hash = [u8; 32];

/// What stands before the first event.
pub const GENESIS: Hash = [0; 32];

/// The hash of `event`, which comes after `previous`.
pub fn link(previous: &Hash, event: &Event) -> Hash {
    link_sized(previous, event).0
}

/// The hash of `event`, and the length of what was hashed.
pub fn link_sized(previous: &Hash, event: &Event) -> (Hash, usize) {
    let canonical = canonical(event);
    let mut hash = Sha256::new();
    hash.update(previous);
    hash.update(&canonical);
    (hash.finalize().into(), canonical.len())
}

/// The event as it is sent, without `hash`, in RFC 8785 form.
fn canonical(event: &Event) -> Vec<u8> {
    let mut value = serde_json::to_value(event).unwrap_or(Value::Null);
    if let Some(object) = value.as_object_mut() {
        object.remove("hash");
    }
    serde_json_canonicalizer::to_vec(&value).unwrap_or_default()
}
