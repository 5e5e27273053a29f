//! Every query on workspaces.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};

use super::model::{Workspace, WorkspaceId};
use super::tables::{Column, Entity, Model};
use crate::kit::db::DbResult;

pub(super) async fn insert(db: &impl ConnectionTrait, workspace: &Workspace) -> DbResult<()> {
    let Workspace { id, slug, name, timezone, api_keys_enabled, created_at } = workspace.clone();
    let row = Model { id, slug, name, timezone, api_keys_enabled, created_at };
    Entity::insert(row.into_active_model()).exec_without_returning(db).await.map(|_| ())
}

/// The workspace with this id.
pub async fn find(db: &impl ConnectionTrait, id: WorkspaceId) -> DbResult<Option<Workspace>> {
    Ok(Entity::find_by_id(id).one(db).await?.map(workspace_of))
}

/// The workspace with this slug.
pub async fn find_by_slug(db: &impl ConnectionTrait, slug: &str) -> DbResult<Option<Workspace>> {
    Ok(Entity::find().filter(Column::Slug.eq(slug)).one(db).await?.map(workspace_of))
}

/// Every workspace, the oldest first.
pub async fn all(db: &impl ConnectionTrait) -> DbResult<Vec<Workspace>> {
    Ok(Entity::find().order_by_asc(Column::CreatedAt).all(db).await?.into_iter().map(workspace_of).collect())
}

pub(super) async fn set_api_keys_enabled(db: &impl ConnectionTrait, id: WorkspaceId, enabled: bool) -> DbResult<()> {
    let update = Entity::update_many().col_expr(Column::ApiKeysEnabled, Expr::value(enabled)).filter(Column::Id.eq(id));
    update.exec(db).await.map(|_| ())
}

fn workspace_of(row: Model) -> Workspace {
    let Model { id, slug, name, timezone, api_keys_enabled, created_at } = row;
    Workspace { id, slug, name, timezone, api_keys_enabled, created_at }
}
