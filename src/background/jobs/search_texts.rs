//! A job that derives texts for search where a node of an earlier version wrote the row.

use std::time::Duration;

use crate::app::App;
use crate::background::{Job, JobError, Runs};
use crate::keys::Flush;
use crate::{fleet, invoices, keys};

/// Batches of one run, so that a process that stops waits for few.
const BATCHES: usize = 20;

/// Derives outdated forms of names and texts for search, a bounded number a run.
pub(super) struct SearchTexts;

impl Job for SearchTexts {
    const NAME: &'static str = "search_texts";
    const INTERVAL: Duration = Duration::from_secs(5);
    const RUNS: Runs = Runs::OnOneNode;

    async fn run(&self, app: &App, _flush: Flush) -> Result<(), JobError> {
        for _ in 0..BATCHES {
            let is_more = [
                keys::refresh_name_forms(&app.db).await?,
                invoices::refresh_search_texts(&app.db).await?,
                fleet::refresh_search_texts(&app.db).await?,
            ];
            if is_more == [false; 3] {
                break;
            }
        }
        Ok(())
    }
}
