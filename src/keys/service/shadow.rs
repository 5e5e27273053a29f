//! Shadow mode: what a smaller set of scopes would refuse is counted, and nothing is refused.
//!
//! Nothing is recorded for it: requests are counted by scope and hour anyway ([`usage`]), and the request log names some of their
//! routes. So it costs a request nothing, whichever node serves it.

use std::time::Duration;

use serde_json::json;

use super::rules::{person, require_live, target};
use crate::audit::{Action, AuditContext, AuditedTx};
use crate::core::Core;
use crate::keys::error::Error;
use crate::keys::model::{Key, KeyId, SHADOW_TIME, Shadow, StartShadow};
use crate::keys::store;
use crate::keys::usage::{self, ScopeCount};
use crate::requests::{self, AcceptedCall};
use crate::scopes::{Scope, Scopes};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{DbResult, Source};

const HOUR: Duration = Duration::from_hours(1);

/// The requests that needed one scope and were accepted, and that the smaller set would have refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WouldRefuse {
    pub scope: Scope,
    pub count: u64,
    /// The time of the last one; if the request log does not name it, the start of its hour.
    pub last_at: Time,
    /// The calls among them that the request log names, the last one first.
    pub calls: Vec<AcceptedCall>,
}

/// Starts shadow mode of an active or paused key, in place of an earlier one. With the set that is on trial already, nothing changes.
pub async fn start_shadow(
    core: &Core,
    workspace: WorkspaceId,
    context: AuditContext,
    id: KeyId,
    input: &StartShadow,
) -> Result<Shadow, Error> {
    let mut tx = AuditedTx::begin(core, workspace, context).await?;
    let key = require_live(&tx, id).await?;
    let scopes = smaller(input, &key)?;
    let now = tx.now();
    let known = store::find_shadow(tx.db(), workspace, id).await?;
    if let Some(running) = known.filter(|shadow| shadow.is_running(now) && shadow.scopes == scopes) {
        return Ok(running);
    }
    let in_hour = usage::scope_counts(tx.db(), id, (now.hour(), now.hour().after(HOUR))).await?;
    let shadow = Shadow {
        key: id,
        scopes,
        started_at: now,
        ends_at: now.after(SHADOW_TIME),
        started_by: person(&tx),
        counted_before: in_hour.iter().map(|count| (count.scope.to_string(), count.allowed)).collect(),
    };
    store::put_shadow(tx.db(), workspace, &shadow).await?;
    tx.record(Action::KeyShadowStarted, Some(target(&key)), json!({ "scopes": shadow.scopes, "endsAt": shadow.ends_at }));
    tx.commit().await?;
    Ok(shadow)
}

/// Ends shadow mode before its time, or removes its result, which is returned for the last time.
pub async fn end_shadow(
    core: &Core,
    workspace: WorkspaceId,
    context: AuditContext,
    id: KeyId,
) -> Result<(Shadow, Vec<WouldRefuse>), Error> {
    let mut tx = AuditedTx::begin(core, workspace, context).await?;
    let key = store::find(tx.db(), workspace, id).await?.ok_or(Error::NotFound)?;
    let shadow = store::find_shadow(tx.db(), workspace, id).await?.ok_or(Error::NoShadow)?;
    let found = would_refuse(tx.db(), workspace, &shadow, tx.now()).await?;
    store::delete_shadow(tx.db(), workspace, id).await?;
    let early = shadow.is_running(tx.now());
    let details = json!({ "scopes": shadow.scopes, "startedAt": shadow.started_at, "endsAt": shadow.ends_at, "early": early });
    tx.record(Action::KeyShadowEnded, Some(target(&key)), details);
    tx.commit().await?;
    Ok((shadow, found))
}

/// Returns what the smaller set would have refused until now, by scope. Requests are counted up to the end of the hour in which
/// shadow mode ends.
pub async fn would_refuse(db: &impl Source, workspace: WorkspaceId, shadow: &Shadow, now: Time) -> DbResult<Vec<WouldRefuse>> {
    let until = now.hour().after(HOUR).min(shadow.ends_at);
    let counts = usage::scope_counts(db, shadow.key, (shadow.started_at.hour(), until)).await?;
    let counts: Vec<_> = counts.into_iter().filter_map(|count| since_start(shadow, count)).collect();
    if counts.is_empty() {
        return Ok(Vec::new());
    }
    let span = (shadow.started_at, until);
    let calls = requests::accepted_calls(db, workspace, shadow.key, shadow.uncovered(), span).await?;
    Ok(counts.into_iter().map(|count| with_calls(count, &calls)).collect())
}

/// Returns the count of a scope that the set does not cover, without the requests before the start.
fn since_start(shadow: &Shadow, count: ScopeCount) -> Option<ScopeCount> {
    let before = shadow.counted_before.get(count.scope.as_str()).copied().unwrap_or_default();
    let allowed = count.allowed.saturating_sub(before);
    let last = count.last.max(shadow.started_at);
    (allowed > 0 && !shadow.scopes.cover(count.scope)).then_some(ScopeCount { allowed, last, ..count })
}

fn with_calls(count: ScopeCount, calls: &[AcceptedCall]) -> WouldRefuse {
    let calls: Vec<_> = calls.iter().filter(|call| call.scope == count.scope).cloned().collect();
    let last_at = calls.first().map_or(count.last, |call| call.last_at.max(count.last));
    WouldRefuse { scope: count.scope, count: count.allowed, last_at, calls }
}

/// Returns the chosen scopes, or fails if the key lacks one of them, or has none that is left out.
fn smaller(input: &StartShadow, key: &Key) -> Result<Scopes, Error> {
    let (field, scopes) = (input.field(), input.chosen_scopes());
    if let Some(scope) = scopes.iter().find(|scope| !key.scopes.cover(*scope)) {
        return Err(Error::NotGranted { field, scope });
    }
    if scopes.cover_all(key.scopes) { Err(Error::NotSmaller(field)) } else { Ok(scopes) }
}
