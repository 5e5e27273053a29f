//! Checks within the transaction of a change, and the data of its audit event.

use std::time::Duration;

use serde_json::{Value, json};

use crate::audit::{AuditedTx, Target, TargetKind};
use crate::keys::error::Error;
use crate::keys::model::{Allowlist, Key, KeyId, Person, Status};
use crate::keys::store;
use crate::limits::Limit;
use crate::workspaces;
use kit::text::fingerprint;

/// The period in which new keys are counted for the quota.
const QUOTA_PERIOD: Duration = Duration::from_hours(24);

/// Fails if API key management is off.
pub(super) async fn require_enabled(tx: &AuditedTx) -> Result<(), Error> {
    if workspaces::api_keys_enabled(tx.db(), tx.workspace()).await? { Ok(()) } else { Err(Error::Disabled) }
}

/// Fails if one more key exceeds a quota. The operator sets the quotas and is exempt.
pub(super) async fn require_quota(tx: &AuditedTx) -> Result<(), Error> {
    if tx.by().actor.is_operator() {
        return Ok(());
    }
    let (budgets, now) = (tx.budgets(), tx.now());
    budgets.require_room(Limit::ActiveKeys, store::quota::count_active(tx.db(), tx.workspace(), now).await?)?;
    let recent = store::quota::count_created_since(tx.db(), tx.workspace(), now.before(QUOTA_PERIOD)).await?;
    Ok(budgets.require_room(Limit::NewKeys, recent)?)
}

pub(super) async fn require_active(tx: &AuditedTx, id: KeyId) -> Result<Key, Error> {
    let key = store::find(tx.db(), tx.workspace(), id).await?.ok_or(Error::NotFound)?;
    match key.status(tx.now()) {
        Status::Active => Ok(key),
        other => Err(Error::NotActive(other)),
    }
}

/// Returns the name, or fails if an active key other than `except` has it.
pub(super) async fn require_free_name(tx: &AuditedTx, name: &str, except: Option<KeyId>) -> Result<String, Error> {
    match store::find_active_by_name(tx.db(), tx.workspace(), name, tx.now()).await? {
        Some(other) if Some(other.id) != except => Err(Error::NameTaken(name.to_owned())),
        _ => Ok(name.to_owned()),
    }
}

pub(super) fn parse_allowlist(texts: &[String]) -> Result<Allowlist, Error> {
    Allowlist::parse(texts).map_err(Error::Block)
}

/// Returns the actor of the transaction.
pub(super) fn person(tx: &AuditedTx) -> Person {
    let (id, name) = tx.by().actor.clone().into_id_and_name();
    Person { id, name }
}

pub(super) fn target(key: &Key) -> Target {
    Target::new(TargetKind::ApiKey, key.id, &key.name)
}

/// Returns the fields of a new key for its audit event.
pub(super) fn details(key: &Key) -> Value {
    json!({
        "hint": key.hint,
        "permissions": key.permissions,
        "scopes": key.scopes,
        "expiresAt": key.expires_at,
        "ipAllowlist": key.allowlist,
        "rateLimit": key.rate_limit,
        "secretFingerprint": fingerprint(&key.digest.0),
    })
}

/// Returns the fields that a change can affect.
pub(super) fn changeable(key: &Key) -> Value {
    json!({ "name": key.name, "description": key.description, "ipAllowlist": key.allowlist, "rateLimit": key.rate_limit })
}
