//! Endpoints that the server disables, and the warning before.
//!
//! There is one warning: an endpoint with few events may be disabled long after it, once as many deliveries have failed as it says.

use std::collections::BTreeMap;
use std::time::Duration;

use sea_orm::{ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set};
use serde_json::json;

use super::notices;
use crate::audit::{Action, AuditedTx, EventType, Target, TargetKind};
use crate::core::Core;
use crate::webhooks::model::{DISABLED_AFTER, Endpoint, EndpointId, FAILING_AFTER};
use crate::webhooks::rows::endpoint_of;
use crate::webhooks::tables::endpoint::{Column, Entity, Model};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{DbResult, find_row, find_rows, update_row};

/// Endpoints that one run of the job disables or warns of.
const AT_ONCE: u64 = 100;

/// Disables an endpoint that is on. Its events wait, for as long as they are kept. Returns false if it is off or gone.
pub(super) async fn disable(core: &Core, id: EndpointId, reason: &str) -> DbResult<bool> {
    let Some(found) = find_row(core.db.read(), Entity::find_by_id(id)).await? else { return Ok(false) };
    disable_if(core, found.workspace_id, &[id], reason, Condition::all()).await
}

/// Disables those of a workspace's endpoints that are on and meet a condition when their rows are locked.
async fn disable_if(
    core: &Core,
    workspace: WorkspaceId,
    ids: &[EndpointId],
    reason: &str,
    condition: Condition,
) -> DbResult<bool> {
    let mut tx = AuditedTx::begin_essential_system(core, workspace).await?;
    let rows = lock(&tx, ids, condition).await?;
    let mut disabled = Vec::new();
    for row in rows {
        let endpoint = endpoint_of(row.clone());
        let (id, url) = (endpoint.id, endpoint.url.clone());
        let mut row = row.into_active_model();
        row.disabled_at = Set(Some(tx.now()));
        row.disabled_reason = Set(Some(reason.to_owned()));
        update_row(tx.db(), row).await?;
        let target = Target::new(TargetKind::Webhook, id, &endpoint.name());
        tx.record(Action::WebhookDisabled, Some(target), json!({ "reason": reason }));
        tx.publish(EventType::WebhookDisabled, || json!({ "webhook_id": id, "url": url, "reason": reason }));
        disabled.push(endpoint);
    }
    if disabled.is_empty() {
        return Ok(false);
    }
    notices::disabled(&tx, reason, &disabled).await?;
    tx.commit().await?;
    for Endpoint { id, .. } in disabled {
        tracing::warn!(endpoint = %id, reason, "a webhook endpoint was disabled");
    }
    Ok(true)
}

/// Disables endpoints that have failed for too long, and warns of those that will be.
pub(super) async fn disable_failing(core: &Core) -> DbResult<()> {
    let (now, settings) = (core.clock.now(), &core.config.webhooks);
    let limit = settings.disable_after;
    let days = limit.as_secs() / Duration::from_hours(24).as_secs();
    let reason = if days == 1 { "no success for a day".to_owned() } else { format!("no success for {days} days") };
    let over =
        Condition::all().add(Column::FailedDeliveries.gte(DISABLED_AFTER)).add(Column::FailingSince.lte(now.before(limit)));
    for (workspace, ids) in failing(core, over.clone()).await? {
        // They may have recovered since they were read.
        if let Err(error) = disable_if(core, workspace, &ids, &reason, over.clone()).await {
            tracing::warn!(%error, %workspace, "webhook endpoints could not be disabled: tried again");
        }
    }
    let soon = unwarned(now.before(settings.warn_after()));
    for (workspace, ids) in failing(core, soon.clone()).await? {
        if let Err(error) = warn(core, workspace, &ids, soon.clone()).await {
            tracing::warn!(%error, %workspace, "the warning of failing webhook endpoints could not be stored: tried again");
        }
    }
    Ok(())
}

/// The condition that an endpoint has failed since `since`, and administrators have not been warned.
fn unwarned(since: Time) -> Condition {
    let failing = Condition::all().add(Column::FailedAttempts.gte(FAILING_AFTER)).add(Column::FailingSince.lte(since));
    failing.add(Column::WarnedAt.is_null())
}

/// Notes that administrators are warned of endpoints, and queues their emails.
async fn warn(core: &Core, workspace: WorkspaceId, ids: &[EndpointId], condition: Condition) -> DbResult<()> {
    let tx = AuditedTx::begin_essential_system(core, workspace).await?;
    let mut warned = Vec::new();
    for row in lock(&tx, ids, condition).await? {
        warned.push(endpoint_of(row.clone()));
        let mut row = row.into_active_model();
        row.warned_at = Set(Some(tx.now()));
        update_row(tx.db(), row).await?;
    }
    if warned.is_empty() {
        return Ok(());
    }
    notices::failing(&tx, &warned).await?;
    tx.commit().await?;
    for endpoint in warned {
        let from = endpoint.health.disabled_from(core.config.webhooks.disable_after);
        let from = from.map(tracing::field::display);
        tracing::warn!(endpoint = %endpoint.id, disabled_from = from, "a webhook endpoint fails, and will be disabled");
    }
    Ok(())
}

/// The condition that an endpoint is on.
fn on() -> Condition {
    let on = Condition::all().add(Column::IsActive.eq(true)).add(Column::DisabledAt.is_null());
    on.add(Column::DeletedAt.is_null())
}

/// Lists endpoints that are on and meet a condition, by workspace.
async fn failing(core: &Core, condition: Condition) -> DbResult<BTreeMap<WorkspaceId, Vec<EndpointId>>> {
    let rows = find_rows(core.db.read(), Entity::find().filter(on()).filter(condition).limit(AT_ONCE)).await?;
    let mut found: BTreeMap<WorkspaceId, Vec<EndpointId>> = BTreeMap::new();
    for row in rows {
        found.entry(row.workspace_id).or_default().push(row.id);
    }
    Ok(found)
}

/// Locks those endpoints that are on and meet a condition, in the order in which the ends of attempts lock them.
async fn lock(tx: &AuditedTx, ids: &[EndpointId], condition: Condition) -> DbResult<Vec<Model>> {
    let rows = Entity::find().filter(Column::Id.is_in(ids.iter().copied())).filter(on()).filter(condition);
    find_rows(tx.db(), rows.order_by_asc(Column::Id).lock_exclusive()).await
}
