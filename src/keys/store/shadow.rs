//! Shadow mode of keys, at most one row for each.

use std::collections::BTreeMap;

use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter};

use crate::keys::model::{KeyId, Person, Shadow};
use crate::keys::tables::shadow::{Column, Entity, Model};
use crate::scopes::Scopes;
use crate::workspaces::WorkspaceId;
use kit::db::{DbResult, Source, find_row};

pub(in crate::keys) async fn find_shadow(db: &impl Source, workspace: WorkspaceId, key: KeyId) -> DbResult<Option<Shadow>> {
    find_row(db, Entity::find_by_id((workspace, key))).await?.map(shadow_of).transpose()
}

/// Writes the shadow mode of a key in place of an earlier one.
pub(in crate::keys) async fn put_shadow(db: &impl ConnectionTrait, workspace: WorkspaceId, shadow: &Shadow) -> DbResult<()> {
    let columns =
        [Column::Scopes, Column::StartedAt, Column::EndsAt, Column::StartedById, Column::StartedByName, Column::CountedBefore];
    let again = OnConflict::columns([Column::WorkspaceId, Column::KeyId]).update_columns(columns).to_owned();
    let row = row_of(workspace, shadow)?.into_active_model();
    Entity::insert(row).on_conflict(again).exec_without_returning(db).await.map(|_| ())
}

pub(in crate::keys) async fn delete_shadow(db: &impl ConnectionTrait, workspace: WorkspaceId, key: KeyId) -> DbResult<()> {
    let of_key = Entity::delete_many().filter(Column::WorkspaceId.eq(workspace)).filter(Column::KeyId.eq(key));
    of_key.exec(db).await.map(|_| ())
}

fn shadow_of(row: Model) -> DbResult<Shadow> {
    let counted_before: BTreeMap<String, u64> =
        serde_json::from_value(row.counted_before).map_err(|error| DbErr::Json(error.to_string()))?;
    Ok(Shadow {
        key: row.key_id,
        scopes: Scopes::from_bits(row.scopes.cast_unsigned()),
        started_at: row.started_at,
        ends_at: row.ends_at,
        started_by: Person { id: row.started_by_id, name: row.started_by_name },
        counted_before,
    })
}

fn row_of(workspace: WorkspaceId, shadow: &Shadow) -> DbResult<Model> {
    Ok(Model {
        workspace_id: workspace,
        key_id: shadow.key,
        scopes: shadow.scopes.bits().cast_signed(),
        started_at: shadow.started_at,
        ends_at: shadow.ends_at,
        started_by_id: shadow.started_by.id.clone(),
        started_by_name: shadow.started_by.name.clone(),
        counted_before: serde_json::to_value(&shadow.counted_before).map_err(|error| DbErr::Json(error.to_string()))?,
    })
}
