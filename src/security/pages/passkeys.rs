//! The members of a workspace who have passkeys, and the passkeys that were added last.

use std::collections::HashMap;

use crate::auth::passkeys;
use crate::core::Core;
use crate::members::{self, MemberId};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::DbResult;
use kit::page::number::plural;

/// The registrations that the page shows.
const RECENT: u64 = 5;

pub(super) struct PasskeyOverview {
    owners: u64,
    pub(super) recent: Vec<Registration>,
}

/// A passkey that was added.
pub(super) struct Registration {
    pub(super) owner: String,
    pub(super) name: String,
    pub(super) at: Time,
}

impl PasskeyOverview {
    pub(super) async fn new(core: &Core, workspace: WorkspaceId) -> DbResult<Self> {
        let db = core.db.read();
        let owners = passkeys::count_owners(db, workspace).await?;
        let newest = passkeys::newest(db, workspace, RECENT).await?;
        let members = members::find_all(db, workspace, newest.iter().map(|passkey| passkey.member).collect()).await?;
        let names: HashMap<MemberId, String> = members.into_iter().map(|member| (member.id, member.name)).collect();
        let recent = newest.into_iter().filter_map(|passkey| {
            let owner = names.get(&passkey.member)?.clone();
            Some(Registration { owner, name: passkey.name, at: passkey.created_at })
        });
        Ok(Self { owners, recent: recent.collect() })
    }

    /// The number of members who have a passkey, in words.
    pub(super) fn owners(&self) -> String {
        owners(self.owners)
    }
}

/// “2 members have a passkey.”
pub(super) fn owners(count: u64) -> String {
    match count {
        0 => "No member has a passkey.".to_owned(),
        1 => "1 member has a passkey.".to_owned(),
        more => format!("{} have a passkey.", plural(more, "member")),
    }
}
