//! Running jobs: one attempt, and the loop of attempts until the process stops.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::job::{Job, JobError, Runs};
use super::schedule::Schedule;
use crate::app::App;
use crate::keys::Flush;

/// Starts jobs as tasks that end after `stop` is set to true.
#[derive(Debug)]
pub struct Runner {
    app: App,
    stop: watch::Receiver<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Runner {
    pub fn new(app: App, stop: watch::Receiver<bool>) -> Self {
        Self { app, stop, tasks: Vec::new() }
    }

    /// Starts a task that runs `job` at once and then at its intervals.
    #[must_use]
    pub fn job<J: Job>(mut self, job: J) -> Self {
        self.tasks.push(tokio::spawn(run_until(self.app.clone(), job, self.stop.clone())));
        self
    }

    /// Returns the tasks. A run that is in progress at the stop is finished first.
    pub fn into_tasks(self) -> Vec<JoinHandle<()>> {
        self.tasks
    }
}

async fn run_until<J: Job>(app: App, job: J, mut stop: watch::Receiver<bool>) {
    let mut schedule = Schedule::new(J::INTERVAL);
    // An error means that the sender was dropped, which is a stop as well.
    while !*stop.borrow() {
        let pause = attempt(&app, &job, Flush::Regular, &mut schedule).await;
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// Runs a job once, unless another node runs it. Counts the run, logs a failure, and returns the pause before the next run.
pub async fn attempt<J: Job>(app: &App, job: &J, flush: Flush, schedule: &mut Schedule) -> Duration {
    let started_at = app.clock.ticks();
    let outcome = AssertUnwindSafe(run::<J>(app, job, flush)).catch_unwind().await;
    let took = app.clock.ticks().saturating_sub(started_at);
    match outcome.unwrap_or(Err(JobError::Panicked)) {
        Ok(false) => schedule.after_success(took),
        Ok(true) => {
            app.metrics.job_succeeded(J::NAME, took, app.clock.now());
            schedule.after_success(took)
        }
        Err(error) => {
            app.metrics.job_failed(J::NAME, took);
            let retry = schedule.after_failure();
            if !error.is_logged() {
                tracing::warn!(job = J::NAME, %error, retry_seconds = retry.as_secs_f64(), "background job failed");
            }
            retry
        }
    }
}

/// Returns false if the job is left to another node.
async fn run<J: Job>(app: &App, job: &J, flush: Flush) -> Result<bool, JobError> {
    let is_here = match J::RUNS {
        Runs::OnEveryNode => true,
        Runs::OnOneNode => app.cluster.is_longest_running().await?,
    };
    if is_here {
        job.run(app, flush).await?;
    }
    Ok(is_here)
}
