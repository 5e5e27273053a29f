//! Counters of requests, one set per thread: threads would wait for a shared counter at each request.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

use kit::sharded::Sharded;

#[derive(Debug, Default)]
pub(super) struct Requests(Sharded<Part>);

/// The counters of one thread.
#[derive(Debug, Default)]
struct Part {
    counts: HashMap<String, Vec<Count>>,
    times: Times,
}

/// The requests of one route with one method and status.
#[derive(Debug)]
struct Count {
    method: &'static str,
    status: u16,
    requests: u64,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
pub(super) struct Labels {
    method: &'static str,
    route: String,
    status: u16,
}

impl Requests {
    pub(super) fn add(&self, method: &'static str, route: &str, status: u16, took: Duration) {
        let mut part = self.0.mine();
        part.times.add(took);
        let Some(counts) = part.counts.get_mut(route) else {
            part.counts.insert(route.to_owned(), vec![Count { method, status, requests: 1 }]);
            return;
        };
        match counts.iter_mut().find(|count| count.status == status && count.method == method) {
            Some(count) => count.requests += 1,
            None => counts.push(Count { method, status, requests: 1 }),
        }
    }

    /// Returns the sums over all threads.
    pub(super) fn sum(&self) -> (Family<Labels, Counter>, Times) {
        let (family, mut times) = (Family::<Labels, Counter>::default(), Times::default());
        for part in self.0.each() {
            times.join(&part.times);
            for (route, counts) in &part.counts {
                for Count { method, status, requests } in counts {
                    let labels = Labels { method, route: route.clone(), status: *status };
                    family.get_or_create(&labels).inc_by(*requests);
                }
            }
        }
        (family, times)
    }
}

/// Upper bounds of the histogram buckets in microseconds; the last bucket has none.
const BOUNDS: [u64; 14] =
    [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000];

const MICRO: u64 = 1_000;

/// A histogram of durations.
#[derive(Debug, Default)]
pub(super) struct Times {
    within: [u64; BOUNDS.len() + 1],
    nanos: u64,
}

impl Times {
    fn add(&mut self, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.within[BOUNDS.partition_point(|bound| bound * MICRO < nanos)] += 1;
        self.nanos = self.nanos.saturating_add(nanos);
    }

    fn join(&mut self, other: &Self) {
        for (mine, theirs) in self.within.iter_mut().zip(other.within) {
            *mine += theirs;
        }
        self.nanos = self.nanos.saturating_add(other.nanos);
    }
}

impl EncodeMetric for Times {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        let seconds = |nanos: u64| Duration::from_nanos(nanos).as_secs_f64();
        let bounds = BOUNDS.map(|bound| seconds(bound * MICRO)).into_iter().chain([f64::INFINITY]);
        let buckets: Vec<(f64, u64)> = bounds.zip(self.within).collect();
        encoder.encode_histogram::<NoLabelSet>(seconds(self.nanos), self.within.iter().sum(), &buckets, None)
    }
    fn metric_type(&self) -> MetricType {
        MetricType::Histogram
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text::encode;
    use prometheus_client::registry::Registry;

    use super::*;

    #[test]
    fn requests_of_all_threads_are_summed() {
        let requests = Requests::default();
        let millis = Duration::from_millis;
        std::thread::scope(|scope| {
            for took in [millis(2), millis(3), millis(5_000)] {
                let requests = &requests;
                let _thread = scope.spawn(move || requests.add("GET", "/a", 200, took));
            }
        });
        requests.add("GET", "/a", 404, Duration::ZERO);
        requests.add("GET", "/a", 404, Duration::from_micros(100));
        let (family, times) = requests.sum();
        let mut registry = Registry::default();
        registry.register("requests", "Requests", family);
        registry.register("seconds", "Times", times);
        let mut text = String::new();
        encode(&mut text, &registry).expect("text");
        for line in [
            r#"requests_total{method="GET",route="/a",status="200"} 3"#,
            r#"requests_total{method="GET",route="/a",status="404"} 2"#,
            r#"seconds_bucket{le="0.0001"} 2"#,
            r#"seconds_bucket{le="0.001"} 2"#,
            r#"seconds_bucket{le="0.005"} 4"#,
            r#"seconds_bucket{le="2.5"} 4"#,
            r#"seconds_bucket{le="+Inf"} 5"#,
            "seconds_count 5",
            "seconds_sum 5.0051",
        ] {
            assert!(text.lines().any(|found| found == line), "no {line} in\n{text}");
        }
    }
}
