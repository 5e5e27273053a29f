//! One-time codes that stand in for second factors that were reset: the next sign-in asks for one beside the password.
//!
//! A code that has expired is still asked for. Otherwise waiting would open the account to the password alone.

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter};

use super::tables::reset_code::{Column, Entity};
use crate::members::MemberId;
use kit::clock::Time;
use kit::db::DbResult;
use kit::secret::TokenDigest;

/// Returns whether the next sign-in of a member asks for a code.
pub(super) async fn is_pending(db: &impl ConnectionTrait, member: MemberId) -> DbResult<bool> {
    Ok(Entity::find_by_id(member).count(db).await? == 1)
}

/// Uses a code up. Returns false if it is another one, was used before, or has expired.
pub(super) async fn take(db: &impl ConnectionTrait, member: MemberId, digest: TokenDigest, now: Time) -> DbResult<bool> {
    let known = Entity::delete_by_id(member).filter(Column::Digest.eq(digest.to_vec())).filter(Column::ExpiresAt.gt(now));
    Ok(known.exec(db).await?.rows_affected == 1)
}
