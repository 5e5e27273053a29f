//! The frame of every page: menu, name of the member, and the files that pages refer to.
//!
//! A slice's `pages` makes a [`Frame`] and a template that extends `templates/frame/page.html`. The menu shows the entries that
//! are open to the member's role.
//!
//! - here the frame and its menu; `denied` pages for people who may not go on, `confirm` for those who prove again who they are
//! - `error_page` errors; `files` stylesheet, script, icon

mod confirm;
mod denied;
mod error_page;
mod files;

pub use confirm::{ConfirmForm, PROOF_CEREMONY, PROOF_CODE, PROOF_CREDENTIAL, PROOF_PASSWORD, PasskeyPrompt, confirm_identity};
pub use denied::{SECRET_FIELDS, forbidden, send_again, signed_out_meanwhile, try_again_later};
pub use error_page::error_page;
pub use files::{asset, router as files};

use std::borrow::Borrow;
use std::time::Duration;

use crate::access::{
    ManageKeys, ManageMembers, ManageWebhooks, MemberCaller, OwnWorkspace, Permission, ReadAuditLog, ViewSecurity,
};
use crate::core::Core;
use crate::members::Role;
use crate::security::FactorSetup;
use kit::clock::Time;
use kit::page::Moments;
use kit::page::number::plural;

/// The member who sent a request to a page, with the CSRF token of their forms.
pub type SignedInMember = (MemberCaller, String);

/// The content of a page's frame.
#[derive(Debug)]
pub struct Frame {
    /// The title, for the heading and the browser's tab.
    pub title: String,
    /// The entry of the menu that the page belongs to, unless it is an error page.
    pub place: Option<MenuEntry>,
    pub workspace: String,
    /// The short name of the workspace, for commands.
    pub slug: String,
    pub member: String,
    pub role: Role,
    /// The CSRF token of every form on the page.
    pub token: String,
    /// Formats times in the workspace's zone.
    pub at: Moments,
    /// The member's need to set up a second factor.
    factor_setup: FactorSetup,
}

/// An entry of the menu, under Settings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MenuEntry {
    ApiKeys,
    Webhooks,
    AuditLog,
    Members,
    Security,
    Cluster,
    Account,
}

impl MenuEntry {
    const ALL: [Self; 7] =
        [Self::ApiKeys, Self::Webhooks, Self::AuditLog, Self::Members, Self::Security, Self::Cluster, Self::Account];

    pub const fn name(self) -> &'static str {
        match self {
            Self::ApiKeys => "API Keys",
            Self::Webhooks => "Webhooks",
            Self::AuditLog => "Audit Log",
            Self::Members => "Members",
            Self::Security => "Security",
            Self::Cluster => "Cluster",
            Self::Account => "Profile & Security",
        }
    }

    pub const fn path(self) -> &'static str {
        match self {
            Self::ApiKeys => "/settings/api-keys",
            Self::Webhooks => "/settings/webhooks",
            Self::AuditLog => "/settings/audit-log",
            Self::Members => "/settings/members",
            Self::Security => "/settings/security",
            Self::Cluster => "/settings/cluster",
            Self::Account => "/account",
        }
    }

    fn opens_to(self, role: Role) -> bool {
        match self {
            Self::ApiKeys => ManageKeys::RULE.admits(role),
            Self::Webhooks => ManageWebhooks::RULE.admits(role),
            Self::AuditLog => ReadAuditLog::RULE.admits(role),
            Self::Members => ManageMembers::RULE.admits(role),
            Self::Security => ViewSecurity::RULE.admits(role),
            Self::Cluster => OwnWorkspace::RULE.admits(role),
            Self::Account => true,
        }
    }

    /// Returns the entries that this role sees. The first is the start page.
    pub fn open_to(role: Role) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |entry| entry.opens_to(role))
    }
}

impl Frame {
    /// Returns the frame of a page for `caller`, whose forms carry `token`.
    pub fn new(core: &Core, caller: &MemberCaller, title: String, place: impl Into<Option<MenuEntry>>, token: String) -> Self {
        let (member, tenant) = (caller.member(), &caller.tenant);
        Self {
            title,
            place: place.into(),
            workspace: tenant.name.to_string(),
            slug: tenant.slug.to_string(),
            member: member.name.clone(),
            role: member.role,
            token,
            at: Moments::new(core.clock.now(), &tenant.timezone),
            factor_setup: caller.session.factor_setup,
        }
    }

    /// Returns the entries of the menu: of a member who has to set up a second factor first, only their account.
    pub fn menu(&self) -> Vec<MenuEntry> {
        MenuEntry::open_to(self.role).filter(|entry| !self.must_set_up() || *entry == MenuEntry::Account).collect()
    }

    /// Returns true if the member has to set up a second factor before anything else.
    pub fn must_set_up(&self) -> bool {
        self.factor_setup == FactorSetup::Required
    }

    /// Returns the end of the grace in which the member has to set up a second factor, if they are in one.
    pub fn required_from(&self) -> Option<Time> {
        match self.factor_setup {
            FactorSetup::RequiredFrom(time) => Some(time),
            FactorSetup::NotNeeded | FactorSetup::Recommended | FactorSetup::Required => None,
        }
    }

    /// Returns the time that is left until then, in whole days rounded up: “5 days”.
    pub fn days_until(&self, end: impl Borrow<Time>) -> String {
        let day = Duration::from_hours(24).as_secs();
        plural(end.borrow().since(self.at.now()).as_secs().div_ceil(day).max(1), "day")
    }

    /// Returns true if the page belongs to this entry of the menu.
    pub fn is_at(&self, entry: impl Borrow<MenuEntry>) -> bool {
        self.place == Some(*entry.borrow())
    }
}
