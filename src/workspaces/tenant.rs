//! [`Tenant`]: a workspace as requests see it.

use compact_str::CompactString;

use super::model::{Workspace, WorkspaceId};
use kit::clock::{self, Time};
use kit::day::Day;

/// The columns of a workspace that every request may need; kept in memory beside the keys.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tenant {
    pub id: WorkspaceId,
    /// The workspace whose keys these are: the same, or of a sandbox the one that it belongs to.
    pub owner: WorkspaceId,
    pub slug: CompactString,
    pub name: CompactString,
    pub timezone: String,
}

impl Tenant {
    /// Returns whether this is the sandbox of a workspace.
    pub fn is_sandbox(&self) -> bool {
        self.owner != self.id
    }

    /// Returns the day that `time` falls on in the workspace's time zone.
    pub fn day_of(&self, time: Time) -> Day {
        Day::in_zone(time, &clock::zone(&self.timezone))
    }
}

impl From<&Workspace> for Tenant {
    fn from(workspace: &Workspace) -> Self {
        Self {
            id: workspace.id,
            owner: workspace.sandbox_of.unwrap_or(workspace.id),
            slug: workspace.slug.as_str().into(),
            name: workspace.name.as_str().into(),
            timezone: workspace.timezone.clone(),
        }
    }
}
