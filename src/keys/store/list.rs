//! Pages of a workspace's keys, and their number by status.

use std::time::Duration;

use sea_orm::sea_query::{Asterisk, CaseStatement, Expr, Func, NullOrdering, Query};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    RelationDef, Select,
};

use super::filter::{is_of, matches};
use super::names::sort_name;
use super::{has_status, is_live, key_of};
use crate::keys::model::{Key, KeyOrder, KeyQuery, KeySearch, KeySort, Only, Status, StatusCounts};
use crate::keys::tables::key::{Column, Entity};
use crate::keys::tables::last_use;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{DbResult, Pool, Source, find_rows, find_tuple, newest, rows_of};
use kit::paging::{Paging, Position};

/// Finds the keys of a part of the list, and the position of the last one if there are keys after it and the order allows a
/// walk.
pub(in crate::keys) async fn find_page(
    db: &impl Source,
    workspace: WorkspaceId,
    query: &KeyQuery,
    paging: Paging,
    now: Time,
) -> DbResult<(Vec<Key>, Option<Position>)> {
    let matching = Entity::find().filter(matches(workspace, query.status, &query.search, &query.only, now));
    let (rows, next) = if query.order == KeyOrder::default() {
        newest(db, matching, [Column::CreatedAt, Column::Id], paging).await?
    } else {
        (rows_of(db, sorted(matching, query.order).offset(paging.offset()).limit(paging.limit())).await?, None)
    };
    Ok((rows.into_iter().map(key_of).collect::<DbResult<_>>()?, next))
}

/// Final part of the number of keys, the basis of an incremental count: no key is ever deleted or reactivated.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(in crate::keys) struct Settled {
    /// The end of the counted time; none before the first count.
    until: Option<Time>,
    /// Keys created by then.
    created: u64,
    /// Keys revoked by then.
    revoked: u64,
}

/// The age from which creations and revocations are final: no transaction takes as long to commit.
const SETTLE_AFTER: Duration = Duration::from_hours(1);

/// Counts keys by status, on the basis of an earlier count. Returns the counts, the basis of the next count, and the time at which
/// the next key expires or the next pause ends. Reads only keys created or revoked since the earlier count, expired and paused keys,
/// each on an index.
pub(in crate::keys) async fn count_since(
    db: &Pool,
    workspace: WorkspaceId,
    base: Settled,
    now: Time,
) -> DbResult<(StatusCounts, Settled, Option<Time>)> {
    let found =
        |which: Condition| Query::select().from(Entity).and_where(Column::WorkspaceId.eq(workspace)).cond_where(which).take();
    let number = |which: Condition| found(which).expr(Func::count(Expr::col(Asterisk))).take();
    let until = now.before(SETTLE_AFTER).max(base.until.unwrap_or(Time::FIRST));
    let settling = |column: Column| {
        let since = base.until.map(|since| column.gt(since));
        number(Condition::all().add(column.lte(until)).add_option(since))
    };
    let recent = |column: Column| number(Condition::all().add(column.gt(until)));
    let ahead = Condition::all().add(Column::RevokedAt.is_null()).add(Column::ExpiresAt.gt(now));
    let next = found(ahead).column(Column::ExpiresAt).order_by(Column::ExpiresAt, sea_orm::Order::Asc).limit(1).take();
    let paused = Condition::all().add(Column::PausedAt.is_not_null()).add(Column::PausedUntil.gt(now));
    let next_end = found(paused).column(Column::PausedUntil).order_by(Column::PausedUntil, sea_orm::Order::Asc).limit(1).take();
    // One statement, so that all counts are of one snapshot.
    let statement = Query::select()
        .exprs([Column::CreatedAt, Column::RevokedAt].map(settling))
        .exprs([Column::CreatedAt, Column::RevokedAt].map(recent))
        .expr(number(has_status(Status::Expired, now)))
        .expr(number(has_status(Status::Paused, now)))
        .exprs([next, next_end])
        .take();
    tracing::trace!(sql = %db.get_database_backend().build(&statement), "a count of keys");
    let row = db.query_one(&statement).await?.ok_or_else(|| DbErr::RecordNotFound("the number of keys".to_owned()))?;
    let figure = |column| row.try_get_by_index(column).map(i64::unsigned_abs);
    let settled = Settled { until: Some(until), created: base.created + figure(0)?, revoked: base.revoked + figure(1)? };
    let (all, revoked) = (settled.created + figure(2)?, settled.revoked + figure(3)?);
    let (expired, paused) = (figure(4)?, figure(5)?);
    let counts = StatusCounts { active: all.saturating_sub(expired + revoked + paused), paused, expired, revoked };
    let [next_expiry, next_end]: [Option<Time>; 2] = [row.try_get_by_index(6)?, row.try_get_by_index(7)?];
    Ok((counts, settled, next_expiry.into_iter().chain(next_end).min()))
}

/// Returns active and paused keys whose secret a person has seen because they created or rotated them, the newest first.
pub async fn seen_by(db: &impl Source, workspace: WorkspaceId, person: &str, now: Time, most: u64) -> DbResult<Vec<Key>> {
    let seen = Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(is_live(now));
    let seen = seen.filter(Column::CreatedById.eq(person)).order_by_desc(Column::CreatedAt).order_by_desc(Column::Id);
    find_rows(db, seen.limit(most)).await?.into_iter().map(key_of).collect()
}

/// Counts the keys that a search and a filter find, by status.
pub(in crate::keys) async fn count_by_status(
    db: &impl Source,
    workspace: WorkspaceId,
    (search, only): (&KeySearch, &Only),
    now: Time,
) -> DbResult<StatusCounts> {
    let mut counting = Entity::find().filter(matches(workspace, None, search, only, now)).select_only();
    for status in [Status::Active, Status::Paused, Status::Expired, Status::Revoked] {
        let count = Func::count(Expr::expr(CaseStatement::new().case(has_status(status, now), 1)));
        counting = counting.expr_as(count, status.as_str());
    }
    tracing::trace!(sql = %counting.build(db.get_database_backend()), "a count of filtered keys");
    let counted: Option<(i64, i64, i64, i64)> = find_tuple(db, counting).await?;
    let (active, paused, expired, revoked) = counted.unwrap_or_default();
    let [active, paused, expired, revoked] = [active, paused, expired, revoked].map(i64::unsigned_abs);
    Ok(StatusCounts { active, paused, expired, revoked })
}

/// Sorts by `order`, then by id. Every order except by last use has an index on workspace, column and id.
fn sorted(keys: Select<Entity>, order: KeyOrder) -> Select<Entity> {
    use sea_orm::Order::{Asc, Desc};
    let (by, direction, never_used, no_expiration) = match order {
        KeyOrder::Ascending(by) => (by, Asc, NullOrdering::First, NullOrdering::Last),
        KeyOrder::Descending(by) => (by, Desc, NullOrdering::Last, NullOrdering::First),
    };
    let sorted = match by {
        KeySort::Name => keys.order_by(sort_name(), direction.clone()),
        KeySort::Created => keys.order_by(Column::CreatedAt, direction.clone()),
        KeySort::LastUsed => {
            let last_uses: RelationDef = Entity::belongs_to(last_use::Entity).from(Column::Id).to(last_use::Column::KeyId).into();
            let joined = keys.join(JoinType::LeftJoin, last_uses);
            joined.order_by_with_nulls(last_use::Column::At, direction.clone(), never_used)
        }
        KeySort::Expires => keys.order_by_with_nulls(Column::ExpiresAt, direction.clone(), no_expiration),
    };
    sorted.order_by(Column::Id, direction)
}

/// Returns the revision of the latest change of a workspace's keys after `revision`.
pub async fn last_change_after(db: &impl Source, workspace: WorkspaceId, revision: i64) -> DbResult<Option<i64>> {
    let later = Entity::find().select_only().column(Column::Revision).filter(Column::Revision.gt(revision));
    let latest = later.filter(is_of(workspace)).order_by_desc(Column::Revision);
    Ok(find_tuple::<_, (i64,)>(db, latest).await?.map(|(revision,)| revision))
}
