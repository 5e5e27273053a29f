//! Reads of a whole log on behalf of a caller: exports, chain checks, comparisons of tables.

use std::sync::Arc;

use sea_orm::DbErr;

use super::credential::ReadCheck;
use crate::core::Core;
use crate::limits::Permit;
use crate::workspaces::WorkspaceId;

/// A read in batches. Each batch takes a permit of the caller's share of read connections, after a check that the caller
/// may still read.
#[derive(Clone, Debug)]
pub(super) struct LongRead {
    pub(super) core: Core,
    pub(super) workspace: WorkspaceId,
    access: Arc<dyn ReadCheck>,
}

/// The reason why a long read ended early.
#[derive(Debug, thiserror::Error)]
pub(super) enum Interrupted {
    #[error("the reader may not read the audit log any more")]
    NoLongerAllowed,
    #[error(transparent)]
    Db(#[from] DbErr),
}

impl LongRead {
    pub(super) fn new(core: Core, workspace: WorkspaceId, access: Arc<dyn ReadCheck>) -> Self {
        Self { core, workspace, access }
    }
}

/// The pace of a read in batches.
pub(super) trait Pace: Sync {
    type Error: From<DbErr>;
    type Permit: Send;
    /// Waits until the next batch may be read.
    fn next_batch(&self) -> impl Future<Output = Result<Self::Permit, Self::Error>> + Send;
}

impl Pace for LongRead {
    type Error = Interrupted;
    type Permit = Permit;
    /// A batch must drop its permit before the next one is asked for: a share may have one connection only.
    async fn next_batch(&self) -> Result<Permit, Interrupted> {
        let permit = self.core.limits.read_in_background(self.access.account()).await;
        if self.access.is_allowed().await? { Ok(permit) } else { Err(Interrupted::NoLongerAllowed) }
    }
}

/// A read by the operator, which nothing holds up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unpaced;

impl Pace for Unpaced {
    type Error = DbErr;
    type Permit = ();
    async fn next_batch(&self) -> Result<(), DbErr> {
        Ok(())
    }
}
