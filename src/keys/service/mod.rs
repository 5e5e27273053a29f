//! Use cases of keys. Each is one [`AuditedTx`]: the row, its revision, its event; after the commit the index.
//!
//! - here create, rotate and update; `expiry` events of keys that expire; `pause` pauses and their end; `revoke` the revocation, `revoke_all` that of many keys, `rotation_end` that of old keys at a planned time; `bulk` changes of selected keys; `list` parts of the list of keys
//! - `leak` the record of a key that was found in public; `shadow` the trial of a smaller set of scopes
//! - `propagate` commit, index and confirmation by the other nodes; `rules` checks within a transaction
//! - `require` the check of a key within the transaction of a write

mod bulk;
mod expiry;
mod leak;
mod list;
mod pause;
mod propagate;
mod require;
mod revoke;
mod revoke_all;
mod rotation_end;
mod rules;
mod shadow;

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use self::propagate::commit_and_propagate;
use self::rules::{
    caller, changeable, custodian_of_successor, details, parse_allowlist, person, require_custodian, require_enabled,
    require_free_name, require_live, require_quota, target,
};
use super::context::Keys;
use super::error::Error;
use super::events;
use super::model::{CreateKey, Key, KeyId, RateLimit, RotateKey, UpdateKey, successor_names};
use super::{policy, store};
use crate::audit::{Action, AuditContext, AuditedTx, EventType, IdempotencyOutcome, changed_fields, differences};
use crate::cluster;
use crate::core::Core;
use crate::scopes::{Permissions, Scopes};
use crate::workspaces::{self, Tenant, WorkspaceId};
use key_format::{Kind, PlainSecret};
use kit::clock::Time;
use kit::db::{DbResult, Source};
use kit::http::IdempotencyKey;
use kit::text::{NameForms, kept};

pub use bulk::{BulkOutcomes, assign_custodian, pause_many, revoke_many};
pub use expiry::{record_expiries, record_expiring};
pub use leak::{Leak, record_leak};
pub use list::{Include, KeyDetails, KeyList, custodian_of, details_of, list, list_part, suggest};
pub(super) use list::{find_by_secrets, read_details};
pub use pause::{pause, record_ended_pauses, report_older_nodes, resume};
pub use require::require;
pub use revoke::revoke;
pub use revoke_all::{RevokedKeys, confirm_all, revoke_all};
pub use rotation_end::{end_rotations, set_revoke_at};
pub use shadow::{WouldRefuse, end_shadow, start_shadow, would_refuse};

/// The largest distance of an expiry, in years.
pub(super) const MAX_YEARS: i16 = 5;

/// A key and its secret, in clear text for the last time.
#[derive(Debug)]
pub struct NewKey {
    pub key: Key,
    pub secret: PlainSecret,
}

pub async fn create(
    keys: &Keys,
    workspace: WorkspaceId,
    context: AuditContext,
    input: CreateKey,
    idempotency_key: Option<IdempotencyKey>,
) -> Result<NewKey, Error> {
    let mut tx = begin_idempotent(keys, workspace, context, idempotency_key).await?;
    require_enabled(&tx).await?;
    require_quota(&tx).await?;
    let sandbox = if input.test { Some(sandbox(keys, &mut tx).await?) } else { None };
    let secret = generate(keys, sandbox);
    let now = tx.now();
    let scopes = input.chosen_scopes();
    let key = Key {
        id: KeyId::new(now, &keys.random),
        workspace,
        digest: secret.digest(),
        hint: secret.hint(),
        name: require_free_name(&tx, &input.name, None).await?,
        description: kept(input.description),
        permissions: input.permissions,
        scopes,
        allowlist: parse_allowlist(&input.ip_allowlist.unwrap_or_default())?,
        rate_limit: input.rate_limit.unwrap_or(Some(RateLimit::DEFAULT)),
        created_at: now,
        created_by: person(&tx),
        expires_at: future(input.expires_at.ok_or(Error::Expiry)?, now)?,
        pause: None,
        revoked_at: None,
        revoked_by: None,
        revoke_reason: None,
        refused_everywhere_at: None,
        rotated_from: None,
        rotation_root: None,
        chosen_custodian: match input.custodian_id {
            Some(id) => Some(require_custodian(&tx, id).await?),
            None => caller(&tx),
        },
        revoke_old_at: None,
        revoke_old_forced: false,
        rotation_blocked_at: None,
        sandbox,
        revision: cluster::next_revision(tx.db()).await?,
    };
    policy::require(&tx, &key).await?;
    store::insert(tx.db(), &key).await?;
    tx.record(Action::KeyCreated, Some(target(&key)), details(&key));
    events::publish(&mut tx, EventType::KeyCreated, &key).await?;
    commit_and_propagate(keys, tx, &key, Some(201)).await?;
    Ok(NewKey { key, secret })
}

/// Creates a successor with the same allow-list, rate limit and custodian, and the same permissions or fewer. The old key stays
/// active until it is revoked, at the end of the rotation if one is set; if it is paused, it stays paused, and the successor is active.
pub async fn rotate(
    keys: &Keys,
    workspace: WorkspaceId,
    context: AuditContext,
    id: KeyId,
    input: RotateKey,
    idempotency_key: Option<IdempotencyKey>,
) -> Result<NewKey, Error> {
    let mut tx = begin_idempotent(keys, workspace, context, idempotency_key).await?;
    require_enabled(&tx).await?;
    require_quota(&tx).await?;
    let now = tx.now();
    let mut old = require_live(&tx, id).await?;
    let secret = generate(keys, old.sandbox);
    let (permissions, scopes) = narrowed(&input, &old)?;
    let name = match &input.name {
        Some(name) => require_free_name(&tx, name, None).await?,
        None => successor_name(tx.db(), workspace, &old.name, now).await?,
    };
    let expires_at = match input.expires_at {
        Some(chosen) => future(chosen, now)?,
        None => lifetime(&old, now).map(|(_, end)| end),
    };
    let key = Key {
        id: KeyId::new(now, &keys.random),
        digest: secret.digest(),
        hint: secret.hint(),
        name,
        permissions,
        scopes,
        created_at: now,
        created_by: person(&tx),
        expires_at,
        pause: None,
        revoke_old_at: None,
        revoke_old_forced: false,
        rotation_blocked_at: None,
        rotated_from: Some(old.id),
        rotation_root: Some(store::root_of(tx.db(), workspace, old.id).await?),
        chosen_custodian: custodian_of_successor(&tx, &old).await?,
        revision: cluster::next_revision(tx.db()).await?,
        ..old.clone()
    };
    policy::require(&tx, &key).await?;
    store::insert(tx.db(), &key).await?;
    let mut created = details(&key);
    created["rotatedFrom"] = json!(old.id);
    tx.record(Action::KeyCreated, Some(target(&key)), created);
    events::publish(&mut tx, EventType::KeyCreated, &key).await?;
    let mut rotated = json!({});
    if let Some(after) = input.revoke_old_after {
        old.end_rotation_at(after.map(|after| now.after(after.duration())), input.force);
        store::set_rotation_end(tx.db(), &old).await?;
        rotated = rotation_end::planned(&old);
    }
    rotated["replacement"] = json!({ "id": key.id, "name": key.name, "hint": key.hint, "expiresAt": key.expires_at });
    tx.record(Action::KeyRotated, Some(target(&old)), rotated);
    events::publish(&mut tx, EventType::KeyRotated, &old).await?;
    commit_and_propagate(keys, tx, &key, Some(201)).await?;
    Ok(NewKey { key, secret })
}

/// Changes name, description, allow-list, rate limit or custodian of an active or paused key. Writes and records nothing if nothing
/// differs.
pub async fn update(
    keys: &Keys,
    workspace: WorkspaceId,
    context: AuditContext,
    id: KeyId,
    input: UpdateKey,
) -> Result<Key, Error> {
    let mut tx = AuditedTx::begin(keys, workspace, context).await?;
    let old = require_live(&tx, id).await?;
    let mut key = old.clone();
    if let Some(name) = &input.name {
        key.name = require_free_name(&tx, name, Some(&old)).await?;
    }
    if let Some(description) = input.description {
        key.description = kept(description);
    }
    if let Some(blocks) = &input.ip_allowlist {
        key.allowlist = parse_allowlist(blocks.as_deref().unwrap_or_default())?;
        policy::require_allowlist_kept(&tx, &old, &key).await?;
    }
    if let Some(limit) = input.rate_limit {
        key.rate_limit = limit;
    }
    if let Some(custodian) = input.custodian_id.filter(|id| Some(*id) != old.custodian()) {
        key.chosen_custodian = Some(require_custodian(&tx, custodian).await?);
    }
    let Some(changes) = differences(&changeable(&old), &changeable(&key)) else { return Ok(old) };
    key.revision = cluster::next_revision(tx.db()).await?;
    store::set(tx.db(), &key).await?;
    let fields = changed_fields(&changes);
    tx.record(Action::KeyUpdated, Some(target(&key)), changes);
    events::publish_update(&mut tx, &key, fields).await?;
    commit_and_propagate(keys, tx, &key, None).await?;
    Ok(key)
}

/// Generates the secret of a live key, or of a test key if it has a sandbox.
fn generate(keys: &Keys, sandbox: Option<WorkspaceId>) -> PlainSecret {
    let kind = if sandbox.is_some() { Kind::Test } else { Kind::Live };
    PlainSecret::generate_kind(kind, |bytes| keys.random.fill(bytes))
}

/// Returns the sandbox of the workspace for a test key. The first one creates it.
///
/// Fails while a node of an earlier version runs: it refuses test keys, and would replace one that is rotated there by a live key.
async fn sandbox(keys: &Keys, tx: &mut AuditedTx) -> Result<WorkspaceId, Error> {
    if cluster::has_node_of_older_key_rules(tx.db()).await? {
        return Err(Error::NoTestKeysYet);
    }
    let sandbox = workspaces::sandbox_for(keys, tx).await?;
    let (index, tenant, id) = (Arc::clone(&keys.index), Tenant::from(&sandbox), sandbox.id);
    // Before the key is applied, which refers to it.
    tx.after_commit(move || index.apply_tenant(tenant));
    Ok(id)
}

/// Returns the permissions and scopes of a successor, or fails if the old key lacks one of them.
fn narrowed(input: &RotateKey, old: &Key) -> Result<(Permissions, Scopes), Error> {
    let Some((permissions, scopes)) = input.chosen_permissions() else { return Ok((old.permissions, old.scopes)) };
    let field = if input.scopes.is_some() { "scopes" } else { "permissions" };
    match scopes.iter().find(|scope| !old.scopes.cover(*scope)) {
        Some(scope) => Err(Error::Widened { field, scope }),
        None => Ok((permissions, scopes)),
    }
}

async fn begin_idempotent(
    core: &Core,
    workspace: WorkspaceId,
    context: AuditContext,
    idempotency_key: Option<IdempotencyKey>,
) -> Result<AuditedTx, Error> {
    match AuditedTx::begin_idempotent(core, workspace, context, idempotency_key).await? {
        (tx, IdempotencyOutcome::Fresh) => Ok(tx),
        (_, IdempotencyOutcome::Replay { data, .. }) => {
            let id = serde_json::from_value(data).map_err(|error| sea_orm::DbErr::Json(error.to_string()))?;
            Err(Error::AlreadyCreated(id))
        }
        (_, IdempotencyOutcome::Reused) => Err(Error::IdempotencyKeyReused),
    }
}

/// Returns the default name for a successor of the key `old`: the first candidate that no active key has, or one like it.
pub(super) async fn successor_name(db: &impl Source, workspace: WorkspaceId, old: &str, now: Time) -> DbResult<String> {
    let today = workspaces::day_of(db, workspace, now).await?;
    for name in successor_names(old, today.date()) {
        if store::find_live_alike(db, workspace, &NameForms::of(&name), now).await?.is_empty() {
            return Ok(name);
        }
    }
    Ok(old.to_owned())
}

/// Returns the lifetime of a key with an expiry, and the time at which a key created now with this lifetime expires.
pub(super) fn lifetime(key: &Key, now: Time) -> Option<(Duration, Time)> {
    let life = key.expires_at?.since(key.created_at);
    Some((life, now.after(life).min(now.after_years(MAX_YEARS))))
}

/// Returns the expiry, or fails if it is not in the future or too far ahead.
pub(super) fn future(chosen: Option<Time>, now: Time) -> Result<Option<Time>, Error> {
    match chosen {
        Some(expiry) if expiry <= now || expiry > now.after_years(MAX_YEARS) => Err(Error::Expiry),
        chosen => Ok(chosen),
    }
}
