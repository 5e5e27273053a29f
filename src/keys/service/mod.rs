//! What can be done with keys. One use case is one [`AuditedTx`]: the row, its revision, its event; then the index.
//!
//! - here create, rotate, update, and what they share; `revoke` the end of a key; `require` a key asked again at a write

mod require;
mod revoke;

use std::time::Duration;

use sea_orm::ConnectionTrait;
use serde_json::json;

use super::error::Error;
use super::index::IndexedKey;
use super::model::{Allowlist, CreateKey, Key, KeyId, Person, RateLimit, RotateKey, Status, UpdateKey, successor_names};
use super::store;
use crate::app::App;
use crate::audit::{Action, AuditContext, AuditedTx, IdempotencyOutcome, Target, TargetKind, differences};
use crate::cluster::{self, Confirmation, LocalChange};
use crate::limits::Limit;
use crate::workspaces::{self, WorkspaceId};
use key_format::PlainSecret;
use kit::clock::Time;
use kit::db::{Db, DbResult, Fault, WritesRefused};
use kit::http::IdempotencyKey;
use kit::text::{fingerprint, kept};

pub use require::require;
pub use revoke::revoke;

/// The furthest an expiry may lie ahead.
pub(super) const MOST_YEARS: i16 = 5;

/// The time in which new keys are counted.
const QUOTA_DAY: Duration = Duration::from_hours(24);

/// A key and its secret, in clear text for the last time.
#[derive(Debug)]
pub struct NewKey {
    /// The key.
    pub key: Key,
    /// Shown once.
    pub secret: PlainSecret,
}

/// Makes a key.
pub async fn create(
    app: &App,
    workspace: WorkspaceId,
    by: AuditContext,
    input: CreateKey,
    once: Option<IdempotencyKey>,
) -> Result<NewKey, Error> {
    let secret = PlainSecret::generate(|bytes| app.random.fill(bytes));
    let mut tx = begin(app, workspace, by, once).await?;
    require_enabled(&tx).await?;
    require_room(&tx).await?;
    let now = tx.now();
    let scopes = input.chosen_scopes();
    let key = Key {
        id: KeyId::new(now, &app.random),
        workspace,
        digest: secret.digest(),
        hint: secret.hint(),
        name: free_name(&tx, input.name.as_str(), None).await?,
        description: kept(input.description),
        permissions: input.permissions,
        scopes,
        allowlist: allowlist(&input.ip_allowlist.unwrap_or_default())?,
        rate_limit: input.rate_limit.unwrap_or(Some(RateLimit::DEFAULT)),
        created_at: now,
        created_by: person(&tx),
        expires_at: future(input.expires_at.ok_or(Error::Expiry)?, now)?,
        revoked_at: None,
        revoked_by: None,
        revoke_reason: None,
        refused_everywhere_at: None,
        rotated_from: None,
        revision: cluster::next_revision(tx.db()).await?,
    };
    store::insert(tx.db(), &key).await?;
    tx.record(Action::KeyCreated, Some(target(&key)), described(&key));
    publish(app, tx, &key, Some(201)).await?;
    Ok(NewKey { key, secret })
}

/// Makes a successor with the same permissions, allow-list and limit. The old key goes on working until it is revoked.
pub async fn rotate(
    app: &App,
    workspace: WorkspaceId,
    by: AuditContext,
    id: KeyId,
    input: RotateKey,
    once: Option<IdempotencyKey>,
) -> Result<NewKey, Error> {
    let secret = PlainSecret::generate(|bytes| app.random.fill(bytes));
    let mut tx = begin(app, workspace, by, once).await?;
    require_enabled(&tx).await?;
    require_room(&tx).await?;
    let now = tx.now();
    let old = active(&tx, id).await?;
    let name = match &input.name {
        Some(name) => free_name(&tx, name.as_str(), None).await?,
        None => successor_name(tx.db(), workspace, &old.name, now).await?,
    };
    let expires_at = match input.expires_at {
        Some(chosen) => future(chosen, now)?,
        None => lifetime(&old, now).map(|(_, end)| end),
    };
    let key = Key {
        id: KeyId::new(now, &app.random),
        digest: secret.digest(),
        hint: secret.hint(),
        name,
        created_at: now,
        created_by: person(&tx),
        expires_at,
        rotated_from: Some(old.id),
        revision: cluster::next_revision(tx.db()).await?,
        ..old.clone()
    };
    store::insert(tx.db(), &key).await?;
    let mut made = described(&key);
    made["rotatedFrom"] = json!(old.id);
    tx.record(Action::KeyCreated, Some(target(&key)), made);
    let details = json!({ "replacement": { "id": key.id, "name": key.name, "hint": key.hint, "expiresAt": key.expires_at } });
    tx.record(Action::KeyRotated, Some(target(&old)), details);
    publish(app, tx, &key, Some(201)).await?;
    Ok(NewKey { key, secret })
}

/// Changes name, description, allow-list or limit of an active key.
pub async fn update(app: &App, workspace: WorkspaceId, by: AuditContext, id: KeyId, input: UpdateKey) -> Result<Key, Error> {
    let mut tx = AuditedTx::begin(app, workspace, by).await?;
    let old = active(&tx, id).await?;
    let mut key = old.clone();
    if let Some(name) = &input.name {
        key.name = free_name(&tx, name.as_str(), Some(id)).await?;
    }
    if let Some(description) = input.description {
        key.description = kept(description);
    }
    if let Some(blocks) = &input.ip_allowlist {
        key.allowlist = allowlist(blocks.as_deref().unwrap_or_default())?;
    }
    if let Some(limit) = input.rate_limit {
        key.rate_limit = limit;
    }
    let Some(changes) = differences(&changeable(&old), &changeable(&key)) else { return Ok(old) };
    key.revision = cluster::next_revision(tx.db()).await?;
    store::set(tx.db(), &key).await?;
    tx.record(Action::KeyUpdated, Some(target(&key)), changes);
    publish(app, tx, &key, None).await?;
    Ok(key)
}

/// Writes down, once, which keys have passed their expiry. Verification has refused them since that moment.
pub async fn record_expiries(app: &App) -> DbResult<()> {
    for key in store::unrecorded_expiries(app.db.read(), app.clock.now(), 1_000).await? {
        let mut tx = AuditedTx::begin_system(app, key.workspace).await?;
        if store::set_expiry_recorded(tx.db(), key.id, tx.now()).await? {
            tx.record(Action::KeyExpired, Some(target(&key)), json!({ "expiresAt": key.expires_at }));
            tx.commit().await?;
        }
    }
    Ok(())
}

async fn begin(app: &App, workspace: WorkspaceId, by: AuditContext, once: Option<IdempotencyKey>) -> Result<AuditedTx, Error> {
    match AuditedTx::begin_idempotent(app, workspace, by, once).await? {
        (tx, IdempotencyOutcome::Fresh) => Ok(tx),
        (_, IdempotencyOutcome::Replay { data, .. }) => {
            let id = serde_json::from_value(data).map_err(|error| sea_orm::DbErr::Json(error.to_string()))?;
            Err(Error::AlreadyCreated(id))
        }
        (_, IdempotencyOutcome::Reused) => Err(Error::IdempotencyKeyReused),
    }
}

/// Commits, brings the key into this node's index, and waits until every other node has it.
async fn publish(app: &App, mut tx: AuditedTx, key: &Key, answer: Option<u16>) -> Result<Confirmation, Error> {
    let (here, seen) = (app.clone(), key.clone());
    tx.after_commit(move || {
        here.cluster.note_pending_local_change(LocalChange::from(&seen));
        here.index.apply(&IndexedKey::from(&seen));
    });
    match answer {
        // Only the id is kept for a repetition: the secret is in one answer.
        Some(status) => tx.commit_answering(status, &key.id).await?,
        None => tx.commit().await?,
    }
    require_stored(&app.db, key).await?;
    Ok(app.cluster.wait_for_others(key.revision).await)
}

/// How often a change that cannot be read back at once is looked for, and how long between.
const LOOKS: u32 = 5;
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// Reads a change of a key over another connection than the one that wrote it. Fails if it is not there: what that connection
/// confirms is not stored. A database that cannot be read is asked a few times, as the change is committed.
async fn require_stored(db: &Db, key: &Key) -> DbResult<()> {
    let mut looks = 0;
    loop {
        looks += 1;
        match store::find(db.read(), key.workspace, key.id).await {
            Ok(Some(stored)) if stored.revision >= key.revision => return Ok(()),
            Ok(_) => {
                db.storage().health().report(Fault::Unconfirmed);
                return Err(WritesRefused::Fault(Fault::Unconfirmed).into());
            }
            Err(error) if looks >= LOOKS => return Err(error),
            Err(_) => tokio::time::sleep(BETWEEN_LOOKS).await,
        }
    }
}

async fn require_enabled(tx: &AuditedTx) -> Result<(), Error> {
    if workspaces::api_keys_enabled(tx.db(), tx.workspace()).await? { Ok(()) } else { Err(Error::Disabled) }
}

/// Refuses one key more than the quotas allow; the operator, who sets them, may make it all the same.
async fn require_room(tx: &AuditedTx) -> Result<(), Error> {
    if tx.by().actor.is_operator() {
        return Ok(());
    }
    let (budgets, now) = (tx.budgets(), tx.now());
    budgets.require_room(Limit::ActiveKeys, store::quota::count_active(tx.db(), tx.workspace(), now).await?)?;
    let made = store::quota::count_created_since(tx.db(), tx.workspace(), now.before(QUOTA_DAY)).await?;
    Ok(budgets.require_room(Limit::NewKeys, made)?)
}

async fn active(tx: &AuditedTx, id: KeyId) -> Result<Key, Error> {
    let key = store::find(tx.db(), tx.workspace(), id).await?.ok_or(Error::NotFound)?;
    match key.status(tx.now()) {
        Status::Active => Ok(key),
        other => Err(Error::NotActive(other)),
    }
}

async fn free_name(tx: &AuditedTx, name: &str, except: Option<KeyId>) -> Result<String, Error> {
    match store::find_active_by_name(tx.db(), tx.workspace(), name, tx.now()).await? {
        Some(other) if Some(other.id) != except => Err(Error::NameTaken(name.to_owned())),
        _ => Ok(name.to_owned()),
    }
}

/// What a successor of the key `old` is called if nobody says otherwise: the first of its names that no active key has.
pub(super) async fn successor_name(db: &impl ConnectionTrait, workspace: WorkspaceId, old: &str, now: Time) -> DbResult<String> {
    for name in successor_names(old, now.date()) {
        if store::find_active_by_name(db, workspace, &name, now).await?.is_none() {
            return Ok(name);
        }
    }
    Ok(old.to_owned())
}

fn allowlist(texts: &[String]) -> Result<Allowlist, Error> {
    Allowlist::parse(texts).map_err(|(_, text)| Error::Block(text))
}

/// How long a key had from its creation, if it had an end; and when as much is over from now on.
pub(super) fn lifetime(key: &Key, now: Time) -> Option<(Duration, Time)> {
    let life = key.expires_at?.since(key.created_at);
    Some((life, now.after(life).min(now.after_years(MOST_YEARS))))
}

/// An expiry that a key may have.
pub(super) fn future(chosen: Option<Time>, now: Time) -> Result<Option<Time>, Error> {
    match chosen {
        Some(expiry) if expiry <= now || expiry > now.after_years(MOST_YEARS) => Err(Error::Expiry),
        chosen => Ok(chosen),
    }
}

fn person(tx: &AuditedTx) -> Person {
    let (id, name) = tx.by().actor.clone().into_id_and_name();
    Person { id, name }
}

fn target(key: &Key) -> Target {
    Target::new(TargetKind::ApiKey, key.id, &key.name)
}

fn described(key: &Key) -> serde_json::Value {
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

/// What can be changed of a key.
fn changeable(key: &Key) -> serde_json::Value {
    json!({ "name": key.name, "description": key.description, "ipAllowlist": key.allowlist, "rateLimit": key.rate_limit })
}
