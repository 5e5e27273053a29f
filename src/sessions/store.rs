//! Every query on sessions.

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};

use super::model::{Session, format_methods, parse_methods};
use super::tables::{Column, Entity, Model};
use crate::members::{self, MemberId};
use kit::clock::Time;
use kit::db::{Db, DbResult};
use kit::secret::TokenDigest;

/// Rows that are deleted by one statement.
const BATCH: u64 = 500;

pub(super) async fn insert(db: &impl ConnectionTrait, session: &Session, created_at: Time, expires_at: Time) -> DbResult<()> {
    let row = Model {
        digest: session.digest.to_vec(),
        workspace_id: session.member.workspace,
        member_id: session.member.id,
        created_at,
        expires_at,
        auth_time: Some(session.auth_time),
        methods: format_methods(&session.methods),
    };
    Entity::insert(row.into_active_model()).exec_without_returning(db).await.map(|_| ())
}

/// Finds a session and its member, unless it is over.
pub async fn find(db: &impl ConnectionTrait, digest: TokenDigest, now: Time) -> DbResult<Option<Session>> {
    let row = Entity::find_by_id(digest.to_vec()).filter(Column::ExpiresAt.gt(now)).one(db).await?;
    let Some(Model { workspace_id, member_id, created_at, auth_time, methods, .. }) = row else { return Ok(None) };
    let member = members::find(db, workspace_id, member_id).await?;
    // Nodes of the version before leave the time of authentication empty.
    let auth_time = auth_time.unwrap_or(created_at);
    Ok(member.map(|member| Session { digest, member, auth_time, methods: parse_methods(&methods) }))
}

pub(super) async fn delete(db: &impl ConnectionTrait, digest: TokenDigest) -> DbResult<()> {
    Entity::delete_by_id(digest.to_vec()).exec(db).await.map(|_| ())
}

/// Ends the oldest sessions of a member so that `most` are left, including `newest`. Returns how many ended.
pub(super) async fn end_oldest(db: &impl ConnectionTrait, member: MemberId, newest: TokenDigest, most: u64) -> DbResult<u64> {
    let mut ended = 0;
    loop {
        let others = Entity::find().select_only().column(Column::Digest);
        let others = others.filter(Column::MemberId.eq(member)).filter(Column::Digest.ne(newest.to_vec()));
        let newest_first = others.order_by_desc(Column::CreatedAt).order_by_desc(Column::Digest);
        let over: Vec<Vec<u8>> = newest_first.offset(most.saturating_sub(1)).limit(BATCH).into_tuple().all(db).await?;
        if over.is_empty() {
            return Ok(ended);
        }
        ended += Entity::delete_many().filter(Column::Digest.is_in(over)).exec(db).await?.rows_affected;
    }
}

/// Deletes the sessions that are over.
pub async fn forget_expired(db: &Db, now: Time) -> DbResult<()> {
    let tx = db.begin_essential().await?;
    Entity::delete_many().filter(Column::ExpiresAt.lte(now)).exec(&tx).await?;
    tx.commit().await
}
