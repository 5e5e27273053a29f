//! Findings about keys.

use std::collections::HashSet;
use std::time::Duration;

use super::filter::FindingFilter;
use super::model::{Code, Facts, Found, Severity, Subject};
use crate::keys::hygiene::{self, Aged, Everywhere, Excess, Expiring, Idle, RefusedCalls, Sought};
use crate::keys::{self, Key, KeyId, UnusualActivity, UnusualKind, latest_unusual};
use kit::clock::Time;
use kit::db::{DbResult, Source};

const DAY: Duration = Duration::from_hours(24);

/// The time before its expiration at which a key needs attention.
const EXPIRING: Duration = Duration::from_hours(14 * 24);

/// The time before its expiration at which a key needs attention at once.
const EXPIRING_SOON: Duration = Duration::from_hours(3 * 24);

/// The time for which unusual activity needs attention.
const UNUSUAL_FOR: Duration = Duration::from_hours(7 * 24);

/// Returns the findings about keys, as far as the filter wants them.
pub(super) async fn collect(db: &impl Source, sought: &Sought, filter: &FindingFilter) -> DbResult<Vec<Found>> {
    let mut found = Vec::new();
    if filter.wants(Code::Unusual) {
        found.extend(unusual(db, sought).await?);
    }
    if filter.wants(Code::KeyExpiring) {
        found.extend(hygiene::expiring(db, sought, EXPIRING).await?.into_iter().map(|key| expiring(key, sought.now)));
    }
    if filter.wants(Code::KeyRevokedCalls) {
        found.extend(hygiene::recent_calls(db, sought, sought.now.before(DAY)).await?.into_iter().map(revoked_calls));
    }
    if filter.wants(Code::RotationBlocked) {
        found.extend(blocked(db, sought).await?);
    }
    if filter.wants(Code::KeyOrphaned) {
        found.extend(orphaned(db, sought).await?);
    }
    if filter.wants(Code::KeyEverywhere) {
        found.extend(hygiene::everywhere(db, sought).await?.into_iter().map(everywhere));
    }
    if filter.wants(Code::KeyExcess) {
        found.extend(hygiene::excess(db, sought).await?.into_iter().map(excess));
    }
    if filter.wants(Code::KeyNoExpiry) {
        found.extend(hygiene::endless(db, sought).await?.into_iter().map(endless));
    }
    if filter.wants(Code::KeyOld) {
        let rotate_after = DAY * keys::policy_of(db, sought.workspace).await?.rotate_after_days;
        let due = hygiene::old(db, sought, sought.now.before(rotate_after)).await?;
        found.extend(due.into_iter().map(|key| old(key, rotate_after)));
    }
    if filter.wants(Code::KeyUnused) {
        found.extend(hygiene::idle(db, sought).await?.into_iter().map(unused));
    }
    note_rotations(db, sought, &mut found).await?;
    Ok(found)
}

/// Lowers the severity of findings about keys whose rotation is under way.
async fn note_rotations(db: &impl Source, sought: &Sought, found: &mut [Found]) -> DbResult<()> {
    let keys: HashSet<KeyId> = found.iter().filter_map(|found| found.subject.key()).collect();
    let rotating = hygiene::rotating(db, sought.workspace, keys, sought.now).await?;
    let is_rotating = |found: &Found| found.subject.key().is_some_and(|key| rotating.contains(&key));
    // None of these becomes less urgent by the rotation.
    let stays = |found: &Found| matches!(found.code(), Code::KeyRevokedCalls | Code::RotationBlocked | Code::Unusual);
    for found in found.iter_mut().filter(|found| !stays(found) && is_rotating(found)) {
        found.severity = Severity::Info;
        found.is_rotating = true;
    }
    Ok(())
}

/// Returns the latest unusual activity of each key; a leak takes precedence, as the secret has to be replaced.
async fn unusual(db: &impl Source, sought: &Sought) -> DbResult<Vec<Found>> {
    let since = sought.now.before(UNUSUAL_FOR);
    let activity = latest_unusual(db, sought.workspace, sought.key, (since, sought.now), sought.limit).await?;
    let found = activity.into_iter().map(|UnusualActivity { key, at, unusual }| {
        let is_leak = unusual.kind() == UnusualKind::Leak;
        let severity = if is_leak { Severity::Critical } else { Severity::Warning };
        Found::new(Subject::Key(key), severity, Some(at), Facts::Unusual(unusual.predicate()))
    });
    Ok(found.collect())
}

fn expiring(Expiring { key, expires_at }: Expiring, now: Time) -> Found {
    let severity = if expires_at <= now.after(EXPIRING_SOON) { Severity::Critical } else { Severity::Warning };
    Found::new(Subject::Key(key), severity, Some(expires_at.before(EXPIRING)), Facts::KeyExpiring { at: expires_at })
}

fn revoked_calls(RefusedCalls { key, last_at, from }: RefusedCalls) -> Found {
    Found::new(Subject::Key(key), Severity::Warning, Some(last_at), Facts::KeyRevokedCalls { last: last_at, from })
}

/// Returns the one key that is asked for, if it is neither revoked nor expired.
async fn live(db: &impl Source, sought: &Sought, id: KeyId) -> DbResult<Option<Key>> {
    Ok(keys::find(db, sought.workspace, id).await?.filter(|key| key.status(sought.now).is_live()))
}

/// Returns keys without a custodian.
async fn orphaned(db: &impl Source, sought: &Sought) -> DbResult<Vec<Found>> {
    let keys = match sought.key {
        None => keys::orphaned(db, sought.workspace, sought.now, sought.limit).await?,
        Some(id) => match live(db, sought, id).await? {
            Some(key) if keys::custodian_of(db, &key).await?.is_none() => vec![key],
            Some(_) | None => Vec::new(),
        },
    };
    let found = |key: Key| Found::new(Subject::Key(key.id), Severity::Warning, None, Facts::KeyOrphaned);
    Ok(keys.into_iter().map(found).collect())
}

/// Returns old keys that were not revoked at the end of their rotation.
async fn blocked(db: &impl Source, sought: &Sought) -> DbResult<Vec<Found>> {
    let keys = match sought.key {
        None => keys::rotations_blocked(db, sought.workspace, sought.now, sought.limit).await?,
        Some(id) => live(db, sought, id).await?.into_iter().filter(|key| key.rotation_blocked_at.is_some()).collect(),
    };
    let found = |key: Key| Found::new(Subject::Key(key.id), Severity::Warning, key.rotation_blocked_at, Facts::RotationBlocked);
    Ok(keys.into_iter().map(found).collect())
}

fn everywhere(Everywhere { key, networks, since }: Everywhere) -> Found {
    Found::new(Subject::Key(key), Severity::Warning, Some(since), Facts::KeyEverywhere(networks))
}

fn excess(Excess { key, unused, since }: Excess) -> Found {
    Found::new(Subject::Key(key), Severity::Warning, Some(since), Facts::KeyExcess(unused))
}

fn endless(Aged { key, created_at }: Aged) -> Found {
    Found::new(Subject::Key(key), Severity::Warning, Some(created_at), Facts::KeyNoExpiry)
}

fn old(Aged { key, created_at }: Aged, rotate_after: Duration) -> Found {
    let since = Some(created_at.after(rotate_after));
    Found::new(Subject::Key(key), Severity::Warning, since, Facts::KeyOld { created: created_at })
}

fn unused(Idle { key, created_at, last_used_at, since }: Idle) -> Found {
    let facts = Facts::KeyUnused { created: created_at, last: last_used_at };
    Found::new(Subject::Key(key), Severity::Warning, Some(since), facts)
}
