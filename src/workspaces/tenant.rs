//! [`Tenant`]: a workspace as requests see it.

use compact_str::CompactString;

use super::model::{Workspace, WorkspaceId};

/// The columns of a workspace that every request may need; kept in memory beside the keys.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tenant {
    pub id: WorkspaceId,
    pub slug: CompactString,
    pub name: CompactString,
    pub timezone: String,
}

impl From<&Workspace> for Tenant {
    fn from(workspace: &Workspace) -> Self {
        Self {
            id: workspace.id,
            slug: workspace.slug.as_str().into(),
            name: workspace.name.as_str().into(),
            timezone: workspace.timezone.clone(),
        }
    }
}
