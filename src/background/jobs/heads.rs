//! The hourly report of the heads of audit logs.

use std::time::Duration;

use crate::app::App;
use crate::background::{Job, JobError};
use crate::keys::Flush;

/// Counts the heads for the metrics on every node. Of several nodes, the one that has run longest logs them; it is looked for
/// each minute, so that another node takes over soon.
#[derive(Debug)]
pub struct AuditHeads;

impl Job for AuditHeads {
    const NAME: &'static str = "audit_heads";
    const INTERVAL: Duration = Duration::from_mins(1);

    async fn run(&self, app: &App, _flush: Flush) -> Result<(), JobError> {
        let logs = app.cluster.is_longest_running().await?;
        Ok(app.heads.run(app, logs, |workspace| app.index.tenant(workspace).map(|tenant| tenant.slug.to_string())).await?)
    }
}
