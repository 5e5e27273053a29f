//! Webhooks: endpoints that fail for days, old deliveries, and the figures of the metrics.

use std::time::Duration;

use crate::app::App;
use crate::background::{Job, JobError, Runs};
use crate::keys::Flush;
use crate::webhooks::{self, delivery};

/// Disables endpoints that fail for days, and deletes old deliveries, old payloads and the rows of deleted endpoints.
pub(super) struct TidyWebhooks;

impl Job for TidyWebhooks {
    const NAME: &'static str = "tidy_webhooks";
    const INTERVAL: Duration = Duration::from_mins(1);
    const RUNS: Runs = Runs::OnOneNode;

    async fn run(&self, app: &App, _flush: Flush) -> Result<(), JobError> {
        delivery::tidy(app).await?;
        Ok(webhooks::purge_deleted(app).await?)
    }
}

/// Counts endpoints by state and deliveries that are due, for the metrics of this node.
pub(super) struct MeasureWebhooks;

impl Job for MeasureWebhooks {
    const NAME: &'static str = "measure_webhooks";
    const INTERVAL: Duration = Duration::from_secs(15);

    async fn run(&self, app: &App, _flush: Flush) -> Result<(), JobError> {
        Ok(app.webhooks.measure(app).await?)
    }
}
