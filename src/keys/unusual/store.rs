//! Queries for the rules, and the table of what they found.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use ipnet::IpNet;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SimpleExpr};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, QueryTrait};
use uuid::Uuid;

use super::kinds::{Unusual, UnusualKind};
use super::networks::AddressUse;
use super::rules::HourOfUse;
use crate::keys::model::KeyId;
use crate::keys::store::find_all;
use crate::keys::tables::{address, key, unusual, usage};
use crate::scopes::{Access, Scope};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::day::Day;
use kit::db::{Db, DbResult, Packing, Pool, Source, find_rows, find_tuples, packed};

/// New addresses that one query returns, the latest first: a run every 30 seconds sees all but those of a flood.
const MAX_ADDRESSES: u64 = 10_000;

/// Records that are read for the latest one of each key.
const MAX_RECORDS: u64 = 2_000;

/// Keys that one statement looks up.
const KEYS_AT_ONCE: usize = 500;

/// Rows that one statement deletes.
const DELETE_BATCH: u64 = 500;

/// The values of the column `scope` for writing.
fn write_scopes() -> impl Iterator<Item = i16> {
    let writes = Scope::all().filter(|scope| scope.access == Access::Write);
    writes.filter_map(|scope| i16::try_from(scope.index()).ok())
}

/// The sum of a number as a whole number: on Postgres a sum is a decimal.
fn sum(number: SimpleExpr) -> SimpleExpr {
    number.sum().cast_as("bigint")
}

/// The selected sums: allowed, denied and written.
fn sums() -> [(SimpleExpr, &'static str); 3] {
    use usage::Column::{Allowed, Denied, Scope};
    let written = Expr::case(Scope.is_in(write_scopes()), Allowed.into_expr()).finally(Expr::val(0_i64));
    [(sum(Allowed.into_expr()), "allowed"), (sum(Denied.into_expr()), "denied"), (sum(written.into()), "writes")]
}

/// Returns the requests of workspaces in the hour from `hour`, by key.
pub(super) async fn hours(db: &Pool, workspaces: &[WorkspaceId], hour: Time) -> DbResult<Vec<(WorkspaceId, KeyId, HourOfUse)>> {
    use usage::Column::{Hour, KeyId as Of, WorkspaceId as In};
    let mut by_key = usage::Entity::find().select_only().columns([In, Of]);
    for (expression, name) in sums() {
        by_key = by_key.expr_as(expression, name);
    }
    by_key = by_key.filter(In.is_in(workspaces.iter().copied())).filter(Hour.eq(hour)).group_by(In).group_by(Of);
    let rows = Query::select().from_subquery(by_key.into_query(), "hours").take();
    let columns = [
        ("workspace_id", Packing::Uuid),
        ("key_id", Packing::Uuid),
        ("allowed", Packing::Integer),
        ("denied", Packing::Integer),
        ("writes", Packing::Integer),
    ];
    let rows: Vec<(Uuid, Uuid, i64, i64, i64)> = packed(db, rows, columns).await?;
    let hour_of =
        |(workspace, key, allowed, denied, writes)| (WorkspaceId(workspace), KeyId(key), of(hour, allowed, denied, writes));
    Ok(rows.into_iter().map(hour_of).collect())
}

fn of(start: Time, allowed: i64, denied: i64, writes: i64) -> HourOfUse {
    HourOfUse { start, allowed: allowed.unsigned_abs(), denied: denied.unsigned_abs(), writes: writes.unsigned_abs() }
}

/// Returns the hours of keys from `from` on and before `to`.
pub(super) async fn history(
    db: &impl Source,
    keys: &[KeyId],
    (from, to): (Time, Time),
) -> DbResult<HashMap<KeyId, Vec<HourOfUse>>> {
    use usage::Column::{Hour, KeyId as Of};
    let mut by_hour = usage::Entity::find().select_only().columns([Of, Hour]);
    for (expression, name) in sums() {
        by_hour = by_hour.expr_as(expression, name);
    }
    let by_hour = by_hour.filter(Of.is_in(keys.iter().copied())).filter(Hour.gte(from)).filter(Hour.lt(to));
    let rows: Vec<(KeyId, Time, i64, i64, i64)> = find_tuples(db, by_hour.group_by(Of).group_by(Hour)).await?;
    let mut history: HashMap<KeyId, Vec<HourOfUse>> = HashMap::new();
    for (key, start, allowed, denied, writes) in rows {
        history.entry(key).or_default().push(of(start, allowed, denied, writes));
    }
    Ok(history)
}

/// Returns the last hour of each key from `from` on and before `to` in which it was used, or wrote.
pub(super) async fn last_hours(
    db: &impl Source,
    keys: Vec<KeyId>,
    (from, to): (Time, Time),
    only_writes: bool,
) -> DbResult<HashMap<KeyId, Time>> {
    use usage::Column::{Allowed, Hour, KeyId as Of, Scope};
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let used = usage::Entity::find().select_only().column(Of).column_as(Hour.max(), "hour");
    let mut used = used.filter(Of.is_in(keys)).filter(Hour.gte(from)).filter(Hour.lt(to)).filter(Allowed.gt(0));
    if only_writes {
        used = used.filter(Scope.is_in(write_scopes()));
    }
    let rows: Vec<(KeyId, Time)> = find_tuples(db, used.group_by(Of)).await?;
    Ok(rows.into_iter().collect())
}

/// Returns the time of creation of each key.
pub(super) async fn created_at(db: &impl Source, keys: &[KeyId]) -> DbResult<Vec<(KeyId, Time)>> {
    let made = key::Entity::find().select_only().columns([key::Column::Id, key::Column::CreatedAt]);
    find_tuples(db, made.filter(key::Column::Id.is_in(keys.iter().copied()))).await
}

/// Returns the time of the first use of each key.
pub(super) async fn first_uses(db: &impl Source, keys: &[KeyId]) -> DbResult<HashMap<KeyId, Time>> {
    use address::Column::{FirstUsedAt, KeyId as Of};
    let first = address::Entity::find().select_only().column(Of).column_as(FirstUsedAt.min(), "first");
    let first: Vec<(KeyId, Time)> = find_tuples(db, first.filter(Of.is_in(keys.iter().copied())).group_by(Of)).await?;
    Ok(first.into_iter().collect())
}

/// Returns the keys of workspaces that were first used from an address since `since`, and the number of such addresses.
pub(super) async fn with_new_addresses(
    db: &impl Source,
    workspaces: &[WorkspaceId],
    since: Time,
) -> DbResult<HashMap<(WorkspaceId, KeyId), usize>> {
    use address::Column::{FirstUsedAt, KeyId as Of, WorkspaceId as In};
    let new = address::Entity::find().select_only().columns([In, Of]).filter(In.is_in(workspaces.iter().copied()));
    let new = new.filter(FirstUsedAt.gte(since)).order_by_desc(FirstUsedAt).limit(MAX_ADDRESSES);
    let rows: Vec<(WorkspaceId, KeyId)> = find_tuples(db, new).await?;
    let mut keys = HashMap::new();
    for key in rows {
        *keys.entry(key).or_default() += 1;
    }
    Ok(keys)
}

/// Returns the addresses of keys.
pub(super) async fn addresses(db: &impl Source, keys: &[KeyId]) -> DbResult<HashMap<KeyId, Vec<AddressUse>>> {
    let rows = find_rows(db, address::Entity::find().filter(address::Column::KeyId.is_in(keys.iter().copied()))).await?;
    let mut uses: HashMap<KeyId, Vec<AddressUse>> = HashMap::new();
    for row in rows {
        let Some(address) = address_of(&row.ip) else { continue };
        uses.entry(row.key_id).or_default().push(AddressUse { address, first: row.first_used_at, last: row.last_used_at });
    }
    Ok(uses)
}

/// Parses an address, a network, or a whole IPv6 address of an earlier version.
fn address_of(stored: &str) -> Option<IpAddr> {
    stored.parse().ok().or_else(|| stored.parse::<IpNet>().ok().map(|network| network.addr()))
}

/// Unusual activity of a key, as it was recorded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnusualActivity {
    pub key: KeyId,
    pub at: Time,
    pub unusual: Unusual,
}

/// Returns what was recorded of keys on these days.
pub(super) async fn recorded_on(
    db: &impl Source,
    workspace: WorkspaceId,
    keys: &[KeyId],
    days: &[Day],
) -> DbResult<HashSet<(KeyId, UnusualKind, Day)>> {
    use unusual::Column::{Day as On, KeyId as Of, Kind, WorkspaceId as In};
    let rows = unusual::Entity::find().select_only().columns([Of, Kind, On]).filter(In.eq(workspace));
    let rows = rows.filter(Of.is_in(keys.iter().copied())).filter(On.is_in(days.iter().copied()));
    let rows: Vec<(KeyId, String, Day)> = find_tuples(db, rows).await?;
    Ok(rows.into_iter().filter_map(|(key, kind, day)| Some((key, kind.parse().ok()?, day))).collect())
}

pub(super) async fn insert(db: &impl ConnectionTrait, row: unusual::Model) -> DbResult<()> {
    unusual::Entity::insert(row.into_active_model()).exec_without_returning(db).await.map(|_| ())
}

/// Returns up to `limit` records of a workspace since `since`, of one key or of all, the latest first.
pub async fn unusual_since(
    db: &impl Source,
    workspace: WorkspaceId,
    key: Option<KeyId>,
    since: Time,
    limit: u64,
) -> DbResult<Vec<UnusualActivity>> {
    use unusual::Column::{At, KeyId as Of, Kind, WorkspaceId as In};
    let mut rows = unusual::Entity::find().filter(In.eq(workspace)).filter(At.gte(since));
    if let Some(key) = key {
        rows = rows.filter(Of.eq(key));
    }
    let rows = find_rows(db, rows.order_by_desc(At).order_by_asc(Of).order_by_asc(Kind).limit(limit)).await?;
    let known =
        |row: unusual::Model| Some(UnusualActivity { key: row.key_id, at: row.at, unusual: Unusual::of_details(&row.details)? });
    Ok(rows.into_iter().filter_map(known).collect())
}

/// Returns the latest record of each key that is not revoked or expired, a leak before others, since `since`; at most `limit`.
pub async fn latest_unusual(
    db: &impl Source,
    workspace: WorkspaceId,
    key: Option<KeyId>,
    (since, now): (Time, Time),
    limit: u64,
) -> DbResult<Vec<UnusualActivity>> {
    let mut records = unusual_since(db, workspace, key, since, MAX_RECORDS).await?;
    // Stable: of leaks and of others the latest comes first.
    records.sort_by_key(|record| record.unusual.kind() != UnusualKind::Leak);
    let mut keys = HashSet::new();
    records.retain(|record| keys.insert(record.key));
    let keys: Vec<KeyId> = keys.into_iter().collect();
    let mut live = HashSet::new();
    for keys in keys.chunks(KEYS_AT_ONCE) {
        let found = find_all(db, workspace, keys).await?;
        live.extend(found.into_iter().filter(|key| key.status(now).is_live()).map(|key| key.id));
    }
    records.retain(|record| live.contains(&record.key));
    records.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(records)
}

/// Deletes some of the records of workspaces that are older than `before`.
pub(super) async fn delete_before(db: &Db, workspaces: &[WorkspaceId], before: Time) -> DbResult<()> {
    use unusual::Column::{At, KeyId as Of, WorkspaceId as In};
    let old = unusual::Entity::find().select_only().columns([In, Of, At]).filter(In.is_in(workspaces.iter().copied()));
    let old: Vec<(WorkspaceId, KeyId, Time)> = find_tuples(db.read(), old.filter(At.lt(before)).limit(DELETE_BATCH)).await?;
    let Some(latest) = old.iter().map(|(.., at)| *at).max() else { return Ok(()) };
    let in_workspaces: HashSet<WorkspaceId> = old.iter().map(|(workspace, ..)| *workspace).collect();
    let keys: HashSet<KeyId> = old.iter().map(|(_, key, _)| *key).collect();
    let rows = unusual::Entity::delete_many().filter(In.is_in(in_workspaces)).filter(Of.is_in(keys));
    let tx = db.begin_essential().await?;
    rows.filter(At.lte(latest)).exec(&tx).await?;
    tx.commit().await
}
