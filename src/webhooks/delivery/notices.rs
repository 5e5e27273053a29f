//! Emails to administrators about endpoints that fail, and those that were disabled.

use std::fmt::Display;

use crate::audit::AuditedTx;
use crate::mail::{self, Content, DisabledWebhook, FailingWebhook, MAX_LISTED};
use crate::webhooks::model::Endpoint;
use kit::db::DbResult;

/// Queues one email to each administrator about endpoints that were disabled together. An endpoint that is switched on and
/// disabled again and again is in one a day.
pub(super) async fn disabled(tx: &AuditedTx, reason: &str, endpoints: &[Endpoint]) -> DbResult<()> {
    let webhook = |endpoint: &Endpoint| DisabledWebhook {
        id: endpoint.id.to_string(),
        name: endpoint.name(),
        url: without_query(&endpoint.url),
        reason: reason.to_owned(),
    };
    let webhooks = endpoints.iter().take(MAX_LISTED).map(webhook).collect();
    let content = Content::WebhookDisabled { at: tx.now(), webhooks, more: more(endpoints) };
    // Endpoints that are disabled together have failed for a day or longer: a second email of the day that begins with the same
    // endpoint would be about its 410, and about no other endpoint.
    queue(tx, endpoints, tx.now().date(), content).await
}

/// Queues one email to each administrator about endpoints that will be disabled.
pub(super) async fn failing(tx: &AuditedTx, endpoints: &[Endpoint]) -> DbResult<()> {
    let webhook = |endpoint: &Endpoint| {
        let health = &endpoint.health;
        Some(FailingWebhook {
            id: endpoint.id.to_string(),
            name: endpoint.name(),
            url: without_query(&endpoint.url),
            failing_since: health.failing_since?,
            disabled_from: health.disabled_from(tx.core().config.webhooks.disable_after)?,
            still_to_fail: health.still_to_fail(),
        })
    };
    let webhooks = endpoints.iter().take(MAX_LISTED).filter_map(webhook).collect();
    queue(tx, endpoints, tx.now(), Content::WebhookFailing { webhooks, more: more(endpoints) }).await
}

fn more(endpoints: &[Endpoint]) -> u64 {
    endpoints.len().saturating_sub(MAX_LISTED) as u64
}

/// Returns a URL as emails show it: the query may have a token in it.
fn without_query(url: &str) -> String {
    url.split_once('?').map_or_else(|| url.to_owned(), |(before, _)| format!("{before}?…"))
}

/// Queues an email to each administrator who has none of this kind, first endpoint and `time`.
async fn queue(tx: &AuditedTx, endpoints: &[Endpoint], time: impl Display, content: Content) -> DbResult<()> {
    let Some(first) = endpoints.first() else { return Ok(()) };
    let event = format!("{} {} {}", content.kind(), first.id, time);
    mail::notify_administrators(tx, &event, &content).await
}
