//! Revocation of a key, and the record of its confirmation by every node.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;

use super::propagate::{commit_and_propagate, propagate_again};
use super::rules::{person, target};
use crate::audit::{Action, AuditContext, AuditedTx, EventType};
use crate::cluster::{self, Confirmation};
use crate::keys::context::Keys;
use crate::keys::error::Error;
use crate::keys::events;
use crate::keys::model::{Key, KeyId, RevokeKey};
use crate::keys::store;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{DbResult, is_reported};
use kit::text::kept;

/// The longest time that a call waits for the record of the confirmation. Every node refuses the key before that.
pub(super) const RECORD_TIMEOUT: Duration = Duration::from_secs(2);

/// Revokes a key permanently. Every node refuses it when this function returns. A second call changes nothing.
pub async fn revoke(
    keys: &Keys,
    workspace: WorkspaceId,
    context: AuditContext,
    id: KeyId,
    input: RevokeKey,
) -> Result<Key, Error> {
    let started_at = keys.clock.ticks();
    let tx = AuditedTx::begin_essential(keys, workspace, context).await?;
    let key = store::find_locked(tx.db(), workspace, id).await?.ok_or(Error::NotFound)?;
    if key.revoked_at.is_some() {
        tx.rollback().await?;
        // The first call may have been cut off before every node had confirmed.
        let confirmation = propagate_again(keys, &key).await?;
        return Ok(confirm_in_background(keys, key, confirmation).await);
    }
    revoke_in(keys, tx, key, kept(input.reason), json!({}), started_at).await
}

/// Revokes a key in the transaction that has locked it, and waits until every node refuses it. `details` are those of the event
/// besides reason and hint; `started_at` is the start of the call, in ticks.
pub(super) async fn revoke_in(
    keys: &Keys,
    mut tx: AuditedTx,
    mut key: Key,
    reason: Option<String>,
    mut details: Value,
    started_at: Duration,
) -> Result<Key, Error> {
    key.revoked_at = Some(tx.now());
    key.revoked_by = Some(person(&tx));
    key.revoke_reason = reason;
    key.revision = cluster::next_revision(tx.db()).await?;
    store::set(tx.db(), &key).await?;
    details["reason"] = json!(key.revoke_reason);
    details["hint"] = json!(key.hint);
    tx.record(Action::KeyRevoked, Some(target(&key)), details);
    events::publish(&mut tx, EventType::KeyRevoked, &key).await?;
    let confirmation = Box::pin(commit_and_propagate(keys, tx, &key, None)).await?;
    keys.revocation_seconds.observe(keys.clock.ticks().saturating_sub(started_at).as_secs_f64());
    Ok(confirm_in_background(keys, key, confirmation).await)
}

/// Sets the time from which every node has refused the key, and records it. The revocation does not depend on the record: if it
/// cannot be written, every node refuses the key all the same.
pub(super) async fn confirm_in_background(keys: &Keys, mut key: Key, confirmation: Confirmation) -> Key {
    if key.refused_everywhere_at.is_none() {
        let since = keys.clock.now();
        // A task of its own, which continues if the client disconnects.
        let recording = tokio::spawn(record_confirmation(keys.clone(), key.clone(), since, confirmation));
        let recorded = match timeout(RECORD_TIMEOUT, recording).await {
            Ok(Ok(recorded)) => recorded,
            Ok(Err(_)) | Err(_) => None,
        };
        key.refused_everywhere_at = Some(recorded.unwrap_or(since));
    }
    key
}

/// Returns the recorded time, or `None` if it could not be recorded. Of two concurrent calls the first record stays.
async fn record_confirmation(keys: Keys, key: Key, since: Time, confirmation: Confirmation) -> Option<Time> {
    match write_confirmation(&keys, &key, since, &confirmation).await {
        Ok(recorded) => recorded,
        Err(error) => {
            if !is_reported(&error) {
                tracing::warn!(%error, key = %key.id, "could not record revocation confirmation");
            }
            None
        }
    }
}

async fn write_confirmation(keys: &Keys, key: &Key, since: Time, confirmation: &Confirmation) -> DbResult<Option<Time>> {
    let mut tx = AuditedTx::begin_essential_system(keys, key.workspace).await?;
    if !store::set_refused_everywhere(tx.db(), key.id, since).await? {
        let stored = store::find(tx.db(), key.workspace, key.id).await?;
        return Ok(stored.and_then(|key| key.refused_everywhere_at));
    }
    tx.record(Action::KeyRefusedEverywhere, Some(target(key)), confirmed(key, since, confirmation));
    events::publish(&mut tx, EventType::KeyRefusedEverywhere, key).await?;
    tx.commit().await?;
    Ok(Some(since))
}

/// Returns the details of the event that every node refuses a key.
pub(super) fn confirmed(key: &Key, since: Time, confirmation: &Confirmation) -> Value {
    let mut details = nodes_of(confirmation);
    details["revokedAt"] = json!(key.revoked_at);
    details["refusedEverywhereAt"] = json!(since);
    details
}

/// Returns the nodes of a confirmation, for its event.
pub(super) fn nodes_of(confirmation: &Confirmation) -> Value {
    json!({
        "confirmedBy": confirmation.confirmed_by,
        "leaseRanOut": confirmation.lease_ran_out,
        "gone": confirmation.gone,
    })
}
