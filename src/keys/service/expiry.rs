//! Audit events of keys that have expired, and of those that will.

use std::time::Duration;

use serde_json::json;

use super::rules::target;
use crate::audit::{Action, AuditedTx, EventType};
use crate::core::Core;
use crate::keys::events;
use crate::keys::model::Key;
use crate::keys::store;
use crate::mail::{self, Content};
use crate::members::{self, Role};
use kit::clock::Time;
use kit::db::DbResult;

/// Keys that one run records of each kind.
const AT_ONCE: u64 = 1_000;

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
        for key in store::unannounced_expiries(core.db.read(), days, (now, until), AT_ONCE).await? {
            outcome = outcome.and(announce(core, &key, days).await);
        }
    }
    outcome
}

async fn announce(core: &Core, key: &Key, days: i16) -> DbResult<()> {
    let Some(expires_at) = key.expires_at else { return Ok(()) };
    let mut tx = AuditedTx::begin_system(core, key.workspace).await?;
    if !store::set_expiry_announced(tx.db(), key.id, days).await? {
        return Ok(());
    }
    // Who makes a key for less time knows.
    if expires_at.since(key.created_at) > span(days) {
        let left = days_left(expires_at, tx.now());
        tx.record(Action::KeyExpiring, Some(target(key)), json!({ "expiresAt": expires_at, "daysLeft": left }));
        events::publish(&mut tx, EventType::KeyExpiring, key).await?;
        notify(core, &tx, key, days, expires_at).await?;
    }
    tx.commit().await
}

/// Queues an email to the administrators, who manage keys.
async fn notify(core: &Core, tx: &AuditedTx, key: &Key, days: i16, at: Time) -> DbResult<()> {
    if !mail::is_on(core) {
        return Ok(());
    }
    let (name, hint) = (key.name.clone(), key.hint.clone());
    let content = Content::KeyExpiring { key: key.id.to_string(), name, hint, at, days: days_left(at, tx.now()) };
    for member in members::with_role(tx.db(), key.workspace, &[Role::AccountOwner, Role::Admin]).await? {
        mail::notify_of(core, tx, &member, format!("key_expiring {} {days}", key.id), content.clone()).await?;
    }
    Ok(())
}

fn span(days: i16) -> Duration {
    DAY * u32::from(days.unsigned_abs())
}

/// Returns the days until the expiry, rounded up.
fn days_left(expires_at: Time, now: Time) -> u64 {
    expires_at.since(now).as_secs().div_ceil(DAY.as_secs())
}
