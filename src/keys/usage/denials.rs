//! Audit events of denied requests.

use std::collections::HashMap;

use kit::db::{DbResult, is_reported};
use serde_json::{Value, json};

use super::MAX_BATCH;
use super::denial_aggregator::AggregatedDenial;
use super::recorder::Recorder;
use crate::audit::{Action, Actor, AuditContext, AuditedTx, EventType, Outcome, Target, TargetKind};
use crate::core::Core;
use crate::keys::denial::DenialReason;
use crate::keys::events::UsedKeys;
use crate::keys::hygiene::{RevokedCall, note_revoked_calls};
use crate::keys::store;
use crate::keys::unusual::{LeakSource, Unusual, listed, notify_unusual, record_unusual};
use crate::mail::UnusualKey;
use crate::workspaces::WorkspaceId;

/// Writes denials, up to [`MAX_BATCH`] of one workspace in a transaction. Returns false if some could not be written: they go
/// back to memory.
pub(super) async fn write(core: &Core, recorder: &Recorder, denials: Vec<AggregatedDenial>) -> bool {
    let mut is_written = true;
    let mut by_workspace: HashMap<WorkspaceId, Vec<AggregatedDenial>> = HashMap::new();
    for denial in denials {
        by_workspace.entry(denial.entry.workspace()).or_default().push(denial);
    }
    for (workspace, mut denials) in by_workspace {
        while !denials.is_empty() {
            let batch = denials.split_off(denials.len().saturating_sub(MAX_BATCH));
            if let Err(error) = record(core, workspace, &batch).await {
                if !is_reported(&error) {
                    tracing::warn!(%error, "could not record denied requests; kept for the next flush");
                }
                is_written = false;
                for denial in batch.into_iter().chain(denials.drain(..)) {
                    recorder.restore_denial(denial);
                }
            }
        }
    }
    is_written
}

async fn record(core: &Core, workspace: WorkspaceId, denials: &[AggregatedDenial]) -> DbResult<()> {
    let mut tx = AuditedTx::begin_system(core, workspace).await?;
    let ids = denials.iter().map(|denial| denial.entry.id).collect();
    let keys = UsedKeys::load(&tx, &[EventType::KeyLeakedInUrl, EventType::KeyUnusual], ids).await?;
    let mut unusual = Vec::new();
    for denial in denials {
        let entry = &denial.entry;
        tx.act_for(AuditContext {
            ip: denial.network,
            user_agent: denial.user_agent.clone(),
            request_id: Some(denial.request_id.clone()).filter(|id| !id.is_empty()),
            ..AuditContext::of(Actor::api_key(entry.id, &entry.name))
        });
        let (action, details) = event_of(denial);
        tx.record_as(action, Outcome::Denied, Some(Target::new(TargetKind::ApiKey, entry.id, &entry.name)), details);
        match action {
            Action::KeyLeakedInUrl => {
                keys.publish_leak(&mut tx, entry.id);
                unusual.extend(record_leak(&mut tx, denial).await?);
            }
            _ => keys.publish_if_unusual(&mut tx, entry.id),
        }
    }
    notify_unusual(&tx, &unusual).await?;
    note_revoked_calls(tx.db(), workspace, denials.iter().filter_map(revoked_call).collect()).await?;
    tx.commit().await
}

/// Returns a denial of a key that was revoked or expired.
fn revoked_call(denial: &AggregatedDenial) -> Option<RevokedCall> {
    match denial.reason {
        DenialReason::Revoked | DenialReason::Expired => {
            Some(RevokedCall { key: denial.entry.id, first: denial.first, last: denial.last, network: denial.network })
        }
        DenialReason::Invalid
        | DenialReason::Paused
        | DenialReason::AddressNotAllowed
        | DenialReason::RateLimited(())
        | DenialReason::ScopeRequired(_)
        | DenialReason::LeakedInUrl
        | DenialReason::PersonRequired
        | DenialReason::TestKey => None,
    }
}

/// Records the leak of a secret that works, as an email lists it. That of a revoked or expired one does no harm.
async fn record_leak(tx: &mut AuditedTx, denial: &AggregatedDenial) -> DbResult<Option<UnusualKey>> {
    let Some(key) = store::find(tx.db(), tx.workspace(), denial.entry.id).await? else { return Ok(None) };
    if key.status(tx.now()).is_live() {
        let leak = Unusual::Leak { source: LeakSource::Url, count: denial.count };
        if record_unusual(tx, &key, &leak).await? {
            return Ok(Some(listed(&key, &leak)));
        }
    }
    Ok(None)
}

fn event_of(denial: &AggregatedDenial) -> (Action, Value) {
    let AggregatedDenial { reason, count, first, last, .. } = denial;
    let mut details = json!({ "reason": reason.label(), "count": count, "first": first, "last": last });
    let action = match reason {
        DenialReason::ScopeRequired(scope) => {
            details["requiredScope"] = json!(scope);
            Action::KeyDenied
        }
        DenialReason::LeakedInUrl => Action::KeyLeakedInUrl,
        DenialReason::Invalid
        | DenialReason::Revoked
        | DenialReason::Expired
        | DenialReason::Paused
        | DenialReason::AddressNotAllowed
        | DenialReason::RateLimited(())
        | DenialReason::PersonRequired
        | DenialReason::TestKey => Action::KeyDenied,
    };
    (action, details)
}
