//! Metrics of a node, in the `OpenMetrics` text format.
//!
//! - here the counters and the text; `requests` counters of requests; `jobs` counters of background jobs

mod jobs;
mod requests;

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use crate::build_info::{BUILD_DATE, COMMIT, VERSION};
use crate::webhooks::EndpointStatus;
use crate::webhooks::delivery::Engine;
use jobs::Jobs;
use kit::clock::Time;
use kit::db::{Fault, FreeSpace, GroupCommits, Storage};
use kit::http::serve::Refused;
use requests::Requests;

/// The counters of a node.
#[derive(Debug)]
pub struct Metrics {
    requests: Requests,
    /// Error responses by their code, of which there is a fixed number.
    errors: Family<Labels, Counter>,
    revocations: Histogram,
    pauses: Histogram,
    jobs: Jobs,
    database_bytes: Gauge,
}

/// Values that are read from the parts of a node at each scrape.
#[derive(Debug)]
pub struct Gauges<'a> {
    pub keys: usize,
    pub applied_revision: i64,
    pub revision_lag: i64,
    pub lease_left: Duration,
    pub nodes: u32,
    pub notifications_live: bool,
    pub clock_ahead_seconds: f64,
    pub connections: usize,
    pub refused_connections: Refused,
    pub body_bytes: usize,
    pub usage_queue_keys: usize,
    /// Every limit, so that a graph begins at zero.
    pub limit_refusals: Vec<(&'static str, u64)>,
    /// Sign-ins by outcome.
    pub sign_ins: [(&'static str, u64); 3],
    /// Emails by outcome.
    pub mails: [(&'static str, u64); 3],
    pub mails_waiting: u64,
    pub webhooks: &'a Engine,
    pub storage: &'a Storage,
    /// Of a file; a server counts its own.
    pub group_commits: Option<GroupCommits>,
    pub audit_logs: u64,
    pub audit_events: i64,
    pub audit_heads_digest: String,
}

impl Default for Metrics {
    fn default() -> Self {
        let errors = Family::<Labels, Counter>::default();
        // From zero: an increase is counted from the first scrape, and an alert is raised by the first of these.
        drop(errors.get_or_create(&[("code", "CREDENTIAL_IN_URL")]));
        Self {
            requests: Requests::default(),
            errors,
            revocations: Histogram::new(exponential_buckets(0.001, 2.0, 13)),
            pauses: Histogram::new(exponential_buckets(0.001, 2.0, 13)),
            jobs: Jobs::default(),
            database_bytes: Gauge::default(),
        }
    }
}

impl Metrics {
    /// Counts a finished request.
    pub fn request(&self, method: &'static str, route: &str, status: u16, took: Duration) {
        self.requests.add(method, route, status, took);
    }

    /// Counts an error response by its code.
    pub fn error(&self, code: &'static str) {
        self.errors.get_or_create(&[("code", code)]).inc();
    }

    /// Sets the size of the database.
    pub fn set_database_bytes(&self, bytes: u64) {
        self.database_bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    /// Returns the histogram of revocations: seconds until every node refused the key.
    pub fn revocation_seconds(&self) -> Histogram {
        self.revocations.clone()
    }

    /// Returns the histogram of pauses: seconds until every node refused the key.
    pub fn pause_seconds(&self) -> Histogram {
        self.pauses.clone()
    }

    /// Counts a successful run of a background job.
    pub fn job_succeeded(&self, name: &'static str, took: Duration, at: Time) {
        self.jobs.succeeded(name, took, at);
    }

    /// Counts a failed run of a background job.
    pub fn job_failed(&self, name: &'static str, took: Duration) {
        self.jobs.failed(name, took);
    }

    /// Returns the text for a scraper.
    pub fn text(&self, gauges: &Gauges<'_>) -> String {
        let mut registry = Registry::with_prefix("planeconnection");
        let (requests, times) = self.requests.sum();
        registry.register("http_requests", "Requests by method, route and status", requests);
        registry.register("http_request_seconds", "Time from the head of a request to the head of its response", times);
        registry.register("errors", "Error responses by their code, such as API_KEY_REVOKED", self.errors.clone());
        registry.register("sign_ins", "Sign-ins with a password or a passkey, by outcome", by_label("outcome", &gauges.sign_ins));
        registry.register("mails", "Emails that ended on this node, by outcome", by_label("outcome", &gauges.mails));
        register_webhooks(&mut registry, gauges.webhooks);
        registry.register(
            "database_bytes",
            "Size of the database, as measured within the last minute; 0 before the first time",
            self.database_bytes.clone(),
        );
        registry.register(
            "build",
            "Version, commit and commit date of this program",
            Info::new(vec![("version", VERSION), ("commit", COMMIT), ("date", BUILD_DATE)]),
        );
        registry.register(
            "revoke_seconds",
            "Time from a request to revoke a key until every node refused it",
            self.revocations.clone(),
        );
        let pauses = self.pauses.clone();
        registry.register("pause_seconds", "Time from a request to pause a key until every node refused it", pauses);
        self.jobs.register(&mut registry);
        registry.register(
            "limit_refusals",
            "Requests refused by a limit or quota, by its name in --limits",
            by_label("limit", &gauges.limit_refusals),
        );
        for (name, help, value) in
            node_gauges(gauges).into_iter().chain(storage_gauges(gauges.storage)).chain(head_gauges(gauges))
        {
            let gauge = Gauge::<f64, AtomicU64>::default();
            gauge.set(value);
            registry.register(name, help, gauge);
        }
        let faults = Fault::ALL.map(|fault| (fault.label(), gauges.storage.health().reports(fault)));
        registry.register(
            "storage_faults",
            "Statements that failed because nothing could be stored, by fault",
            by_label("fault", &faults),
        );
        if let Some(commits) = gauges.group_commits {
            register_commits(&mut registry, commits);
        }
        let Refused { by_share, by_total, .. } = gauges.refused_connections;
        registry.register(
            "connections_refused",
            "Connections refused, by the limit that they exceeded",
            by_label("bound", &[("client", by_share), ("node", by_total)]),
        );
        registry.register(
            "audit_heads",
            "SHA-256 over the heads of all audit logs, as in the log line “audit heads”",
            Info::new(vec![("digest", gauges.audit_heads_digest.clone())]),
        );
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _infallible = encode(&mut text, &registry);
        text
    }
}

/// The commits of a file.
fn register_commits(registry: &mut Registry, GroupCommits { groups, transactions }: GroupCommits) {
    for (name, help, number) in [
        ("group_commits", "Commits to the database file by transactions that may share one", groups),
        ("grouped_transactions", "Transactions that these commits have stored", transactions),
    ] {
        let counter: Counter = Counter::default();
        counter.inc_by(number);
        registry.register(name, help, counter);
    }
}

/// The delivery of webhooks. No label names a customer.
fn register_webhooks(registry: &mut Registry, engine: &Engine) {
    let outcomes = by_label("outcome", &engine.outcomes());
    registry.register("webhook_attempts", "Attempts of webhook deliveries that ended on this node, by outcome", outcomes);
    registry.register(
        "webhook_first_byte_seconds",
        "Time from an event to the first attempt of its delivery",
        engine.first_byte_seconds(),
    );
    let figures = engine.metrics();
    let endpoints = Family::<Labels, Gauge>::default();
    for (status, number) in EndpointStatus::ALL.iter().zip(figures.endpoints) {
        endpoints.get_or_create(&[("state", status.as_str())]).set(i64::try_from(number).unwrap_or(i64::MAX));
    }
    registry.register("webhook_endpoints", "Webhook endpoints of all workspaces, by state", endpoints);
    for (name, help, value) in [
        ("webhook_requests_in_flight", "Requests of webhooks in flight on this node", count(engine.in_flight())),
        ("webhook_deliveries_due", "Webhook deliveries whose next attempt is due, on all nodes together", count(figures.due)),
        (
            "webhook_oldest_due_seconds",
            "Time since the webhook delivery that waits longest was due",
            count(figures.oldest_due_seconds),
        ),
    ] {
        let gauge = Gauge::<f64, AtomicU64>::default();
        gauge.set(value);
        registry.register(name, help, gauge);
    }
}

type Described = (&'static str, &'static str, f64);

fn node_gauges(gauges: &Gauges<'_>) -> [Described; 11] {
    [
        ("keys", "Keys in memory, of any status", count(gauges.keys)),
        ("applied_revision", "The last change of a key that this node has applied", count(gauges.applied_revision)),
        ("revision_lag", "Changes of keys that this node knows of and has not applied", count(gauges.revision_lag)),
        (
            "lease_left_seconds",
            "Time for which this node may still verify keys from memory without the database",
            gauges.lease_left.as_secs_f64(),
        ),
        ("nodes", "Nodes that share the database, this one included", f64::from(gauges.nodes)),
        (
            "notifications_arrive",
            "1 if this node is notified of changes, 0 if it polls for them",
            f64::from(u8::from(gauges.notifications_live)),
        ),
        (
            "clock_ahead_seconds",
            "Time by which this machine's clock is ahead of the database's, which all nodes use",
            gauges.clock_ahead_seconds,
        ),
        ("connections", "Open connections to the main address", count(gauges.connections)),
        ("body_bytes", "Bytes of incoming request bodies in memory", count(gauges.body_bytes)),
        ("mails_waiting", "Emails that wait to be sent, as counted by the node that sends them", count(gauges.mails_waiting)),
        ("usage_queue_keys", "Keys with usage that is counted and not written yet", count(gauges.usage_queue_keys)),
    ]
}

/// All heads of audit logs together: no label names a workspace.
fn head_gauges(gauges: &Gauges<'_>) -> [Described; 2] {
    [
        ("audit_logs", "Audit logs, one per workspace, as counted within the last hour", count(gauges.audit_logs)),
        ("audit_events", "Events in all audit logs by their heads, as counted within the last hour", count(gauges.audit_events)),
    ]
}

/// The state of the storage, with the free space if the database is a file.
fn storage_gauges(storage: &Storage) -> Vec<Described> {
    let is_writable = storage.health().fault().is_none() && storage.free_space().is_none_or(|space| space.free >= space.required);
    let writable = (
        "storage_writable",
        "1 if data is written, 0 while a fault or the disk watermark prevents it",
        f64::from(u8::from(is_writable)),
    );
    let space = storage.free_space().map(|FreeSpace { free, required, total }| {
        [
            ("storage_total_bytes", "Size of the file system of the database", count(total)),
            ("storage_free_bytes", "Free space on the file system of the database", count(free)),
            ("storage_min_free_bytes", "Free space below which data writes are refused", count(required)),
        ]
    });
    std::iter::once(writable).chain(space.into_iter().flatten()).collect()
}

type Labels = [(&'static str, &'static str); 1];

fn by_label(label: &'static str, counts: &[(&'static str, u64)]) -> Family<Labels, Counter> {
    let family = Family::<Labels, Counter>::default();
    for (value, count) in counts {
        family.get_or_create(&[(label, *value)]).inc_by(*count);
    }
    family
}

#[expect(clippy::cast_precision_loss, reason = "a gauge is a float; counts below 2^53 are exact")]
fn count(number: impl TryInto<i64>) -> f64 {
    number.try_into().unwrap_or(i64::MAX) as f64
}
