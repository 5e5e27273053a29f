//! Runs of background jobs, by the name of the job.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use kit::clock::Time;

/// Not `job`: scrapers add a label of that name.
#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Labels {
    name: &'static str,
}

#[derive(Debug)]
pub(super) struct Jobs {
    runs: Family<Labels, Counter>,
    failures: Family<Labels, Counter>,
    seconds: Family<Labels, Histogram>,
    succeeded_at: Family<Labels, Gauge<f64, AtomicU64>>,
}

impl Default for Jobs {
    fn default() -> Self {
        Self {
            runs: Family::default(),
            failures: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.001, 4.0, 9))),
            succeeded_at: Family::default(),
        }
    }
}

impl Jobs {
    pub(super) fn succeeded(&self, name: &'static str, took: Duration, at: Time) {
        self.count(name, took, 0);
        self.succeeded_at.get_or_create(&Labels { name }).set(seconds(at));
    }

    pub(super) fn failed(&self, name: &'static str, took: Duration) {
        self.count(name, took, 1);
    }

    fn count(&self, name: &'static str, took: Duration, failures: u64) {
        let labels = Labels { name };
        self.runs.get_or_create(&labels).inc();
        // A job that has never failed has a zero.
        self.failures.get_or_create(&labels).inc_by(failures);
        self.seconds.get_or_create(&labels).observe(took.as_secs_f64());
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("background_job_runs", "Runs of a background job on this node", self.runs.clone());
        registry.register("background_job_failures", "Runs that failed and are retried", self.failures.clone());
        registry.register("background_job_seconds", "Duration of the runs of a background job", self.seconds.clone());
        registry.register(
            "background_job_last_success_timestamp_seconds",
            "Unix time at which a background job last succeeded on this node",
            self.succeeded_at.clone(),
        );
    }
}

#[expect(clippy::cast_precision_loss, reason = "microseconds since 1970 are below 2^53 until the year 2255")]
fn seconds(at: Time) -> f64 {
    at.micros() as f64 / 1e6
}
