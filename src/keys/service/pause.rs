//! Pauses of keys: their begin, with the record of its confirmation by every node, and their end.

use std::time::Duration;

use serde_json::json;
use tokio::time::timeout;

use super::propagate::{apply_after_commit, commit_and_propagate, propagate_again};
use super::revoke::{RECORD_TIMEOUT, nodes_of};
use super::rules::{person, require_live, target};
use crate::audit::{Action, AuditContext, AuditedTx, EventType};
use crate::cluster::{self, Confirmation};
use crate::core::Core;
use crate::keys::context::Keys;
use crate::keys::error::Error;
use crate::keys::events;
use crate::keys::model::{Key, KeyId, Pause, PauseEnd, PauseKey};
use crate::keys::store;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{DbResult, is_reported};

/// Pauses that one run ends.
const AT_ONCE: u64 = 1_000;

/// Pauses a key. Every node refuses it when this function returns, until it is resumed or the time is up. A paused key gets the new
/// end, unless that is earlier: only [`resume`] gives access back. If neither has a time, a second call changes nothing.
pub async fn pause(keys: &Keys, workspace: WorkspaceId, context: AuditContext, id: KeyId, input: PauseKey) -> Result<Key, Error> {
    let started_at = keys.clock.ticks();
    let mut tx = AuditedTx::begin_essential(keys, workspace, context).await?;
    let mut key = require_live(&tx, id).await?;
    if cluster::has_node_of_older_key_rules(tx.db()).await? {
        return Err(Error::OlderNodes);
    }
    let end = input.minutes.map_or(PauseEnd::Resumed, |minutes| PauseEnd::At(tx.now().after(minutes_long(minutes))));
    if let Some(pause) = key.current_pause(tx.now()).filter(|pause| end.is_before(pause.end)) {
        return Err(Error::PausedLonger(pause.end));
    }
    if key.pause.as_ref().is_some_and(|pause| (pause.end, end) == (PauseEnd::Resumed, PauseEnd::Resumed)) {
        tx.rollback().await?;
        // The first call may have been cut off before every node had confirmed.
        let confirmation = propagate_again(keys, &key).await?;
        return confirm(keys, key, confirmation).await;
    }
    record_end(&mut tx, &mut key).await?;
    key.pause = Some(Pause { at: tx.now(), by: person(&tx), end, refused_everywhere_at: None });
    key.revision = cluster::next_revision(tx.db()).await?;
    store::set(tx.db(), &key).await?;
    let details = json!({ "pausedUntil": end.time(), "minutes": input.minutes, "hint": key.hint });
    tx.record(Action::KeyPaused, Some(target(&key)), details);
    events::publish(&mut tx, EventType::KeyPaused, &key).await?;
    let confirmation = commit_and_propagate(keys, tx, &key, None).await?;
    keys.pause_seconds.observe(keys.clock.ticks().saturating_sub(started_at).as_secs_f64());
    confirm(keys, key, confirmation).await
}

/// Ends the pause of a key. Every node accepts it when this function returns. A key that is not paused stays as it is.
pub async fn resume(keys: &Keys, workspace: WorkspaceId, context: AuditContext, id: KeyId) -> Result<Key, Error> {
    let mut tx = AuditedTx::begin(keys, workspace, context).await?;
    let mut key = require_live(&tx, id).await?;
    let Some(pause) = key.pause.clone() else {
        tx.rollback().await?;
        propagate_again(keys, &key).await?;
        return Ok(key);
    };
    if !record_end(&mut tx, &mut key).await? {
        key.pause = None;
        tx.record(Action::KeyResumed, Some(target(&key)), ended(&pause, false));
        events::publish(&mut tx, EventType::KeyResumed, &key).await?;
    }
    key.revision = cluster::next_revision(tx.db()).await?;
    store::set(tx.db(), &key).await?;
    commit_and_propagate(keys, tx, &key, None).await?;
    Ok(key)
}

/// Records an audit event for each pause whose time is up, once, whichever nodes try, and makes the key an ordinary one again: every
/// node has accepted it since that time. A workspace whose log cannot be written does not hold up the others.
pub async fn record_ended_pauses(keys: &Keys) -> DbResult<()> {
    let mut outcome = Ok(());
    for (workspace, id) in store::ended_pauses(keys.db.read(), keys.clock.now(), AT_ONCE).await? {
        outcome = outcome.and(write_end(keys, workspace, id).await);
    }
    outcome
}

/// Logs an error if a key is paused while a node runs that does not know pauses: it has started since, and accepts the key.
pub async fn report_older_nodes(core: &Core) -> DbResult<()> {
    let db = core.db.read();
    if cluster::has_node_of_older_key_rules(db).await? && store::has_paused(db, core.clock.now()).await? {
        tracing::error!("a node of an earlier version accepts paused keys: stop it, or revoke them");
    }
    Ok(())
}

async fn write_end(keys: &Keys, workspace: WorkspaceId, id: KeyId) -> DbResult<()> {
    let mut tx = AuditedTx::begin_system(keys, workspace).await?;
    let Some(mut key) = store::find_locked(tx.db(), workspace, id).await? else { return Ok(()) };
    if !key.status(tx.now()).is_live() || !record_end(&mut tx, &mut key).await? {
        return Ok(());
    }
    key.revision = cluster::next_revision(tx.db()).await?;
    store::set(tx.db(), &key).await?;
    apply_after_commit(keys, &mut tx, &key);
    tx.commit().await
}

/// Takes a pause whose time is up from the key, and records that it has ended. Returns false if there is none.
async fn record_end(tx: &mut AuditedTx, key: &mut Key) -> DbResult<bool> {
    let now = tx.now();
    let Some(pause) = key.pause.take_if(|pause| pause.end.is_over(now)) else { return Ok(false) };
    let context = tx.context().clone();
    tx.act_for(AuditContext::system());
    tx.record(Action::KeyResumed, Some(target(key)), ended(&pause, true));
    events::publish(tx, EventType::KeyResumed, key).await?;
    tx.act_for(context);
    Ok(true)
}

fn ended(pause: &Pause, automatic: bool) -> serde_json::Value {
    json!({ "pausedAt": pause.at, "pausedUntil": pause.end.time(), "automatic": automatic })
}

fn minutes_long(minutes: u32) -> Duration {
    Duration::from_secs(u64::from(minutes) * 60)
}

/// Sets the time from which every node has refused the key, and records it. Fails if that cannot be said: a node of an earlier version
/// has started since.
async fn confirm(keys: &Keys, mut key: Key, confirmation: Confirmation) -> Result<Key, Error> {
    if cluster::has_node_of_older_key_rules(keys.db.read()).await? {
        return Err(Error::PauseNotHeld);
    }
    let since = keys.clock.now();
    let Some(pause) = key.pause.as_mut().filter(|pause| pause.refused_everywhere_at.is_none()) else { return Ok(key) };
    pause.refused_everywhere_at = Some(since);
    // A task of its own, which continues if the client disconnects. The pause does not depend on the record.
    let recording = tokio::spawn(record_confirmation(keys.clone(), key.clone(), since, confirmation));
    let _late = timeout(RECORD_TIMEOUT, recording).await;
    Ok(key)
}

async fn record_confirmation(keys: Keys, key: Key, since: Time, confirmation: Confirmation) {
    if let Err(error) = write_confirmation(&keys, &key, since, &confirmation).await
        && !is_reported(&error)
    {
        tracing::warn!(%error, key = %key.id, "could not record confirmation of a pause");
    }
}

async fn write_confirmation(keys: &Keys, key: &Key, since: Time, confirmation: &Confirmation) -> DbResult<()> {
    let Some(pause) = &key.pause else { return Ok(()) };
    let mut tx = AuditedTx::begin_essential_system(keys, key.workspace).await?;
    if store::set_paused_everywhere(tx.db(), (key.id, pause.at), since).await? {
        let mut details = nodes_of(confirmation);
        details["pausedAt"] = json!(pause.at);
        details["pausedEverywhereAt"] = json!(since);
        tx.record(Action::KeyPausedEverywhere, Some(target(key)), details);
        tx.commit().await?;
    }
    Ok(())
}
