//! Background jobs: retries, metrics, and which node runs them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use kit::random::Random;
use planeconnection::app::App;
use planeconnection::background::{Job, JobError, Runner, Runs, Schedule, attempt};
use planeconnection::config::Config;
use planeconnection::keys::Flush;
use tokio::sync::{Notify, watch};

use crate::support::TestApp;

/// Fails as many times as requested, then succeeds.
struct FailsAtFirst(AtomicU32);

impl Job for FailsAtFirst {
    const NAME: &'static str = "fails_at_first";
    const INTERVAL: Duration = Duration::from_mins(10);

    async fn run(&self, _app: &App, _flush: Flush) -> Result<(), JobError> {
        match self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)) {
            Ok(_) => Err(JobError::Incomplete),
            Err(_) => Ok(()),
        }
    }
}

#[tokio::test]
async fn failed_job_is_retried_with_back_off_and_counted() {
    let t = TestApp::new().await;
    let (job, mut schedule) = (FailsAtFirst(AtomicU32::new(3)), Schedule::new(FailsAtFirst::INTERVAL));
    let mut pauses = Vec::new();
    for _ in 0..4 {
        pauses.push(attempt(&t.app, &job, Flush::Regular, &mut schedule).await);
    }
    assert_eq!(pauses, [1, 2, 4, 600].map(Duration::from_secs));
    let metrics = t.metrics().await;
    for line in [
        "planeconnection_background_job_runs_total{name=\"fails_at_first\"} 4",
        "planeconnection_background_job_failures_total{name=\"fails_at_first\"} 3",
        "planeconnection_background_job_seconds_count{name=\"fails_at_first\"} 4",
        "planeconnection_background_job_last_success_timestamp_seconds{name=\"fails_at_first\"} 1795426200.0",
    ] {
        assert!(metrics.lines().any(|found| found == line), "no {line} in\n{metrics}");
    }
}

struct Panics;

impl Job for Panics {
    const NAME: &'static str = "panics";
    const INTERVAL: Duration = Duration::from_secs(1);

    async fn run(&self, _app: &App, _flush: Flush) -> Result<(), JobError> {
        panic!("a row cannot be decoded")
    }
}

#[tokio::test]
async fn job_that_panics_is_a_failed_run() {
    let t = TestApp::new().await;
    let mut schedule = Schedule::new(Panics::INTERVAL);
    for pause in [1, 2] {
        assert_eq!(attempt(&t.app, &Panics, Flush::Regular, &mut schedule).await, Duration::from_secs(pause));
    }
    assert!(t.metrics().await.contains("planeconnection_background_job_failures_total{name=\"panics\"} 2"));
}

/// Counts its runs.
#[derive(Default)]
struct OnOne(AtomicU32);

impl Job for OnOne {
    const NAME: &'static str = "on_one";
    const INTERVAL: Duration = Duration::from_secs(1);
    const RUNS: Runs = Runs::OnOneNode;

    async fn run(&self, _app: &App, _flush: Flush) -> Result<(), JobError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

#[tokio::test]
async fn job_on_one_node_runs_on_the_node_that_has_run_longest() {
    let t = TestApp::new().await;
    t.app.clock.advance(Duration::from_secs(1));
    let younger =
        App::open_with(Config::default(), t.location(), t.app.clock.clone(), Random::seeded(9)).await.expect("a database");
    younger.cluster.join("younger").await.expect("a lease");
    t.app.cluster.heartbeat().await.expect("a lease");
    let runs = async |app: &App| {
        let (job, mut schedule) = (OnOne::default(), Schedule::new(OnOne::INTERVAL));
        let pause = attempt(app, &job, Flush::Regular, &mut schedule).await;
        assert_eq!(pause, OnOne::INTERVAL, "it looks again at the next interval");
        job.0.into_inner()
    };
    assert_eq!((runs(&t.app).await, runs(&younger).await), (1, 0));
    t.app.cluster.leave().await.expect("it leaves");
    assert_eq!(runs(&younger).await, 1, "the next node takes over");
}

/// Never finishes until it is released.
struct Slow(Arc<Notify>);

impl Job for Slow {
    const NAME: &'static str = "slow";
    const INTERVAL: Duration = Duration::ZERO;

    async fn run(&self, _app: &App, _flush: Flush) -> Result<(), JobError> {
        self.0.notified().await;
        Ok(())
    }
}

/// Sends the number of each run.
struct Quick(watch::Sender<u32>);

impl Job for Quick {
    const NAME: &'static str = "quick";
    const INTERVAL: Duration = Duration::ZERO;

    async fn run(&self, _app: &App, _flush: Flush) -> Result<(), JobError> {
        self.0.send_modify(|runs| *runs += 1);
        Ok(())
    }
}

#[tokio::test]
async fn slow_job_does_not_delay_others_and_is_finished_before_a_stop() {
    let t = TestApp::new().await;
    let (release, (runs, mut seen)) = (Arc::new(Notify::new()), watch::channel(0));
    let (stop, stopped) = watch::channel(false);
    let tasks = Runner::new(t.app.clone(), stopped).job(Slow(Arc::clone(&release))).job(Quick(runs)).into_tasks();
    seen.wait_for(|runs| *runs >= 3).await.expect("runs of the quick job");
    stop.send_replace(true);
    let [slow, quick] = <[_; 2]>::try_from(tasks).expect("two tasks");
    quick.await.expect("it has stopped");
    assert!(!slow.is_finished(), "its run is in progress");
    release.notify_one();
    slow.await.expect("it has finished its run and stopped");
}
