//! Jobs that record what the passing of time brings: overdue invoices, and keys that will expire. Each is recorded once, whichever
//! nodes try. And one that reports nodes which accept paused keys.

use std::time::Duration;

use crate::app::App;
use crate::background::{Job, JobError, Runs};
use crate::keys::Flush;
use crate::{invoices, keys};

const INTERVAL: Duration = Duration::from_mins(1);

/// Records that invoices have become overdue.
pub(super) struct OverdueInvoices;

impl Job for OverdueInvoices {
    const NAME: &'static str = "overdue_invoices";
    const INTERVAL: Duration = INTERVAL;
    const RUNS: Runs = Runs::OnOneNode;

    async fn run(&self, app: &App, _flush: Flush) -> Result<(), JobError> {
        Ok(invoices::record_overdue(app).await?)
    }
}

/// Records that keys expire within seven days, or within a day.
pub(super) struct ExpiringKeys;

impl Job for ExpiringKeys {
    const NAME: &'static str = "expiring_keys";
    const INTERVAL: Duration = INTERVAL;
    const RUNS: Runs = Runs::OnOneNode;

    async fn run(&self, app: &App, _flush: Flush) -> Result<(), JobError> {
        Ok(keys::record_expiring(app).await?)
    }
}

/// Reports nodes of earlier versions that accept paused keys.
pub(super) struct HeldPauses;

impl Job for HeldPauses {
    const NAME: &'static str = "held_pauses";
    const INTERVAL: Duration = INTERVAL;

    async fn run(&self, app: &App, _flush: Flush) -> Result<(), JobError> {
        Ok(keys::report_older_nodes(app).await?)
    }
}
