//! The parts of a node's delivery that all its endpoints share: the client, permits, counters, and sending a test at once.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use axum::http::HeaderValue;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use secrecy::ExposeSecret;
use tokio::sync::{OnceCell, Semaphore};

use super::attempt::{Outgoing, Verdict, perform};
use super::health::Outcome;
use super::planner::Planner;
use super::recorder::{Recorder, Report, Stored};
use super::schedule;
use super::store::{self, DeliveryMetrics, Ended};
use crate::cluster::NodeId;
use crate::core::Core;
use crate::secret_key::associated;
use crate::webhooks::model::{Attempt, Delivery, DeliveryStatus, Endpoint};
use crate::webhooks::secret::SigningSecret;
use crate::webhooks::settings::WebhookSettings;
use kit::clock::Time;
use kit::db::DbResult;
use kit::http::outbound::{DNS_TIMEOUT, OnSent, Outbound, OutboundSettings};
use kit::lock::lock;

/// Requests in flight on one node.
const MAX_IN_FLIGHT: usize = 1_000;

/// The time for a connection, and for the whole exchange.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(10);

/// The bytes that are read of a response.
const MAX_BODY: usize = 16 * 1024;

/// The delivery of events on this node.
#[derive(Debug)]
pub struct Engine {
    client: OnceLock<Outbound>,
    recorder: OnceCell<Recorder>,
    planner: OnceCell<Planner>,
    pub(super) permits: Arc<Semaphore>,
    counters: Counters,
    metrics: Mutex<DeliveryMetrics>,
    first_byte: Histogram,
}

/// The numbers of attempts by outcome.
#[derive(Debug, Default)]
struct Counters {
    delivered: AtomicU64,
    failed_attempts: AtomicU64,
    failed_deliveries: AtomicU64,
}

impl Default for Engine {
    fn default() -> Self {
        Self {
            client: OnceLock::new(),
            recorder: OnceCell::new(),
            planner: OnceCell::new(),
            permits: Arc::new(Semaphore::new(MAX_IN_FLIGHT)),
            counters: Counters::default(),
            metrics: Mutex::default(),
            first_byte: Histogram::new(exponential_buckets(0.001, 2.0, 16)),
        }
    }
}

/// An attempt that is to be made.
pub(super) struct Next {
    pub(super) delivery: Delivery,
    /// `None` if the payload was deleted.
    pub(super) body: Option<String>,
    /// The owner of the endpoint, unless the attempt is a test.
    pub(super) owner: Option<NodeId>,
}

impl Engine {
    /// Returns the client. It reads the system's certificates when it is first used.
    pub(super) fn client(&self, settings: &WebhookSettings) -> &Outbound {
        self.client.get_or_init(|| Outbound::new(outbound_settings(settings)))
    }

    async fn recorder(&self, core: &Core) -> &Recorder {
        self.recorder.get_or_init(async || Recorder::start(core.clone())).await
    }

    pub(super) async fn planner(&self, core: &Core) -> &Planner {
        self.planner.get_or_init(async || Planner::start(core.clone())).await
    }

    /// Returns the numbers of attempts by outcome: the event was delivered, the attempt failed, it was the last and failed.
    pub fn outcomes(&self) -> [(&'static str, u64); 3] {
        let Counters { delivered, failed_attempts, failed_deliveries } = &self.counters;
        [("delivered", delivered), ("attempt_failed", failed_attempts), ("failed", failed_deliveries)]
            .map(|(name, counter)| (name, counter.load(Ordering::Relaxed)))
    }

    /// Returns the histogram of the seconds from an event to the first attempt of its delivery.
    pub fn first_byte_seconds(&self) -> Histogram {
        self.first_byte.clone()
    }

    /// Counts endpoints by state and deliveries that are due.
    pub async fn measure(&self, core: &Core) -> DbResult<()> {
        let metrics = store::measure(core.db.read(), core.clock.now()).await?;
        *lock(&self.metrics) = metrics;
        Ok(())
    }

    /// Returns the figures of the metrics as they were last measured.
    pub fn metrics(&self) -> DeliveryMetrics {
        *lock(&self.metrics)
    }

    /// Returns the number of requests in flight.
    pub fn in_flight(&self) -> usize {
        MAX_IN_FLIGHT.saturating_sub(self.permits.available_permits())
    }

    /// Sends a test at once, by the path of every delivery, and stores its end. There is no second attempt.
    pub async fn send_now(
        &self,
        core: &Core,
        endpoint: &Endpoint,
        secrets: &[SigningSecret],
        test: Delivery,
        body: String,
    ) -> Attempt {
        let _permit = self.permits.acquire().await;
        let next = Next { delivery: test, body: Some(body), owner: None };
        let (attempt, ..) = self.attempt(core, endpoint, secrets, next, Box::new(|| {}), || {}).await;
        Arc::unwrap_or_clone(attempt)
    }

    /// Makes an attempt and stores its end. `on_sent` is called when the request was handed to a connection, `answered` when there
    /// is a response or there will be none.
    pub(super) async fn attempt(
        &self,
        core: &Core,
        endpoint: &Endpoint,
        secrets: &[SigningSecret],
        next: Next,
        on_sent: OnSent,
        answered: impl FnOnce(),
    ) -> (Arc<Attempt>, Verdict, Stored) {
        let Next { delivery, body, owner } = next;
        let number = delivery.attempts + 1;
        if let (1, Some(event_at), None) = (number, delivery.due_at, delivery.resend_of) {
            self.first_byte.observe(core.clock.now().since(event_at).as_secs_f64());
        }
        let (attempt, verdict) = match body {
            Some(body) => {
                let request = Outgoing { url: &endpoint.url, delivery: &delivery, number, body, secrets };
                perform(self.client(&core.config.webhooks), &core.clock, request, on_sent).await
            }
            None => (Attempt::without_payload(number, core.clock.now()), Verdict::Failed { retry_after: None }),
        };
        answered();
        let at = core.clock.now();
        let is_last = attempt.request_headers.is_empty() || owner.is_none();
        let due_at = if is_last { None } else { next_attempt(core, endpoint, &attempt, verdict, at) };
        let (status, outcome, counter) = match verdict {
            Verdict::Delivered => (DeliveryStatus::Delivered, Outcome::Succeeded, &self.counters.delivered),
            _ if due_at.is_some() => (DeliveryStatus::Pending, Outcome::Failed, &self.counters.failed_attempts),
            _ => (DeliveryStatus::Failed, Outcome::FailedForGood, &self.counters.failed_deliveries),
        };
        counter.fetch_add(1, Ordering::Relaxed);
        let attempt = Arc::new(attempt);
        let ended = Ended { delivery, attempt: Arc::clone(&attempt), status, due_at, at };
        let stored = self.recorder(core).await.record(Report { ended, outcome, owner }).await;
        (attempt, verdict, stored)
    }
}

fn next_attempt(core: &Core, endpoint: &Endpoint, attempt: &Attempt, verdict: Verdict, at: Time) -> Option<Time> {
    let retry_after = match verdict {
        Verdict::Delivered => return None,
        // The endpoint is disabled: its owner decides about this event when they enable it.
        Verdict::Gone => None,
        Verdict::Failed { retry_after } => retry_after,
    };
    let jitter = schedule::jitter(endpoint.id, attempt.number);
    schedule::next_attempt(endpoint.schedule, &core.config.webhooks.schedule, attempt.number, at, retry_after, jitter)
}

fn outbound_settings(settings: &WebhookSettings) -> OutboundSettings {
    OutboundSettings {
        user_agent: HeaderValue::from_static(concat!("PlaneConnection-Webhooks/", env!("CARGO_PKG_VERSION"))),
        allowed: settings.allowed.clone(),
        roots: settings.roots.clone(),
        dns_server: settings.dns_server,
        dns_timeout: DNS_TIMEOUT,
        connect_timeout: CONNECT_TIMEOUT,
        timeout: TIMEOUT,
        max_body: MAX_BODY,
    }
}

/// Opens the secrets with which a request is signed, the present one first.
pub(in crate::webhooks) async fn open_secrets(
    core: &Core,
    endpoint: &crate::webhooks::tables::endpoint::Model,
) -> DbResult<Vec<SigningSecret>> {
    let former = store::former_secrets(core.db.read(), endpoint.id, core.clock.now()).await?;
    let present = (associated("webhook", endpoint.id), endpoint.secret.as_slice());
    let former = former.iter().map(|row| (associated("webhook_former", row.id), row.secret.as_slice()));
    std::iter::once(present).chain(former).map(|(context, sealed)| open(core, &context, sealed)).collect()
}

fn open(core: &Core, context: &[u8], sealed: &[u8]) -> DbResult<SigningSecret> {
    let failed = |error: &dyn std::fmt::Display| sea_orm::DbErr::Custom(format!("a signing secret does not open: {error}"));
    let keys = core.config.require_secret_keys().map_err(|error| failed(&error))?;
    let opened = keys.open(context, sealed).map_err(|error| failed(&error))?;
    let text = str::from_utf8(opened.expose_secret()).map_err(|error| failed(&error))?;
    SigningSecret::parse(text).map_err(|error| failed(&error))
}
