//! The latest comparison of each workspace, for its page.

use std::collections::HashMap;
use std::sync::Mutex;

use super::{Comparison, Difference, Source};
use crate::audit::long_read::{Interrupted, LongRead};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::lock::lock;

/// Differences that a page lists.
const LISTED: usize = 20;

/// The latest comparisons of this process.
#[derive(Debug, Default)]
pub struct Comparisons(Mutex<HashMap<WorkspaceId, Latest>>);

/// A comparison in short.
#[derive(Clone, Debug)]
pub(in crate::audit) struct Latest {
    pub(in crate::audit) at: Time,
    pub(in crate::audit) total: u64,
    pub(in crate::audit) first: Vec<Difference>,
}

impl Comparisons {
    /// Compares the tables of a workspace with its log on behalf of a caller, and keeps the outcome. Stops early, and keeps
    /// nothing, once the caller may not read any more.
    pub(in crate::audit) async fn run(&self, read: &LongRead) -> Result<(), Interrupted> {
        let at = read.core.clock.now();
        let found = Source { db: &read.core.db, workspace: read.workspace, pace: read }.compare().await?;
        let total = found.total();
        let Comparison { mut differences, .. } = found;
        differences.truncate(LISTED);
        lock(&self.0).insert(read.workspace, Latest { at, total, first: differences });
        Ok(())
    }

    pub(in crate::audit) fn of(&self, workspace: WorkspaceId) -> Option<Latest> {
        lock(&self.0).get(&workspace).cloned()
    }
}
