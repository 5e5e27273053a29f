//! The rows of members in the terms of audit events, to be compared with them.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::{Value, json};

use super::model::MemberId;
use super::password_store::unguarded;
use super::tables::{Column, Entity, Model};
use crate::workspaces::WorkspaceId;
use kit::db::{DbResult, Source, find_rows};
use kit::text::fingerprint;

/// Lists up to `limit` rows after `after`, by id.
pub async fn described_after(
    db: &impl Source,
    workspace: WorkspaceId,
    after: Option<MemberId>,
    limit: u64,
) -> DbResult<Vec<(MemberId, Value)>> {
    let mut mine = Entity::find().filter(Column::WorkspaceId.eq(workspace));
    if let Some(after) = after {
        mine = mine.filter(Column::Id.gt(after));
    }
    Ok(find_rows(db, mine.order_by_asc(Column::Id).limit(limit)).await?.into_iter().map(described).collect())
}

pub async fn described_of(db: &impl Source, workspace: WorkspaceId, members: Vec<MemberId>) -> DbResult<Vec<(MemberId, Value)>> {
    let mine = Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(Column::Id.is_in(members));
    Ok(find_rows(db, mine).await?.into_iter().map(described).collect())
}

/// Describes everything that an event says about a member.
fn described(row: Model) -> (MemberId, Value) {
    let described = json!({
        "name": row.name,
        "email": row.email,
        "role": row.role,
        "createdAt": row.created_at,
        "passwordFingerprint": password_fingerprint(row.password_hash.as_deref()),
    });
    (row.id, described)
}

/// Returns a digest of a stored password hash, for an event. It reveals nothing about the password: the hash has a salt of 128
/// random bits. A second factor does not change it.
pub(crate) fn password_fingerprint(hash: Option<&str>) -> Option<String> {
    hash.map(|hash| fingerprint(unguarded(hash).as_bytes()))
}
