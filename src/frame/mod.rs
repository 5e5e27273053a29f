//! What surrounds every page: the menu, who is signed in, the pages of those who are turned away, and the files that
//! pages refer to.
//!
//! A slice's `pages.rs` makes a [`Frame`] for whoever visits and a template that extends `templates/frame/page.html`.
//! The menu shows what the visitor's role opens, and nothing else.
//!
//! - here the frame and its menu; `turned` pages for those who may not go on; `files` stylesheet, script, icon

mod error_page;
mod files;
mod turned;

pub use error_page::error_page;
pub use files::{asset, router as files};
pub use turned::{forbidden, send_again, signed_out_meanwhile, try_again_later};

use crate::access::{Caller, Permission, ReadAuditLog};
use crate::access::{ManageKeys, ManageMembers, OwnWorkspace};
use crate::app::App;
use crate::members::Role;
use kit::page::Moments;

/// What the frame of a page shows.
#[derive(Debug)]
pub struct Frame {
    /// The page's name, for its heading and the browser's tab.
    pub title: String,
    /// Where it is in the menu.
    pub place: Place,
    /// The workspace's name.
    pub workspace: String,
    /// Who is signed in.
    pub member: String,
    /// Their role.
    pub role: Role,
    /// The token of every form on the page.
    pub token: String,
    /// Writes times.
    pub at: Moments,
}

/// The places of the menu.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// Settings > API Keys.
    ApiKeys,
    /// Settings > Audit Log.
    AuditLog,
    /// Settings > Members.
    Members,
    /// Settings > Cluster.
    Cluster,
    /// Settings > Your account.
    Account,
}

impl Place {
    const ALL: [Self; 5] = [Self::ApiKeys, Self::AuditLog, Self::Members, Self::Cluster, Self::Account];

    /// Its name in the menu.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ApiKeys => "API Keys",
            Self::AuditLog => "Audit Log",
            Self::Members => "Members",
            Self::Cluster => "Cluster",
            Self::Account => "Your account",
        }
    }

    /// Its address.
    pub const fn path(self) -> &'static str {
        match self {
            Self::ApiKeys => "/settings/api-keys",
            Self::AuditLog => "/settings/audit-log",
            Self::Members => "/settings/members",
            Self::Cluster => "/settings/cluster",
            Self::Account => "/settings/account",
        }
    }

    fn opens_to(self, role: Role) -> bool {
        match self {
            Self::ApiKeys => ManageKeys::RULE.admits(role),
            Self::AuditLog => ReadAuditLog::RULE.admits(role),
            Self::Members => ManageMembers::RULE.admits(role),
            Self::Cluster => OwnWorkspace::RULE.admits(role),
            Self::Account => true,
        }
    }

    /// What the menu shows to this role; the first is where they begin.
    pub fn open_to(role: Role) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |place| place.opens_to(role))
    }
}

impl Frame {
    /// The frame of a page that `caller` sees, whose forms carry `token`.
    pub fn new(app: &App, caller: &Caller, title: String, place: Place, token: String) -> Self {
        let now = app.clock.now();
        let (workspace, member, role, zone) = match caller {
            Caller::Member { member, tenant, .. } => (tenant.name.as_str(), member.name.as_str(), member.role, &*tenant.timezone),
            Caller::Anyone | Caller::Key { .. } => ("", "", Role::Pilot, "UTC"),
        };
        let (workspace, member, at) = (workspace.to_owned(), member.to_owned(), Moments::new(now, zone));
        Self { title, place, workspace, member, role, token, at }
    }

    /// What the menu shows.
    pub fn menu(&self) -> Vec<Place> {
        Place::open_to(self.role).collect()
    }
}
