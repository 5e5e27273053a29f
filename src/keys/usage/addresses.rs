//! Where keys were used from. An address seen for the first time is an audit event.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;

use super::Batch;
use crate::app::App;
use crate::audit::{Action, Actor, By, Target, Work};
use crate::keys::index::{EntryRef, Seen};
use crate::keys::model::KeyId;
use crate::keys::tables::address;
use crate::kit::clock::Time;
use crate::kit::db::{DbResult, insert_packed};
use crate::workspaces::WorkspaceId;

/// Addresses listed for one key; more are counted but not listed, so that a stolen key cannot fill the disk.
const MOST_ADDRESSES: usize = 1_000;

/// A key, the address it was used from, and when.
type Use<'a> = (&'a EntryRef, IpAddr, Seen);

/// The addresses each key is known to have been used from.
type Known = HashMap<KeyId, HashSet<String>>;

/// Writes a batch.
pub(super) async fn write(app: &App, batch: &Batch) -> DbResult<()> {
    let mut uses: Vec<Use<'_>> = Vec::new();
    for (entry, drained) in batch {
        uses.extend(drained.addresses.iter().map(|(ip, seen)| (entry, *ip, *seen)));
    }
    // Most keys are used from where they were used before.
    let (mut old, others): (Vec<_>, Vec<_>) = uses.into_iter().partition(|(entry, ip, _)| entry.counters().is_known(*ip));
    let known = known(app.db.read(), &others).await?;
    let is_known = |(entry, ip, _): &Use<'_>| known.get(&entry.id).is_some_and(|ips| ips.contains(&ip.to_string()));
    let (found, new): (Vec<_>, Vec<_>) = others.into_iter().partition(is_known);
    old.extend(found);
    if !old.is_empty() {
        touch(app, &old).await?;
    }
    let mut by_workspace: HashMap<WorkspaceId, Vec<Use<'_>>> = HashMap::new();
    for one in new {
        by_workspace.entry(one.0.tenant.id).or_default().push(one);
    }
    for (workspace, uses) in by_workspace {
        greet(app, workspace, uses).await?;
    }
    Ok(())
}

async fn known(db: &impl ConnectionTrait, uses: &[Use<'_>]) -> DbResult<Known> {
    let keys: HashSet<KeyId> = uses.iter().map(|(entry, ..)| entry.id).collect();
    let mut known = Known::new();
    if keys.is_empty() {
        return Ok(known);
    }
    for row in address::Entity::find().filter(address::Column::KeyId.is_in(keys)).all(db).await? {
        known.entry(row.key_id).or_default().insert(row.ip);
    }
    Ok(known)
}

async fn touch(app: &App, uses: &[Use<'_>]) -> DbResult<()> {
    let mut rows: Vec<_> = uses.iter().map(row).collect();
    // In one order on every node, as the counts are.
    rows.sort_unstable_by(|one, other| {
        (one.key_id, &one.ip, other.last_used_at).cmp(&(other.key_id, &other.ip, one.last_used_at))
    });
    // A key that was changed in the same second was counted in two places; a statement must not touch a row twice.
    rows.dedup_by(|other, kept| {
        let is_same = (other.key_id, &other.ip) == (kept.key_id, &kept.ip);
        if is_same {
            kept.first_used_at = kept.first_used_at.min(other.first_used_at);
        }
        is_same
    });
    let tx = app.db.begin().await?;
    // Another node may have seen a later use, and told so first.
    let newer = OnConflict::columns([address::Column::KeyId, address::Column::Ip])
        .update_column(address::Column::LastUsedAt)
        .action_and_where(Expr::cust("excluded.last_used_at > api_key_addresses.last_used_at"))
        .to_owned();
    insert_packed::<address::Entity>(&tx, &rows, Some(newer)).await?;
    tx.commit().await?;
    for (entry, ip, _) in uses {
        entry.counters().note_known(*ip);
    }
    Ok(())
}

/// Writes addresses not seen before, with their events.
async fn greet(app: &App, workspace: WorkspaceId, uses: Vec<Use<'_>>) -> DbResult<()> {
    let mut work = Work::begin(app, workspace, By::itself(Actor::ANONYMOUS)).await?;
    // Once more: another node may have been quicker, and has told. One that greets from here on waits for this one.
    let mut known = known(work.tx(), &uses).await?;
    let mut rows = Vec::new();
    for one in &uses {
        let (entry, ip, seen) = one;
        let known = known.entry(entry.id).or_default();
        let is_first = known.is_empty();
        if known.len() >= MOST_ADDRESSES || !known.insert(ip.to_string()) {
            continue;
        }
        rows.push(row(one));
        work.act_for(By { ip: Some(*ip), ..By::itself(Actor::api_key(entry.id, &entry.name)) });
        let target = Target::new("api_key", entry.id, &entry.name);
        let details = json!({ "firstUse": is_first, "address": ip.to_string(), "at": seen.first });
        work.record(Action::KeyUsed, Some(target), details);
    }
    insert_packed::<address::Entity>(work.tx(), &rows, None).await?;
    work.commit().await
}

fn row((entry, ip, seen): &Use<'_>) -> address::Model {
    address::Model {
        workspace_id: entry.tenant.id,
        key_id: entry.id,
        ip: ip.to_string(),
        first_used_at: seen.first,
        last_used_at: seen.last,
    }
}

/// The addresses a key was used from, the latest first.
pub(in crate::keys) async fn addresses(db: &impl ConnectionTrait, key: KeyId) -> DbResult<Vec<address::Model>> {
    let latest = address::Entity::find().filter(address::Column::KeyId.eq(key)).order_by_desc(address::Column::LastUsedAt);
    latest.limit(50).all(db).await
}

/// When a key was first used, if it was.
pub(in crate::keys) async fn first_use(db: &impl ConnectionTrait, key: KeyId) -> DbResult<Option<Time>> {
    let first = address::Entity::find().filter(address::Column::KeyId.eq(key)).order_by_asc(address::Column::FirstUsedAt);
    Ok(first.one(db).await?.map(|row| row.first_used_at))
}

/// From how many addresses a key was used since then.
pub(in crate::keys) async fn count_addresses(db: &impl ConnectionTrait, key: KeyId, since: Time) -> DbResult<u64> {
    let used = address::Entity::find().filter(address::Column::KeyId.eq(key)).filter(address::Column::LastUsedAt.gte(since));
    used.count(db).await
}
