//! Permissions, statuses and limits as text for people.

use crate::keys::model::{EXPIRING, Key, RateLimit, Status};
use crate::scopes::{Access, Module, Permissions, Scopes};
use kit::page::Moments;
use kit::page::number::plural;

/// Describes access to a module, as the rest of a sentence that begins with “It can”.
pub(super) const fn ability(module: Module, access: Access) -> &'static str {
    match (module, access) {
        (Module::Trips, Access::Read) => "see trips",
        (Module::Trips, Access::Write) => "see, create and change trips",
        (Module::Fleet, Access::Read) => "see aircraft and their status",
        (Module::Fleet, Access::Write) => "see, add and change aircraft",
        (Module::Safety, Access::Read) => "see safety reports",
        (Module::Safety, Access::Write) => "see, file and change safety reports",
        (Module::Invoices, Access::Read) => "see invoices",
        (Module::Invoices, Access::Write) => "see, create, send and settle invoices",
        (Module::Webhooks, Access::Read) => "see webhooks",
        (Module::Webhooks, Access::Write) => "see, create and change webhooks",
        (Module::Audit, _) => "read the audit log",
    }
}

/// Describes the access to each module that the scopes allow.
pub(super) fn abilities(scopes: Scopes) -> Vec<&'static str> {
    let access = |module| {
        let of_module = scopes.iter().filter(|scope| scope.module == module).map(|scope| scope.access);
        of_module.max().map(|access| ability(module, access))
    };
    Module::ALL.into_iter().filter_map(access).collect()
}

/// Formats permissions: “Read-only”, or “Fleet (read), Invoices (write)”.
pub(super) fn permissions(permissions: Permissions, scopes: Scopes) -> String {
    match permissions {
        Permissions::ReadOnly => "Read-only".to_owned(),
        Permissions::ReadWrite => "Read-write".to_owned(),
        Permissions::Custom => {
            let named = Module::ALL.into_iter().filter_map(|module| {
                let access = scopes.iter().filter(|scope| scope.module == module).map(|scope| scope.access).max()?;
                let access = if access == Access::Write { "write" } else { "read" };
                Some(format!("{} ({access})", module.title()))
            });
            named.collect::<Vec<_>>().join(", ")
        }
    }
}

/// A status as a badge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Badge {
    pub(super) class: &'static str,
    pub(super) text: String,
}

/// Returns the badge “Active”, “Paused”, “Expired” or “Revoked”.
pub(super) fn status(key: &Key, at: &Moments) -> Badge {
    let (class, text) = match key.status(at.now()) {
        Status::Active => ("active", "Active"),
        Status::Paused => ("paused", "Paused"),
        Status::Expired => ("expired", "Expired"),
        Status::Revoked => ("revoked", "Revoked"),
    };
    Badge { class, text: text.to_owned() }
}

/// Returns the badge “Expires in 6 days”, for an active or paused key that expires soon.
pub(super) fn ends_soon(key: &Key, at: &Moments) -> Option<Badge> {
    let expiry = key.expires_at.filter(|expiry| key.status(at.now()).is_live() && expiry.since(at.now()) <= EXPIRING)?;
    Some(Badge { class: "soon", text: format!("Expires {}", at.ago_text(expiry)) })
}

/// Formats a rate limit: “600 requests a minute”, “5 requests in 90 seconds”, “No limit”.
pub(super) fn rate_limit(limit: Option<RateLimit>) -> String {
    let Some(RateLimit { requests, per_seconds }) = limit else { return "No limit".to_owned() };
    let requests = plural(requests.into(), "request");
    match per_seconds {
        1 => format!("{requests} a second"),
        60 => format!("{requests} a minute"),
        3_600 => format!("{requests} an hour"),
        86_400 => format!("{requests} a day"),
        seconds => format!("{requests} in {}", plural(seconds.into(), "second")),
    }
}
