//! Deliveries of the past, stored as if they had been made at the time: for the demo.

use std::time::Duration;

use sea_orm::{EntityTrait, IntoActiveModel, Set};

use super::attempt::{Outgoing, Sent, Verdict, headers, masked, outcome};
use super::engine::open_secrets;
use super::health::Outcome;
use super::schedule::next_attempt;
use crate::audit::{self, Payload};
use crate::core::Core;
use crate::webhooks::model::{Delivery, DeliveryId, DeliveryStatus, Endpoint, EndpointId};
use crate::webhooks::rows;
use crate::webhooks::secret::SigningSecret;
use crate::webhooks::store::find_sealed;
use crate::webhooks::tables::{attempt, delivery};
use kit::clock::{Clock, Time};
use kit::db::{DbResult, update_row};
use kit::http::outbound::{OutboundError, OutboundResponse};

/// The time from an event to its delivery, and from there to the first attempt.
const STEP: Duration = Duration::from_millis(3);

const ROWS_AT_ONCE: usize = 100;

/// The end of a request in the past.
#[derive(Debug)]
pub struct PastAnswer {
    pub duration: Duration,
    pub response: Result<OutboundResponse, OutboundError>,
}

/// Stores the deliveries of the events that an endpoint has received since `since`, with all attempts that were due until now, and
/// the health after them. `answer` is asked for each attempt, with the type of the event and the time.
pub async fn import_history(
    core: &Core,
    id: EndpointId,
    since: Time,
    answer: impl FnMut(&str, Time) -> PastAnswer,
) -> DbResult<()> {
    let db = core.db.read();
    let Some(row) = find_sealed(db, id).await? else { return Ok(()) };
    let secrets = open_secrets(core, &row).await?;
    let endpoint = rows::endpoint_of(row.clone());
    let (mut planned, events) = (endpoint.progress.planned, endpoint.events.clone());
    let mut past = Past {
        core,
        secrets,
        answer,
        last: endpoint.progress.last,
        endpoint,
        deliveries: vec![],
        attempts: vec![],
        ends: vec![],
    };
    loop {
        let payloads = audit::payloads_after(db, past.endpoint.workspace, planned, ROWS_AT_ONCE as u64).await?;
        let Some(last) = payloads.last() else { break };
        planned = last.sequence;
        for payload in payloads.into_iter().filter(|payload| payload.is_received_by(&events.0)) {
            if payload.created_at >= since {
                past.deliver(&payload)?;
            }
            past.last = Some(payload.sequence);
        }
    }
    let Past { mut ends, endpoint, last, deliveries, attempts, .. } = past;
    ends.sort_by_key(|(at, _)| *at);
    let health = ends.into_iter().fold(endpoint.health, |health, (at, outcome)| health.after(outcome, at));
    let tx = core.db.begin().await?;
    for rows in deliveries.chunks(ROWS_AT_ONCE) {
        let rows = rows.iter().cloned().map(IntoActiveModel::into_active_model);
        delivery::Entity::insert_many(rows).exec_without_returning(&tx).await?;
    }
    for rows in attempts.chunks(ROWS_AT_ONCE) {
        let rows = rows.iter().cloned().map(IntoActiveModel::into_active_model);
        attempt::Entity::insert_many(rows).exec_without_returning(&tx).await?;
    }
    let mut row = row.into_active_model();
    (row.planned_sequence, row.last_sequence) = (Set(planned), Set(last));
    (row.last_success_at, row.last_failure_at) = (Set(health.last_success_at), Set(health.last_failure_at));
    row.failing_since = Set(health.failing_since);
    (row.failed_attempts, row.failed_deliveries) = (Set(health.failed_attempts), Set(health.failed_deliveries));
    update_row(&tx, row).await?;
    tx.commit().await
}

/// An endpoint's deliveries so far.
struct Past<'a, A> {
    core: &'a Core,
    endpoint: Endpoint,
    secrets: Vec<SigningSecret>,
    answer: A,
    /// The sequence of the last event.
    last: Option<i64>,
    deliveries: Vec<delivery::Model>,
    attempts: Vec<attempt::Model>,
    ends: Vec<(Time, Outcome)>,
}

impl<A: FnMut(&str, Time) -> PastAnswer> Past<'_, A> {
    fn deliver(&mut self, payload: &Payload) -> DbResult<()> {
        let created_at = payload.created_at.after(STEP);
        let mut delivery = Delivery {
            id: DeliveryId::new(created_at, &self.core.random),
            workspace: self.endpoint.workspace,
            endpoint: self.endpoint.id,
            event: payload.event,
            event_type: payload.event_type.clone(),
            sequence: Some(payload.sequence),
            previous_sequence: self.last,
            status: DeliveryStatus::Pending,
            attempts: 0,
            due_at: Some(created_at.after(STEP)),
            resend_of: None,
            created_at,
            ended_at: None,
        };
        while let Some(start) = delivery.due_at.filter(|due| *due < self.core.clock.now()) {
            self.attempt(&mut delivery, payload, start)?;
        }
        self.deliveries.push(rows::delivery_row(delivery, None));
        Ok(())
    }

    fn attempt(&mut self, delivery: &mut Delivery, payload: &Payload, start: Time) -> DbResult<()> {
        let number = delivery.attempts + 1;
        let request = Outgoing { url: &self.endpoint.url, delivery, number, body: payload.body.clone(), secrets: &self.secrets };
        let request_headers = masked(&headers(&Clock::manual(start), &request));
        let PastAnswer { duration, response } = (self.answer)(&payload.event_type, start);
        let duration_ms = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        let sent = Sent { number, started_at: start, duration_ms, request_headers, secrets: &self.secrets };
        let (attempt, verdict) = outcome(sent, response);
        let at = start.after(duration);
        delivery.attempts = number;
        delivery.due_at = None;
        let outcome = if verdict == Verdict::Delivered {
            delivery.status = DeliveryStatus::Delivered;
            Outcome::Succeeded
        } else {
            let jitter = u16::from_be_bytes(self.core.random.non_crypto_bytes());
            let standard = &self.core.config.webhooks.schedule;
            delivery.due_at = next_attempt(self.endpoint.schedule, standard, number, at, None, jitter);
            if delivery.due_at.is_some() {
                Outcome::Failed
            } else {
                delivery.status = DeliveryStatus::Failed;
                Outcome::FailedForGood
            }
        };
        delivery.ended_at = (delivery.status != DeliveryStatus::Pending).then_some(at);
        self.ends.push((at, outcome));
        self.attempts.push(rows::attempt_row(delivery, &attempt)?);
        Ok(())
    }
}
