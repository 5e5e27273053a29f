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
    let sandbox = workspaces::find_sandbox(core.db.read(), workspace).await?.ok_or(Error::NotFound)?;
    let mut total = Deleted::default();
    loop {
        // No other transaction writes in the sandbox until the end of this one, so that a table without rows stays without.
        let mut tx = AuditedTx::begin_with_sandbox(core, (workspace, sandbox.id), context.clone()).await?;
        let (deleted, is_empty) = delete_batch(tx.db(), sandbox.id).await?;
        let mut details = json!(deleted);
        details["complete"] = json!(is_empty);
        let target = Target::new(TargetKind::Workspace, sandbox.id, &sandbox.name);
        // In its own log as well: test keys follow the changes there.
        tx.record_in(sandbox.id, Action::SandboxReset, target.clone(), details.clone()).await?;
        tx.record(Action::SandboxReset, Some(target), details);
        tx.commit().await?;
        total += deleted;
        if is_empty {
            return Ok(total);
        }
    }
}

/// Deletes up to [`BATCH`] rows. Returns their numbers, and whether no data is left.
async fn delete_batch(db: &impl ConnectionTrait, sandbox: WorkspaceId) -> DbResult<(Deleted, bool)> {
    let mut left = Left(BATCH);
    // Those that refer to others come first.
    let deleted = Deleted {
        invoices: left.delete(|most| invoices::delete_some(db, sandbox, most)).await?,
        trips: left.delete(|most| trips::delete_some(db, sandbox, most)).await?,
        aircraft: left.delete(|most| fleet::delete_some(db, sandbox, most)).await?,
        reports: left.delete(|most| safety::delete_some(db, sandbox, most)).await?,
    };
    // A repetition of a request from before the reset is a new request.
    left.delete(|most| audit::forget_some_answers(db, sandbox, most)).await?;
    let is_empty = left.0 > 0;
    if is_empty {
        workspaces::delete_counters(db, sandbox).await?;
    }
    Ok((deleted, is_empty))
}

/// The number of rows that a transaction may still delete.
struct Left(u64);

impl Left {
    /// Deletes some rows of a table. Returns their number.
    async fn delete<F: Future<Output = DbResult<u64>>>(&mut self, some: impl FnOnce(u64) -> F) -> DbResult<u64> {
        if self.0 == 0 {
            return Ok(0);
        }
        let deleted = some(self.0).await?;
        self.0 = self.0.saturating_sub(deleted);
        Ok(deleted)
    }
}
