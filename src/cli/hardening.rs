//! Protection of the process's memory, which briefly contains passwords and keys.

use rustix::process::{Resource, Rlimit, setrlimit};

/// Disables core dumps. Tools of the same user, such as `lsof`, still have access to the process.
pub(super) fn forbid_core_dumps() {
    if let Err(error) = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) }) {
        tracing::warn!(%error, "core dumps cannot be switched off");
    }
}
