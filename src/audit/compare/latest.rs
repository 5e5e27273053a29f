//! The latest comparison of each workspace, for its page.

use std::collections::HashMap;
use std::sync::Mutex;

use super::{Comparison, Difference, compare};
use crate::app::App;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::DbResult;
use kit::lock::lock;

/// Differences that a page names.
const NAMED: usize = 20;

/// The latest comparisons that this process made.
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
    /// Compares the tables of `workspace` with its log, and keeps what was found.
    pub(in crate::audit) async fn run(&self, app: &App, workspace: WorkspaceId) -> DbResult<()> {
        let at = app.clock.now();
        let found = compare(&app.db, workspace).await?;
        let total = found.total();
        let Comparison { mut differences, .. } = found;
        differences.truncate(NAMED);
        lock(&self.0).insert(workspace, Latest { at, total, first: differences });
        Ok(())
    }

    /// The latest comparison of `workspace`, if this process made one.
    pub(in crate::audit) fn of(&self, workspace: WorkspaceId) -> Option<Latest> {
        lock(&self.0).get(&workspace).cloned()
    }
}
