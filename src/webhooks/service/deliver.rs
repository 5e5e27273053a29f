//! Deliveries that are made by hand: again, or of a time in which nothing arrived; and the events of an endpoint.

use std::time::Duration;

use super::{Manager, find, wake_delivery};
use crate::audit::{AuditedTx, EventId, Payload, payloads_after, payloads_before, payloads_of};
use crate::core::Core;
use crate::webhooks::error::{Error, KEPT_DAYS};
use crate::webhooks::input::Recover;
use crate::webhooks::model::{Delivery, DeliveryId, DeliveryStatus, Endpoint, EndpointId};
use crate::webhooks::reach::Reach;
use crate::webhooks::store::deliveries;
use kit::clock::Time;
use kit::db::DbResult;

/// The time for which payloads are kept.
const KEPT: Duration = Duration::from_hours(24 * KEPT_DAYS);

/// The events of one transaction of a recovery.
const RECOVERED_AT_ONCE: u64 = 500;

/// The bytes of a row of deliveries and of its entries in indexes, roughly.
const ROW_BYTES: usize = 500;

/// Delivers the event of a delivery once more. Returns the new delivery.
pub async fn resend(core: &Core, by: Manager, endpoint: EndpointId, id: DeliveryId) -> Result<Delivery, Error> {
    let mut tx = AuditedTx::begin(core, by.workspace, by.context).await?;
    let endpoint = find(&tx, by.reach, endpoint).await?;
    let (old, body) = deliveries::find(tx.db(), endpoint.id, id).await?.ok_or(Error::NoDelivery)?;
    if let Some(scope) = by.reach.missing_for(&old.event_type) {
        return Err(Error::Scope(scope));
    }
    require_delivering(&endpoint)?;
    if body.is_none() && payloads_of(tx.db(), tx.workspace(), [old.event]).await?.is_empty() {
        return Err(Error::NoPayload);
    }
    let Delivery { event, event_type, sequence, previous_sequence, .. } = old;
    let new = Delivery { previous_sequence, resend_of: Some(id), ..pending(&tx, &endpoint, event, event_type, sequence) };
    deliveries::insert(tx.db(), vec![(new.clone(), body)]).await?;
    tx.add_stored(ROW_BYTES);
    wake_delivery(core, &mut tx);
    tx.commit().await?;
    Ok(new)
}

/// Delivers every event since `since` that failed, was canceled or never attempted, in order. Returns their number.
pub async fn recover(core: &Core, by: Manager, id: EndpointId, Recover { since }: Recover) -> Result<u64, Error> {
    let now = core.clock.now();
    if since > now || since < now.before(KEPT) {
        return Err(Error::Since);
    }
    let (mut place, mut previous, mut recovered) = (None, None, 0);
    loop {
        let mut tx = AuditedTx::begin(core, by.workspace, by.context.clone()).await?;
        let endpoint = find(&tx, by.reach, id).await?;
        require_delivering(&endpoint)?;
        let after = if let Some(after) = place {
            after
        } else {
            let after = last_before(&tx, &endpoint, since).await?;
            previous = last_received(&tx, &endpoint, after + 1).await?;
            after
        };
        let payloads = payloads_after(tx.db(), tx.workspace(), after, RECOVERED_AT_ONCE).await?;
        let is_last = payloads.len() < usize::try_from(RECOVERED_AT_ONCE).unwrap_or(usize::MAX);
        place = payloads.last().map(|payload| payload.sequence);
        let missing = missing(&tx, &endpoint, by.reach, payloads, &mut previous).await?;
        recovered += missing.len() as u64;
        tx.add_stored(ROW_BYTES * missing.len());
        deliveries::insert(tx.db(), missing.into_iter().map(|delivery| (delivery, None)).collect()).await?;
        wake_delivery(core, &mut tx);
        tx.commit().await?;
        // Events after that place become deliveries by themselves.
        if is_last || place.is_none_or(|place| place >= endpoint.progress.planned) {
            return Ok(recovered);
        }
    }
}

/// Returns the sequence before the first payload since `since`, by bisection: times follow the order of the log.
async fn last_before(tx: &AuditedTx, endpoint: &Endpoint, since: Time) -> DbResult<i64> {
    let (mut low, mut high) = (endpoint.progress.created, endpoint.progress.planned);
    while low < high {
        let middle = low + (high - low) / 2;
        match payloads_after(tx.db(), tx.workspace(), middle, 1).await?.first() {
            Some(payload) if payload.created_at < since => low = payload.sequence,
            Some(_) | None => high = middle,
        }
    }
    Ok(high.max(low))
}

/// Returns the sequence of the last event before `sequence` that an endpoint receives, among as many payloads as one response of
/// [`received`] reads.
async fn last_received(tx: &AuditedTx, endpoint: &Endpoint, mut sequence: i64) -> DbResult<Option<i64>> {
    for _ in 0..SCANS {
        let range = (endpoint.progress.created, sequence);
        let payloads = payloads_before(tx.db(), tx.workspace(), range, SCANNED_AT_ONCE).await?;
        if let Some(found) = payloads.iter().find(|payload| payload.is_received_by(&endpoint.events.0)) {
            return Ok(Some(found.sequence));
        }
        match payloads.last() {
            Some(first) => sequence = first.sequence,
            None => break,
        }
    }
    Ok(None)
}

/// Returns new deliveries of the events that have none which succeeded or has an attempt to come. `previous` is the sequence of the
/// last event that the endpoint receives before these payloads, and afterwards of the last one in them.
async fn missing(
    tx: &AuditedTx,
    endpoint: &Endpoint,
    reach: Reach,
    payloads: Vec<Payload>,
    previous: &mut Option<i64>,
) -> DbResult<Vec<Delivery>> {
    let is_received =
        |payload: &Payload| payload.sequence <= endpoint.progress.planned && payload.is_received_by(&endpoint.events.0);
    let received: Vec<Payload> = payloads.into_iter().filter(is_received).collect();
    let mut latest = deliveries::latest(tx.db(), endpoint.id, received.iter().map(|payload| payload.event)).await?;
    let mut missing = Vec::new();
    for payload in received {
        let Payload { event, sequence, event_type, .. } = payload;
        let before = previous.replace(sequence);
        if reach.missing_for(&event_type).is_some() {
            continue;
        }
        let old = match latest.remove(&event) {
            Some((_, true)) => continue,
            Some((old, false)) => Some(old),
            None => None,
        };
        // One microsecond after the other: attempts follow the order of their times.
        let due_at = tx.now().after(Duration::from_micros(missing.len() as u64));
        missing.push(Delivery {
            previous_sequence: old.as_ref().map_or(before, |old| old.previous_sequence),
            resend_of: old.map(|old| old.id),
            due_at: Some(due_at),
            ..pending(tx, endpoint, event, event_type, Some(sequence))
        });
    }
    Ok(missing)
}

/// Returns a new delivery that is due now.
pub(super) fn pending(
    tx: &AuditedTx,
    endpoint: &Endpoint,
    event: EventId,
    event_type: String,
    sequence: Option<i64>,
) -> Delivery {
    let now = tx.now();
    Delivery {
        id: DeliveryId::new(now, tx.random()),
        workspace: endpoint.workspace,
        endpoint: endpoint.id,
        event,
        event_type,
        sequence,
        previous_sequence: None,
        status: DeliveryStatus::Pending,
        attempts: 0,
        due_at: Some(now),
        resend_of: None,
        created_at: now,
        ended_at: None,
    }
}

fn require_delivering(endpoint: &Endpoint) -> Result<(), Error> {
    if endpoint.delivers() { Ok(()) } else { Err(Error::Off(endpoint.status())) }
}

/// The events that an endpoint should have received.
#[derive(Debug)]
pub struct Received {
    pub payloads: Vec<Payload>,
    /// The sequence after which the list goes on; `None` at its end.
    pub next: Option<i64>,
}

/// Payloads that are read for one response, at most.
const SCANS: u64 = 20;
const SCANNED_AT_ONCE: u64 = 250;

/// Returns the payloads that an endpoint should have received after `after`, in order: with its present subscription, since it
/// was created.
pub async fn received(core: &Core, endpoint: &Endpoint, after: i64, limit: usize) -> DbResult<Received> {
    let (mut after, mut payloads) = (after.max(endpoint.progress.created), Vec::new());
    for _ in 0..SCANS {
        let scanned = payloads_after(core.db.read(), endpoint.workspace, after, SCANNED_AT_ONCE).await?;
        let is_end = (scanned.len() as u64) < SCANNED_AT_ONCE;
        for payload in scanned {
            after = payload.sequence;
            if payload.is_received_by(&endpoint.events.0) {
                payloads.push(payload);
                if payloads.len() > limit {
                    payloads.truncate(limit);
                    let next = payloads.last().map(|payload: &Payload| payload.sequence);
                    return Ok(Received { payloads, next });
                }
            }
        }
        if is_end {
            return Ok(Received { payloads, next: None });
        }
    }
    Ok(Received { payloads, next: Some(after) })
}
