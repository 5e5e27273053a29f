//! Every query on sessions, and on the browsers and networks that members signed in from.

use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};

use super::known::{Kind, LIFETIME, Mark};
use super::tables::{known, session};
use crate::members::{Member, MemberId};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{Db, DbResult};
use kit::secret::TokenDigest;

/// Rows that are deleted by one statement.
const BATCH: u64 = 500;

pub(super) async fn insert(
    db: &impl ConnectionTrait,
    digest: TokenDigest,
    workspace_id: WorkspaceId,
    member_id: MemberId,
    created_at: Time,
    expires_at: Time,
) -> DbResult<()> {
    let row = session::Model { digest: digest.to_vec(), workspace_id, member_id, created_at, expires_at };
    session::Entity::insert(row.into_active_model()).exec_without_returning(db).await.map(|_| ())
}

/// The member of a session, unless it is over.
pub(super) async fn find(db: &impl ConnectionTrait, digest: TokenDigest, now: Time) -> DbResult<Option<(WorkspaceId, MemberId)>> {
    let session = session::Entity::find_by_id(digest.to_vec()).filter(session::Column::ExpiresAt.gt(now)).one(db).await?;
    Ok(session.map(|session| (session.workspace_id, session.member_id)))
}

pub(super) async fn delete(db: &impl ConnectionTrait, digest: TokenDigest) -> DbResult<()> {
    session::Entity::delete_by_id(digest.to_vec()).exec(db).await.map(|_| ())
}

/// Ends the oldest sessions of a member so that `most` are left, the `newest` among them; gives how many ended.
pub(super) async fn end_oldest(db: &impl ConnectionTrait, member: MemberId, newest: TokenDigest, most: u64) -> DbResult<u64> {
    let mut ended = 0;
    loop {
        let others = session::Entity::find().select_only().column(session::Column::Digest);
        let others = others.filter(session::Column::MemberId.eq(member)).filter(session::Column::Digest.ne(newest.to_vec()));
        let newest_first = others.order_by_desc(session::Column::CreatedAt).order_by_desc(session::Column::Digest);
        let over: Vec<Vec<u8>> = newest_first.offset(most.saturating_sub(1)).limit(BATCH).into_tuple().all(db).await?;
        if over.is_empty() {
            return Ok(ended);
        }
        ended += session::Entity::delete_many().filter(session::Column::Digest.is_in(over)).exec(db).await?.rows_affected;
    }
}

/// Deletes the sessions that are over, and the browsers and networks that were not used for long.
pub async fn forget_expired(db: &Db, now: Time) -> DbResult<()> {
    let tx = db.begin_essential().await?;
    session::Entity::delete_many().filter(session::Column::ExpiresAt.lte(now)).exec(&tx).await?;
    known::Entity::delete_many().filter(known::Column::LastUsedAt.lte(now.before(LIFETIME))).exec(&tx).await?;
    tx.commit().await
}

/// Those of the marks that are stored of these members.
pub(super) async fn find_known(
    db: &impl ConnectionTrait,
    members: &[MemberId],
    marks: impl IntoIterator<Item = Mark>,
) -> DbResult<Vec<(MemberId, Mark)>> {
    if members.is_empty() {
        return Ok(Vec::new());
    }
    let found = known::Entity::find().select_only().columns([known::Column::MemberId, known::Column::Digest]);
    let found = found.filter(known::Column::MemberId.is_in(members.iter().copied()));
    let found = found.filter(known::Column::Digest.is_in(marks.into_iter().map(|mark| mark.to_vec())));
    let found: Vec<(MemberId, Vec<u8>)> = found.into_tuple().all(db).await?;
    Ok(found.into_iter().filter_map(|(member, mark)| Some((member, mark.try_into().ok()?))).collect())
}

/// Whether a mark is stored of any member.
pub(super) async fn is_known(db: &impl ConnectionTrait, mark: Mark) -> DbResult<bool> {
    Ok(known::Entity::find().filter(known::Column::Digest.eq(mark.to_vec())).one(db).await?.is_some())
}

/// Notes that a member has signed in from a browser or a network.
pub(super) async fn upsert_known(db: &impl ConnectionTrait, member: &Member, kind: Kind, mark: Mark, now: Time) -> DbResult<()> {
    let row = known::Model {
        digest: mark.to_vec(),
        member_id: member.id,
        workspace_id: member.workspace,
        kind: kind.as_str().to_owned(),
        last_used_at: now,
    };
    let again =
        OnConflict::columns([known::Column::Digest, known::Column::MemberId]).update_column(known::Column::LastUsedAt).to_owned();
    known::Entity::insert(row.into_active_model()).on_conflict(again).exec_without_returning(db).await.map(|_| ())
}

/// Forgets those of a member that were not used for longest, so that `most` of this kind are left.
pub(super) async fn keep_known(db: &impl ConnectionTrait, member: MemberId, kind: Kind, most: u64) -> DbResult<()> {
    let of_member = known::Entity::find().select_only().column(known::Column::Digest);
    let of_kind = of_member.filter(known::Column::MemberId.eq(member)).filter(known::Column::Kind.eq(kind.as_str()));
    let newest_first = of_kind.order_by_desc(known::Column::LastUsedAt).order_by_desc(known::Column::Digest);
    let over: Vec<Vec<u8>> = newest_first.offset(most).limit(BATCH).into_tuple().all(db).await?;
    if over.is_empty() {
        return Ok(());
    }
    let over = known::Entity::delete_many().filter(known::Column::Digest.is_in(over));
    over.filter(known::Column::MemberId.eq(member)).exec(db).await.map(|_| ())
}
