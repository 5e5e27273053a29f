//! The end of a key.

use std::time::Duration;

use serde_json::json;
use tokio::time::timeout;

use super::{person, publish, require_stored, target};
use crate::app::App;
use crate::audit::{Action, AuditContext, AuditedTx};
use crate::cluster::{self, Confirmation, LocalChange};
use crate::keys::error::Error;
use crate::keys::index::IndexedKey;
use crate::keys::model::{Key, KeyId, RevokeKey};
use crate::keys::store;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{DbResult, is_reported};
use kit::text::kept;

/// The key is refused everywhere by then: whoever revoked it does not wait for the record of it for longer than this.
const RECORDING: Duration = Duration::from_secs(2);

/// Revokes a key, for good. When this returns, every node refuses it. A second call changes nothing.
pub async fn revoke(app: &App, workspace: WorkspaceId, by: AuditContext, id: KeyId, input: RevokeKey) -> Result<Key, Error> {
    let begun = app.clock.ticks();
    let mut tx = AuditedTx::begin_essential(app, workspace, by).await?;
    let mut key = store::find(tx.db(), workspace, id).await?.ok_or(Error::NotFound)?;
    if key.revoked_at.is_some() {
        // The first call may have been cut off before every node had confirmed; this one keeps the promise as well.
        drop(tx);
        app.cluster.note_pending_local_change(LocalChange::from(&key));
        app.index.apply(&IndexedKey::from(&key));
        require_stored(&app.db, &key).await?;
        let confirmation = app.cluster.wait_for_others(key.revision).await;
        return Ok(recorded(app, key, confirmation).await);
    }
    key.revoked_at = Some(tx.now());
    key.revoked_by = Some(person(&tx));
    key.revoke_reason = kept(input.reason);
    key.revision = cluster::next_revision(tx.db()).await?;
    store::set(tx.db(), &key).await?;
    tx.record(Action::KeyRevoked, Some(target(&key)), json!({ "reason": key.revoke_reason, "hint": key.hint }));
    let confirmation = publish(app, tx, &key, None).await?;
    app.metrics.revocation(app.clock.ticks().saturating_sub(begun));
    Ok(recorded(app, key, confirmation).await)
}

/// The key, which every node refuses by now, and the record of that. The promise does not depend on the record: if it
/// cannot be written, the key is refused all the same, and since when is true all the same.
async fn recorded(app: &App, mut key: Key, confirmation: Confirmation) -> Key {
    if key.refused_everywhere_at.is_none() {
        let since = app.clock.now();
        // By a task of its own: it goes on if whoever revoked the key does not wait any longer.
        let recording = tokio::spawn(record(app.clone(), key.clone(), since, confirmation));
        let known = match timeout(RECORDING, recording).await {
            Ok(Ok(known)) => known,
            Ok(Err(_)) | Err(_) => None,
        };
        key.refused_everywhere_at = Some(known.unwrap_or(since));
    }
    key
}

/// Since when the record says so; of two calls at once that have both waited, what the first has recorded stays.
async fn record(app: App, key: Key, since: Time, confirmation: Confirmation) -> Option<Time> {
    match try_record(&app, &key, since, &confirmation).await {
        Ok(since) => since,
        Err(error) => {
            if !is_reported(&error) {
                tracing::warn!(%error, key = %key.id, "from when on a key is refused could not be recorded");
            }
            None
        }
    }
}

async fn try_record(app: &App, key: &Key, since: Time, confirmation: &Confirmation) -> DbResult<Option<Time>> {
    let mut tx = AuditedTx::begin_essential_system(app, key.workspace).await?;
    if !store::set_refused_everywhere(tx.db(), key.id, since).await? {
        let known = store::find(tx.db(), key.workspace, key.id).await?;
        return Ok(known.and_then(|key| key.refused_everywhere_at));
    }
    let details = json!({
        "revokedAt": key.revoked_at,
        "refusedEverywhereAt": since,
        "confirmedBy": confirmation.confirmed_by,
        "leaseRanOut": confirmation.lease_ran_out,
        "gone": confirmation.gone,
    });
    tx.record(Action::KeyRefusedEverywhere, Some(target(key)), details);
    tx.commit().await?;
    Ok(Some(since))
}
