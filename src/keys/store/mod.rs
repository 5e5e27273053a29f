//! Queries on keys.
//!
//! - here single keys, `several` keys by their ids or digests; `indexed` keys for the index of a node; `list` pages and counts of
//!   a workspace's keys, `filter` their conditions; `names` keys by name, `named` names for searches in memory; `bulk` changes of
//!   many; `custody` keys by custodian; `quota` counts for quotas; `expiry` keys
//!   that expire; `locks` keys with their rows locked; `pause` keys that are paused; `rotation_end` keys that are revoked at the end of their rotation; `described` rows in the form of audit events, for comparison; `chain` keys of one chain of
//!   rotations; `shadow` shadow mode

mod bulk;
mod chain;
mod custody;
mod described;
mod expiry;
mod filter;
mod indexed;
mod list;
mod locks;
mod named;
mod names;
mod pause;
pub(super) mod quota;
mod rotation_end;
mod several;
mod shadow;

use std::collections::{HashMap, HashSet};

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    QuerySelect,
};

pub use bulk::list_first_live;
pub(super) use bulk::{set_all_refused_everywhere, set_revoked};
pub(super) use chain::root_of;
pub use chain::sharing_idempotency_keys;
pub(super) use custody::set_custodian;
pub use custody::{Custody, hand_over, in_custody, orphaned};
pub use described::{described_after, described_of};
pub(super) use expiry::{set_expiry_announced, set_expiry_recorded, unannounced_expiries, unrecorded_expiries};
pub(super) use filter::is_of;
pub use indexed::{changed_between, changed_since};
pub(super) use indexed::{find_active_revision, find_indexed};
pub(super) use list::{Settled, count_by_status, count_since, find_page};
pub use list::{last_change_after, seen_by};
pub(super) use locks::{find_all_locked, find_locked, list_live_locked, lock_row};
pub(super) use named::{named_after, named_since};
pub(super) use names::find_live_alike;
pub use names::{Named, find_by_id_or_name, find_by_name, refresh_name_forms};
pub(super) use pause::{ended_pauses, has_paused, set_paused_everywhere};
pub use rotation_end::rotations_blocked;
pub(super) use rotation_end::{ended_rotations, set_rotation_end, unconfirmed_ends};
pub use several::find_by_digests;
pub(super) use several::{find_all, find_all_by_digest};
pub(super) use shadow::{delete_shadow, find_shadow, put_shadow};

use super::model::{Allowlist, Key, KeyId, Pause, PauseEnd, Person, RateLimit, Status};
use super::tables::key::{Column, Entity, Model};
use crate::scopes::Scopes;
use crate::workspaces::WorkspaceId;
use key_format::SecretDigest;
use kit::clock::Time;
use kit::db::{DbResult, Pool, Source, count_rows, find_row, find_rows, find_tuples, update_row};
use kit::text::NameForms;

/// The maximum of keys in one line of rotations. At one rotation every 90 days it lasts for 49 years.
const MAX_RELATIVES: usize = 200;

pub(super) async fn insert(db: &impl ConnectionTrait, key: &Key) -> DbResult<()> {
    Entity::insert(row_of(key)?.into_active_model()).exec_without_returning(db).await.map(|_| ())
}

/// Writes all columns but those that have setters of their own: [`set_expiry_recorded`], [`set_expiry_announced`] and
/// [`set_refused_everywhere`].
pub(super) async fn set(db: &impl ConnectionTrait, key: &Key) -> DbResult<()> {
    let mut row = row_of(key)?.into_active_model().reset_all();
    row.expiry_recorded_at = ActiveValue::NotSet;
    row.expiry_announced_days = ActiveValue::NotSet;
    row.refused_everywhere_at = ActiveValue::NotSet;
    update_row(db, row).await
}

pub async fn find(db: &impl Source, workspace: WorkspaceId, id: KeyId) -> DbResult<Option<Key>> {
    let row = find_row(db, Entity::find_by_id(id).filter(Column::WorkspaceId.eq(workspace))).await?;
    row.map(key_of).transpose()
}

/// Finds a key of any workspace by its digest, for a node without a lease.
pub async fn find_by_digest(db: &Pool, digest: SecretDigest) -> DbResult<Option<Key>> {
    // By the asynchronous driver, whose connections are not taken by long reads.
    let row = Entity::find().filter(Column::Digest.eq(digest.0.to_vec())).one(db).await?;
    row.map(key_of).transpose()
}

fn has_status(status: Status, now: Time) -> Condition {
    match status {
        Status::Revoked => Condition::all().add(Column::RevokedAt.is_not_null()),
        Status::Expired => Condition::all().add(Column::RevokedAt.is_null()).add(Column::ExpiresAt.lte(now)),
        Status::Paused => is_live(now)
            .add(Column::PausedAt.is_not_null())
            .add(Condition::any().add(Column::PausedUntil.is_null()).add(Column::PausedUntil.gt(now))),
        Status::Active => is_live(now).add(Condition::any().add(Column::PausedAt.is_null()).add(Column::PausedUntil.lte(now))),
    }
}

/// The condition of keys that are neither revoked nor expired: active ones, and those that will be when their pause ends.
fn is_live(now: Time) -> Condition {
    Condition::all()
        .add(Column::RevokedAt.is_null())
        .add(Condition::any().add(Column::ExpiresAt.is_null()).add(Column::ExpiresAt.gt(now)))
}

/// Returns the latest successor of each key that has one.
pub(super) async fn successors(db: &impl Source, workspace: WorkspaceId, keys: Vec<KeyId>) -> DbResult<HashMap<KeyId, KeyId>> {
    // Sorted here: with ORDER BY, SQLite scans all keys of the workspace in order instead of looking up the few.
    let successors = Entity::find()
        .select_only()
        .columns([Column::CreatedAt, Column::Id, Column::RotatedFrom])
        .filter(Column::WorkspaceId.eq(workspace))
        .filter(Column::RotatedFrom.is_in(keys));
    let mut rows: Vec<(Time, KeyId, Option<KeyId>)> = find_tuples(db, successors).await?;
    rows.sort_unstable();
    Ok(rows.into_iter().filter_map(|(_, to, from)| Some((from?, to))).collect())
}

/// Finds the latest successor of a key that is neither revoked nor expired.
pub(super) async fn find_live_successor(db: &impl Source, workspace: WorkspaceId, id: KeyId, now: Time) -> DbResult<Option<Key>> {
    let of_key = Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(Column::RotatedFrom.eq(id));
    let live = find_rows(db, of_key.filter(is_live(now))).await?;
    live.into_iter().max_by_key(|key| (key.created_at, key.id)).map(key_of).transpose()
}

/// Returns whether a key that was rotated from `id`, or from one of its successors, is neither revoked nor expired.
pub(super) async fn has_live_successor(db: &impl Source, workspace: WorkspaceId, id: KeyId, now: Time) -> DbResult<bool> {
    let (mut generation, mut read) = (vec![id], 0);
    while !generation.is_empty() && read < MAX_RELATIVES {
        let next = Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(Column::RotatedFrom.is_in(generation));
        let next = find_rows(db, next).await?.into_iter().map(key_of).collect::<DbResult<Vec<_>>>()?;
        if next.iter().any(|key| key.status(now).is_live()) {
            return Ok(true);
        }
        generation = next.iter().map(|key| key.id).collect();
        read += generation.len();
    }
    Ok(false)
}

/// Returns the keys in the same line of rotations, `key` included, the oldest first; at most [`MAX_RELATIVES`].
pub(super) async fn relatives(db: &impl Source, key: &Key) -> DbResult<Vec<Key>> {
    let mut oldest = key.clone();
    for _ in 0..MAX_RELATIVES {
        let Some(earlier) = oldest.rotated_from else { break };
        let Some(found) = find(db, key.workspace, earlier).await? else { break };
        oldest = found;
    }
    let (mut relatives, mut generation) = (vec![oldest.clone()], vec![oldest.id]);
    while !generation.is_empty() && relatives.len() < MAX_RELATIVES {
        let next = Entity::find().filter(Column::WorkspaceId.eq(key.workspace)).filter(Column::RotatedFrom.is_in(generation));
        let next = find_rows(db, next).await?.into_iter().map(key_of).collect::<DbResult<Vec<_>>>()?;
        generation = next.iter().map(|key| key.id).collect();
        relatives.extend(next);
    }
    relatives.sort_by_key(|key| (key.created_at, key.id));
    relatives.truncate(MAX_RELATIVES);
    Ok(relatives)
}

/// Counts the keys of all workspaces.
pub async fn count(db: &impl Source) -> DbResult<u64> {
    count_rows(db, Entity::find()).await
}

/// Returns the revisions of the keys with these digests, as far as they exist.
pub async fn revisions_of(db: &impl Source, keys: Vec<SecretDigest>) -> DbResult<HashMap<SecretDigest, i64>> {
    let digests = keys.iter().map(|digest| digest.0.to_vec());
    let revisions = Entity::find().select_only().columns([Column::Digest, Column::Revision]);
    let rows: Vec<(Vec<u8>, i64)> = find_tuples(db, revisions.filter(Column::Digest.is_in(digests))).await?;
    Ok(rows.into_iter().filter_map(|(digest, revision)| Some((SecretDigest(digest.try_into().ok()?), revision))).collect())
}

/// Returns those of the keys that exist.
pub(super) async fn existing(db: &impl Source, keys: HashSet<KeyId>) -> DbResult<HashSet<KeyId>> {
    let existing = Entity::find().select_only().column(Column::Id).filter(Column::Id.is_in(keys));
    Ok(find_tuples::<_, (KeyId,)>(db, existing).await?.into_iter().map(|(id,)| id).collect())
}

/// Notes the time since which every node refuses the key. Returns false if that was noted before.
pub(super) async fn set_refused_everywhere(db: &impl ConnectionTrait, id: KeyId, since: Time) -> DbResult<bool> {
    let update = Entity::update_many()
        .col_expr(Column::RefusedEverywhereAt, Expr::value(since))
        .filter(Column::Id.eq(id))
        .filter(Column::RevokedAt.is_not_null())
        .filter(Column::RefusedEverywhereAt.is_null());
    Ok(update.exec(db).await?.rows_affected == 1)
}

fn row_of(key: &Key) -> DbResult<Model> {
    let out_of_range = |_| DbErr::Type("a number out of range".to_owned());
    let blocks = key.allowlist.blocks();
    let NameForms { folded, skeleton } = NameForms::of(&key.name);
    Ok(Model {
        id: key.id,
        workspace_id: key.workspace,
        digest: key.digest.0.to_vec(),
        hint: key.hint.clone(),
        name: key.name.clone(),
        name_folded: Some(folded),
        name_skeleton: Some(skeleton),
        name_forms_of: Some(key.revision),
        description: key.description.clone(),
        permissions: key.permissions.as_str().to_owned(),
        scopes: key.scopes.bits().cast_signed(),
        ip_allowlist: (!blocks.is_empty()).then(|| serde_json::json!(blocks)),
        rate_requests: key.rate_limit.map(|limit| i32::try_from(limit.requests)).transpose().map_err(out_of_range)?,
        rate_per_seconds: key.rate_limit.map(|limit| i32::try_from(limit.per_seconds)).transpose().map_err(out_of_range)?,
        created_at: key.created_at,
        created_by_id: key.created_by.id.clone(),
        created_by_name: key.created_by.name.clone(),
        expires_at: key.expires_at,
        expiry_recorded_at: None,
        expiry_announced_days: None,
        paused_at: key.pause.as_ref().map(|pause| pause.at),
        paused_until: key.pause.as_ref().and_then(|pause| pause.end.time()),
        paused_by_id: key.pause.as_ref().map(|pause| pause.by.id.clone()),
        paused_by_name: key.pause.as_ref().map(|pause| pause.by.name.clone()),
        paused_everywhere_at: key.pause.as_ref().and_then(|pause| pause.refused_everywhere_at),
        revoked_at: key.revoked_at,
        revoked_by_id: key.revoked_by.as_ref().map(|by| by.id.clone()),
        revoked_by_name: key.revoked_by.as_ref().map(|by| by.name.clone()),
        revoke_reason: key.revoke_reason.clone(),
        refused_everywhere_at: key.refused_everywhere_at,
        rotated_from: key.rotated_from,
        rotation_root: key.rotation_root,
        custodian_id: key.chosen_custodian.map(|id| id.to_string()),
        revoke_old_at: key.revoke_old_at,
        revoke_old_forced: key.revoke_old_forced,
        rotation_blocked_at: key.rotation_blocked_at,
        sandbox_id: key.sandbox,
        revision: key.revision,
    })
}

fn corrupt(id: KeyId, what: &str) -> DbErr {
    DbErr::Type(format!("key {id}: {what}"))
}

fn digest_of(id: KeyId, bytes: &[u8]) -> DbResult<SecretDigest> {
    bytes.try_into().map(SecretDigest).map_err(|_| corrupt(id, "digest"))
}

fn allowlist_of(id: KeyId, json: Option<&serde_json::Value>) -> DbResult<Allowlist> {
    let Some(json) = json else { return Ok(Allowlist::default()) };
    let blocks: Vec<String> = serde_json::from_value(json.clone()).map_err(|_| corrupt(id, "allow-list"))?;
    Allowlist::from_stored(&blocks).ok_or_else(|| corrupt(id, "allow-list"))
}

fn rate_limit_of(requests: Option<i32>, per_seconds: Option<i32>) -> Option<RateLimit> {
    let (requests, per_seconds) = requests.zip(per_seconds)?;
    Some(RateLimit { requests: requests.unsigned_abs(), per_seconds: per_seconds.unsigned_abs() })
}

fn pause_of(row: &Model) -> Option<Pause> {
    row.paused_at.map(|at| Pause {
        at,
        by: Person { id: row.paused_by_id.clone().unwrap_or_default(), name: row.paused_by_name.clone().unwrap_or_default() },
        end: PauseEnd::from_time(row.paused_until),
        refused_everywhere_at: row.paused_everywhere_at,
    })
}

fn key_of(row: Model) -> DbResult<Key> {
    Ok(Key {
        pause: pause_of(&row),
        digest: digest_of(row.id, &row.digest)?,
        permissions: row.permissions.parse().map_err(|_| corrupt(row.id, "permissions"))?,
        allowlist: allowlist_of(row.id, row.ip_allowlist.as_ref())?,
        scopes: Scopes::from_bits(row.scopes.cast_unsigned()),
        rate_limit: rate_limit_of(row.rate_requests, row.rate_per_seconds),
        id: row.id,
        workspace: row.workspace_id,
        hint: row.hint,
        name: row.name,
        description: row.description,
        created_at: row.created_at,
        created_by: Person { id: row.created_by_id, name: row.created_by_name },
        expires_at: row.expires_at,
        revoked_at: row.revoked_at,
        revoked_by: row.revoked_by_id.zip(row.revoked_by_name).map(|(id, name)| Person { id, name }),
        revoke_reason: row.revoke_reason,
        refused_everywhere_at: row.refused_everywhere_at,
        rotated_from: row.rotated_from,
        rotation_root: row.rotation_root,
        chosen_custodian: row.custodian_id.map(|id| id.parse()).transpose().map_err(|_| corrupt(row.id, "custodian"))?,
        revoke_old_at: row.revoke_old_at,
        revoke_old_forced: row.revoke_old_forced,
        rotation_blocked_at: row.rotation_blocked_at,
        sandbox: row.sandbox_id,
        revision: row.revision,
    })
}
