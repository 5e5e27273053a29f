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
pub use files::{asset, router as files, size_of_picture};

use std::borrow::Borrow;
use std::time::Duration;

use crate::access::{
    FleetRead, InvoicesRead, ManageFindings, ManageKeys, ManageMembers, ManageWebhooks, MemberCaller, OwnWorkspace, Permission,
    ReadAuditLog, ReadReports, TripsRead, ViewSecurity,
};
use crate::core::Core;
use crate::members::Role;
use crate::security::FactorSetup;
use kit::clock::Time;
use kit::page::Moments;
use kit::page::number::{grouped, plural};

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
    /// The number of findings, for an administrator.
    findings: Option<u64>,
}

/// An entry of the menu.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MenuEntry {
    Home,
    Trips,
    Fleet,
    Safety,
    Invoices,
    ApiKeys,
    Findings,
    Webhooks,
    AuditLog,
    Members,
    Security,
    Cluster,
    Account,
}

impl MenuEntry {
    /// The entries of the workspace's data, in the order of the menu.
    const WORKSPACE: [Self; 6] = [Self::Home, Self::Findings, Self::Trips, Self::Fleet, Self::Safety, Self::Invoices];

    /// The entries under Settings.
    const SETTINGS: [Self; 7] =
        [Self::ApiKeys, Self::Webhooks, Self::AuditLog, Self::Members, Self::Security, Self::Cluster, Self::Account];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Home => "Home",
            Self::Trips => "Trips",
            Self::Fleet => "Fleet",
            Self::Safety => "Safety",
            Self::Invoices => "Invoices",
            Self::ApiKeys => "API Keys",
            Self::Findings => "Needs attention",
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
            Self::Home => "/",
            Self::Trips => "/trips",
            Self::Fleet => "/fleet",
            Self::Safety => "/safety",
            Self::Invoices => "/invoices",
            Self::ApiKeys => "/settings/api-keys",
            Self::Findings => "/findings",
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
            Self::Findings => ManageFindings::RULE.admits(role),
            Self::Webhooks => ManageWebhooks::RULE.admits(role),
            Self::AuditLog => ReadAuditLog::RULE.admits(role),
            Self::Members => ManageMembers::RULE.admits(role),
            Self::Security => ViewSecurity::RULE.admits(role),
            Self::Cluster => OwnWorkspace::RULE.admits(role),
            Self::Trips => TripsRead::RULE.admits(role),
            Self::Fleet => FleetRead::RULE.admits(role),
            Self::Safety => ReadReports::RULE.admits(role),
            Self::Invoices => InvoicesRead::RULE.admits(role),
            Self::Home | Self::Account => true,
        }
    }

    /// Returns the entries of the workspace's data that this role sees.
    pub fn data_of(role: Role) -> impl Iterator<Item = Self> {
        Self::WORKSPACE.into_iter().filter(move |entry| entry.opens_to(role))
    }

    /// Returns the entries under Settings that this role sees. The first is the start page of the settings.
    pub fn settings_of(role: Role) -> impl Iterator<Item = Self> {
        Self::SETTINGS.into_iter().filter(move |entry| entry.opens_to(role))
    }

    /// Returns the path of the entry's drawing, for a square of sixteen units.
    pub const fn drawing(self) -> &'static str {
        match self {
            Self::Findings => "M8 2.5 14 13H2L8 2.5M8 6.5v3M8 11.25h.01",
            Self::Home => "M2.5 7.5 8 2.75l5.5 4.75M4 6.5v6.75h8V6.5",
            Self::Trips => "M3 12.75c0-5 10-4.5 10-9.5M3 12.75a1.25 1.25 0 1 0 0-.01M13 3.25a1.25 1.25 0 1 0 0-.01",
            Self::Fleet => {
                "M8 2.25c-.7 0-1 .9-1 2v2.5l-4.75 3v1.25L7 9.75v2.5l-1.5 1.25h5L9 12.25v-2.5L13.75 11V9.75L9 6.75v-2.5c0-1.1-.3-2-1-2Z"
            }
            Self::Safety => "M8 2.25 3 4v3.75c0 2.9 2 5 5 6 3-1 5-3.1 5-6V4L8 2.25M5.9 8l1.5 1.5 2.75-3",
            Self::Invoices => "M4 2.25h8v11.5l-2-1.25-2 1.25-2-1.25-2 1.25V2.25M6.25 5.5h3.5M6.25 8.25h3.5",
            Self::ApiKeys => "M10.25 2.75a3 3 0 1 0 0 6 3 3 0 0 0 0-6M8.1 7.9 2.75 13.25M4.5 11.5l1.75 1.75",
            Self::Webhooks => {
                "M8 3a2.25 2.25 0 0 1 1.3 4L11.5 11M6 5.25 3.75 9.5M5.5 11.5h5.25M3.75 9.75a1.9 1.9 0 1 0 .01 0M12 9.75a1.9 1.9 0 1 0 .01 0"
            }
            Self::AuditLog => "M3 4h10M3 8h10M3 12h6",
            Self::Members => {
                "M6 7.5a2.25 2.25 0 1 0 0-4.5 2.25 2.25 0 0 0 0 4.5M2 13c0-2.2 1.8-3.5 4-3.5s4 1.3 4 3.5M10.5 3.25a2.25 2.25 0 0 1 0 4M12 9.9c1.2.5 2 1.6 2 3.1"
            }
            Self::Security => "M4 7.25h8v6H4v-6M5.5 7.25V5a2.5 2.5 0 0 1 5 0v2.25",
            Self::Cluster => "M3 3h10v4H3V3M3 9h10v4H3V9M5 5h.01M5 11h.01",
            Self::Account => "M8 8a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5M3 13.5c0-2.5 2.2-3.75 5-3.75s5 1.25 5 3.75",
        }
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
            findings: None,
        }
    }

    /// Adds the number of findings, for the menu.
    #[must_use]
    pub fn with_findings(self, findings: Option<u64>) -> Self {
        Self { findings, ..self }
    }

    /// Returns the number that stands beside an entry of the menu.
    pub fn number_of(&self, entry: impl Borrow<MenuEntry>) -> Option<String> {
        let number = self.findings.filter(|number| *number > 0 && *entry.borrow() == MenuEntry::Findings);
        number.map(grouped)
    }

    /// Returns the entries of the workspace's data; none for a member who has to set up a second factor first.
    pub fn data(&self) -> Vec<MenuEntry> {
        MenuEntry::data_of(self.role).filter(|_| !self.must_set_up()).collect()
    }

    /// Returns the entries under Settings: of a member who has to set up a second factor first, only their account.
    pub fn settings(&self) -> Vec<MenuEntry> {
        MenuEntry::settings_of(self.role).filter(|entry| !self.must_set_up() || *entry == MenuEntry::Account).collect()
    }

    /// Returns whether the member may open the pages of API keys.
    pub fn manages_keys(&self) -> bool {
        MenuEntry::ApiKeys.opens_to(self.role)
    }

    /// Returns the first letters of the member's first and last name.
    pub fn initials(&self) -> String {
        let words: Vec<_> = self.member.split_whitespace().collect();
        let ends = [words.first(), words.get(1..).and_then(<[_]>::last)];
        ends.into_iter().flatten().filter_map(|word| word.chars().next()).flat_map(char::to_uppercase).collect()
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
