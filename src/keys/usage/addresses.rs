//! Client networks of keys. The first use from a new network is an audit event.
//!
//! A network is an IPv4 address or 64 bits of IPv6: a host with one address of such a prefix has all of them. The list of a key
//! is bounded: a new network replaces the one that was unused for longest, so that it is seen even if the list is full.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::net::IpAddr;

use ipnet::IpNet;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;

use super::Batch;
use super::new_address_limit::Unreported;
use super::recorder::Recorder;
use crate::audit::{Action, Actor, AuditContext, AuditedTx, EventType, Target, TargetKind};
use crate::core::Core;
use crate::keys::events::UsedKeys;
use crate::keys::hygiene::{DORMANT_AFTER, wake};
use crate::keys::index::{EntryRef, NetworkUse};
use crate::keys::model::KeyId;
use crate::keys::tables::address;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{DbResult, Source, count_rows, find_row, find_rows, insert_packed};
use kit::http::client_ip;

/// Networks listed for one key, so that a stolen key cannot fill the disk.
pub(in crate::keys) const MAX_LISTED: usize = 1_000;

/// First networks of a key that have an event each, regardless of the limit.
const ALWAYS_REPORTED: usize = 16;

/// Rows that one statement deletes.
const DELETE_BATCH: usize = 500;

/// A key, and its use from one network.
type Use<'a> = (&'a EntryRef, IpAddr, NetworkUse);

/// Stored networks of a key.
#[derive(Default)]
struct KnownNetworks {
    /// In stored form, with the last use of each.
    rows: HashMap<String, Time>,
    networks: HashSet<IpAddr>,
    /// The row of the first use, which is never deleted.
    first: Option<(Time, String)>,
}

impl KnownNetworks {
    fn add(&mut self, row: address::Model) {
        self.networks.extend(network_of(&row.ip));
        if self.first.as_ref().is_none_or(|(first, _)| row.first_used_at < *first) {
            self.first = Some((row.first_used_at, row.ip.clone()));
        }
        self.rows.insert(row.ip, row.last_used_at);
    }

    fn is_dormant(&self, now: Time) -> bool {
        self.rows.values().all(|last| now.since(*last) >= DORMANT_AFTER)
    }

    /// Returns the networks unused for longest, as many as exceed the maximum after adding `more`.
    fn surplus(&self, more: usize) -> Vec<String> {
        let first = self.first.as_ref().map(|(_, ip)| ip);
        let mut rows: Vec<_> = self.rows.iter().filter(|(ip, _)| Some(*ip) != first).map(|(ip, last)| (*last, ip)).collect();
        rows.sort_unstable();
        let surplus = (self.rows.len() + more).saturating_sub(MAX_LISTED);
        rows.into_iter().take(surplus).map(|(_, ip)| ip.clone()).collect()
    }
}

/// The stored and displayed form of a network: `203.0.113.7`, `2001:db8:0:1::/64`.
fn stored(network: IpAddr) -> String {
    if network.is_ipv6() { format!("{network}/64") } else { network.to_string() }
}

/// Parses the stored form. Rows of earlier versions hold whole IPv6 addresses.
fn network_of(stored: &str) -> Option<IpAddr> {
    let address = stored.parse::<IpAddr>().ok().or_else(|| stored.parse::<IpNet>().ok().map(|network| network.addr()));
    address.map(client_ip::network)
}

pub(super) async fn write(core: &Core, recorder: &Recorder, batch: &Batch) -> DbResult<()> {
    let (mut uses, now): (Vec<Use<'_>>, _) = (Vec::new(), core.clock.now());
    for (entry, drained) in batch {
        uses.extend(drained.networks.iter().map(|(network, used)| (entry, *network, *used)));
    }
    // Without a query for the network that the counters remember: most keys are used from the same one.
    let (mut old, others): (Vec<_>, Vec<_>) =
        uses.into_iter().partition(|(entry, network, _)| entry.counters().is_known(*network, now));
    let known = find_known(core.db.read(), &others).await?;
    let is_known = |(entry, network, _): &Use<'_>| known.get(&entry.id).is_some_and(|known| known.networks.contains(network));
    let (found, new): (Vec<_>, Vec<_>) = others.into_iter().partition(is_known);
    let is_dormant = |id: &KeyId| known.get(id).is_some_and(|known| known.is_dormant(now));
    let woken: BTreeSet<KeyId> = found.iter().map(|(entry, ..)| entry.id).filter(is_dormant).collect();
    old.extend(found);
    if !old.is_empty() {
        update_known(core, &old, woken).await?;
    }
    let mut by_workspace: HashMap<WorkspaceId, Vec<Use<'_>>> = HashMap::new();
    for one in new {
        by_workspace.entry(one.0.workspace()).or_default().push(one);
    }
    for (workspace, uses) in by_workspace {
        record_first_seen(core, recorder, workspace, uses).await?;
    }
    Ok(())
}

async fn find_known(db: &impl Source, uses: &[Use<'_>]) -> DbResult<HashMap<KeyId, KnownNetworks>> {
    let keys: HashSet<KeyId> = uses.iter().map(|(entry, ..)| entry.id).collect();
    let mut known: HashMap<KeyId, KnownNetworks> = HashMap::new();
    if keys.is_empty() {
        return Ok(known);
    }
    for row in find_rows(db, address::Entity::find().filter(address::Column::KeyId.is_in(keys))).await? {
        known.entry(row.key_id).or_default().add(row);
    }
    Ok(known)
}

/// Updates the last uses of networks that the database has, and makes the checks of dormant keys due.
async fn update_known(core: &Core, uses: &[Use<'_>], woken: BTreeSet<KeyId>) -> DbResult<()> {
    let mut rows: Vec<_> = uses.iter().map(row).collect();
    // The same order on every node: nodes that write the same rows at once queue instead of deadlocking.
    rows.sort_unstable_by(|one, other| {
        (one.key_id, &one.ip, other.last_used_at).cmp(&(other.key_id, &other.ip, one.last_used_at))
    });
    // A key that was changed in the meantime is queued twice; a statement must not touch a row twice.
    rows.dedup_by(|other, kept| {
        let is_same = (other.key_id, &other.ip) == (kept.key_id, &kept.ip);
        if is_same {
            kept.first_used_at = kept.first_used_at.min(other.first_used_at);
        }
        is_same
    });
    let (tx, now) = (core.db.begin().await?, core.clock.now());
    insert_packed::<address::Entity>(&tx, &rows, Some(newer_address())).await?;
    wake(&tx, woken.into_iter().collect(), now).await?;
    tx.commit().await?;
    for (entry, network, _) in uses {
        entry.counters().note_known(*network, now);
    }
    Ok(())
}

/// Keeps the later of two last uses from a network: another node may have written it already.
pub(super) fn newer_address() -> OnConflict {
    OnConflict::columns([address::Column::KeyId, address::Column::Ip])
        .update_column(address::Column::LastUsedAt)
        .action_and_where(Expr::cust("excluded.last_used_at > api_key_addresses.last_used_at"))
        .to_owned()
}

/// Writes new networks and their audit events.
async fn record_first_seen(core: &Core, recorder: &Recorder, workspace: WorkspaceId, uses: Vec<Use<'_>>) -> DbResult<()> {
    let limit = &recorder.new_addresses;
    let mut tx = AuditedTx::begin_system(core, workspace).await?;
    // Again under the lock of the audit log: another node may have recorded the network since.
    let mut known = find_known(tx.db(), &uses).await?;
    let mut by_key: HashMap<KeyId, (&EntryRef, Vec<Use<'_>>)> = HashMap::new();
    let mut order = Vec::new();
    for one in uses {
        let key = one.0.id;
        let is_new = known.entry(key).or_default().networks.insert(one.1);
        if is_new {
            let (_, new) = by_key.entry(key).or_insert_with(|| {
                order.push(key);
                (one.0, Vec::new())
            });
            new.push(one);
        }
    }
    let keys = UsedKeys::load(&tx, &[EventType::KeyUnusual], order.clone()).await?;
    let mut rows = Vec::new();
    for key in order {
        let (Some((entry, mut new)), Some(known)) = (by_key.remove(&key), known.get(&key)) else { continue };
        let mut is_first = known.rows.is_empty();
        for (earlier, one) in (known.rows.len()..).zip(&new) {
            if earlier < ALWAYS_REPORTED || limit.allows_event(key, one.2.address, core.clock.ticks()) {
                record_use(&mut tx, one, is_first);
                keys.publish_if_unusual(&mut tx, key);
            }
            is_first = false;
        }
        if let Some(unreported) = limit.take_summary(key, tx.now()) {
            record_summary(&mut tx, entry, unreported);
            keys.publish_if_unusual(&mut tx, key);
        }
        // Of more than the maximum, the latest are listed.
        new.sort_unstable_by_key(|(.., used)| used.last);
        let listed = new.split_off(new.len().saturating_sub(MAX_LISTED));
        let surplus = known.surplus(listed.len());
        if (!surplus.is_empty() || !new.is_empty()) && limit.allows_full_event(key, tx.now()) {
            record_full_list(&mut tx, entry);
            keys.publish_if_unusual(&mut tx, key);
        }
        delete(tx.db(), key, &surplus).await?;
        rows.extend(listed.iter().map(row));
    }
    insert_packed::<address::Entity>(tx.db(), &rows, None).await?;
    wake(tx.db(), rows.iter().map(|row| row.key_id).collect(), tx.now()).await?;
    tx.commit().await
}

fn record_use(tx: &mut AuditedTx, (entry, network, used): &Use<'_>, is_first: bool) {
    tx.act_for(AuditContext { ip: Some(used.address), ..AuditContext::of(Actor::api_key(entry.id, &entry.name)) });
    let details = json!({ "firstUse": is_first, "address": stored(*network), "at": used.first });
    tx.record(Action::KeyUsed, Some(target(entry)), details);
}

/// Records new networks without an event of their own.
fn record_summary(tx: &mut AuditedTx, entry: &EntryRef, unreported: Unreported) {
    tx.act_for(AuditContext { ip: unreported.last, ..AuditContext::of(Actor::api_key(entry.id, &entry.name)) });
    let details = json!({ "firstUse": false, "newAddresses": unreported.count });
    tx.record(Action::KeyUsed, Some(target(entry)), details);
}

/// Records that the list is full: the networks it loses count as new when they are used again.
fn record_full_list(tx: &mut AuditedTx, entry: &EntryRef) {
    tx.act_for(AuditContext::of(Actor::api_key(entry.id, &entry.name)));
    let details = json!({ "firstUse": false, "listFull": MAX_LISTED });
    tx.record(Action::KeyUsed, Some(target(entry)), details);
}

fn target(entry: &EntryRef) -> Target {
    Target::new(TargetKind::ApiKey, entry.id, &entry.name)
}

async fn delete(db: &impl ConnectionTrait, key: KeyId, stored: &[String]) -> DbResult<()> {
    for batch in stored.chunks(DELETE_BATCH) {
        let rows = address::Entity::delete_many().filter(address::Column::KeyId.eq(key));
        rows.filter(address::Column::Ip.is_in(batch.iter().map(String::as_str))).exec(db).await?;
    }
    Ok(())
}

fn row((entry, network, used): &Use<'_>) -> address::Model {
    address::Model {
        workspace_id: entry.workspace(),
        key_id: entry.id,
        ip: stored(*network),
        first_used_at: used.first,
        last_used_at: used.last,
    }
}

/// Returns up to 50 networks of a key, the last used first.
pub(in crate::keys) async fn addresses(db: &impl Source, key: KeyId) -> DbResult<Vec<address::Model>> {
    let latest = address::Entity::find().filter(address::Column::KeyId.eq(key)).order_by_desc(address::Column::LastUsedAt);
    find_rows(db, latest.limit(50)).await
}

/// Returns the time of a key's first use.
pub(in crate::keys) async fn first_use(db: &impl Source, key: KeyId) -> DbResult<Option<Time>> {
    let first = address::Entity::find().filter(address::Column::KeyId.eq(key)).order_by_asc(address::Column::FirstUsedAt);
    Ok(find_row(db, first).await?.map(|row| row.first_used_at))
}

/// Counts the listed networks that a key was used from since a time.
pub(in crate::keys) async fn count_addresses(db: &impl Source, key: KeyId, since: Time) -> DbResult<u64> {
    let used = address::Entity::find().filter(address::Column::KeyId.eq(key)).filter(address::Column::LastUsedAt.gte(since));
    count_rows(db, used).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_forms_of_this_and_earlier_versions_are_parsed() {
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
