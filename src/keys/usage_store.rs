//! Writes usage: counts and last uses in one transaction a batch, first uses and refusals as audit events.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;

use super::index::{Drained, Entry};
use super::model::KeyId;
use super::scope::Scope;
use super::tables::{address, last_use, usage};
use super::usage::Denial;
use crate::app::App;
use crate::audit::{Action, Actor, By, Outcome, Target, Work};
use crate::kit::clock::Time;
use crate::kit::db::DbResult;
use crate::workspaces::WorkspaceId;

/// Rows in one statement: SQLite binds at most 32,766 values.
const CHUNK: usize = 4_000;

/// Addresses listed for one key; more are counted but not listed, so that a stolen key cannot fill the disk.
const MOST_ADDRESSES: usize = 1_000;

/// What stands for "no scope" in the table.
const NO_SCOPE: i16 = 255;

/// A key, the address it was used from, and when.
type Use<'a> = (&'a Arc<Entry>, IpAddr, Time);

type Batch = Vec<(Arc<Entry>, Drained)>;

/// Writes a batch, or puts it back.
pub(super) async fn write(app: &App, batch: Batch) {
    let now = app.clock.now();
    if let Err(error) = write_counts(app, &batch, now).await {
        tracing::warn!(%error, keys = batch.len(), "usage could not be written; it is kept for the next time");
        for (entry, drained) in batch {
            if entry.counters().restore(&drained) {
                app.recorder.queue(entry);
            }
        }
        return;
    }
    if let Err(error) = write_addresses(app, &batch).await {
        tracing::warn!(%error, "addresses of use could not be written; they will be noted at their next use");
    }
}

async fn write_counts(app: &App, batch: &Batch, now: Time) -> DbResult<()> {
    let hour = now.hour();
    let mut counts: Vec<usage::Model> = Vec::new();
    let mut seen: HashMap<(KeyId, i16), usize> = HashMap::new();
    let mut last: HashMap<KeyId, last_use::Model> = HashMap::new();
    for (entry, drained) in batch {
        for (scope, allowed, denied) in &drained.counts {
            let scope = scope_column(*scope);
            // A key that was changed meanwhile is queued twice; one statement must not touch a row twice.
            let row = *seen.entry((entry.id, scope)).or_insert_with(|| {
                counts.push(usage::Model { workspace_id: entry.tenant.id, key_id: entry.id, hour, scope, allowed: 0, denied: 0 });
                counts.len() - 1
            });
            counts[row].allowed += i64::from(*allowed);
            counts[row].denied += i64::from(*denied);
        }
        if let Some((ip, at)) = drained.addresses.iter().max_by_key(|(_, at)| *at) {
            let row = last_use::Model { key_id: entry.id, at: *at, ip: ip.to_string() };
            last.entry(entry.id)
                .and_modify(|known| {
                    if known.at < row.at {
                        *known = row.clone();
                    }
                })
                .or_insert(row);
        }
    }
    let tx = app.db.begin().await?;
    add_counts(&tx, counts).await?;
    let last: Vec<_> = last.into_values().map(IntoActiveModel::into_active_model).collect();
    for rows in last.chunks(CHUNK) {
        let newer =
            OnConflict::column(last_use::Column::KeyId).update_columns([last_use::Column::At, last_use::Column::Ip]).to_owned();
        last_use::Entity::insert_many(rows.to_vec()).on_conflict(newer).exec_without_returning(&tx).await?;
    }
    tx.commit().await
}

async fn add_counts(db: &impl ConnectionTrait, rows: Vec<usage::Model>) -> DbResult<()> {
    let rows: Vec<_> = rows.into_iter().map(IntoActiveModel::into_active_model).collect();
    for rows in rows.chunks(CHUNK) {
        let add = OnConflict::columns([usage::Column::KeyId, usage::Column::Hour, usage::Column::Scope])
            .value(usage::Column::Allowed, Expr::cust("api_key_usage.allowed + excluded.allowed"))
            .value(usage::Column::Denied, Expr::cust("api_key_usage.denied + excluded.denied"))
            .to_owned();
        usage::Entity::insert_many(rows.to_vec()).on_conflict(add).exec_without_returning(db).await?;
    }
    Ok(())
}

fn scope_column(scope: Option<Scope>) -> i16 {
    scope.map_or(NO_SCOPE, |scope| i16::try_from(scope.index()).unwrap_or(NO_SCOPE))
}

/// Notes where keys were used from; an address seen for the first time is an audit event.
async fn write_addresses(app: &App, batch: &Batch) -> DbResult<()> {
    let mut by_workspace: HashMap<WorkspaceId, Vec<Use<'_>>> = HashMap::new();
    for (entry, drained) in batch {
        let uses = drained.addresses.iter().map(|(ip, at)| (entry, *ip, *at));
        by_workspace.entry(entry.tenant.id).or_default().extend(uses);
    }
    for (workspace, uses) in by_workspace {
        let keys: HashSet<KeyId> = uses.iter().map(|(entry, ..)| entry.id).collect();
        let mut known: HashMap<KeyId, HashSet<String>> = HashMap::new();
        for chunk in keys.into_iter().collect::<Vec<_>>().chunks(CHUNK) {
            let rows = address::Entity::find().filter(address::Column::KeyId.is_in(chunk.to_vec())).all(app.db.read()).await?;
            for row in rows {
                known.entry(row.key_id).or_default().insert(row.ip);
            }
        }
        let is_known = |id: KeyId, ip: IpAddr| known.get(&id).is_some_and(|ips| ips.contains(&ip.to_string()));
        let (old, new): (Vec<_>, Vec<_>) = uses.into_iter().partition(|(entry, ip, _)| is_known(entry.id, *ip));
        touch(app, &old).await?;
        if !new.is_empty() {
            greet(app, workspace, new, &mut known).await?;
        }
    }
    Ok(())
}

async fn touch(app: &App, uses: &[Use<'_>]) -> DbResult<()> {
    let rows: Vec<_> = uses.iter().map(|(entry, ip, at)| row(entry, *ip, *at).into_active_model()).collect();
    for rows in rows.chunks(CHUNK) {
        let newer = OnConflict::columns([address::Column::KeyId, address::Column::Ip])
            .update_column(address::Column::LastUsedAt)
            .to_owned();
        let tx = app.db.begin().await?;
        address::Entity::insert_many(rows.to_vec()).on_conflict(newer).exec_without_returning(&tx).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Writes addresses not seen before, with their events, in one transaction.
async fn greet(
    app: &App,
    workspace: WorkspaceId,
    uses: Vec<Use<'_>>,
    known: &mut HashMap<KeyId, HashSet<String>>,
) -> DbResult<()> {
    let mut by_key: BTreeMap<KeyId, Vec<Use<'_>>> = BTreeMap::new();
    for one in uses {
        by_key.entry(one.0.id).or_default().push(one);
    }
    for (id, uses) in by_key {
        let known = known.entry(id).or_default();
        for (entry, ip, at) in uses {
            let is_first = known.is_empty();
            if known.len() >= MOST_ADDRESSES || !known.insert(ip.to_string()) {
                continue;
            }
            let by = By { ip: Some(ip), ..By::itself(Actor::api_key(id, &entry.name)) };
            let mut work = Work::begin(app, workspace, by).await?;
            let quietly = OnConflict::columns([address::Column::KeyId, address::Column::Ip]).do_nothing().to_owned();
            let inserted = address::Entity::insert(row(entry, ip, at).into_active_model())
                .on_conflict(quietly)
                .exec_without_returning(work.tx())
                .await;
            if matches!(inserted, Err(sea_orm::DbErr::RecordNotInserted)) {
                continue;
            }
            inserted?;
            let target = Target::new("api_key", id, &entry.name);
            work.record(Action::KeyUsed, Some(target), json!({ "firstUse": is_first, "address": ip.to_string(), "at": at }))
                .await?;
            work.commit().await?;
        }
    }
    Ok(())
}

fn row(entry: &Entry, ip: IpAddr, at: Time) -> address::Model {
    address::Model { workspace_id: entry.tenant.id, key_id: entry.id, ip: ip.to_string(), first_used_at: at, last_used_at: at }
}

/// Writes refusals as audit events, or puts them back.
pub(super) async fn record_denials(app: &App, denials: Vec<Denial>) {
    for denial in denials {
        if let Err(error) = record_denial(app, &denial).await {
            tracing::warn!(%error, "a refusal could not be recorded; it is kept for the next time");
            app.recorder.put_back(denial);
        }
    }
}

async fn record_denial(app: &App, denial: &Denial) -> DbResult<()> {
    let entry = &denial.entry;
    let by = By {
        actor: Actor::api_key(entry.id, &entry.name),
        ip: denial.address,
        user_agent: denial.user_agent.clone(),
        request_id: Some(denial.request_id.clone()).filter(|id| !id.is_empty()),
    };
    let mut work = Work::begin(app, entry.tenant.id, by).await?;
    let target = Target::new("api_key", entry.id, &entry.name);
    let mut details = json!({ "reason": denial.reason, "count": denial.count, "first": denial.first, "last": denial.last });
    if let Some(scope) = denial.scope {
        details["requiredScope"] = json!(scope);
    }
    let action = if denial.reason == "leaked_in_url" { Action::KeyLeakedInUrl } else { Action::KeyDenied };
    work.record_as(action, Outcome::Denied, Some(target), details).await?;
    work.commit().await
}

/// Hourly rows of one key from `from` on and before `to`, in order.
pub(super) async fn hours(db: &impl ConnectionTrait, key: KeyId, from: Time, to: Time) -> DbResult<Vec<usage::Model>> {
    usage::Entity::find()
        .filter(usage::Column::KeyId.eq(key))
        .filter(usage::Column::Hour.gte(from))
        .filter(usage::Column::Hour.lt(to))
        .order_by_asc(usage::Column::Hour)
        .all(db)
        .await
}

/// When and from where keys were last used.
pub(super) async fn last_uses(db: &impl ConnectionTrait, keys: Vec<KeyId>) -> DbResult<HashMap<KeyId, last_use::Model>> {
    let rows = last_use::Entity::find().filter(last_use::Column::KeyId.is_in(keys)).all(db).await?;
    Ok(rows.into_iter().map(|row| (row.key_id, row)).collect())
}

/// The addresses a key was used from, the latest first.
pub(super) async fn addresses(db: &impl ConnectionTrait, key: KeyId) -> DbResult<Vec<address::Model>> {
    let latest = address::Entity::find().filter(address::Column::KeyId.eq(key)).order_by_desc(address::Column::LastUsedAt);
    latest.limit(50).all(db).await
}

/// Writes usage of the past, for the demo.
pub async fn import(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    key: KeyId,
    ip: IpAddr,
    hours: &[(Time, Option<Scope>, i64, i64)],
) -> DbResult<()> {
    let rows = hours.iter().map(|(at, scope, allowed, denied)| usage::Model {
        workspace_id: workspace,
        key_id: key,
        hour: at.hour(),
        scope: scope_column(*scope),
        allowed: *allowed,
        denied: *denied,
    });
    add_counts(db, rows.collect()).await?;
    let (Some((first, ..)), Some((last, ..))) = (hours.first(), hours.last()) else { return Ok(()) };
    let used =
        address::Model { workspace_id: workspace, key_id: key, ip: ip.to_string(), first_used_at: *first, last_used_at: *last };
    address::Entity::insert(used.into_active_model()).exec_without_returning(db).await?;
    let at = last_use::Model { key_id: key, at: *last, ip: ip.to_string() };
    last_use::Entity::insert(at.into_active_model()).exec_without_returning(db).await.map(|_| ())
}
