//! Every query on workspaces.

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};

use super::model::{Workspace, WorkspaceId};
use super::tables::workspace::{Column, Entity, Model};
use super::tables::{counter, setup_link};
use kit::clock::{self, Time};
use kit::day::Day;
use kit::db::{DbResult, Source, count_rows, find_row, find_rows};
use kit::secret::TokenDigest;

pub(super) async fn insert(db: &impl ConnectionTrait, workspace: &Workspace) -> DbResult<()> {
    let Workspace { id, slug, name, timezone, api_keys_enabled, created_at, sandbox_of } = workspace.clone();
    let row = Model { id, slug, name, timezone, api_keys_enabled, created_at, sandbox_of };
    Entity::insert(row.into_active_model()).exec_without_returning(db).await.map(|_| ())
}

pub async fn find(db: &impl Source, id: WorkspaceId) -> DbResult<Option<Workspace>> {
    Ok(find_row(db, Entity::find_by_id(id)).await?.map(workspace_of))
}

/// Returns the day that `time` falls on in the workspace's time zone.
pub async fn day_of(db: &impl Source, id: WorkspaceId, time: Time) -> DbResult<Day> {
    let workspace = find(db, id).await?.ok_or_else(|| DbErr::RecordNotFound(format!("the workspace {id}")))?;
    Ok(Day::in_zone(time, &clock::zone(&workspace.timezone)))
}

/// Finds a workspace that people work in by its slug.
pub async fn find_by_slug(db: &impl Source, slug: &str) -> DbResult<Option<Workspace>> {
    let named = Entity::find().filter(Column::Slug.eq(slug)).filter(Column::SandboxOf.is_null());
    Ok(find_row(db, named).await?.map(workspace_of))
}

/// Finds a workspace or a sandbox by its slug, for its audit log.
pub async fn find_log_by_slug(db: &impl Source, slug: &str) -> DbResult<Option<Workspace>> {
    Ok(find_row(db, Entity::find().filter(Column::Slug.eq(slug))).await?.map(workspace_of))
}

/// Finds the sandbox of a workspace, which it has from its first test key on.
pub async fn find_sandbox(db: &impl Source, of: WorkspaceId) -> DbResult<Option<Workspace>> {
    Ok(find_row(db, Entity::find().filter(Column::SandboxOf.eq(of))).await?.map(workspace_of))
}

/// Lists every workspace, sandboxes included, the oldest first.
pub async fn all(db: &impl Source) -> DbResult<Vec<Workspace>> {
    Ok(find_rows(db, Entity::find().order_by_asc(Column::CreatedAt)).await?.into_iter().map(workspace_of).collect())
}

/// Lists the workspaces that people work in by slug, at most `limit` of them.
pub async fn list(db: &impl Source, limit: Option<u64>) -> DbResult<Vec<Workspace>> {
    let named = Entity::find().filter(Column::SandboxOf.is_null()).order_by_asc(Column::Slug);
    Ok(find_rows(db, named.limit(limit)).await?.into_iter().map(workspace_of).collect())
}

/// Counts the workspaces that people work in.
pub async fn count(db: &impl Source) -> DbResult<u64> {
    count_rows(db, Entity::find().filter(Column::SandboxOf.is_null())).await
}

/// Returns whether there is any workspace.
pub async fn any(db: &impl Source) -> DbResult<bool> {
    Ok(find_row(db, Entity::find()).await?.is_some())
}

pub(super) async fn insert_setup_link(db: &impl ConnectionTrait, digest: TokenDigest, now: Time, until: Time) -> DbResult<()> {
    let row = setup_link::Model { digest: digest.to_vec(), created_at: now, expires_at: until };
    setup_link::Entity::insert(row.into_active_model()).exec_without_returning(db).await.map(|_| ())
}

/// Counts the valid set-up links: all of them, or this one.
pub(super) async fn count_setup_links(db: &impl Source, digest: Option<TokenDigest>, now: Time) -> DbResult<u64> {
    let mut good = setup_link::Entity::find().filter(setup_link::Column::ExpiresAt.gt(now));
    if let Some(digest) = digest {
        good = good.filter(setup_link::Column::Digest.eq(digest.to_vec()));
    }
    count_rows(db, good).await
}

/// Deletes a valid link. Returns false if it is unknown, used or expired.
pub(super) async fn consume_setup_link(db: &impl ConnectionTrait, digest: TokenDigest, now: Time) -> DbResult<bool> {
    let link = setup_link::Entity::delete_many()
        .filter(setup_link::Column::Digest.eq(digest.to_vec()))
        .filter(setup_link::Column::ExpiresAt.gt(now));
    Ok(link.exec(db).await?.rows_affected == 1)
}

/// Deletes the links that have expired by `now`, or every link.
pub(super) async fn delete_setup_links(db: &impl ConnectionTrait, now: Option<Time>) -> DbResult<()> {
    let mut links = setup_link::Entity::delete_many();
    if let Some(now) = now {
        links = links.filter(setup_link::Column::ExpiresAt.lte(now));
    }
    links.exec(db).await.map(|_| ())
}

/// Returns whether keys can be created and rotated.
pub async fn api_keys_enabled(db: &impl Source, id: WorkspaceId) -> DbResult<bool> {
    Ok(find(db, id).await?.is_some_and(|workspace| workspace.api_keys_enabled))
}

pub(super) async fn set_api_keys_enabled(db: &impl ConnectionTrait, id: WorkspaceId, enabled: bool) -> DbResult<()> {
    let update = Entity::update_many().col_expr(Column::ApiKeysEnabled, Expr::value(enabled)).filter(Column::Id.eq(id));
    update.exec(db).await.map(|_| ())
}

/// Returns the next of a workspace's numbers of this name, from 1. It rolls back with the transaction: there are no gaps.
pub async fn next_number(tx: &impl Source, workspace: WorkspaceId, name: &str) -> DbResult<i64> {
    let first = counter::Model { workspace_id: workspace, name: name.to_owned(), value: 1 };
    let next = OnConflict::columns([counter::Column::WorkspaceId, counter::Column::Name])
        .value(counter::Column::Value, Expr::cust("counters.value + 1"))
        .to_owned();
    counter::Entity::insert(first.into_active_model()).on_conflict(next).exec_without_returning(tx).await?;
    let counter = find_row(tx, counter::Entity::find_by_id((workspace, name.to_owned()))).await?;
    counter.map(|counter| counter.value).ok_or_else(|| DbErr::RecordNotFound(format!("the counter {name}")))
}

/// Deletes the counters of a workspace: its numbers begin again at 1.
pub async fn delete_counters(tx: &impl ConnectionTrait, workspace: WorkspaceId) -> DbResult<()> {
    counter::Entity::delete_many().filter(counter::Column::WorkspaceId.eq(workspace)).exec(tx).await.map(|_| ())
}

fn workspace_of(row: Model) -> Workspace {
    let Model { id, slug, name, timezone, api_keys_enabled, created_at, sandbox_of } = row;
    Workspace { id, slug, name, timezone, api_keys_enabled, created_at, sandbox_of }
}
