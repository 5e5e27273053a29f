//! The JSON of webhooks, deliveries and event types.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::audit::EventId;
use crate::webhooks::model::{
    Attempt, Creator, Delivery, DeliveryId, DeliveryStatus, Endpoint, EndpointId, EndpointStatus, Schedule, Subscription,
};
use crate::webhooks::store::Figures;
use kit::clock::Time;
use kit::http::outbound::Lookup;

/// An endpoint that receives events of the workspace, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Webhook)]
pub(crate) struct EndpointView {
    id: EndpointId,
    url: String,
    /// The purpose of the endpoint.
    description: Option<String>,
    /// Event types such as `trip.created`, all of a resource such as `trip.*`, or `*`.
    #[schema(value_type = Vec<String>)]
    events: Subscription,
    /// False if it was switched off by hand.
    active: bool,
    status: EndpointStatus,
    schedule: Schedule,
    health: HealthView,
    /// The beginning and the end of the signing secret.
    secret_hint: String,
    secret_rotated_at: Option<Time>,
    /// The time until which an old secret signs as well; `null` if none does.
    previous_secret_expires_at: Option<Time>,
    created_at: Time,
    created_by: Creator,
    updated_at: Time,
    /// In the response to a new URL whose host name leads to no address now: it was stored all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    warning: Option<String>,
}

/// The outcome of an endpoint's deliveries so far.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WebhookHealth)]
struct HealthView {
    last_success_at: Option<Time>,
    last_failure_at: Option<Time>,
    /// The first failed attempt since the last success.
    failing_since: Option<Time>,
    /// The reason for which the server disabled it.
    disabled_reason: Option<String>,
    /// Deliveries with an attempt to come, counted up to 10,000.
    pending: u64,
    /// The part of the deliveries of the last 24 hours that succeeded, among the last 5,000, from 0 to 1; `null` if none of them
    /// ended.
    #[schema(minimum = 0, maximum = 1)]
    success_rate24h: Option<f64>,
}

impl EndpointView {
    /// Members that change without a change of the endpoint: by deliveries, and as time goes by.
    pub(super) const BY_USE: &[&str] = &["health", "status", "previousSecretExpiresAt", "warning"];

    pub(crate) fn new(endpoint: Endpoint, figures: Figures) -> Self {
        let health = HealthView {
            last_success_at: endpoint.health.last_success_at,
            last_failure_at: endpoint.health.last_failure_at,
            failing_since: endpoint.health.failing_since,
            disabled_reason: endpoint.health.disabled_reason.clone(),
            pending: figures.pending,
            success_rate24h: rate(figures),
        };
        Self {
            status: endpoint.status(),
            health,
            previous_secret_expires_at: figures.former_secret_until,
            id: endpoint.id,
            url: endpoint.url,
            description: endpoint.description,
            events: endpoint.events,
            active: endpoint.is_active,
            schedule: endpoint.schedule,
            secret_hint: endpoint.secret_hint,
            secret_rotated_at: endpoint.secret_rotated_at,
            created_at: endpoint.created_at,
            created_by: endpoint.created_by,
            updated_at: endpoint.updated_at,
            warning: None,
        }
    }

    /// Adds a warning if the host name of a new URL leads to no address.
    pub(crate) fn looked_up(mut self, lookup: Lookup) -> Self {
        self.warning = match lookup {
            Lookup::Found => None,
            Lookup::Nothing => {
                Some("The host name of this URL leads to no address now. Deliveries fail until it does.".to_owned())
            }
        };
        self
    }
}

/// Returns the part that succeeded, rounded to four digits.
fn rate(Figures { delivered, failed, .. }: Figures) -> Option<f64> {
    let total = delivered + failed;
    let in_ten_thousand = (delivered * 10_000).checked_div(total)?;
    u32::try_from(in_ten_thousand).ok().map(|part| f64::from(part) / 10_000.0)
}

/// A delivery in a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WebhookDelivery)]
pub(crate) struct DeliveryView {
    id: DeliveryId,
    event_id: EventId,
    /// The type of the event, or `webhook.test`.
    #[serde(rename = "type")]
    event_type: String,
    /// The sequence of the event; `null` for a test.
    sequence: Option<i64>,
    status: DeliveryStatus,
    created_at: Time,
    /// The time of the next attempt; `null` if there is none to come.
    next_attempt_at: Option<Time>,
    /// The delivery that this one repeats.
    resend_of: Option<DeliveryId>,
    attempt_count: i32,
    /// The last attempt, without headers and bodies.
    last_attempt: Option<AttemptSummary>,
}

/// An attempt in a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WebhookAttemptSummary)]
struct AttemptSummary {
    started_at: Time,
    duration_ms: i64,
    status_code: Option<u16>,
    error: Option<String>,
}

impl DeliveryView {
    pub(crate) fn new(delivery: Delivery, last: Option<Attempt>) -> Self {
        let last_attempt = last.map(|attempt| {
            let Attempt { started_at, duration_ms, status_code, error, .. } = attempt;
            AttemptSummary { started_at, duration_ms, status_code, error }
        });
        Self {
            id: delivery.id,
            event_id: delivery.event,
            event_type: delivery.event_type,
            sequence: delivery.sequence,
            status: delivery.status,
            created_at: delivery.created_at,
            next_attempt_at: delivery.due_at,
            resend_of: delivery.resend_of,
            attempt_count: delivery.attempts,
            last_attempt,
        }
    }

    /// Returns the cells of a row: id, time, type, status, number of attempts, and the last response or its lack.
    pub(crate) fn cells(&self) -> [String; 6] {
        let response = self.last_attempt.as_ref().map(|last| {
            let status = last.status_code.map(|status| status.to_string());
            status.or_else(|| last.error.clone()).unwrap_or_default()
        });
        [
            self.id.to_string(),
            self.created_at.to_string(),
            self.event_type.clone(),
            self.status.to_string(),
            self.attempt_count.to_string(),
            response.unwrap_or_default(),
        ]
    }
}

/// A delivery with its payload and all attempts.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WebhookDeliveryDetails)]
pub(super) struct DeliveryDetails {
    id: DeliveryId,
    event_id: EventId,
    /// The type of the event, or `webhook.test`.
    #[serde(rename = "type")]
    event_type: String,
    /// The sequence of the event; `null` for a test.
    sequence: Option<i64>,
    status: DeliveryStatus,
    created_at: Time,
    /// The time of the next attempt; `null` if there is none to come.
    next_attempt_at: Option<Time>,
    /// The delivery that this one repeats.
    resend_of: Option<DeliveryId>,
    /// The body of each request; `null` if it is not stored any more.
    #[schema(value_type = Option<Object>)]
    payload: Option<Value>,
    /// The first one first.
    attempts: Vec<AttemptView>,
}

impl DeliveryDetails {
    pub(super) fn new(delivery: Delivery, payload: Option<Value>, attempts: Vec<Attempt>) -> Self {
        Self {
            id: delivery.id,
            event_id: delivery.event,
            event_type: delivery.event_type,
            sequence: delivery.sequence,
            status: delivery.status,
            created_at: delivery.created_at,
            next_attempt_at: delivery.due_at,
            resend_of: delivery.resend_of,
            payload,
            attempts: attempts.into_iter().map(AttemptView::from).collect(),
        }
    }
}

/// One request of a delivery.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WebhookAttempt)]
pub(crate) struct AttemptView {
    /// The number of the attempt, from 1.
    number: i32,
    started_at: Time,
    duration_ms: i64,
    /// `null` without a response.
    status_code: Option<u16>,
    /// The cause of a failure, in one sentence.
    error: Option<String>,
    request: RequestView,
    /// `null` without a response.
    response: Option<ResponseView>,
}

/// The request of an attempt. Its body is the payload of the delivery.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookRequest)]
struct RequestView {
    /// The headers that were sent, with masked signatures.
    headers: Vec<Header>,
}

/// The response to an attempt.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookResponse)]
struct ResponseView {
    headers: Vec<Header>,
    /// The beginning of the body, up to 16 KiB.
    body: String,
}

/// A header of a request or a response.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookHeader)]
struct Header {
    name: String,
    value: String,
}

fn headers(pairs: Vec<(String, String)>) -> Vec<Header> {
    pairs.into_iter().map(|(name, value)| Header { name, value }).collect()
}

impl From<Attempt> for AttemptView {
    fn from(attempt: Attempt) -> Self {
        Self {
            number: attempt.number,
            started_at: attempt.started_at,
            duration_ms: attempt.duration_ms,
            status_code: attempt.status_code,
            error: attempt.error,
            request: RequestView { headers: headers(attempt.request_headers) },
            response: attempt.response.map(|response| ResponseView { headers: headers(response.headers), body: response.body }),
        }
    }
}
