//! Keys in the payloads of events. A payload has no part of a secret but its hint.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::model::{Key, KeyId};
use super::store;
use super::unusual::Unusual;
use crate::audit::{AuditedTx, EventType};
use kit::clock::Time;
use kit::db::DbResult;

/// Keys whose successors one statement looks up.
const AT_ONCE: usize = 500;

/// The latest successors of keys.
pub(super) type Successors = HashMap<KeyId, KeyId>;

/// Publishes the event on a key that was recorded last.
pub(super) async fn publish(tx: &mut AuditedTx, event_type: EventType, key: &Key) -> DbResult<()> {
    let successors = successors_for(tx, event_type, [key.id]).await?;
    publish_with(tx, event_type, key, &successors);
    Ok(())
}

/// Publishes the change of a key that was recorded last, with the names of the changed fields.
pub(super) async fn publish_update(tx: &mut AuditedTx, key: &Key, changed: Vec<String>) -> DbResult<()> {
    let successors = successors_for(tx, EventType::KeyUpdated, [key.id]).await?;
    publish_update_with(tx, key, changed, &successors);
    Ok(())
}

/// Publishes the change of one of many keys that was recorded last, with the names of the changed fields.
pub(super) fn publish_update_with(tx: &mut AuditedTx, key: &Key, changed: Vec<String>, successors: &Successors) {
    let now = tx.now();
    tx.publish(EventType::KeyUpdated, || {
        let mut data = data(key, successors, now);
        data["changed"] = changed.into();
        data
    });
}

/// Publishes that a key was found in public, as was recorded last, with the address.
pub(super) async fn publish_found(tx: &mut AuditedTx, key: &Key, url: &str) -> DbResult<()> {
    let (event_type, now) = (EventType::KeyLeaked, tx.now());
    let successors = successors_for(tx, event_type, [key.id]).await?;
    tx.publish(event_type, || {
        let mut data = data(key, &successors, now);
        data["url"] = url.into();
        data
    });
    Ok(())
}

/// Publishes the event on one of many keys that was recorded last.
pub(super) fn publish_with(tx: &mut AuditedTx, event_type: EventType, key: &Key, successors: &Successors) {
    let now = tx.now();
    tx.publish(event_type, || data(key, successors, now));
}

/// Returns the successors of keys for their payloads; none if no endpoint receives such events.
pub(super) async fn successors_for(
    tx: &AuditedTx,
    event_type: EventType,
    keys: impl IntoIterator<Item = KeyId>,
) -> DbResult<Successors> {
    let mut successors = Successors::new();
    if tx.receives(event_type) {
        let keys: Vec<KeyId> = keys.into_iter().collect();
        for keys in keys.chunks(AT_ONCE) {
            successors.extend(store::successors(tx.db(), tx.workspace(), keys.to_vec()).await?);
        }
    }
    Ok(successors)
}

/// Publishes the unusual activity of a key that was recorded last.
pub(super) async fn publish_unusual(tx: &mut AuditedTx, key: &Key, unusual: &Unusual) -> DbResult<()> {
    let (event_type, now) = (EventType::KeyUnusual, tx.now());
    let successors = successors_for(tx, event_type, [key.id]).await?;
    tx.publish(event_type, || {
        let mut data = data(key, &successors, now);
        data["kind"] = unusual.kind().as_str().into();
        data["reason"] = unusual.predicate().into();
        data
    });
    Ok(())
}

/// Keys by id, for the payloads of events on their use.
pub(super) struct UsedKeys {
    keys: HashMap<KeyId, Key>,
    successors: Successors,
}

impl UsedKeys {
    /// Loads keys; none if no endpoint receives any of these types.
    pub(super) async fn load(tx: &AuditedTx, event_types: &[EventType], keys: Vec<KeyId>) -> DbResult<Self> {
        let mut loaded = Self { keys: HashMap::new(), successors: Successors::new() };
        let Some(received) = event_types.iter().copied().find(|event_type| tx.receives(*event_type)) else { return Ok(loaded) };
        for ids in keys.chunks(AT_ONCE) {
            let found = store::find_all(tx.db(), tx.workspace(), ids).await?;
            loaded.keys.extend(found.into_iter().map(|key| (key.id, key)));
        }
        loaded.successors = successors_for(tx, received, keys).await?;
        Ok(loaded)
    }

    /// Publishes that a secret was sent in a URL, as was recorded last.
    pub(super) fn publish_leak(&self, tx: &mut AuditedTx, key: KeyId) {
        if let Some(key) = self.keys.get(&key) {
            publish_with(tx, EventType::KeyLeakedInUrl, key, &self.successors);
        }
    }

    /// Publishes the use, or the denied requests, that was recorded last, if it is unusual.
    pub(super) fn publish_if_unusual(&self, tx: &mut AuditedTx, key: KeyId) {
        let (Some(key), Some(reason)) = (self.keys.get(&key), tx.last_is_unusual()) else { return };
        let now = tx.now();
        tx.publish(EventType::KeyUnusual, || {
            let mut data = data(key, &self.successors, now);
            data["reason"] = reason.into();
            data
        });
    }
}

fn data(key: &Key, successors: &Successors, now: Time) -> Value {
    json!({
        "api_key_id": key.id,
        "name": key.name,
        "hint": key.hint,
        "status": key.status(now),
        "permissions": key.permissions,
        "scopes": key.scopes,
        "expires_at": key.expires_at,
        "paused_until": key.current_pause(now).and_then(|pause| pause.end.time()),
        "revoked_at": key.revoked_at,
        "rotated_from": key.rotated_from,
        "rotated_to": successors.get(&key.id),
        "revoke_old_at": key.revoke_old_at,
    })
}
