//! What is counted for the operator, in the Prometheus text format.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use axum::extract::MatchedPath;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use crate::app::App;

/// By which requests are told apart.
#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
pub struct RequestLabels {
    /// `GET`, …
    pub method: &'static str,
    /// The route.
    pub route: RouteLabel,
    /// 200, …
    pub status: u16,
}

/// The path of a route, or `unmatched`. Held as axum holds it: a request is counted without allocating.
#[derive(Clone, Debug)]
pub struct RouteLabel(pub Option<MatchedPath>);

impl RouteLabel {
    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.as_ref().map_or("unmatched", MatchedPath::as_str)
    }
}

impl PartialEq for RouteLabel {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for RouteLabel {}

impl Hash for RouteLabel {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl EncodeLabelValue for RouteLabel {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
        self.as_str().encode(encoder)
    }
}

/// The counters of a node.
#[derive(Debug)]
pub struct Metrics {
    requests: Family<RequestLabels, Counter>,
    seconds: Histogram,
    revocations: Histogram,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            requests: Family::default(),
            seconds: Histogram::new(exponential_buckets(0.000_1, 2.5, 12)),
            revocations: Histogram::new(exponential_buckets(0.001, 2.0, 13)),
        }
    }
}

impl Metrics {
    /// Counts a finished request.
    pub fn request(&self, labels: &RequestLabels, seconds: f64) {
        self.requests.get_or_create(labels).inc();
        self.seconds.observe(seconds);
    }

    /// Counts a revocation, and how long it took until every node refused the key.
    pub fn revocation(&self, took: Duration) {
        self.revocations.observe(took.as_secs_f64());
    }

    /// The text a scraper reads.
    pub fn text(&self, app: &App) -> String {
        let mut registry = Registry::with_prefix("planeconnection");
        registry.register("http_requests", "Requests by method, route and status", self.requests.clone());
        registry.register(
            "http_request_seconds",
            "Time from the head of a request to the head of its answer",
            self.seconds.clone(),
        );
        registry.register(
            "revoke_seconds",
            "Time from a call to revoke a key to the moment from which every node refused it",
            self.revocations.clone(),
        );
        let cluster = &app.cluster;
        let gauges: [(&str, &str, f64); 8] = [
            ("keys", "Keys in memory, of any status", count(app.index.len())),
            ("applied_revision", "The last change of a key this node has applied", count(cluster.applied())),
            ("revision_lag", "Changes of keys that this node knows of and has not applied", count(cluster.lag())),
            (
                "lease_left_seconds",
                "How long this node may verify from memory without hearing from the database",
                cluster.lease_left(&app.clock).as_secs_f64(),
            ),
            ("nodes", "Nodes that share the database, this one included", f64::from(app.index.nodes())),
            (
                "notifications_arrive",
                "1 if this node hears of changes at once, 0 if it has to look for them",
                f64::from(u8::from(cluster.is_prompt())),
            ),
            (
                "clock_ahead_seconds",
                "How far this machine's clock is ahead of the database's, by which every node goes",
                app.clock.machine_ahead().as_secs_f64(),
            ),
            ("usage_queue_keys", "Keys whose use is counted and not written yet", count(app.recorder.waiting())),
        ];
        for (name, help, value) in gauges {
            let gauge = Gauge::<f64, AtomicU64>::default();
            gauge.set(value);
            registry.register(name, help, gauge);
        }
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _infallible = encode(&mut text, &registry);
        text
    }
}

#[expect(clippy::cast_precision_loss, reason = "a gauge is a float; counts below 2^53 are exact")]
fn count(number: impl TryInto<i64>) -> f64 {
    number.try_into().unwrap_or(i64::MAX) as f64
}
