//! The columns of keys that the index holds.

use key_format::SecretDigest;
use kit::db::{DbResult, PackedDigest, PackedTime, Packing, Pool, Source, find_row, find_tuple, packed};
use sea_orm::sea_query::Query;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Deserializer};
use uuid::Uuid;

use super::{allowlist_of, rate_limit_of};
use crate::keys::index::IndexedKey;
use crate::keys::model::{KeyId, PauseEnd};
use crate::keys::tables::key::{Column, Entity, Model};
use crate::scopes::Scopes;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;

pub(in crate::keys) async fn find_indexed(db: &impl Source, id: KeyId) -> DbResult<Option<IndexedKey>> {
    find_row(db, Entity::find_by_id(id)).await?.map(|row| indexed_key_of(row.try_into()?)).transpose()
}

/// Returns the revision of a key's last change; `None` if it is revoked, paused or unknown.
pub(in crate::keys) async fn find_active_revision(db: &impl Source, id: KeyId) -> DbResult<Option<i64>> {
    let active = Entity::find_by_id(id).filter(Column::RevokedAt.is_null()).filter(Column::PausedAt.is_null());
    let revision = find_tuple::<_, (i64,)>(db, active.select_only().column(Column::Revision)).await?;
    Ok(revision.map(|(revision,)| revision))
}

/// Returns up to `limit` keys of all workspaces that were changed after `revision`, in the order of their changes.
pub async fn changed_since(db: &Pool, revision: i64, limit: u64) -> DbResult<Vec<IndexedKey>> {
    let changed = Entity::find().filter(Column::Revision.gt(revision)).order_by_asc(Column::Revision).limit(limit);
    let columns = INDEXED_COLUMNS.map(|(column, _)| column);
    let rows = changed.select_only().columns(columns).into_model::<IndexedRow>().all(db).await?;
    rows.into_iter().map(indexed_key_of).collect()
}

/// Returns the keys of all workspaces whose last change has a revision in `after + 1..=until`. A starting node reads all keys in
/// such ranges.
pub async fn changed_between(db: &Pool, after: i64, until: i64) -> DbResult<Vec<IndexedKey>> {
    let keys = Query::select().from(Entity).and_where(Column::Revision.gt(after)).and_where(Column::Revision.lte(until)).take();
    packed(db, keys, INDEXED_COLUMNS).await?.into_iter().map(indexed_key_of).collect()
}

/// Columns in the order of the fields of [`IndexedRow`].
const INDEXED_COLUMNS: [(Column, Packing); 14] = [
    (Column::Id, Packing::Uuid),
    (Column::WorkspaceId, Packing::Uuid),
    (Column::SandboxId, Packing::OptionalUuid),
    (Column::Digest, Packing::Digest),
    (Column::Name, Packing::Text),
    (Column::Scopes, Packing::Integer),
    (Column::IpAllowlist, Packing::Json),
    (Column::RateRequests, Packing::Integer),
    (Column::RatePerSeconds, Packing::Integer),
    (Column::ExpiresAt, Packing::Time),
    (Column::PausedAt, Packing::Time),
    (Column::PausedUntil, Packing::Time),
    (Column::RevokedAt, Packing::Time),
    (Column::Revision, Packing::Integer),
];

/// A row as it is read, column by column or packed.
#[derive(FromQueryResult, Deserialize)]
struct IndexedRow {
    #[serde(deserialize_with = "key_id")]
    id: KeyId,
    #[serde(deserialize_with = "workspace_id")]
    workspace_id: WorkspaceId,
    #[serde(deserialize_with = "sandbox_id")]
    sandbox_id: Option<WorkspaceId>,
    digest: PackedDigest,
    name: String,
    scopes: i16,
    ip_allowlist: Option<serde_json::Value>,
    rate_requests: Option<i32>,
    rate_per_seconds: Option<i32>,
    #[serde(deserialize_with = "time")]
    expires_at: Option<Time>,
    #[serde(deserialize_with = "time")]
    paused_at: Option<Time>,
    #[serde(deserialize_with = "time")]
    paused_until: Option<Time>,
    #[serde(deserialize_with = "time")]
    revoked_at: Option<Time>,
    revision: i64,
}

impl TryFrom<Model> for IndexedRow {
    type Error = DbErr;

    fn try_from(row: Model) -> DbResult<Self> {
        let other_length = |bytes: Vec<u8>| DbErr::Type(format!("a digest of {} bytes", bytes.len()));
        Ok(Self {
            id: row.id,
            workspace_id: row.workspace_id,
            sandbox_id: row.sandbox_id,
            digest: PackedDigest(row.digest.try_into().map_err(other_length)?),
            name: row.name,
            scopes: row.scopes,
            ip_allowlist: row.ip_allowlist,
            rate_requests: row.rate_requests,
            rate_per_seconds: row.rate_per_seconds,
            expires_at: row.expires_at,
            paused_at: row.paused_at,
            paused_until: row.paused_until,
            revoked_at: row.revoked_at,
            revision: row.revision,
        })
    }
}

// An id is a text of its own outside the database.

pub(super) fn key_id<'de, D: Deserializer<'de>>(packed: D) -> Result<KeyId, D::Error> {
    Uuid::deserialize(packed).map(KeyId)
}

fn workspace_id<'de, D: Deserializer<'de>>(packed: D) -> Result<WorkspaceId, D::Error> {
    Uuid::deserialize(packed).map(WorkspaceId)
}

fn sandbox_id<'de, D: Deserializer<'de>>(packed: D) -> Result<Option<WorkspaceId>, D::Error> {
    Option::<Uuid>::deserialize(packed).map(|id| id.map(WorkspaceId))
}

pub(super) fn time<'de, D: Deserializer<'de>>(packed: D) -> Result<Option<Time>, D::Error> {
    Option::<PackedTime>::deserialize(packed).map(|time| time.map(|PackedTime(time)| time))
}

fn indexed_key_of(row: IndexedRow) -> DbResult<IndexedKey> {
    Ok(IndexedKey {
        digest: SecretDigest(row.digest.0),
        allowlist: allowlist_of(row.id, row.ip_allowlist.as_ref())?,
        scopes: Scopes::from_bits(row.scopes.cast_unsigned()),
        rate_limit: rate_limit_of(row.rate_requests, row.rate_per_seconds),
        id: row.id,
        workspace: row.workspace_id,
        sandbox: row.sandbox_id,
        name: row.name.into(),
        expires_at: row.expires_at,
        pause: row.paused_at.map(|_| PauseEnd::from_time(row.paused_until)),
        is_revoked: row.revoked_at.is_some(),
        revision: row.revision,
    })
}
