//! Recording unusual activity: its row, its event and its payload in one transaction, once for each key, kind and day.

use jiff::tz::TimeZone;

use super::kinds::{Unusual, UnusualKind};
use super::notices::{listed, notify_unusual};
use super::store;
use crate::audit::{Action, AuditContext, AuditedTx, Target, TargetKind};
use crate::core::Core;
use crate::keys::events;
use crate::keys::model::{Key, KeyId, Status};
use crate::keys::store::find_all;
use crate::keys::tables::unusual;
use crate::workspaces::{self, Tenant};
use kit::clock::{self, Time};
use kit::day::Day;
use kit::db::DbResult;

/// Records of one transaction.
const TOGETHER: usize = 100;

/// Unusual activity that is to be recorded.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) key: KeyId,
    /// The time or the hour of the activity.
    pub(super) at: Time,
    pub(super) unusual: Unusual,
}

/// Records what was found about active keys of a workspace, as far as no record of the day has it.
pub(super) async fn record_all(core: &Core, tenant: &Tenant, mut found: Vec<Found>) -> DbResult<()> {
    let zone = clock::zone(&tenant.timezone);
    let now = core.clock.now();
    let days_of = |at: Time| [at, now].map(|time| Day::in_zone(time, &zone));
    let mut days: Vec<Day> = found.iter().flat_map(|one| days_of(one.at)).collect();
    days.sort_unstable();
    days.dedup();
    let ids: Vec<KeyId> = found.iter().map(|one| one.key).collect();
    // Without a lock of the log if there is nothing to record.
    let known = store::recorded_on(core.db.read(), tenant.id, &ids, &days).await?;
    found.retain(|one| !days_of(one.at).iter().any(|day| known.contains(&(one.key, one.unusual.kind(), *day))));
    if found.is_empty() {
        return Ok(());
    }
    let ids: Vec<KeyId> = found.iter().map(|one| one.key).collect();
    let mut keys = find_all(core.db.read(), tenant.id, &ids).await?;
    // Refused requests with a revoked key are no surprise.
    keys.retain(|key| key.status(now) == Status::Active);
    found.retain(|one| keys.iter().any(|key| key.id == one.key));
    for found in found.chunks(TOGETHER) {
        let mut tx = AuditedTx::begin_system(core, tenant.id).await?;
        let mut recorded = Vec::new();
        for one in found {
            let Some(key) = keys.iter().find(|key| key.id == one.key) else { continue };
            if record(&mut tx, key, (one.at, &one.unusual), &zone).await? {
                recorded.push(listed(key, &one.unusual));
            }
        }
        if !recorded.is_empty() {
            notify_unusual(&tx, &recorded).await?;
            tx.commit().await?;
        }
    }
    Ok(())
}

/// Records unusual activity of a key now, in the transaction of its cause, which queues the email. Returns false if the key has a
/// record of the kind today.
pub async fn record_unusual(tx: &mut AuditedTx, key: &Key, unusual: &Unusual) -> DbResult<bool> {
    let workspace = workspaces::find(tx.db(), tx.workspace()).await?;
    let zone = workspace.map_or(TimeZone::UTC, |workspace| clock::zone(&workspace.timezone));
    let now = tx.now();
    record(tx, key, (now, unusual), &zone).await
}

/// Records it under the lock of the workspace's log: another node may have done so.
async fn record(tx: &mut AuditedTx, key: &Key, (at, unusual): (Time, &Unusual), zone: &TimeZone) -> DbResult<bool> {
    let (kind, day) = (unusual.kind(), Day::in_zone(tx.now(), zone));
    // What began before midnight and was recorded then is not recorded again after it.
    let days = [day, Day::in_zone(at, zone)];
    let known = store::recorded_on(tx.db(), tx.workspace(), &[key.id], &days).await?;
    if days.iter().any(|day| known.contains(&(key.id, kind, *day))) {
        return Ok(false);
    }
    let details = serde_json::to_value(unusual).map_err(|error| sea_orm::DbErr::Json(error.to_string()))?;
    let row = unusual::Model {
        workspace_id: tx.workspace(),
        key_id: key.id,
        kind: kind.as_str().to_owned(),
        day,
        at: tx.now(),
        details: details.clone(),
    };
    store::insert(tx.db(), row).await?;
    let before = tx.context().clone();
    tx.act_for(AuditContext { ip: address_of(unusual), ..AuditContext::system() });
    tx.record(Action::KeyUnusual, Some(Target::new(TargetKind::ApiKey, key.id, &key.name)), details);
    events::publish_unusual(tx, key, unusual).await?;
    tx.act_for(before);
    Ok(true)
}

fn address_of(unusual: &Unusual) -> Option<std::net::IpAddr> {
    match unusual {
        Unusual::NewNetwork { address, .. } => address.parse().ok(),
        Unusual::Dormant { .. }
        | Unusual::Spike { .. }
        | Unusual::Refusals { .. }
        | Unusual::FirstWrite { .. }
        | Unusual::UnusualHour { .. }
        | Unusual::TwoPlaces { .. }
        | Unusual::Leak { .. } => None,
    }
}

/// Kinds as a set.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Kinds(u8);

impl Kinds {
    pub(super) fn insert(&mut self, kind: UnusualKind) {
        self.0 |= 1 << kind as u8;
    }

    pub(super) fn contains(self, kind: UnusualKind) -> bool {
        self.0 & 1 << kind as u8 != 0
    }
}
