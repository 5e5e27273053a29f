//! Every query on sessions.

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};

use super::tables::{Column, Entity, Model};
use crate::kit::clock::Time;
use crate::kit::db::{Db, DbResult};
use crate::kit::secret::TokenDigest;
use crate::members::MemberId;
use crate::workspaces::WorkspaceId;

pub(super) async fn insert(
    db: &impl ConnectionTrait,
    digest: TokenDigest,
    workspace_id: WorkspaceId,
    member_id: MemberId,
    created_at: Time,
    expires_at: Time,
) -> DbResult<()> {
    let row = Model { digest: digest.to_vec(), workspace_id, member_id, created_at, expires_at };
    Entity::insert(row.into_active_model()).exec_without_returning(db).await.map(|_| ())
}

/// Whose session this is, unless it is over.
pub(super) async fn find(db: &impl ConnectionTrait, digest: TokenDigest, now: Time) -> DbResult<Option<(WorkspaceId, MemberId)>> {
    let session = Entity::find_by_id(digest.to_vec()).filter(Column::ExpiresAt.gt(now)).one(db).await?;
    Ok(session.map(|session| (session.workspace_id, session.member_id)))
}

pub(super) async fn delete(db: &impl ConnectionTrait, digest: TokenDigest) -> DbResult<()> {
    Entity::delete_by_id(digest.to_vec()).exec(db).await.map(|_| ())
}

/// Deletes the sessions that are over.
pub async fn forget_expired(db: &Db, now: Time) -> DbResult<()> {
    let tx = db.begin_essential().await?;
    Entity::delete_many().filter(Column::ExpiresAt.lte(now)).exec(&tx).await?;
    tx.commit().await
}
