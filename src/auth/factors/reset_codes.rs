//! One-time codes that stand in for second factors that were reset: the next sign-in asks for one beside the password.
//!
//! A code that has expired is still asked for. Otherwise waiting would open the account to the password alone.

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};

use super::tables::reset_code::{Column, Entity, Model};
use crate::members::{Member, MemberId};
use kit::clock::Time;
use kit::db::{DbResult, Source, count_rows};
use kit::secret::TokenDigest;

/// Returns whether the next sign-in of a member asks for a code.
pub(super) async fn is_pending(db: &impl Source, member: MemberId) -> DbResult<bool> {
    Ok(count_rows(db, Entity::find_by_id(member)).await? == 1)
}

/// Stores the code of a reset in place of an earlier one.
pub(super) async fn replace(
    db: &impl ConnectionTrait,
    member: &Member,
    digest: TokenDigest,
    created_at: Time,
    expires_at: Time,
) -> DbResult<()> {
    Entity::delete_by_id(member.id).exec(db).await?;
    let (member_id, workspace_id) = (member.id, member.workspace);
    let role = member.role.as_str().to_owned();
    let row = Model { member_id, workspace_id, digest: digest.to_vec(), role, created_at, expires_at };
    Entity::insert(row.into_active_model()).exec_without_returning(db).await.map(|_| ())
}

/// Uses a code up. Returns false if it is another one, was used before, has expired, or was made for another role of the member.
pub(super) async fn take(db: &impl ConnectionTrait, member: &Member, digest: TokenDigest, now: Time) -> DbResult<bool> {
    let known = Entity::delete_by_id(member.id).filter(Column::Digest.eq(digest.to_vec())).filter(Column::ExpiresAt.gt(now));
    Ok(known.filter(Column::Role.eq(member.role.as_str())).exec(db).await?.rows_affected == 1)
}
