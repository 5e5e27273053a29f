//! Requests by hour and last uses of keys: one transaction writes a batch of both.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::net::IpAddr;

use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::Batch;
use super::addresses::newer_address;
use crate::core::Core;
use crate::keys::index::{Drained, EntryRef};
use crate::keys::model::KeyId;
use crate::keys::tables::{address, last_use, usage};
use crate::scopes::Scope;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{DbResult, Source, find_rows, find_tuples, insert_packed};

/// Value of the column `scope` for calls that need none.
const NO_SCOPE: i16 = 255;

pub(super) async fn write(core: &Core, batch: &Batch, now: Time) -> DbResult<()> {
    let (counts, last) = (count_rows(batch, now.hour()), last_use_rows(batch));
    let tx = core.db.begin_essential().await?;
    add_counts(&tx, &counts).await?;
    insert_packed::<last_use::Entity>(&tx, &last, Some(newer_use())).await?;
    tx.commit().await
}

/// Returns the counts of a batch, one row for each key and scope: a key that was changed in the meantime is queued twice, and a
/// statement must not touch a row twice. The order is the same on every node: nodes that write the same rows at once queue
/// instead of deadlocking.
fn count_rows(batch: &Batch, hour: Time) -> Vec<usage::Model> {
    let mut rows = Vec::with_capacity(batch.len());
    for (entry, drained) in batch {
        rows.extend(drained.counts.iter().map(|(scope, allowed, denied)| usage::Model {
            workspace_id: entry.workspace(),
            key_id: entry.id,
            hour,
            scope: scope_column(*scope),
            allowed: i64::from(*allowed),
            denied: i64::from(*denied),
        }));
    }
    rows.sort_unstable_by_key(|row| (row.key_id, row.scope));
    rows.dedup_by(|other, kept| {
        let is_same = (other.key_id, other.scope) == (kept.key_id, kept.scope);
        if is_same {
            kept.allowed += other.allowed;
            kept.denied += other.denied;
        }
        is_same
    });
    rows
}

/// Returns the last use of each key of a batch, in the order of [`count_rows`].
fn last_use_rows(batch: &Batch) -> Vec<last_use::Model> {
    let last_use = |(entry, drained): &(EntryRef, Drained)| {
        let (_, latest) = drained.networks.iter().max_by_key(|(_, network)| network.last)?;
        Some(last_use::Model { key_id: entry.id, at: latest.last, ip: latest.address.to_string() })
    };
    let mut rows: Vec<_> = batch.iter().filter_map(last_use).collect();
    rows.sort_unstable_by_key(|row| (row.key_id, Reverse(row.at)));
    rows.dedup_by_key(|row| row.key_id);
    rows
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
pub(super) async fn hours(db: &impl Source, key: KeyId, from: Time, to: Time) -> DbResult<Vec<usage::Model>> {
    use usage::Column::{Hour, KeyId as Of};
    let rows = usage::Entity::find().filter(Of.eq(key)).filter(Hour.gte(from)).filter(Hour.lt(to));
    find_rows(db, rows.order_by_asc(Hour)).await
}

/// The scopes that accepted requests with one key needed, each with the last hour of such a request.
pub(in crate::keys) type ScopeUses = Vec<(Scope, Time)>;

/// Returns the scopes that accepted requests with each of the keys needed since `from`.
pub(in crate::keys) async fn last_scope_uses(
    db: &impl Source,
    keys: Vec<KeyId>,
    from: Time,
) -> DbResult<HashMap<KeyId, ScopeUses>> {
    use usage::Column::{Allowed, Hour, KeyId as Of, Scope as OfScope};
    let accepted = usage::Entity::find().select_only().columns([Of, OfScope]).expr_as(Hour.max(), "last");
    let accepted = accepted.filter(Of.is_in(keys)).filter(Hour.gte(from)).filter(Allowed.gt(0)).group_by(Of).group_by(OfScope);
    let mut uses: HashMap<KeyId, ScopeUses> = HashMap::new();
    for (key, scope, hour) in find_tuples::<_, (KeyId, i16, Time)>(db, accepted).await? {
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
pub(in crate::keys) async fn scope_counts(db: &impl Source, key: KeyId, (from, to): (Time, Time)) -> DbResult<Vec<ScopeCount>> {
    use usage::Column::{Allowed, Hour, KeyId as Of, Scope as OfScope};
    let accepted = usage::Entity::find().filter(Of.eq(key)).filter(Hour.gte(from)).filter(Hour.lt(to)).filter(Allowed.gt(0));
    let sum = Allowed.into_expr().sum().cast_as("bigint");
    let by_scope = accepted.select_only().column(OfScope).expr_as(sum, "allowed").expr_as(Hour.max(), "last").group_by(OfScope);
    let rows: Vec<(i16, i64, Time)> = find_tuples(db, by_scope).await?;
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
pub(in crate::keys) async fn hours_of(db: &impl Source, keys: Vec<KeyId>, from: Time) -> DbResult<Vec<HourCount>> {
    use usage::Column::{Allowed, Denied, Hour, KeyId as Of};
    let sum = |column: usage::Column| column.into_expr().sum().cast_as("bigint");
    let sums = usage::Entity::find()
        .select_only()
        .columns([Of, Hour])
        .expr_as(sum(Allowed), "allowed")
        .expr_as(sum(Denied), "denied")
        .filter(Of.is_in(keys))
        .filter(Hour.gte(from))
        .group_by(Of)
        .group_by(Hour);
    let rows: Vec<(KeyId, Time, i64, i64)> = find_tuples(db, sums).await?;
    let count = |(key, hour, allowed, denied): (KeyId, Time, i64, i64)| HourCount {
        key,
        hour,
        allowed: allowed.unsigned_abs(),
        denied: denied.unsigned_abs(),
    };
    Ok(rows.into_iter().map(count).collect())
}

/// Returns the last uses of keys that were used at all.
pub(in crate::keys) async fn last_uses(db: &impl Source, keys: Vec<KeyId>) -> DbResult<HashMap<KeyId, last_use::Model>> {
    let rows = find_rows(db, last_use::Entity::find().filter(last_use::Column::KeyId.is_in(keys))).await?;
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use key_format::SecretDigest;
    use kit::random::Random;

    use super::*;
    use crate::keys::index::{Index, IndexedKey, NetworkUse};
    use crate::workspaces::Tenant;

    fn at(seconds: u64) -> Time {
        let start: Time = "2026-11-23T09:30:00Z".parse().expect("a time");
        start.after(Duration::from_secs(seconds))
    }

    /// Two keys, in order.
    fn two_keys() -> [EntryRef; 2] {
        let (index, random) = (Index::default(), Random::seeded(7));
        let workspace = WorkspaceId::new(at(0), &random);
        let tenant =
            Tenant { id: workspace, owner: workspace, slug: "skyline".into(), name: "Skyline".into(), timezone: "UTC".into() };
        index.apply_tenant(tenant);
        let mut keys = [1, 2].map(|number| {
            let digest = SecretDigest([number; 32]);
            index.apply(&IndexedKey::example(KeyId::new(at(0), &random), workspace, digest));
            index.get(&digest).expect("an entry")
        });
        keys.sort_unstable_by_key(|key| key.id);
        keys
    }

    fn used(key: &EntryRef, allowed: u32, seconds: u64) -> (EntryRef, Drained) {
        let address = IpAddr::from([203, 0, 113, u8::try_from(seconds).expect("a byte")]);
        let networks = vec![(address, NetworkUse { first: at(seconds), last: at(seconds), address })];
        (key.clone(), Drained { counts: vec![(None, allowed, 1)], networks, last_used_at: Some(at(seconds)) })
    }

    #[test]
    fn key_that_is_queued_twice_has_one_row_with_all_requests_and_the_latest_use() {
        let [first, second] = two_keys();
        let batch = vec![used(&second, 2, 0), used(&first, 5, 1), used(&second, 3, 3), used(&second, 4, 2)];
        let counts = count_rows(&batch, at(0).hour());
        let counts: Vec<_> = counts.iter().map(|row| (row.key_id, row.allowed, row.denied)).collect();
        assert_eq!(counts, [(first.id, 5, 1), (second.id, 9, 3)]);
        let last: Vec<_> = last_use_rows(&batch).into_iter().map(|row| (row.key_id, row.at, row.ip)).collect();
        assert_eq!(last, [(first.id, at(1), "203.0.113.1".to_owned()), (second.id, at(3), "203.0.113.3".to_owned())]);
    }
}
