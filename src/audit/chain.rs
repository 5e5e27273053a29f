//! The hash chain: each event's hash covers the hash before it.

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::event::Event;

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// The hash before the first event.
pub const GENESIS: Hash = [0; 32];

/// Returns the hash of `event`, which follows the hash `previous`.
pub fn link(previous: &Hash, event: &Event) -> Hash {
    link_sized(previous, event).0
}

/// Returns the hash of `event`, and the length of its canonical JSON.
pub fn link_sized(previous: &Hash, event: &Event) -> (Hash, usize) {
    let canonical = canonical(event);
    let mut hash = Sha256::new();
    hash.update(previous);
    hash.update(&canonical);
    (hash.finalize().into(), canonical.len())
}

/// Returns the event as it is sent, without `hash`, in RFC 8785 form.
fn canonical(event: &Event) -> Vec<u8> {
    let mut value = serde_json::to_value(event).unwrap_or(Value::Null);
    if let Some(object) = value.as_object_mut() {
        object.remove("hash");
    }
    serde_json_canonicalizer::to_vec(&value).unwrap_or_default()
}
