//! Emails to administrators about endpoints that fail, and those that were disabled.

use crate::audit::AuditedTx;
use crate::core::Core;
use crate::mail::{self, Content, DisabledWebhook, FailingWebhook, MAX_LISTED};
use crate::members::{self, Role};
use crate::webhooks::model::Endpoint;
use kit::db::DbResult;

/// Queues one email to each administrator about endpoints that were disabled together.
pub(super) async fn disabled(core: &Core, tx: &AuditedTx, reason: &str, endpoints: &[Endpoint]) -> DbResult<()> {
    let webhook = |endpoint: &Endpoint| DisabledWebhook {
        id: endpoint.id.to_string(),
        name: endpoint.name(),
        url: endpoint.url.clone(),
        reason: reason.to_owned(),
    };
    let webhooks = endpoints.iter().take(MAX_LISTED).map(webhook).collect();
    queue(core, tx, endpoints, Content::WebhookDisabled { at: tx.now(), webhooks, more: more(endpoints) }).await
}

/// Queues one email to each administrator about endpoints that will be disabled.
pub(super) async fn failing(core: &Core, tx: &AuditedTx, endpoints: &[Endpoint]) -> DbResult<()> {
    let webhook = |endpoint: &Endpoint| {
        let health = &endpoint.health;
        Some(FailingWebhook {
            id: endpoint.id.to_string(),
            name: endpoint.name(),
            url: endpoint.url.clone(),
            failing_since: health.failing_since?,
            disabled_from: health.disabled_from(core.config.webhooks.disable_after)?,
            still_to_fail: health.still_to_fail(),
        })
    };
    let webhooks = endpoints.iter().take(MAX_LISTED).filter_map(webhook).collect();
    queue(core, tx, endpoints, Content::WebhookFailing { webhooks, more: more(endpoints) }).await
}

fn more(endpoints: &[Endpoint]) -> u64 {
    endpoints.len().saturating_sub(MAX_LISTED) as u64
}

async fn queue(core: &Core, tx: &AuditedTx, endpoints: &[Endpoint], content: Content) -> DbResult<()> {
    let Some(first) = endpoints.first().filter(|_| mail::is_on(core)) else { return Ok(()) };
    let event = format!("{} {} {}", content.kind(), first.id, tx.now());
    for member in members::with_role(tx.db(), tx.workspace(), &[Role::AccountOwner, Role::Admin]).await? {
        mail::notify_of(core, tx, &member, event.clone(), content.clone()).await?;
    }
    Ok(())
}
