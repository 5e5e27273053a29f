//! [`KeyView`]: a key as the API and the command line show it.

use serde::Serialize;
use utoipa::ToSchema;

use crate::keys::model::{KeyId, Person, RateLimit, Status};
use crate::keys::service::KeyDetails;
use crate::scopes::{Permissions, Scope};
use kit::clock::Time;

/// An API key, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ApiKey)]
pub(crate) struct KeyView {
    id: KeyId,
    /// Unique among the workspace's active keys.
    name: String,
    /// The purpose of the key.
    description: Option<String>,
    /// The beginning and the end of the secret: `pck_Ab3d…Xy9z`, of a test key `pck_test_Ab3d…Xy9z`.
    hint: String,
    /// True for a test key, which reads and writes the sandbox of the workspace.
    test: bool,
    permissions: Permissions,
    /// The scopes of the key; write includes read.
    scopes: Vec<Scope>,
    status: Status,
    created_at: Time,
    created_by: Person,
    /// The member who is responsible for the key; `null` if no one is: they have left the workspace, or the operator created the key.
    custodian: Option<Person>,
    /// The expiry; `null` for no expiration.
    expires_at: Option<Time>,
    /// The time of the last accepted request. It is up to a second late, or a minute if thousands of keys are in use.
    last_used_at: Option<Time>,
    /// The client address of the last accepted request.
    last_used_ip: Option<String>,
    /// The time of the pause; `null` if the key is not paused.
    paused_at: Option<Time>,
    paused_by: Option<Person>,
    /// The time at which the pause ends by itself; `null` if the key is not paused, or until it is resumed.
    paused_until: Option<Time>,
    /// The time from which every node has refused the paused key; `null` if the key is not paused or the time is unknown.
    paused_everywhere_at: Option<Time>,
    revoked_at: Option<Time>,
    revoked_by: Option<Person>,
    revoke_reason: Option<String>,
    /// The time from which every node has refused the key; `null` if the key is not revoked or the time is unknown.
    refused_everywhere_at: Option<Time>,
    /// The key that this one replaces.
    rotated_from: Option<KeyId>,
    /// The latest key that replaces this one.
    rotated_to: Option<KeyId>,
    /// The time at which the server revokes the key, which was rotated; `null` if no end is set.
    revoke_old_at: Option<Time>,
    /// True if it is revoked then even if it was used in the 24 hours before.
    revoke_old_forced: bool,
    /// The time at which it was not revoked, as it was still in use or no active key replaced it. It stays active until it is revoked, or gets another end.
    rotation_blocked_at: Option<Time>,
    /// The allowed CIDR blocks; empty for all addresses.
    ip_allowlist: Vec<String>,
    /// The rate limit; `null` for no limit.
    rate_limit: Option<RateLimit>,
}

impl KeyView {
    /// Members that change without a change of the key: by its use, and by the confirmation of nodes.
    pub(super) const BY_USE: &[&str] = &["lastUsedAt", "lastUsedIp", "pausedEverywhereAt", "refusedEverywhereAt"];

    pub(crate) fn new(details: KeyDetails, now: Time) -> Self {
        let KeyDetails { key, last_use, successor, custodian, .. } = details;
        let pause = key.current_pause(now).cloned();
        Self {
            status: key.status(now),
            test: key.is_test(),
            scopes: key.scopes.iter().collect(),
            last_used_at: last_use.as_ref().map(|use_| use_.at),
            last_used_ip: last_use.map(|use_| use_.ip),
            rotated_to: successor,
            ip_allowlist: key.allowlist.blocks().iter().map(ToString::to_string).collect(),
            id: key.id,
            name: key.name,
            description: key.description,
            hint: key.hint,
            permissions: key.permissions,
            created_at: key.created_at,
            created_by: key.created_by,
            custodian,
            expires_at: key.expires_at,
            paused_at: pause.as_ref().map(|pause| pause.at),
            paused_until: pause.as_ref().and_then(|pause| pause.end.time()),
            paused_everywhere_at: pause.as_ref().and_then(|pause| pause.refused_everywhere_at),
            paused_by: pause.map(|pause| pause.by),
            revoked_at: key.revoked_at,
            revoked_by: key.revoked_by,
            revoke_reason: key.revoke_reason,
            refused_everywhere_at: key.refused_everywhere_at,
            rotated_from: key.rotated_from,
            revoke_old_at: key.revoke_old_at,
            revoke_old_forced: key.revoke_old_forced,
            rotation_blocked_at: key.rotation_blocked_at,
            rate_limit: key.rate_limit,
        }
    }
}
