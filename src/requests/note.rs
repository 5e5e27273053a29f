//! The notes on a request that the middleware reads at its end: the refusal of its key, or that it is one of the sample.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::keys::{DenialReason, EntryRef};
use crate::scopes::Scope;

/// The refusal of a known key.
#[derive(Clone, Debug)]
pub struct KeyRefusal {
    /// The key as the node knew it.
    pub entry: EntryRef,
    pub reason: DenialReason,
    /// The scope that the request needed.
    pub scope: Option<Scope>,
    /// The limit that the request exceeded.
    pub limit: Option<ExceededLimit>,
}

impl KeyRefusal {
    pub fn new(entry: EntryRef, reason: DenialReason, scope: Option<Scope>) -> Self {
        Self { entry, reason, scope, limit: None }
    }
}

/// A rate limit that a request exceeded.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExceededLimit {
    pub requests: u64,
    pub per_seconds: u64,
    pub of: LimitOwner,
}

kit::string_enum! {
    /// The requests that count towards a limit.
    LimitOwner as LimitOwner {
        /// Requests with the key.
        Key = "key",
        /// Writes with all keys of the workspace.
        Workspace = "workspace",
    }
}
