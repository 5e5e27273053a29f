//! Revocation of many keys in one transaction: of all active and paused keys of a workspace, together with what takes all access
//! away, or of those that a person has selected (`bulk`).
//!
//! Each key gets a revision and an event of its own, as if it had been revoked alone: nodes follow revisions, and the log of a key
//! says when it ended. The number of keys is bounded by the quota of active keys, or by that of a selection.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::time::timeout;

use super::propagate::require_stored;
use super::revoke::RECORD_TIMEOUT;
use super::rules::{person, target};
use crate::audit::{Action, AuditedTx, EventType};
use crate::cluster::{self, Confirmation, LocalChange};
use crate::keys::context::Keys;
use crate::keys::events;
use crate::keys::index::IndexedKey;
use crate::keys::model::Key;
use crate::keys::store;
use kit::clock::Time;
use kit::db::{DbResult, is_reported};

/// Keys that were revoked together.
#[derive(Clone, Debug)]
pub struct RevokedKeys {
    keys: Arc<[Key]>,
    started_at: Duration,
}

impl RevokedKeys {
    /// Returns the result of a call that revokes no keys.
    pub fn none(keys: &Keys) -> Self {
        Self { keys: Arc::default(), started_at: keys.clock.ticks() }
    }

    /// Returns keys that were revoked earlier, to be confirmed again.
    pub(super) fn again(keys: &Keys, mut revoked: Vec<Key>) -> Self {
        revoked.sort_unstable_by_key(|key| key.revision);
        apply_all(keys, &revoked);
        Self { keys: revoked.into(), started_at: keys.clock.ticks() }
    }

    pub fn len(&self) -> usize {
        self.keys.len()
    }

    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

/// Revokes all active and paused keys of a workspace in a transaction that the caller commits. After that,
/// [`confirm_all`] waits for the other nodes.
pub async fn revoke_all(keys: &Keys, tx: &mut AuditedTx, reason: &str) -> DbResult<RevokedKeys> {
    let live = store::list_live_locked(tx.db(), tx.workspace(), tx.now()).await?;
    revoke_listed(keys, tx, live, Some(reason.to_owned())).await
}

/// Revokes keys that are not revoked and whose rows are locked, as [`revoke_all`] does.
pub(super) async fn revoke_listed(
    keys: &Keys,
    tx: &mut AuditedTx,
    mut revoked: Vec<Key>,
    reason: Option<String>,
) -> DbResult<RevokedKeys> {
    let started_at = keys.clock.ticks();
    if revoked.is_empty() {
        return Ok(RevokedKeys::none(keys));
    }
    let successors = events::successors_for(tx, EventType::KeyRevoked, revoked.iter().map(|key| key.id)).await?;
    for key in &mut revoked {
        key.revoked_at = Some(tx.now());
        key.revoked_by = Some(person(tx));
        key.revoke_reason.clone_from(&reason);
        tx.record(Action::KeyRevoked, Some(target(key)), json!({ "reason": key.revoke_reason, "hint": key.hint }));
        events::publish_with(tx, EventType::KeyRevoked, key, &successors);
    }
    // Late, as the changes of keys of all workspaces wait for the revisions from here on.
    let first = cluster::next_revisions(tx.db(), revoked.len()).await?;
    revoked.iter_mut().zip(first..).for_each(|(key, revision)| key.revision = revision);
    store::set_revoked(tx.db(), &revoked).await?;
    let revoked = RevokedKeys { keys: revoked.into(), started_at };
    let (context, committed) = (keys.clone(), Arc::clone(&revoked.keys));
    tx.after_commit(move || apply_all(&context, &committed));
    Ok(revoked)
}

/// Applies a committed revocation of many keys to this node's index.
fn apply_all(keys: &Keys, revoked: &[Key]) {
    // One of them stands for all, since they were committed together.
    if let Some(last) = revoked.last() {
        keys.cluster.note_pending_local_change(LocalChange::from(last));
    }
    for key in revoked {
        keys.index.apply(&IndexedKey::from(key));
    }
}

/// Waits until every node refuses keys whose revocation has been committed, and records it. Returns the time from which every node
/// has refused them.
pub async fn confirm_all(keys: &Keys, revoked: &RevokedKeys) -> DbResult<Time> {
    let Some(last) = revoked.keys.last() else { return Ok(keys.clock.now()) };
    require_stored(&keys.db, last).await?;
    let confirmation = keys.cluster.wait_for_others(last.revision).await;
    let since = keys.clock.now();
    keys.revocation_seconds.observe(keys.clock.ticks().saturating_sub(revoked.started_at).as_secs_f64());
    // A task of its own, which continues if the client disconnects.
    let recording = tokio::spawn(record_confirmations(keys.clone(), Arc::clone(&revoked.keys), since, confirmation));
    // Every node refuses the keys, whether the record is written or not.
    let _late = timeout(RECORD_TIMEOUT, recording).await;
    Ok(since)
}

async fn record_confirmations(keys: Keys, revoked: Arc<[Key]>, since: Time, confirmation: Confirmation) {
    if let Err(error) = write_confirmations(&keys, &revoked, since, &confirmation).await
        && !is_reported(&error)
    {
        tracing::warn!(%error, keys = revoked.len(), "could not record revocation confirmations");
    }
}

async fn write_confirmations(keys: &Keys, revoked: &[Key], since: Time, confirmation: &Confirmation) -> DbResult<()> {
    let Some(first) = revoked.first() else { return Ok(()) };
    let mut tx = AuditedTx::begin_essential_system(keys, first.workspace).await?;
    // Those that a second call has recorded meanwhile are left out.
    let recorded = store::set_all_refused_everywhere(tx.db(), first.workspace, revoked, since).await?;
    let event_type = EventType::KeyRefusedEverywhere;
    let successors = events::successors_for(&tx, event_type, recorded.iter().copied()).await?;
    for key in revoked.iter().filter(|key| recorded.contains(&key.id)) {
        tx.record(Action::KeyRefusedEverywhere, Some(target(key)), super::revoke::confirmed(key, since, confirmation));
        events::publish_with(&mut tx, event_type, key, &successors);
    }
    tx.commit().await
}
