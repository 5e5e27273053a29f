//! Every query on links that reset a password.

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};

use super::tables::{Column, Entity, Model};
use crate::members::{Member, MemberId};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{Db, DbResult, Source, find_row};
use kit::secret::TokenDigest;

pub(super) async fn insert(
    db: &impl ConnectionTrait,
    member: &Member,
    digest: TokenDigest,
    created_at: Time,
    expires_at: Time,
) -> DbResult<()> {
    let (workspace_id, member_id) = (member.workspace, member.id);
    let role = member.role.as_str().to_owned();
    let row = Model { digest: digest.to_vec(), workspace_id, member_id, role, created_at, expires_at };
    Entity::insert(row.into_active_model()).exec_without_returning(db).await.map(|_| ())
}

/// Finds a link that has not expired.
pub(super) async fn find(db: &impl Source, digest: TokenDigest, now: Time) -> DbResult<Option<Model>> {
    find_row(db, Entity::find_by_id(digest.to_vec()).filter(Column::ExpiresAt.gt(now))).await
}

/// Uses a member's link up. Returns false if it was used up before, has expired, or was made for another role of theirs.
pub(super) async fn take(db: &impl ConnectionTrait, member: &Member, digest: TokenDigest, now: Time) -> DbResult<bool> {
    let open = Entity::delete_by_id(digest.to_vec()).filter(Column::ExpiresAt.gt(now));
    Ok(open.filter(Column::Role.eq(member.role.as_str())).exec(db).await?.rows_affected == 1)
}

/// Returns whether a member has a link that has not expired.
pub(super) async fn has_open(db: &impl Source, member: MemberId, now: Time) -> DbResult<bool> {
    let open = Entity::find().filter(Column::MemberId.eq(member)).filter(Column::ExpiresAt.gt(now));
    Ok(find_row(db, open).await?.is_some())
}

/// Deletes the link of a member, if there is one.
pub(in crate::auth) async fn withdraw(db: &impl ConnectionTrait, member: MemberId) -> DbResult<()> {
    Entity::delete_many().filter(Column::MemberId.eq(member)).exec(db).await.map(|_| ())
}

/// Deletes all links of a workspace.
pub(in crate::auth) async fn withdraw_all(db: &impl ConnectionTrait, workspace: WorkspaceId) -> DbResult<()> {
    Entity::delete_many().filter(Column::WorkspaceId.eq(workspace)).exec(db).await.map(|_| ())
}

/// Deletes the links that have expired.
pub async fn forget_expired(db: &Db, now: Time) -> DbResult<()> {
    let tx = db.begin_essential().await?;
    Entity::delete_many().filter(Column::ExpiresAt.lte(now)).exec(&tx).await?;
    tx.commit().await
}
