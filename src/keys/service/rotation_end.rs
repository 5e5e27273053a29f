//! The end of a rotation: the time at which an old key is revoked is set and changed, and once it has come, the key is revoked.
//!
//! Everything is decided in an [`AuditedTx`], which locks the workspace's audit log: of two nodes, or of a node and a person who
//! changes the end at that moment, the second sees what the first has committed.

use serde_json::{Value, json};

use super::propagate::propagate_again;
use super::revoke::{confirm_in_background, revoke_in};
use super::rules::{require_live, target};
use crate::audit::{Action, Actor, AuditContext, AuditedTx, EventType, changed_fields, differences};
use crate::keys::context::Keys;
use crate::keys::error::Error;
use crate::keys::model::{Key, KeyId, QUIET_BEFORE_END, RevokeAfter, RevokeAt, Status};
use crate::keys::tables::last_use;
use crate::keys::{events, store, usage};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::DbResult;

/// Keys that one run ends, and those whose confirmation it repeats.
const AT_ONCE: u64 = 100;

/// The time after which a revocation without a recorded confirmation is taken for one that was cut off.
const CUT_OFF_AFTER: std::time::Duration = std::time::Duration::from_mins(1);

/// The reason for which an old key is not revoked at the end of its rotation.
#[derive(Debug)]
enum Obstacle {
    /// Every key that replaced it is revoked or expired.
    NoSuccessor,
    /// Its last use is too recent.
    InUse(last_use::Model),
}

/// Sets, changes or cancels the time at which an active key that was rotated is revoked. Writes and records nothing if nothing
/// differs.
pub async fn set_revoke_at(
    keys: &Keys,
    workspace: WorkspaceId,
    context: AuditContext,
    id: KeyId,
    input: RevokeAt,
) -> Result<Key, Error> {
    let mut tx = AuditedTx::begin(keys, workspace, context).await?;
    let old = require_live(&tx, id).await?;
    let now = tx.now();
    if input.at.is_some_and(|at| at <= now || at > now.after(RevokeAfter::MAX.duration())) {
        return Err(Error::RevokeAt);
    }
    if input.at.is_some() {
        require_successor(&tx, id).await?;
    }
    let mut key = old.clone();
    key.end_rotation_at(input.at, input.force.unwrap_or(old.revoke_old_forced));
    let Some(changes) = differences(&planned(&old), &planned(&key)) else { return Ok(old) };
    store::set_rotation_end(tx.db(), &key).await?;
    let fields = changed_fields(&changes);
    tx.record(Action::KeyUpdated, Some(target(&key)), changes);
    events::publish_update(&mut tx, &key, fields).await?;
    tx.commit().await?;
    Ok(key)
}

/// Fails if no key that is neither revoked nor expired replaces the key.
async fn require_successor(tx: &AuditedTx, id: KeyId) -> Result<(), Error> {
    if store::has_live_successor(tx.db(), tx.workspace(), id, tx.now()).await? {
        return Ok(());
    }
    let was_rotated = !store::successors(tx.db(), tx.workspace(), vec![id]).await?.is_empty();
    Err(if was_rotated { Error::NoSuccessor } else { Error::NotRotated })
}

/// Returns the fields of the planned end, as events have them.
pub(super) fn planned(key: &Key) -> Value {
    json!({ "revokeOldAt": key.revoke_old_at, "revokeOldForced": key.revoke_old_forced })
}

/// Revokes the keys whose end has come, and reports those that are still in use or that no active key replaces; each once, whichever
/// nodes try. A key that cannot be revoked does not hold up the others.
pub async fn end_rotations(keys: &Keys) -> Result<(), Error> {
    let (db, now) = (keys.db.read(), keys.clock.now());
    let mut outcome = Ok(());
    for (workspace, id) in store::ended_rotations(db, now, AT_ONCE).await? {
        outcome = outcome.and(Box::pin(end(keys, workspace, id)).await);
    }
    // Of nodes that stopped between the revocation and its confirmation.
    let system = Actor::SYSTEM.into_id_and_name().0;
    for key in store::unconfirmed_ends(db, now.before(CUT_OFF_AFTER), &system, AT_ONCE).await? {
        let confirmation = propagate_again(keys, &key).await?;
        confirm_in_background(keys, key, confirmation).await;
    }
    outcome
}

/// Revokes a key if its end has come, unless something is in the way.
async fn end(keys: &Keys, workspace: WorkspaceId, id: KeyId) -> Result<(), Error> {
    let started_at = keys.clock.ticks();
    let tx = AuditedTx::begin_essential_system(keys, workspace).await?;
    // Read again under the lock: the end may have been changed or canceled, or another node was first.
    let Some(key) = store::find_locked(tx.db(), workspace, id).await?.filter(|key| key.rotation_has_ended(tx.now())) else {
        return Ok(());
    };
    if let Some(obstacle) = obstacle(&tx, &key).await? {
        return Ok(block(tx, key, obstacle).await?);
    }
    let planned_at = key.revoke_old_at.map(|at| at.to_string()).unwrap_or_default();
    let reason = format!("Replaced by a rotation, whose end was set to {planned_at}.");
    let details = planned(&key);
    revoke_in(keys, tx, key, Some(reason), details, started_at).await?;
    Ok(())
}

/// Returns the reason for which the key stays active.
async fn obstacle(tx: &AuditedTx, key: &Key) -> DbResult<Option<Obstacle>> {
    // An expired key is refused already.
    if key.status(tx.now()) == Status::Expired {
        return Ok(None);
    }
    // Without a key to use instead, a revocation would be an outage. That holds for a forced one too.
    if !store::has_live_successor(tx.db(), key.workspace, key.id, tx.now()).await? {
        return Ok(Some(Obstacle::NoSuccessor));
    }
    if key.revoke_old_forced {
        return Ok(None);
    }
    let last = usage::last_uses(tx.db(), vec![key.id]).await?.remove(&key.id);
    // Before the end that was set, since it may be decided late: after an outage, nobody has used the key for a while.
    let end = key.revoke_old_at.unwrap_or_else(|| tx.now());
    Ok(last.filter(|last| is_recent(last.at, end)).map(Obstacle::InUse))
}

/// Returns whether a use was in the 24 hours before the end of a rotation, or after it.
fn is_recent(used: Time, end: Time) -> bool {
    end.since(used) < QUIET_BEFORE_END
}

/// Reports that a key stays active. It stays so until its end is changed, or it is revoked.
async fn block(mut tx: AuditedTx, mut key: Key, obstacle: Obstacle) -> DbResult<()> {
    key.rotation_blocked_at = Some(tx.now());
    store::set_rotation_end(tx.db(), &key).await?;
    let details = match obstacle {
        Obstacle::NoSuccessor => json!({ "revokeOldAt": key.revoke_old_at, "cause": "no_successor" }),
        Obstacle::InUse(last) => {
            json!({ "revokeOldAt": key.revoke_old_at, "cause": "in_use", "lastUsedAt": last.at, "lastUsedIp": last.ip })
        }
    };
    tx.record(Action::KeyRotationBlocked, Some(target(&key)), details);
    events::publish(&mut tx, EventType::KeyRotationBlocked, &key).await?;
    tx.commit().await
}
