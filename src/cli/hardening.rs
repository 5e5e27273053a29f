//! No copy of this process's memory on disk: there are passwords and keys in it for a moment each.

use rustix::process::{Resource, Rlimit, setrlimit};

/// Switches core dumps off. The process stays open to its own user's tools, such as `lsof`.
pub(super) fn forbid_core_dumps() {
    if let Err(error) = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) }) {
        tracing::warn!(%error, "core dumps cannot be switched off");
    }
}
