//! Audit events of invoices that become overdue: when the day after the due date has begun in the zone of the workspace.

use serde_json::json;

use super::service::{payload, target};
use super::store;
use crate::audit::{Action, AuditedTx, EventType};
use crate::core::Core;
use crate::workspaces::{self, WorkspaceId};
use kit::day::Day;
use kit::db::DbResult;

/// Invoices of one transaction, and transactions of a workspace in one run: a process that stops waits for few.
const BATCH: u64 = 100;
const BATCHES: usize = 20;

/// Records each overdue invoice once, whichever nodes try. A workspace whose log cannot be written does not hold up the others.
pub async fn record_overdue(core: &Core) -> DbResult<()> {
    // In some zones the day begins earlier than in others.
    let latest = Day::latest(core.clock.now());
    let mut outcome = Ok(());
    for workspace in store::with_overdue_unrecorded(core.db.read(), latest).await? {
        outcome = outcome.and(record_in(core, workspace).await);
    }
    outcome
}

async fn record_in(core: &Core, workspace: WorkspaceId) -> DbResult<()> {
    for _ in 0..BATCHES {
        let today = workspaces::day_of(core.db.read(), workspace, core.clock.now()).await?;
        // Without a lock of the log if there is nothing to record.
        if store::list_overdue_unrecorded(core.db.read(), workspace, today, 1).await?.is_empty() {
            break;
        }
        record_batch(core, workspace).await?;
    }
    Ok(())
}

async fn record_batch(core: &Core, workspace: WorkspaceId) -> DbResult<()> {
    let mut tx = AuditedTx::begin_system(core, workspace).await?;
    let today = workspaces::day_of(tx.db(), workspace, tx.now()).await?;
    // Again under the lock: another node may have recorded them, or they may have been paid.
    let overdue = store::list_overdue_unrecorded(tx.db(), workspace, today, BATCH).await?;
    store::set_overdue_recorded(tx.db(), workspace, &overdue, tx.now()).await?;
    for invoice in &overdue {
        let details = json!({ "dueDate": invoice.due_date, "currency": invoice.currency, "remaining": invoice.remaining() });
        tx.record(Action::InvoiceOverdue, Some(target(invoice)), details);
        tx.publish(EventType::InvoiceOverdue, || payload(invoice, today));
    }
    if overdue.is_empty() { Ok(()) } else { tx.commit().await }
}
