//! Requests by hour and last uses of keys: one transaction writes a batch of both.

use std::collections::HashMap;
use std::net::IpAddr;

use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::Batch;
use super::addresses::newer_address;
use crate::core::Core;
use crate::keys::model::KeyId;
use crate::keys::tables::{address, last_use, usage};
use crate::scopes::Scope;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{DbResult, insert_packed};

/// Value of the column `scope` for calls that need none.
const NO_SCOPE: i16 = 255;

pub(super) async fn write(core: &Core, batch: &Batch, now: Time) -> DbResult<()> {
    let hour = now.hour();
    let mut counts: Vec<usage::Model> = Vec::new();
    let mut rows: HashMap<(KeyId, i16), usize> = HashMap::new();
    let mut last: HashMap<KeyId, last_use::Model> = HashMap::new();
    for (entry, drained) in batch {
        for (scope, allowed, denied) in &drained.counts {
            let scope = scope_column(*scope);
            // A key that was changed in the meantime is queued twice; a statement must not touch a row twice.
            let row = *rows.entry((entry.id, scope)).or_insert_with(|| {
                counts.push(usage::Model {
                    workspace_id: entry.workspace(),
                    key_id: entry.id,
                    hour,
                    scope,
                    allowed: 0,
                    denied: 0,
                });
                counts.len() - 1
            });
            counts[row].allowed += i64::from(*allowed);
            counts[row].denied += i64::from(*denied);
        }
        if let Some((_, latest)) = drained.networks.iter().max_by_key(|(_, network)| network.last) {
            let row = last_use::Model { key_id: entry.id, at: latest.last, ip: latest.address.to_string() };
            last.entry(entry.id)
                .and_modify(|known| {
                    if known.at < row.at {
                        *known = row.clone();
                    }
                })
                .or_insert(row);
        }
    }
    // The same order on every node: nodes that write the same rows at once queue instead of deadlocking.
    counts.sort_unstable_by_key(|row| (row.key_id, row.scope));
    let mut last: Vec<_> = last.into_values().collect();
    last.sort_unstable_by_key(|row| row.key_id);
    let tx = core.db.begin_essential().await?;
    add_counts(&tx, &counts).await?;
    insert_packed::<last_use::Entity>(&tx, &last, Some(newer_use())).await?;
    tx.commit().await
}

/// Keeps the later of two last uses: another node may have written it already.
fn newer_use() -> OnConflict {
    OnConflict::column(last_use::Column::KeyId)
        .update_columns([last_use::Column::At, last_use::Column::Ip])
        .action_and_where(Expr::cust("excluded.at > api_key_last_uses.at"))
        .to_owned()
}

async fn add_counts(db: &impl ConnectionTrait, rows: &[usage::Model]) -> DbResult<()> {
    let add = OnConflict::columns([usage::Column::KeyId, usage::Column::Hour, usage::Column::Scope])
        .value(usage::Column::Allowed, Expr::cust("api_key_usage.allowed + excluded.allowed"))
        .value(usage::Column::Denied, Expr::cust("api_key_usage.denied + excluded.denied"))
        .to_owned();
    insert_packed::<usage::Entity>(db, rows, Some(add)).await
}

fn scope_column(scope: Option<Scope>) -> i16 {
    scope.map_or(NO_SCOPE, |scope| i16::try_from(scope.index()).unwrap_or(NO_SCOPE))
}

/// Returns the hourly rows of one key from `from` on and before `to`, in order.
pub(super) async fn hours(db: &impl ConnectionTrait, key: KeyId, from: Time, to: Time) -> DbResult<Vec<usage::Model>> {
    usage::Entity::find()
        .filter(usage::Column::KeyId.eq(key))
        .filter(usage::Column::Hour.gte(from))
        .filter(usage::Column::Hour.lt(to))
        .order_by_asc(usage::Column::Hour)
        .all(db)
        .await
}

/// The scopes that accepted requests with one key needed, each with the last hour of such a request.
pub(in crate::keys) type ScopeUses = Vec<(Scope, Time)>;

/// Returns the scopes that accepted requests with each of the keys needed since `from`.
pub(in crate::keys) async fn last_scope_uses(
    db: &impl ConnectionTrait,
    keys: Vec<KeyId>,
    from: Time,
) -> DbResult<HashMap<KeyId, ScopeUses>> {
    use usage::Column::{Allowed, Hour, KeyId as Of, Scope as OfScope};
    let accepted = usage::Entity::find().select_only().columns([Of, OfScope]).expr_as(Hour.max(), "last");
    let accepted = accepted.filter(Of.is_in(keys)).filter(Hour.gte(from)).filter(Allowed.gt(0)).group_by(Of).group_by(OfScope);
    let mut uses: HashMap<KeyId, ScopeUses> = HashMap::new();
    for (key, scope, hour) in accepted.into_tuple::<(KeyId, i16, Time)>().all(db).await? {
        if let Some(scope) = usize::try_from(scope).ok().and_then(Scope::from_index) {
            uses.entry(key).or_default().push((scope, hour));
        }
    }
    Ok(uses)
}

/// Accepted requests with one key that needed one scope.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::keys) struct ScopeCount {
    pub(in crate::keys) scope: Scope,
    pub(in crate::keys) allowed: u64,
    /// The hour of the last one.
    pub(in crate::keys) last: Time,
}

/// Counts the accepted requests with a key by scope, in the hours that begin at `from` or later and before `to`.
pub(in crate::keys) async fn scope_counts(
    db: &impl ConnectionTrait,
    key: KeyId,
    (from, to): (Time, Time),
) -> DbResult<Vec<ScopeCount>> {
    use usage::Column::{Allowed, Hour, KeyId as Of, Scope as OfScope};
    let accepted = usage::Entity::find().filter(Of.eq(key)).filter(Hour.gte(from)).filter(Hour.lt(to)).filter(Allowed.gt(0));
    let sum = Allowed.into_expr().sum().cast_as("bigint");
    let by_scope = accepted.select_only().column(OfScope).expr_as(sum, "allowed").expr_as(Hour.max(), "last").group_by(OfScope);
    let rows: Vec<(i16, i64, Time)> = by_scope.into_tuple().all(db).await?;
    let count = |(scope, allowed, last): (i16, i64, Time)| {
        let scope = usize::try_from(scope).ok().and_then(Scope::from_index)?;
        Some(ScopeCount { scope, allowed: allowed.unsigned_abs(), last })
    };
    let mut counts: Vec<ScopeCount> = rows.into_iter().filter_map(count).collect();
    counts.sort_by_key(|count| count.scope);
    Ok(counts)
}

/// Requests with one key in one hour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::keys) struct HourCount {
    pub(in crate::keys) key: KeyId,
    pub(in crate::keys) hour: Time,
    pub(in crate::keys) allowed: u64,
    pub(in crate::keys) denied: u64,
}

/// Returns requests by key and hour since `from`, without hours that have none. Days are for the caller to make: they begin at
/// midnight in its time zone.
pub(in crate::keys) async fn hours_of(db: &impl ConnectionTrait, keys: Vec<KeyId>, from: Time) -> DbResult<Vec<HourCount>> {
    use usage::Column::{Allowed, Denied, Hour, KeyId as Of};
    let sum = |column: usage::Column| column.into_expr().sum().cast_as("bigint");
    let rows: Vec<(KeyId, Time, i64, i64)> = usage::Entity::find()
        .select_only()
        .columns([Of, Hour])
        .expr_as(sum(Allowed), "allowed")
        .expr_as(sum(Denied), "denied")
        .filter(Of.is_in(keys))
        .filter(Hour.gte(from))
        .group_by(Of)
        .group_by(Hour)
        .into_tuple()
        .all(db)
        .await?;
    let count = |(key, hour, allowed, denied): (KeyId, Time, i64, i64)| HourCount {
        key,
        hour,
        allowed: allowed.unsigned_abs(),
        denied: denied.unsigned_abs(),
    };
    Ok(rows.into_iter().map(count).collect())
}

/// Returns the last uses of keys that were used at all.
pub(in crate::keys) async fn last_uses(db: &impl ConnectionTrait, keys: Vec<KeyId>) -> DbResult<HashMap<KeyId, last_use::Model>> {
    let rows = last_use::Entity::find().filter(last_use::Column::KeyId.is_in(keys)).all(db).await?;
    Ok(rows.into_iter().map(|row| (row.key_id, row)).collect())
}

/// Writes usage of past hours and the last use, for the demo.
pub async fn import(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    key: KeyId,
    hours: &[(Time, Option<Scope>, i64, i64)],
    (at, ip): (Time, IpAddr),
) -> DbResult<()> {
    let rows = hours.iter().map(|(at, scope, allowed, denied)| usage::Model {
        workspace_id: workspace,
        key_id: key,
        hour: at.hour(),
        scope: scope_column(*scope),
        allowed: *allowed,
        denied: *denied,
    });
    add_counts(db, &rows.collect::<Vec<_>>()).await?;
    let used = address::Model { workspace_id: workspace, key_id: key, ip: ip.to_string(), first_used_at: at, last_used_at: at };
    insert_packed::<address::Entity>(db, &[used], Some(newer_address())).await?;
    insert_packed::<last_use::Entity>(db, &[last_use::Model { key_id: key, at, ip: ip.to_string() }], Some(newer_use())).await
}
