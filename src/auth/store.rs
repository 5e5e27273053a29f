//! Every query on the browsers and networks that members signed in from.

use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};

use super::known_callers::{CallerFingerprint, Kind, LIFETIME};
use super::tables::{Column, Entity, Model};
use crate::members::{Member, MemberId};
use kit::clock::Time;
use kit::db::{Db, DbResult, Source, find_row, find_tuples};

/// Rows that are deleted by one statement.
const BATCH: u64 = 500;

/// Deletes the browsers and networks that were not used for 180 days.
pub async fn forget_unused_callers(db: &Db, now: Time) -> DbResult<()> {
    let tx = db.begin_essential().await?;
    Entity::delete_many().filter(Column::LastUsedAt.lte(now.before(LIFETIME))).exec(&tx).await?;
    tx.commit().await
}

/// Finds those of the fingerprints that are stored for these members.
pub(super) async fn find(
    db: &impl Source,
    members: &[MemberId],
    fingerprints: impl IntoIterator<Item = CallerFingerprint>,
) -> DbResult<Vec<(MemberId, CallerFingerprint)>> {
    if members.is_empty() {
        return Ok(Vec::new());
    }
    let found = Entity::find().select_only().columns([Column::MemberId, Column::Digest]);
    let found = found.filter(Column::MemberId.is_in(members.iter().copied()));
    let found = found.filter(Column::Digest.is_in(fingerprints.into_iter().map(|fingerprint| fingerprint.to_vec())));
    let found: Vec<(MemberId, Vec<u8>)> = find_tuples(db, found).await?;
    Ok(found.into_iter().filter_map(|(member, fingerprint)| Some((member, fingerprint.try_into().ok()?))).collect())
}

/// Returns whether a fingerprint is stored for any member.
pub(super) async fn is_known(db: &impl Source, fingerprint: CallerFingerprint) -> DbResult<bool> {
    Ok(find_row(db, Entity::find().filter(Column::Digest.eq(fingerprint.to_vec()))).await?.is_some())
}

/// Returns whether any browser or network is stored for a member.
pub(super) async fn has_any(db: &impl Source, member: MemberId) -> DbResult<bool> {
    Ok(find_row(db, Entity::find().filter(Column::MemberId.eq(member))).await?.is_some())
}

/// Stores that a member has signed in from a browser or a network.
pub(super) async fn upsert(
    db: &impl ConnectionTrait,
    member: &Member,
    kind: Kind,
    fingerprint: CallerFingerprint,
    now: Time,
) -> DbResult<()> {
    let row = Model {
        digest: fingerprint.to_vec(),
        member_id: member.id,
        workspace_id: member.workspace,
        kind: kind.as_str().to_owned(),
        last_used_at: now,
    };
    let again = OnConflict::columns([Column::Digest, Column::MemberId]).update_column(Column::LastUsedAt).to_owned();
    Entity::insert(row.into_active_model()).on_conflict(again).exec_without_returning(db).await.map(|_| ())
}

/// Deletes all callers of a member.
pub(super) async fn delete_of(db: &impl ConnectionTrait, member: MemberId) -> DbResult<()> {
    Entity::delete_many().filter(Column::MemberId.eq(member)).exec(db).await.map(|_| ())
}

/// Deletes the longest unused of a member's callers of one kind, so that `most` are left.
pub(super) async fn delete_excess(db: &impl Source, member: MemberId, kind: Kind, most: u64) -> DbResult<()> {
    let of_member = Entity::find().select_only().column(Column::Digest);
    let of_kind = of_member.filter(Column::MemberId.eq(member)).filter(Column::Kind.eq(kind.as_str()));
    let newest_first = of_kind.order_by_desc(Column::LastUsedAt).order_by_desc(Column::Digest);
    let excess: Vec<(Vec<u8>,)> = find_tuples(db, newest_first.offset(most).limit(BATCH)).await?;
    if excess.is_empty() {
        return Ok(());
    }
    let excess = Entity::delete_many().filter(Column::Digest.is_in(excess.into_iter().map(|(digest,)| digest)));
    excess.filter(Column::MemberId.eq(member)).exec(db).await.map(|_| ())
}
