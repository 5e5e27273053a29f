//! One change of many keys that a person has selected: in one transaction, but for pauses, which have one each.
//!
//! Each key gets an event of its own, as if it had been changed alone. A key that cannot be changed keeps no other from it: the
//! outcome of each is returned.

use std::collections::{BTreeSet, HashMap};

use serde_json::json;

use super::pause::pause;
use super::revoke_all::{RevokedKeys, confirm_all, revoke_listed};
use super::rules::{require_custodian, target};
use crate::audit::{Action, AuditContext, AuditedTx, EventType};
use crate::keys::context::Keys;
use crate::keys::error::Error;
use crate::keys::events;
use crate::keys::model::{BulkOutcome, Key, KeyId, PauseKey, Reason};
use crate::keys::store;
use crate::members::MemberId;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::text::kept;

/// The outcome for each key, in the order in which they were named, each once.
pub type BulkOutcomes = Vec<(KeyId, BulkOutcome)>;

/// Revokes keys permanently. Every node refuses them when this function returns.
pub async fn revoke_many(
    keys: &Keys,
    workspace: WorkspaceId,
    context: AuditContext,
    ids: &[KeyId],
    reason: Option<Reason>,
) -> Result<BulkOutcomes, Error> {
    let mut tx = AuditedTx::begin_essential(keys, workspace, context).await?;
    let found = store::find_all_locked(tx.db(), workspace, ids).await?;
    let (earlier, current): (Vec<Key>, Vec<Key>) = found.into_iter().partition(|key| key.revoked_at.is_some());
    let mut outcomes: HashMap<KeyId, BulkOutcome> = earlier.iter().map(|key| (key.id, BulkOutcome::Unchanged)).collect();
    outcomes.extend(current.iter().map(|key| (key.id, BulkOutcome::Done)));
    let revoked = revoke_listed(keys, &mut tx, current, kept(reason)).await?;
    if revoked.is_empty() {
        tx.rollback().await?;
    } else {
        tx.commit().await?;
    }
    // The call that revoked a key earlier may have been cut off before every node had confirmed.
    let unconfirmed = RevokedKeys::again(keys, earlier.into_iter().filter(|key| key.refused_everywhere_at.is_none()).collect());
    for revoked in [&unconfirmed, &revoked] {
        confirm_all(keys, revoked).await?;
    }
    Ok(in_order(ids, &outcomes))
}

/// Pauses keys, one after another. Every node refuses them when this function returns. After an error, those before it are paused:
/// a repetition pauses the rest.
pub async fn pause_many(
    keys: &Keys,
    workspace: WorkspaceId,
    context: AuditContext,
    ids: &[KeyId],
    input: PauseKey,
) -> Result<BulkOutcomes, Error> {
    let mut outcomes = HashMap::new();
    for id in ids.iter().copied().collect::<BTreeSet<_>>() {
        let outcome = match pause(keys, workspace, context.clone(), id, input).await {
            Ok(_) => BulkOutcome::Done,
            Err(Error::NotFound) => BulkOutcome::NotFound,
            Err(Error::NotActive(_)) => BulkOutcome::NotActive,
            Err(Error::PausedLonger(_)) => BulkOutcome::PausedLonger,
            Err(error) => return Err(error),
        };
        outcomes.insert(id, outcome);
    }
    Ok(in_order(ids, &outcomes))
}

/// Makes a member the custodian of keys that are neither revoked nor expired.
pub async fn assign_custodian(
    keys: &Keys,
    workspace: WorkspaceId,
    context: AuditContext,
    ids: &[KeyId],
    custodian: MemberId,
) -> Result<BulkOutcomes, Error> {
    let mut tx = AuditedTx::begin(keys, workspace, context).await?;
    require_custodian(&tx, custodian).await?;
    let (mut outcomes, mut changed, now) = (HashMap::new(), Vec::new(), tx.now());
    for mut key in store::find_all(tx.db(), workspace, ids).await? {
        let outcome = assigned(&key, custodian, now);
        outcomes.insert(key.id, outcome);
        if outcome == BulkOutcome::Done {
            let before = key.custodian();
            key.chosen_custodian = Some(custodian);
            changed.push((key, before));
        }
    }
    if changed.is_empty() {
        return Ok(in_order(ids, &outcomes));
    }
    store::set_custodian(tx.db(), workspace, changed.iter().map(|(key, _)| key.id).collect(), custodian).await?;
    let successors = events::successors_for(&tx, EventType::KeyUpdated, changed.iter().map(|(key, _)| key.id)).await?;
    for (key, before) in &changed {
        let details = json!({ "custodianId": { "from": before, "to": custodian } });
        tx.record(Action::KeyUpdated, Some(target(key)), details);
        events::publish_update_with(&mut tx, key, vec!["custodian_id".to_owned()], &successors);
    }
    tx.commit().await?;
    Ok(in_order(ids, &outcomes))
}

fn assigned(key: &Key, custodian: MemberId, now: Time) -> BulkOutcome {
    if key.revoked_at.is_some() || key.expires_at.is_some_and(|expiry| expiry <= now) {
        BulkOutcome::NotActive
    } else if key.custodian() == Some(custodian) {
        BulkOutcome::Unchanged
    } else {
        BulkOutcome::Done
    }
}

fn in_order(ids: &[KeyId], outcomes: &HashMap<KeyId, BulkOutcome>) -> BulkOutcomes {
    let mut seen = BTreeSet::new();
    let once = ids.iter().filter(|id| seen.insert(**id));
    once.map(|id| (*id, outcomes.get(id).copied().unwrap_or(BulkOutcome::NotFound))).collect()
}
