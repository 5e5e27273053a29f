//! Endpoints that the server switches off, and the warning before.

use std::time::Duration;

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, Set};
use serde_json::json;

use crate::audit::{Action, AuditedTx, EventType, Target, TargetKind};
use crate::core::Core;
use crate::webhooks::model::EndpointId;
use crate::webhooks::rows::endpoint_of;
use crate::webhooks::tables::endpoint::{Column, Entity, Model};
use kit::db::DbResult;

/// Failed deliveries before which an endpoint is not disabled, however long it fails.
const MIN_FAILED: i32 = 20;

/// The time before it is disabled at which the log says so.
const WARNING: Duration = Duration::from_hours(24);

/// Endpoints that one run of the job disables or warns of.
const AT_ONCE: u64 = 100;

/// Disables an endpoint that is on. Its events are kept until somebody enables it. Returns false if it is off or gone.
pub(super) async fn disable(core: &Core, id: EndpointId, reason: &str) -> DbResult<bool> {
    disable_if(core, id, reason, Condition::all()).await
}

/// Disables an endpoint that is on and meets a condition when its row is locked.
async fn disable_if(core: &Core, id: EndpointId, reason: &str, condition: Condition) -> DbResult<bool> {
    let Some(found) = Entity::find_by_id(id).one(core.db.read()).await? else { return Ok(false) };
    let mut tx = AuditedTx::begin_essential_system(core, found.workspace_id).await?;
    let on = Entity::find_by_id(id)
        .filter(Column::IsActive.eq(true))
        .filter(Column::DisabledAt.is_null())
        .filter(Column::DeletedAt.is_null());
    let Some(row) = on.filter(condition).lock_exclusive().one(tx.db()).await? else { return Ok(false) };
    let (target, url) = (target(&row), row.url.clone());
    let mut row = row.into_active_model();
    row.disabled_at = Set(Some(tx.now()));
    row.disabled_reason = Set(Some(reason.to_owned()));
    row.update(tx.db()).await?;
    tx.record(Action::WebhookDisabled, Some(target), json!({ "reason": reason }));
    tx.publish(EventType::WebhookDisabled, || json!({ "webhook_id": id, "url": url, "reason": reason }));
    tx.commit().await?;
    tracing::warn!(endpoint = %id, reason, "a webhook endpoint was disabled");
    Ok(true)
}

/// Disables endpoints that have failed for too long, and notes those that will be.
pub(super) async fn disable_failing(core: &Core) -> DbResult<()> {
    let (now, limit) = (core.clock.now(), core.config.webhooks.disable_after);
    let failing = || {
        let on = Entity::find()
            .filter(Column::IsActive.eq(true))
            .filter(Column::DisabledAt.is_null())
            .filter(Column::DeletedAt.is_null());
        on.filter(Column::FailedDeliveries.gte(MIN_FAILED)).limit(AT_ONCE)
    };
    let days = limit.as_secs() / Duration::from_hours(24).as_secs();
    let reason = if days == 1 { "no success for a day".to_owned() } else { format!("no success for {days} days") };
    for row in failing().filter(Column::FailingSince.lte(now.before(limit))).all(core.db.read()).await? {
        // It may have recovered since it was read.
        let still =
            Condition::all().add(Column::FailedDeliveries.gte(MIN_FAILED)).add(Column::FailingSince.lte(now.before(limit)));
        if let Err(error) = disable_if(core, row.id, &reason, still).await {
            tracing::warn!(%error, endpoint = %row.id, "a webhook endpoint could not be disabled: tried again");
        }
    }
    let soon =
        failing().filter(Column::WarnedAt.is_null()).filter(Column::FailingSince.lte(now.before(limit.saturating_sub(WARNING))));
    for row in soon.all(core.db.read()).await? {
        let tx = core.db.begin_essential().await?;
        let warned = Entity::update_many().col_expr(Column::WarnedAt, Expr::value(now)).filter(Column::Id.eq(row.id));
        warned.filter(Column::FailingSince.eq(row.failing_since)).exec(&tx).await?;
        tx.commit().await?;
        tracing::warn!(endpoint = %row.id, "a webhook endpoint fails, and will be disabled within a day");
    }
    Ok(())
}

fn target(row: &Model) -> Target {
    Target::new(TargetKind::Webhook, row.id, &endpoint_of(row.clone()).name())
}
