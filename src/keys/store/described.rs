//! Rows of keys in the form of audit events, for the comparison of the table with the audit log.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::{Value, json};

use super::filter::is_of;
use crate::keys::model::KeyId;
use crate::keys::tables::key::{Column, Entity, Model};
use crate::scopes::Scopes;
use crate::workspaces::WorkspaceId;
use kit::db::{DbResult, Source, find_rows};
use kit::text::fingerprint;

/// Returns up to `limit` rows with ids after `after`, in the order of ids.
pub async fn described_after(
    db: &impl Source,
    workspace: WorkspaceId,
    after: Option<KeyId>,
    limit: u64,
) -> DbResult<Vec<(KeyId, Value)>> {
    let mut rows = Entity::find().filter(Column::WorkspaceId.eq(workspace));
    if let Some(after) = after {
        rows = rows.filter(Column::Id.gt(after));
    }
    Ok(find_rows(db, rows.order_by_asc(Column::Id).limit(limit)).await?.into_iter().map(described).collect())
}

pub async fn described_of(db: &impl Source, workspace: WorkspaceId, keys: Vec<KeyId>) -> DbResult<Vec<(KeyId, Value)>> {
    let rows = Entity::find().filter(is_of(workspace)).filter(Column::Id.is_in(keys));
    Ok(find_rows(db, rows).await?.into_iter().map(described).collect())
}

/// Returns all properties that events record. Values are not validated: a manipulated row may hold anything.
fn described(row: Model) -> (KeyId, Value) {
    let rate_limit = row.rate_requests.zip(row.rate_per_seconds);
    let described = json!({
        "name": row.name,
        "hint": row.hint,
        "description": row.description,
        "permissions": row.permissions,
        "scopes": Scopes::from_bits(row.scopes.cast_unsigned()),
        "expiresAt": row.expires_at,
        "ipAllowlist": row.ip_allowlist,
        "rateLimit": rate_limit.map(|(requests, per_seconds)| json!({ "requests": requests, "perSeconds": per_seconds })),
        "secretFingerprint": fingerprint(&row.digest),
        "rotatedFrom": row.rotated_from,
        "sandboxId": row.sandbox_id,
        "custodianId": row.custodian_id,
        "revokeOldAt": row.revoke_old_at,
        "revokeOldForced": row.revoke_old_forced,
        "rotationBlockedAt": row.rotation_blocked_at,
        "createdAt": row.created_at,
        "createdBy": row.created_by_id,
        "expiryRecordedAt": row.expiry_recorded_at,
        "pausedAt": row.paused_at,
        "pausedUntil": row.paused_until,
        "pausedBy": row.paused_by_id,
        "pausedEverywhereAt": row.paused_everywhere_at,
        "revokedAt": row.revoked_at,
        "revokedBy": row.revoked_by_id,
        "reason": row.revoke_reason,
        "refusedEverywhereAt": row.refused_everywhere_at,
    });
    (row.id, described)
}
