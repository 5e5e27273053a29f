//! What is counted for the operator, in the Prometheus text format.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::atomic::AtomicU64;

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
}

impl Default for Metrics {
    fn default() -> Self {
        Self { requests: Family::default(), seconds: Histogram::new(exponential_buckets(0.000_1, 2.5, 12)) }
    }
}

impl Metrics {
    /// Counts a finished request.
    pub fn request(&self, labels: &RequestLabels, seconds: f64) {
        self.requests.get_or_create(labels).inc();
        self.seconds.observe(seconds);
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
        let gauges: [(&str, &str, f64); 3] = [
            ("keys", "Keys in memory, of any status", count(app.index.len())),
            ("applied_revision", "The last change of a key this node has applied", count(app.cluster.applied())),
            (
                "lease_left_seconds",
                "How long this node may verify from memory without hearing from the database",
                app.cluster.lease_left(&app.clock).as_secs_f64(),
            ),
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
