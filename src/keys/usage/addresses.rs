//! Where keys were used from. A first use from a new network is an audit event.
//!
//! A network is an IPv4 address or 64 bits of IPv6, as a host with one such address has all of them. The list of a key is
//! bounded: a new network takes the place of the longest unused, so that it is seen however full the list is.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use ipnet::IpNet;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;

use super::Batch;
use super::arrivals::Unreported;
use crate::app::App;
use crate::audit::{Action, Actor, AuditContext, AuditedTx, Target};
use crate::keys::index::{EntryRef, Seen};
use crate::keys::model::KeyId;
use crate::keys::tables::address;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{DbResult, insert_packed};
use kit::http::client;

/// Networks listed for one key, so that a stolen key cannot fill the disk.
pub(in crate::keys) const MOST_LISTED: usize = 1_000;

/// The first networks of a key, each of which has an event.
const FEW: usize = 16;

/// Rows of addresses that are deleted by one statement.
const DELETED: usize = 500;

/// A key, the network it was used from, and when.
type Use<'a> = (&'a EntryRef, IpAddr, Seen);

/// The addresses a key is known to have been used from.
#[derive(Default)]
struct Known {
    /// As they are stored, with the last use of each.
    rows: HashMap<String, Time>,
    networks: HashSet<IpAddr>,
    /// The row of the first use, which is never forgotten.
    first: Option<(Time, String)>,
}

impl Known {
    fn add(&mut self, row: address::Model) {
        self.networks.extend(network_of(&row.ip));
        if self.first.as_ref().is_none_or(|(first, _)| row.first_used_at < *first) {
            self.first = Some((row.first_used_at, row.ip.clone()));
        }
        self.rows.insert(row.ip, row.last_used_at);
    }

    /// The longest unused, as many as there are too many with `more`.
    fn surplus(&self, more: usize) -> Vec<String> {
        let first = self.first.as_ref().map(|(_, ip)| ip);
        let mut rows: Vec<_> = self.rows.iter().filter(|(ip, _)| Some(*ip) != first).map(|(ip, last)| (*last, ip)).collect();
        rows.sort_unstable();
        let surplus = (self.rows.len() + more).saturating_sub(MOST_LISTED);
        rows.into_iter().take(surplus).map(|(_, ip)| ip.clone()).collect()
    }
}

/// A network as it is stored and shown: `203.0.113.7`, `2001:db8:0:1::/64`.
fn stored(network: IpAddr) -> String {
    if network.is_ipv6() { format!("{network}/64") } else { network.to_string() }
}

/// The network of what is stored; rows of before hold whole IPv6 addresses.
fn network_of(stored: &str) -> Option<IpAddr> {
    let address = stored.parse::<IpAddr>().ok().or_else(|| stored.parse::<IpNet>().ok().map(|network| network.addr()));
    address.map(client::network)
}

/// Writes a batch.
pub(super) async fn write(app: &App, batch: &Batch) -> DbResult<()> {
    let mut uses: Vec<Use<'_>> = Vec::new();
    for (entry, drained) in batch {
        uses.extend(drained.networks.iter().map(|(network, seen)| (entry, *network, *seen)));
    }
    // Most keys are used from where they were used before.
    let (mut old, others): (Vec<_>, Vec<_>) =
        uses.into_iter().partition(|(entry, network, _)| entry.counters().is_known(*network));
    let known = known(app.db.read(), &others).await?;
    let is_known = |(entry, network, _): &Use<'_>| known.get(&entry.id).is_some_and(|known| known.networks.contains(network));
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

async fn known(db: &impl ConnectionTrait, uses: &[Use<'_>]) -> DbResult<HashMap<KeyId, Known>> {
    let keys: HashSet<KeyId> = uses.iter().map(|(entry, ..)| entry.id).collect();
    let mut known: HashMap<KeyId, Known> = HashMap::new();
    if keys.is_empty() {
        return Ok(known);
    }
    for row in address::Entity::find().filter(address::Column::KeyId.is_in(keys)).all(db).await? {
        known.entry(row.key_id).or_default().add(row);
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
    for (entry, network, _) in uses {
        entry.counters().note_known(*network);
    }
    Ok(())
}

/// Writes networks not seen before, with their events.
async fn greet(app: &App, workspace: WorkspaceId, uses: Vec<Use<'_>>) -> DbResult<()> {
    let mut tx = AuditedTx::begin_system(app, workspace).await?;
    // Once more: another node may have been quicker, and has told. One that greets from here on waits for this one.
    let mut known = known(tx.db(), &uses).await?;
    let mut by_key: HashMap<KeyId, (&EntryRef, Vec<Use<'_>>)> = HashMap::new();
    let mut order = Vec::new();
    for one in uses {
        let key = one.0.id;
        let is_new = known.entry(key).or_default().networks.insert(one.1);
        if is_new {
            let (_, news) = by_key.entry(key).or_insert_with(|| {
                order.push(key);
                (one.0, Vec::new())
            });
            news.push(one);
        }
    }
    let mut rows = Vec::new();
    for key in order {
        let (Some((entry, mut news)), Some(known)) = (by_key.remove(&key), known.get(&key)) else { continue };
        let mut is_first = known.rows.is_empty();
        for (earlier, one) in (known.rows.len()..).zip(&news) {
            if earlier < FEW || app.recorder.arrivals.is_reported(key, one.2.address, app.clock.ticks()) {
                record_use(&mut tx, one, is_first);
            }
            is_first = false;
        }
        if let Some(unreported) = app.recorder.arrivals.sum_up(key, tx.now()) {
            record_more(&mut tx, entry, unreported);
        }
        // Of more than fit, the latest are listed.
        news.sort_unstable_by_key(|(.., seen)| seen.last);
        let listed = news.split_off(news.len().saturating_sub(MOST_LISTED));
        let surplus = known.surplus(listed.len());
        if (!surplus.is_empty() || !news.is_empty()) && app.recorder.arrivals.is_full_due(key, tx.now()) {
            record_full(&mut tx, entry);
        }
        forget(tx.db(), key, &surplus).await?;
        rows.extend(listed.iter().map(row));
    }
    insert_packed::<address::Entity>(tx.db(), &rows, None).await?;
    tx.commit().await
}

fn record_use(tx: &mut AuditedTx, (entry, network, seen): &Use<'_>, is_first: bool) {
    tx.act_for(AuditContext { ip: Some(seen.address), ..AuditContext::of(Actor::api_key(entry.id, &entry.name)) });
    let details = json!({ "firstUse": is_first, "address": stored(*network), "at": seen.first });
    tx.record(Action::KeyUsed, Some(target(entry)), details);
}

/// New addresses beyond those with an event each.
fn record_more(tx: &mut AuditedTx, entry: &EntryRef, unreported: Unreported) {
    tx.act_for(AuditContext { ip: unreported.last, ..AuditContext::of(Actor::api_key(entry.id, &entry.name)) });
    let details = json!({ "firstUse": false, "newAddresses": unreported.count });
    tx.record(Action::KeyUsed, Some(target(entry)), details);
}

/// The list is full: with a new address the longest unused is forgotten, and would be new again.
fn record_full(tx: &mut AuditedTx, entry: &EntryRef) {
    tx.act_for(AuditContext::of(Actor::api_key(entry.id, &entry.name)));
    let details = json!({ "firstUse": false, "listFull": MOST_LISTED });
    tx.record(Action::KeyUsed, Some(target(entry)), details);
}

fn target(entry: &EntryRef) -> Target {
    Target::new("api_key", entry.id, &entry.name)
}

async fn forget(db: &impl ConnectionTrait, key: KeyId, stored: &[String]) -> DbResult<()> {
    for some in stored.chunks(DELETED) {
        let rows = address::Entity::delete_many().filter(address::Column::KeyId.eq(key));
        rows.filter(address::Column::Ip.is_in(some.iter().map(String::as_str))).exec(db).await?;
    }
    Ok(())
}

fn row((entry, network, seen): &Use<'_>) -> address::Model {
    address::Model {
        workspace_id: entry.tenant.id,
        key_id: entry.id,
        ip: stored(*network),
        first_used_at: seen.first,
        last_used_at: seen.last,
    }
}

/// The networks a key was used from, the latest first.
pub(in crate::keys) async fn addresses(db: &impl ConnectionTrait, key: KeyId) -> DbResult<Vec<address::Model>> {
    let latest = address::Entity::find().filter(address::Column::KeyId.eq(key)).order_by_desc(address::Column::LastUsedAt);
    latest.limit(50).all(db).await
}

/// When a key was first used, if it was.
pub(in crate::keys) async fn first_use(db: &impl ConnectionTrait, key: KeyId) -> DbResult<Option<Time>> {
    let first = address::Entity::find().filter(address::Column::KeyId.eq(key)).order_by_asc(address::Column::FirstUsedAt);
    Ok(first.one(db).await?.map(|row| row.first_used_at))
}

/// From how many networks a key was used since then, of those that are listed.
pub(in crate::keys) async fn count_addresses(db: &impl ConnectionTrait, key: KeyId, since: Time) -> DbResult<u64> {
    let used = address::Entity::find().filter(address::Column::KeyId.eq(key)).filter(address::Column::LastUsedAt.gte(since));
    used.count(db).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_read_from_what_is_stored_now_and_was_stored_before() {
        let network: IpAddr = "2001:db8:0:1::".parse().expect("an address");
        assert_eq!(stored(network), "2001:db8:0:1::/64");
        for text in ["2001:db8:0:1::/64", "2001:db8:0:1:ffff::7", "2001:db8:0:1::"] {
            assert_eq!(network_of(text), Some(network), "{text}");
        }
        assert_eq!(network_of("203.0.113.7"), Some([203, 0, 113, 7].into()));
        assert_eq!(stored([203, 0, 113, 7].into()), "203.0.113.7");
        assert_eq!(network_of("nonsense"), None);
    }
}
