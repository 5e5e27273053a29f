//! Checks within the transaction of a change, and the data of its audit event.

use std::time::Duration;

use serde_json::{Value, json};

use crate::audit::{AuditedTx, Target, TargetKind};
use crate::keys::error::Error;
use crate::keys::model::{Allowlist, Key, KeyId, KeyName, Person, Status};
use crate::keys::store;
use crate::limits::Limit;
use crate::members::{self, MemberId};
use crate::workspaces;
use kit::text::{NameForms, fingerprint};

/// The period in which new keys are counted for the quota.
const QUOTA_PERIOD: Duration = Duration::from_hours(24);

/// Fails if API key management is off.
pub(super) async fn require_enabled(tx: &AuditedTx) -> Result<(), Error> {
    if workspaces::api_keys_enabled(tx.db(), tx.workspace()).await? { Ok(()) } else { Err(Error::Disabled) }
}

/// Fails if one more key exceeds a quota. The operator sets the quotas and is exempt.
pub(super) async fn require_quota(tx: &AuditedTx) -> Result<(), Error> {
    if tx.context().actor.is_operator() {
        return Ok(());
    }
    let (limits, now) = (tx.limits(), tx.now());
    limits.require_room(Limit::ActiveKeys, store::quota::count_live(tx.db(), tx.workspace(), now).await?)?;
    let recent = store::quota::count_created_since(tx.db(), tx.workspace(), now.before(QUOTA_PERIOD)).await?;
    Ok(limits.require_room(Limit::NewKeys, recent)?)
}

/// Returns a key that is neither revoked nor expired, and locks its row.
pub(super) async fn require_live(tx: &AuditedTx, id: KeyId) -> Result<Key, Error> {
    let key = store::find_locked(tx.db(), tx.workspace(), id).await?.ok_or(Error::NotFound)?;
    match key.status(tx.now()) {
        Status::Active | Status::Paused => Ok(key),
        ended @ (Status::Revoked | Status::Expired) => Err(Error::NotActive(ended)),
    }
}

/// Returns the name, or fails if an active key other than the `renamed` one has it, or one that can be mistaken for it. No other
/// transaction writes in the workspace while an [`AuditedTx`] is open.
pub(super) async fn require_free_name(tx: &AuditedTx, name: &KeyName, renamed: Option<&Key>) -> Result<String, Error> {
    let name = name.as_str();
    // A name that stays is not compared: earlier versions accepted names that look alike.
    let is_kept = |key: &Key| key.name.parse::<KeyName>().is_ok_and(|kept| kept.as_str() == name);
    if renamed.is_some_and(is_kept) {
        return Ok(name.to_owned());
    }
    let mut alike = store::find_live_alike(tx.db(), tx.workspace(), &NameForms::of(name), tx.now()).await?;
    alike.retain(|key| renamed.is_none_or(|renamed| renamed.id != key.id));
    if alike.iter().any(|key| key.name == name) {
        return Err(Error::NameTaken(name.to_owned()));
    }
    match alike.pop() {
        Some(Key { name, hint, .. }) => Err(Error::NameAlike { name, hint }),
        None => Ok(name.to_owned()),
    }
}

pub(super) fn parse_allowlist(texts: &[String]) -> Result<Allowlist, Error> {
    Allowlist::parse(texts).map_err(Error::Block)
}

/// Returns the member, or fails if they cannot be a custodian: one who has joined the workspace can, whatever their role, as the
/// custodian is the person to ask about a key and gets no permission.
pub(super) async fn require_custodian(tx: &AuditedTx, id: MemberId) -> Result<MemberId, Error> {
    let member = members::find(tx.db(), tx.workspace(), id).await?;
    member.filter(|member| member.has_joined).map(|member| member.id).ok_or(Error::Custodian)
}

/// Returns the custodian of the successor of the key `old`: that of the old key, or the caller if that one has left.
pub(super) async fn custodian_of_successor(tx: &AuditedTx, old: &Key) -> Result<Option<MemberId>, Error> {
    if let Some(id) = old.custodian()
        && members::find(tx.db(), tx.workspace(), id).await?.is_some()
    {
        return Ok(Some(id));
    }
    Ok(caller(tx))
}

/// Returns the member who makes the change; `None` for the operator.
pub(super) fn caller(tx: &AuditedTx) -> Option<MemberId> {
    person(tx).id.parse().ok()
}

/// Returns the actor of the transaction.
pub(super) fn person(tx: &AuditedTx) -> Person {
    let (id, name) = tx.context().actor.clone().into_id_and_name();
    Person { id, name }
}

pub(super) fn target(key: &Key) -> Target {
    Target::new(TargetKind::ApiKey, key.id, &key.name)
}

/// Returns the fields of a new key for its audit event.
pub(super) fn details(key: &Key) -> Value {
    let mut details = json!({
        "hint": key.hint,
        "permissions": key.permissions,
        "scopes": key.scopes,
        "expiresAt": key.expires_at,
        "ipAllowlist": key.allowlist,
        "rateLimit": key.rate_limit,
        "custodianId": key.chosen_custodian,
        "secretFingerprint": fingerprint(&key.digest.0),
    });
    // An event without it is about a live key, as all of earlier versions are.
    if let Some(sandbox) = key.sandbox {
        details["sandboxId"] = json!(sandbox);
    }
    details
}

/// Returns the fields that a change can affect.
pub(super) fn changeable(key: &Key) -> Value {
    json!({
        "name": key.name,
        "description": key.description,
        "ipAllowlist": key.allowlist,
        "rateLimit": key.rate_limit,
        "custodianId": key.custodian(),
    })
}
