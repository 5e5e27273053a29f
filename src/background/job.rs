//! [`Job`]: what the runner needs to know of a background job.

use std::time::Duration;

use sea_orm::DbErr;

use crate::app::App;
use crate::keys::Flush;
use kit::db::is_reported;

/// A kind of work that is done at intervals.
pub trait Job: Send + Sync + 'static {
    /// The name of the job in metrics and in the log.
    const NAME: &'static str;

    /// The time from the start of a run to the start of the next. A run that takes longer is followed by the next at once.
    const INTERVAL: Duration;

    const RUNS: Runs = Runs::OnEveryNode;

    /// Runs once. `flush` says whether it is the last run of this process.
    fn run(&self, app: &App, flush: Flush) -> impl Future<Output = Result<(), JobError>> + Send;
}

/// The nodes that run a job.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Runs {
    OnEveryNode,
    /// The node that has run longest. See the [module](super) for what this guarantees.
    OnOneNode,
}

/// A failed run. The job runs again after a pause.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    #[error(transparent)]
    Database(#[from] DbErr),
    /// Some work is left, and the job has logged why.
    #[error("some work is left for the next run")]
    Incomplete,
    #[error("the job panicked")]
    Panicked,
}

impl JobError {
    /// Returns true if the cause is in the log already.
    pub(super) fn is_logged(&self) -> bool {
        match self {
            Self::Database(error) => is_reported(error),
            Self::Incomplete => true,
            Self::Panicked => false,
        }
    }
}
