//! Bodies and outcomes of changes of many keys at once.

use serde::Deserialize;

use super::{KeyId, PauseKey, Reason};
use crate::members::MemberId;
use kit::http::{Check, FieldErrors};

/// The largest number of keys that one call changes.
pub(in crate::keys) const MAX_SELECTED: usize = 100;

kit::string_enum! {
    /// The outcome of a change of many keys, for one of them.
    BulkOutcome as BulkOutcome {
        /// The key was changed.
        Done = "done",
        /// The key already was as asked for.
        Unchanged = "unchanged",
        /// The key is revoked or expired, and cannot be changed.
        NotActive = "not_active",
        /// The key is paused until a later time than that of the call, and stays so.
        PausedLonger = "paused_longer",
        /// The workspace has no such key.
        NotFound = "not_found",
    }
}

/// Keys to revoke.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = RevokeApiKeys)]
pub struct RevokeKeys {
    /// The ids of 1 to 100 keys.
    #[schema(min_items = 1, max_items = 100)]
    pub ids: Vec<KeyId>,
    /// Shown in the audit log.
    #[serde(default)]
    pub reason: Option<Reason>,
}

impl Check for RevokeKeys {
    fn check(&self, faults: &mut FieldErrors) {
        check_ids(&self.ids, faults);
    }
}

/// Keys to pause.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = PauseApiKeys)]
pub struct PauseKeys {
    /// The ids of 1 to 100 keys.
    #[schema(min_items = 1, max_items = 100)]
    pub ids: Vec<KeyId>,
    /// The minutes after which the keys work again, at most a year; until they are resumed if omitted or `null`.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 525_600)]
    pub minutes: Option<u32>,
}

impl Check for PauseKeys {
    fn check(&self, faults: &mut FieldErrors) {
        check_ids(&self.ids, faults);
        PauseKey { minutes: self.minutes }.check(faults);
    }
}

/// Keys that get another custodian.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = AssignCustodian)]
pub struct AssignCustodian {
    /// The ids of 1 to 100 keys.
    #[schema(min_items = 1, max_items = 100)]
    pub ids: Vec<KeyId>,
    /// The new custodian: a member of this workspace who has joined.
    pub custodian_id: MemberId,
}

impl Check for AssignCustodian {
    fn check(&self, faults: &mut FieldErrors) {
        check_ids(&self.ids, faults);
    }
}

fn check_ids(ids: &[KeyId], faults: &mut FieldErrors) {
    faults.require((1..=MAX_SELECTED).contains(&ids.len()), "ids", "Name 1 to 100 keys.");
}
