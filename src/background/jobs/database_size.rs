//! The size of the database, for the metrics.

use std::time::Duration;

use crate::app::App;
use crate::background::{Job, JobError};
use crate::keys::Flush;

/// Measures the size of the database: a scrape must not wait for it.
#[derive(Debug)]
pub struct DatabaseSize;

impl Job for DatabaseSize {
    const NAME: &'static str = "database_size";
    const INTERVAL: Duration = Duration::from_mins(1);

    async fn run(&self, app: &App, _flush: Flush) -> Result<(), JobError> {
        app.metrics.set_database_bytes(app.db.size().await?);
        Ok(())
    }
}
