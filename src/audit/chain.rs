//! The hash chain: each event's hash covers the hash before it.

use sha2::{Digest, Sha256};

use super::canonical::canonical_json;
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
    let canonical = canonical_json(event);
    let mut hash = Sha256::new();
    hash.update(previous);
    hash.update(&canonical);
    (hash.finalize().into(), canonical.len())
}
