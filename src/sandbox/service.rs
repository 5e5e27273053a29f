//! The reset of a sandbox.

use std::ops::AddAssign;

use sea_orm::ConnectionTrait;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::error::Error;
use crate::audit::{self, Action, AuditContext, AuditedTx, Target, TargetKind};
use crate::core::Core;
use crate::workspaces::{self, WorkspaceId};
use crate::{fleet, invoices, safety, trips};
use kit::db::DbResult;

/// Rows that one transaction deletes. Other writes of the workspace wait for it.
const BATCH: u64 = 2_000;

/// The numbers of rows that were deleted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, ToSchema)]
#[schema(as = DeletedSandboxData)]
pub struct Deleted {
    pub trips: u64,
    pub aircraft: u64,
    pub invoices: u64,
    /// Safety reports.
    pub reports: u64,
}

impl AddAssign for Deleted {
    fn add_assign(&mut self, other: Self) {
        self.trips += other.trips;
        self.aircraft += other.aircraft;
        self.invoices += other.invoices;
        self.reports += other.reports;
    }
}

/// Deletes all data of the workspace's sandbox, and begins its numbers again at 1. Test keys may write meanwhile: what they wrote
/// before the last transaction is deleted, too.
pub async fn reset(core: &Core, workspace: WorkspaceId, context: AuditContext) -> Result<Deleted, Error> {
    let mut total = Deleted::default();
    loop {
        let mut tx = AuditedTx::begin(core, workspace, context.clone()).await?;
        let sandbox = workspaces::find_sandbox(tx.db(), workspace).await?.ok_or(Error::NotFound)?;
        // No other transaction writes in the sandbox until the end of the transaction, so that a table without rows stays without.
        tx.lock_log_of(sandbox.id).await?;
        let (deleted, is_empty) = delete_batch(tx.db(), sandbox.id).await?;
        let mut details = json!(deleted);
        details["complete"] = json!(is_empty);
        tx.record(Action::SandboxReset, Some(Target::new(TargetKind::Workspace, sandbox.id, &sandbox.name)), details);
        tx.commit().await?;
        total += deleted;
        if is_empty {
            return Ok(total);
        }
    }
}

/// Deletes up to [`BATCH`] rows. Returns their numbers, and whether no data is left.
async fn delete_batch(db: &impl ConnectionTrait, sandbox: WorkspaceId) -> DbResult<(Deleted, bool)> {
    let mut deleted = Deleted::default();
    let mut left = BATCH;
    // Those that refer to others come first.
    deleted.invoices = invoices::delete_some(db, sandbox, left).await?;
    left = left.saturating_sub(deleted.invoices);
    if left > 0 {
        deleted.trips = trips::delete_some(db, sandbox, left).await?;
        left = left.saturating_sub(deleted.trips);
    }
    if left > 0 {
        deleted.aircraft = fleet::delete_some(db, sandbox, left).await?;
        left = left.saturating_sub(deleted.aircraft);
    }
    if left > 0 {
        deleted.reports = safety::delete_some(db, sandbox, left).await?;
        left = left.saturating_sub(deleted.reports);
    }
    if left > 0 {
        // A repetition of a request from before the reset is a new request.
        left = left.saturating_sub(audit::forget_some_answers(db, sandbox, left).await?);
    }
    if left > 0 {
        workspaces::delete_counters(db, sandbox).await?;
    }
    Ok((deleted, left > 0))
}
