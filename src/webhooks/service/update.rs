//! Changes of an endpoint, and its switch.

use serde_json::{Value, json};

use super::{Manager, changeable, check_url, find, publish_patterns, require_reach, target, wake_delivery};
use crate::audit::{Action, AuditedTx, EventType, differences};
use crate::core::Core;
use crate::webhooks::error::Error;
use crate::webhooks::input::{Backlog, UpdateEndpoint, subscription};
use crate::webhooks::model::{Endpoint, EndpointId, Health};
use crate::webhooks::reach::Reach;
use crate::webhooks::store;
use kit::http::outbound::Lookup;
use kit::text::kept;

/// Deliveries that one transaction cancels while others wait.
const CANCELED_AT_ONCE: u64 = 1_000;

/// Changes an endpoint. Writes and records nothing if nothing differs.
pub async fn update(core: &Core, by: Manager, id: EndpointId, input: UpdateEndpoint) -> Result<(Endpoint, Lookup), Error> {
    let lookup = match &input.url {
        Some(url) => check_url(core, url.as_str()).await?,
        None => Lookup::Found,
    };
    let backlog = input.backlog.unwrap_or(Backlog::Deliver);
    // With a precondition that may fail, nothing may be cancelled before the transaction that checks it.
    if backlog == Backlog::Skip && by.context.precondition.is_none() {
        cancel_most(core, &by, id, &input).await?;
    }
    let (workspace, context) = (by.workspace, by.context.clone());
    let mut tx = if input.only_switches_off() {
        AuditedTx::begin_essential(core, workspace, context).await?
    } else {
        AuditedTx::begin(core, workspace, context).await?
    };
    let old = find(&tx, by.reach, id).await?;
    let is_switched_on = input.active == Some(true) && !old.delivers();
    let mut new = changed(&old, input);
    require_permitted(by.reach, by.is_recent, &old, &new)?;
    let changes = differences(&changeable(&old), &changeable(&new));
    if changes.is_none() && !is_switched_on {
        return Ok((old, lookup));
    }
    new.updated_at = tx.now();
    store::set(tx.db(), &new).await?;
    if is_switched_on {
        switch_on(&tx, &mut new, backlog).await?;
    }
    if new.events != old.events {
        publish_patterns(&tx).await?;
    }
    record(&mut tx, &old, &new, changes, is_switched_on.then_some(backlog));
    wake_delivery(core, &mut tx);
    tx.commit().await?;
    Ok((new, lookup))
}

/// Fails if the caller may not make this change.
fn require_permitted(reach: Reach, is_recent: bool, old: &Endpoint, new: &Endpoint) -> Result<(), Error> {
    require_reach(reach, &new.events)?;
    if new.url == old.url || is_recent { Ok(()) } else { Err(Error::RecentProofRequired) }
}

fn changed(old: &Endpoint, input: UpdateEndpoint) -> Endpoint {
    let UpdateEndpoint { url, description, events, active, backlog: _, schedule } = input;
    let mut new = old.clone();
    if let Some(url) = url {
        new.url = url.into_string();
    }
    if let Some(description) = description {
        new.description = kept(description);
    }
    if let Some(events) = events {
        new.events = subscription(&events);
    }
    new.is_active = active.unwrap_or(new.is_active);
    new.schedule = schedule.unwrap_or(new.schedule);
    new
}

/// Lets an endpoint that was off go on in the log: at its place, or after the last event.
async fn switch_on(tx: &AuditedTx, endpoint: &mut Endpoint, backlog: Backlog) -> Result<(), Error> {
    let skipped_to = match backlog {
        Backlog::Deliver => None,
        Backlog::Skip => {
            store::deliveries::cancel(tx.db(), endpoint.id, tx.now(), None).await?;
            Some(tx.sequence())
        }
    };
    store::set_switched_on(tx.db(), endpoint.id, skipped_to).await?;
    endpoint.progress.planned = skipped_to.unwrap_or(endpoint.progress.planned);
    let Health { last_success_at, last_failure_at, .. } = endpoint.health;
    endpoint.health = Health { last_success_at, last_failure_at, ..Health::default() };
    Ok(())
}

/// Cancels the backlog of an endpoint that is off in small transactions, as it may be long.
async fn cancel_most(core: &Core, by: &Manager, id: EndpointId, input: &UpdateEndpoint) -> Result<(), Error> {
    loop {
        let tx = AuditedTx::begin(core, by.workspace, by.context.clone()).await?;
        let endpoint = find(&tx, by.reach, id).await?;
        require_permitted(by.reach, by.is_recent, &endpoint, &changed(&endpoint, input.clone()))?;
        if endpoint.delivers() {
            return Ok(());
        }
        let canceled = store::deliveries::cancel(tx.db(), id, tx.now(), Some(CANCELED_AT_ONCE)).await?;
        tx.commit().await?;
        if canceled < CANCELED_AT_ONCE {
            return Ok(());
        }
    }
}

/// Records what changed; `on` is the backlog of an endpoint that was switched on.
fn record(tx: &mut AuditedTx, old: &Endpoint, new: &Endpoint, changes: Option<Value>, on: Option<Backlog>) {
    if let (Some(backlog), Some(_)) = (on, old.health.disabled_at) {
        tx.record(Action::WebhookEnabled, Some(target(new)), json!({ "url": new.url, "backlog": backlog }));
        tx.publish(EventType::WebhookEnabled, || json!({ "webhook_id": new.id, "url": new.url, "reason": Value::Null }));
    }
    if let Some(mut changes) = changes {
        if let (Some(backlog), None) = (on, old.health.disabled_at) {
            changes["backlog"] = json!({ "from": Value::Null, "to": backlog });
        }
        tx.record(Action::WebhookUpdated, Some(target(new)), changes);
    }
}
