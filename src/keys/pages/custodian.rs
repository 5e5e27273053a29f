//! The choice of a custodian: a member who has joined.

use crate::members::{self, Member, MemberId};
use crate::workspaces::WorkspaceId;
use kit::db::{DbResult, Source};
use kit::page::{Fields, FormErrors};

/// The largest number of members to choose from, by name. The API and the command line take any member.
const MAX_CHOICES: u64 = 500;

/// The members to choose from.
#[derive(Debug)]
pub struct Custodians {
    pub members: Vec<Member>,
    pub chosen: Option<MemberId>,
}

impl Custodians {
    /// Reads the members who have joined, and the chosen one even if there are more than fit.
    pub async fn read(db: &impl Source, workspace: WorkspaceId, chosen: Option<MemberId>) -> DbResult<Self> {
        let mut members = members::list_joined(db, workspace, MAX_CHOICES).await?;
        if let Some(id) = chosen.filter(|id| members.iter().all(|member| member.id != *id)) {
            members.extend(members::find(db, workspace, id).await?);
        }
        Ok(Self { chosen: chosen.filter(|id| members.iter().any(|member| member.id == *id)), members })
    }

    /// Returns whether a member is the chosen one.
    pub fn is_chosen(&self, member: &Member) -> bool {
        self.chosen == Some(member.id)
    }
}

/// Parses the field; `None` if no one is chosen.
pub(super) fn read(fields: &Fields, faults: &mut FormErrors) -> Option<MemberId> {
    let text = fields.given("custodian")?;
    text.parse().map_err(|_| faults.add("custodian", FAULT)).ok()
}

const FAULT: &str = "Choose a member who has joined the workspace.";

/// Returns a fault of the field.
pub(super) fn fault() -> FormErrors {
    FormErrors::of_field("custodian", FAULT)
}
