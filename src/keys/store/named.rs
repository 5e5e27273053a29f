//! The columns of keys that a search in memory reads.

use kit::db::{DbResult, PackedTime, Packing, Pool, packed};
use kit::text::folded;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, Order, Value};
use serde::Deserialize;

use super::filter::is_of;
use super::indexed::{key_id, time};
use crate::keys::model::{KeyId, PauseEnd};
use crate::keys::name_cache::{NamedKey, SearchedKey};
use crate::keys::tables::key::{Column, Entity};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;

/// Returns up to `limit` keys of a workspace in the order of their creation, those after `last`.
pub(in crate::keys) async fn named_after(
    db: &Pool,
    workspace: WorkspaceId,
    last: Option<(Time, KeyId)>,
    limit: u64,
) -> DbResult<Vec<NamedKey>> {
    let mut keys = columns();
    keys.and_where(Column::WorkspaceId.eq(workspace));
    if let Some((at, id)) = last {
        let place = Expr::tuple([Column::CreatedAt, Column::Id].map(ColumnTrait::into_expr));
        keys.and_where(place.gt(Expr::tuple([Value::from(at), Value::from(id)].map(Expr::val))));
    }
    keys.order_by(Column::CreatedAt, Order::Asc).order_by(Column::Id, Order::Asc).limit(limit);
    let mut named = read(db, keys).await?;
    // Packed rows have no order of their own.
    named.sort_unstable_by_key(|named| (named.key.created_at, named.key.id));
    Ok(named)
}

/// Returns up to `limit` keys of a workspace that were changed after `revision`, the first ones in the order of their changes.
pub(in crate::keys) async fn named_since(
    db: &Pool,
    workspace: WorkspaceId,
    revision: i64,
    limit: u64,
) -> DbResult<Vec<NamedKey>> {
    let mut keys = columns();
    keys.and_where(Column::Revision.gt(revision)).and_where(is_of(workspace));
    keys.order_by(Column::Revision, Order::Asc).limit(limit);
    read(db, keys).await
}

fn columns() -> SelectStatement {
    Query::select().columns(COLUMNS.map(|(column, _)| column)).from(Entity).take()
}

async fn read(db: &Pool, keys: SelectStatement) -> DbResult<Vec<NamedKey>> {
    tracing::trace!(sql = %db.get_database_backend().build(&keys), "names of keys");
    let from = Query::select().from_subquery(keys, "named").take();
    Ok(packed::<Row>(db, from, COLUMNS).await?.into_iter().map(NamedKey::from).collect())
}

/// Columns in the order of the fields of [`Row`].
const COLUMNS: [(Column, Packing); 11] = [
    (Column::Id, Packing::Uuid),
    (Column::CreatedAt, Packing::Time),
    (Column::Name, Packing::Text),
    (Column::NameFolded, Packing::Text),
    (Column::NameFormsOf, Packing::Integer),
    (Column::Revision, Packing::Integer),
    (Column::Hint, Packing::Text),
    (Column::RevokedAt, Packing::Time),
    (Column::ExpiresAt, Packing::Time),
    (Column::PausedAt, Packing::Time),
    (Column::PausedUntil, Packing::Time),
];

#[derive(Deserialize)]
struct Row {
    #[serde(deserialize_with = "key_id")]
    id: KeyId,
    created_at: PackedTime,
    name: String,
    name_folded: Option<String>,
    name_forms_of: Option<i64>,
    revision: i64,
    hint: String,
    #[serde(deserialize_with = "time")]
    revoked_at: Option<Time>,
    #[serde(deserialize_with = "time")]
    expires_at: Option<Time>,
    #[serde(deserialize_with = "time")]
    paused_at: Option<Time>,
    #[serde(deserialize_with = "time")]
    paused_until: Option<Time>,
}

impl From<Row> for NamedKey {
    fn from(row: Row) -> Self {
        // A node of an earlier version has written the name, and not its form.
        let current = row.name_folded.filter(|_| row.name_forms_of == Some(row.revision));
        Self {
            folded_name: current.unwrap_or_else(|| folded(&row.name)),
            hint: row.hint,
            key: SearchedKey {
                created_at: row.created_at.0,
                id: row.id,
                is_revoked: row.revoked_at.is_some(),
                expires_at: row.expires_at,
                pause: row.paused_at.map(|_| PauseEnd::from_time(row.paused_until)),
            },
        }
    }
}
