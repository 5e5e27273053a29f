//! What is counted for the operator, in the Prometheus text format.

mod requests;

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use crate::app::App;
use kit::db::{Fault, FreeSpace, Storage};
use kit::http::serve::Refused;
use requests::Requests;

/// The counters of a node.
#[derive(Debug)]
pub struct Metrics {
    requests: Requests,
    revocations: Histogram,
}

impl Default for Metrics {
    fn default() -> Self {
        Self { requests: Requests::default(), revocations: Histogram::new(exponential_buckets(0.001, 2.0, 13)) }
    }
}

impl Metrics {
    /// Counts a finished request, of which route and with which outcome.
    pub fn request(&self, method: &'static str, route: &str, status: u16, took: Duration) {
        self.requests.add(method, route, status, took);
    }

    /// Counts a revocation, and how long it took until every node refused the key.
    pub fn revocation(&self, took: Duration) {
        self.revocations.observe(took.as_secs_f64());
    }

    /// The text a scraper reads.
    pub fn text(&self, app: &App) -> String {
        let mut registry = Registry::with_prefix("planeconnection");
        let (requests, times) = self.requests.sum();
        registry.register("http_requests", "Requests by method, route and status", requests);
        registry.register("http_request_seconds", "Time from the head of a request to the head of its answer", times);
        registry.register(
            "revoke_seconds",
            "Time from a call to revoke a key to the moment from which every node refused it",
            self.revocations.clone(),
        );
        registry.register("limit_refusals", "Requests refused by a limit or quota, by its name in --limits", refusals(app));
        let cluster = &app.cluster;
        let gauges: [(&str, &str, f64); 10] = [
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
                f64::from(u8::from(cluster.notifications_live())),
            ),
            (
                "clock_ahead_seconds",
                "How far this machine's clock is ahead of the database's, by which every node goes",
                app.clock.machine_ahead().as_secs_f64(),
            ),
            ("connections", "Open connections to the main address", count(app.connections.open())),
            ("body_bytes", "Bytes of request bodies that are held while they arrive", count(app.bodies.held())),
            ("usage_queue_keys", "Keys whose use is counted and not written yet", count(app.recorder.waiting())),
        ];
        for (name, help, value) in gauges.into_iter().chain(storage_gauges(app.db.storage())).chain(head_gauges(app)) {
            let gauge = Gauge::<f64, AtomicU64>::default();
            gauge.set(value);
            registry.register(name, help, gauge);
        }
        registry.register(
            "storage_faults",
            "Statements that failed because nothing could be stored, by fault",
            faults(app.db.storage()),
        );
        let refused = refused_connections(app.connections.refused());
        registry.register("connections_refused", "Connections beyond the bounds, by the bound they met", refused);
        let digest = Info::new(vec![("digest", app.heads.totals().digest)]);
        registry.register(
            "audit_heads",
            "SHA-256 over the heads of all audit logs, as in the line “audit heads” of the log",
            digest,
        );
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _infallible = encode(&mut text, &registry);
        text
    }
}

/// All heads of audit logs in short: no label names a workspace.
fn head_gauges(app: &App) -> [(&'static str, &'static str, f64); 2] {
    let totals = app.heads.totals();
    [
        ("audit_logs", "Audit logs, one of each workspace, as counted within the last hour", count(totals.workspaces)),
        ("audit_events", "Events in all audit logs by their heads, as counted within the last hour", count(totals.events)),
    ]
}

/// The state of the storage, with its free space if it is a file.
fn storage_gauges(storage: &Storage) -> Vec<(&'static str, &'static str, f64)> {
    let is_writable = storage.health().fault().is_none() && storage.free_space().is_none_or(|space| space.free >= space.required);
    let writable = (
        "storage_writable",
        "1 if data is written, 0 while a fault or the disk watermark keeps it from it",
        f64::from(u8::from(is_writable)),
    );
    let space = storage.free_space().map(|FreeSpace { free, required }| {
        [
            ("storage_free_bytes", "Free space on the file system of the database", count(free)),
            ("storage_min_free_bytes", "Free space below which data writes are refused", count(required)),
        ]
    });
    std::iter::once(writable).chain(space.into_iter().flatten()).collect()
}

fn faults(storage: &Storage) -> Family<[(&'static str, &'static str); 1], Counter> {
    let faults = Family::<_, Counter>::default();
    for fault in Fault::ALL {
        faults.get_or_create(&[("fault", fault.label())]).inc_by(storage.health().reports(fault));
    }
    faults
}

fn refused_connections(refused: Refused) -> Family<[(&'static str, &'static str); 1], Counter> {
    let family = Family::<[(&'static str, &'static str); 1], Counter>::default();
    for (bound, count) in [("client", refused.by_share), ("node", refused.by_total)] {
        family.get_or_create(&[("bound", bound)]).inc_by(count);
    }
    family
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct OfLimit {
    limit: &'static str,
}

/// All limits, so that a graph begins at zero.
fn refusals(app: &App) -> Family<OfLimit, Counter> {
    let family = Family::<OfLimit, Counter>::default();
    for (limit, refused) in app.budgets.refusals() {
        family.get_or_create(&OfLimit { limit: limit.as_str() }).inc_by(refused);
    }
    family
}

#[expect(clippy::cast_precision_loss, reason = "a gauge is a float; counts below 2^53 are exact")]
fn count(number: impl TryInto<i64>) -> f64 {
    number.try_into().unwrap_or(i64::MAX) as f64
}
