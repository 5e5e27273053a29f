//! Audit events of keys that have expired, and of those that will.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use super::rules::target;
use crate::audit::{Action, AuditedTx, EventType};
use crate::core::Core;
use crate::keys::events;
use crate::keys::model::Key;
use crate::keys::store;
use crate::mail::{self, Content, ExpiringKey, MAX_LISTED};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::DbResult;

/// Keys that one run records of each kind.
const AT_ONCE: u64 = 1_000;

/// Keys of a workspace that one transaction announces, with one email.
const TOGETHER: usize = 50;

const DAY: Duration = Duration::from_hours(24);

/// The days before an expiry that are announced, the fewest first: of a late run the later announcement suffices.
const ANNOUNCED: [i16; 2] = [1, 7];

/// Records an audit event for each key that has passed its expiry, once. Verification has refused the key since then.
pub async fn record_expiries(core: &Core) -> DbResult<()> {
    for key in store::unrecorded_expiries(core.db.read(), core.clock.now(), AT_ONCE).await? {
        let mut tx = AuditedTx::begin_system(core, key.workspace).await?;
        if store::set_expiry_recorded(tx.db(), key.id, tx.now()).await? {
            tx.record(Action::KeyExpired, Some(target(&key)), json!({ "expiresAt": key.expires_at }));
            events::publish(&mut tx, EventType::KeyExpired, &key).await?;
            tx.commit().await?;
        }
    }
    Ok(())
}

/// Records an audit event for each key that expires within seven days, and within a day; each once, whichever nodes try. A
/// workspace whose log cannot be written does not hold up the others.
pub async fn record_expiring(core: &Core) -> DbResult<()> {
    let mut outcome = Ok(());
    for days in ANNOUNCED {
        let now = core.clock.now();
        let until = now.after(span(days));
        let mut by_workspace: BTreeMap<WorkspaceId, Vec<Key>> = BTreeMap::new();
        for key in store::unannounced_expiries(core.db.read(), days, (now, until), AT_ONCE).await? {
            by_workspace.entry(key.workspace).or_default().push(key);
        }
        for (workspace, keys) in by_workspace {
            for keys in keys.chunks(TOGETHER) {
                outcome = outcome.and(announce(core, workspace, keys, days).await);
            }
        }
    }
    outcome
}

/// Announces keys of a workspace, the first to expire first.
async fn announce(core: &Core, workspace: WorkspaceId, keys: &[Key], days: i16) -> DbResult<()> {
    let mut tx = AuditedTx::begin_system(core, workspace).await?;
    let mut announced = Vec::new();
    for key in keys {
        let Some(expires_at) = key.expires_at else { continue };
        // Keys that live no longer than the notice period are not announced.
        if store::set_expiry_announced(tx.db(), key.id, days).await? && expires_at.since(key.created_at) > span(days) {
            let left = days_left(expires_at, tx.now());
            tx.record(Action::KeyExpiring, Some(target(key)), json!({ "expiresAt": expires_at, "daysLeft": left }));
            events::publish(&mut tx, EventType::KeyExpiring, key).await?;
            let (name, hint) = (key.name.clone(), key.hint.clone());
            announced.push(ExpiringKey { key: key.id.to_string(), name, hint, at: expires_at });
        }
    }
    notify(&tx, days, &announced).await?;
    tx.commit().await
}

/// Queues one email about all of them to each administrator.
async fn notify(tx: &AuditedTx, days: i16, keys: &[ExpiringKey]) -> DbResult<()> {
    let [first, others @ ..] = keys else { return Ok(()) };
    let last = others.last().unwrap_or(first);
    let listed = others.len().min(MAX_LISTED - 1);
    let event = format!("key_expiring {} {days}", first.key);
    let content = Content::KeyExpiring {
        first: first.clone(),
        days: days_left(last.at, tx.now()),
        others: others[..listed].to_vec(),
        more: (others.len() - listed) as u64,
    };
    mail::notify_administrators(tx, &event, &content).await
}

fn span(days: i16) -> Duration {
    DAY * u32::from(days.unsigned_abs())
}

/// Returns the days until the expiry, rounded up.
fn days_left(expires_at: Time, now: Time) -> u64 {
    expires_at.since(now).as_secs().div_ceil(DAY.as_secs())
}
