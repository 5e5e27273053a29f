//! Members, and the input that adds one.

use serde::Deserialize;
use utoipa::ToSchema;

use super::role::Role;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::http::Check;
pub use kit::text::Email;
use kit::text::Line;

kit::ids! {
    /// The id of a member.
    MemberId = "user";
}

pub type MemberName = Line<1, 100>;

#[derive(Clone, Debug)]
pub struct Member {
    pub id: MemberId,
    pub workspace: WorkspaceId,
    pub email: String,
    pub name: String,
    pub role: Role,
    /// True once they have set a password.
    pub has_joined: bool,
    pub created_at: Time,
    /// The moment since when they have at least one second factor; `None`: they have none.
    pub second_factor_at: Option<Time>,
}

/// A new member, to be invited.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddMember {
    pub name: MemberName,
    /// Unique in the workspace.
    pub email: Email,
    pub role: Role,
}

impl Check for AddMember {}
