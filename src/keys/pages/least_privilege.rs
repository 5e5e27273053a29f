//! The permissions that a key was granted and those that it used, by module, and the smaller set that it gets by with.

use std::time::Duration;

use crate::app::App;
use crate::keys::model::{Key, smaller_set};
use crate::keys::pages::labels;
use crate::keys::usage::{self, ScopeCount};
use crate::scopes::{Access, Module, Permissions, Scope, Scopes};
use kit::db::DbResult;
use kit::page::number::grouped;
use kit::page::{Moment, Moments};

/// The days in which a permission is used or not.
const DAYS: i32 = 90;

/// The age from which it says something that a key has not used a permission.
const MIN_AGE: Duration = Duration::from_hours(7 * 24);

/// The permissions of a key, granted and used.
pub(super) struct GrantedAndUsed {
    /// The sentence on what was not used, or on why nothing can be said.
    pub(super) verdict: String,
    pub(super) rows: Vec<GrantRow>,
    /// The smaller set, if there is one.
    pub(super) smaller: Option<SmallerSet>,
}

/// A module that the key has access to.
pub(super) struct GrantRow {
    pub(super) module: &'static str,
    pub(super) granted: &'static str,
    pub(super) reads: Option<Uses>,
    /// `None` also if writing was not granted: see `granted`.
    pub(super) writes: Option<Uses>,
    /// The access in the smaller set, or that of the key if there is none.
    pub(super) kept: &'static str,
    /// True if that is less than the key has.
    pub(super) is_less: bool,
}

/// The accepted requests that needed a scope.
pub(super) struct Uses {
    pub(super) count: String,
    pub(super) last: Moment,
}

/// A set of scopes that is smaller than that of the key.
pub(super) struct SmallerSet {
    /// “Fleet (read), Invoices (write)”
    pub(super) words: String,
    /// The value of the field `scopes` of forms: “fleet:read,invoices:write”.
    pub(super) field: String,
    /// True if reading stays for the sake of webhooks.
    pub(super) has_webhooks: bool,
}

impl SmallerSet {
    pub(super) fn new(scopes: Scopes) -> Self {
        Self {
            words: labels::permissions(Permissions::Custom, scopes),
            field: scopes.iter().map(Scope::as_str).collect::<Vec<_>>().join(","),
            has_webhooks: scopes.iter().any(|scope| scope.module == Module::Webhooks),
        }
    }
}

/// Parses the value of the field `scopes`; what is no scope is left out.
pub(super) fn scopes_of(field: &str) -> Vec<Scope> {
    // No more than there are: a longer list repeats some.
    field.split(',').take(Scope::all().count()).filter_map(|name| name.trim().parse().ok()).collect()
}

/// Returns the smaller set of a key, as its page proposes it.
pub(super) async fn smaller_set_of(app: &App, key: &Key, at: &Moments) -> DbResult<Option<Scopes>> {
    Ok(proposal(key, &counts(app, key, at).await?, at))
}

impl GrantedAndUsed {
    pub(super) async fn read(app: &App, key: &Key, at: &Moments) -> DbResult<Self> {
        let counts = counts(app, key, at).await?;
        let smaller = proposal(key, &counts, at);
        let used = used(&counts);
        let period = if key.created_at > at.start_of(first_day(at)) {
            format!("since it was created {}", at.ago_text(key.created_at))
        } else {
            format!("in the last {DAYS} days")
        };
        Ok(Self {
            verdict: verdict(key, used, &period, at),
            rows: rows(key.scopes, smaller.unwrap_or(key.scopes), &counts, at),
            smaller: smaller.map(SmallerSet::new),
        })
    }
}

fn first_day(at: &Moments) -> kit::day::Day {
    at.today().plus(1 - DAYS)
}

async fn counts(app: &App, key: &Key, at: &Moments) -> DbResult<Vec<ScopeCount>> {
    let span = (at.start_of(first_day(at)), at.now().hour().after(Duration::from_hours(1)));
    usage::scope_counts(app.db.read(), key.id, span).await
}

fn used(counts: &[ScopeCount]) -> Scopes {
    counts.iter().map(|count| count.scope).collect()
}

fn is_young(key: &Key, at: &Moments) -> bool {
    at.now().since(key.created_at) < MIN_AGE
}

fn proposal(key: &Key, counts: &[ScopeCount], at: &Moments) -> Option<Scopes> {
    smaller_set(key.scopes, used(counts)).filter(|_| !is_young(key, at))
}

fn rows(granted: Scopes, kept: Scopes, counts: &[ScopeCount], at: &Moments) -> Vec<GrantRow> {
    let uses = |scope: Scope| {
        let count = counts.iter().find(|count| count.scope == scope)?;
        Some(Uses { count: grouped(count.allowed), last: at.day(count.last) })
    };
    let row = |module: Module| {
        let access = access(granted, module)?;
        let left = self::access(kept, module);
        Some(GrantRow {
            module: module.title(),
            granted: word(Some(access)),
            reads: uses(Scope::read(module)),
            writes: uses(Scope::write(module)),
            kept: word(left),
            is_less: left != Some(access),
        })
    };
    Module::ALL.into_iter().filter_map(row).collect()
}

/// Returns the access to a module; write includes read.
fn access(scopes: Scopes, module: Module) -> Option<Access> {
    scopes.iter().filter(|scope| scope.module == module).map(|scope| scope.access).max()
}

const fn word(access: Option<Access>) -> &'static str {
    match access {
        None => "None",
        Some(Access::Read) => "Read",
        Some(Access::Write) => "Write",
    }
}

fn verdict(key: &Key, used: Scopes, period: &str, at: &Moments) -> String {
    if used.is_empty() {
        return format!("No request needed a permission of this key {period}, so nothing can be said about what it needs.");
    }
    if is_young(key, at) {
        return format!("This key was created {}. A smaller set is proposed after 7 days.", at.ago_text(key.created_at));
    }
    unused(key.scopes, used, period).unwrap_or_else(|| format!("Every permission of this key was used {period}."))
}

/// Returns the sentence on the permissions that were granted and not used.
fn unused(granted: Scopes, used: Scopes, period: &str) -> Option<String> {
    let mut writes = granted.iter().filter(|scope| scope.access == Access::Write).peekable();
    if writes.peek().is_some() && !writes.any(|scope| used.contain(scope)) {
        return Some(format!("This key only read data {period}. It was also granted write access and never used it."));
    }
    let unused = Module::ALL.into_iter().filter_map(|module| {
        let (reads, writes) = (used.contain(Scope::read(module)), used.contain(Scope::write(module)));
        match access(granted, module)? {
            Access::Read | Access::Write if !reads && !writes => Some(module.title().to_owned()),
            Access::Write if !writes => Some(format!("{} (write)", module.title())),
            Access::Write | Access::Read => None,
        }
    });
    let unused: Vec<_> = unused.collect();
    (!unused.is_empty()).then(|| format!("Granted and not used {period}: {}.", unused.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(granted: &[&str], used: &[&str]) -> Option<String> {
        let scopes = |names: &[&str]| names.iter().map(|name| name.parse::<Scope>().expect("a scope")).collect();
        unused(scopes(granted), scopes(used), "in the last 90 days")
    }

    #[test]
    fn granted_permissions_are_compared_with_those_used() {
        let only_read = "This key only read data in the last 90 days. It was also granted write access and never used it.";
        assert_eq!(of(&["trips:write", "fleet:write"], &["trips:read"]).as_deref(), Some(only_read));
        assert_eq!(of(&["trips:read", "invoices:write"], &["trips:read"]).as_deref(), Some(only_read));
        let some = of(&["trips:write", "fleet:write", "safety:read"], &["trips:write", "fleet:read"]);
        assert_eq!(some.as_deref(), Some("Granted and not used in the last 90 days: Fleet (write), Safety reports."));
        assert_eq!(
            of(&["trips:read", "fleet:read"], &["trips:read"]).as_deref(),
            Some("Granted and not used in the last 90 days: Fleet.")
        );
        for used in [&["trips:write"][..], &["trips:read", "trips:write"]] {
            assert_eq!(of(&["trips:write"], used), None);
        }
        assert_eq!(of(&["trips:read"], &["trips:read", "fleet:read"]), None);
    }

    #[test]
    fn field_of_scopes_is_read_back_without_what_is_none() {
        let names = |field: &str| scopes_of(field).iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ");
        assert_eq!(names("trips:read,fleet:write"), "trips:read fleet:write");
        assert_eq!(names("trips:read, nonsense,,audit:write"), "trips:read");
        assert_eq!(scopes_of(&"trips:read,".repeat(100_000)).len(), 11);
    }
}
