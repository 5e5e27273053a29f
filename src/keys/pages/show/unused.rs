//! Permissions that a key has and does not use.

use std::time::Duration;

use crate::app::App;
use crate::keys::model::{Key, Status};
use crate::keys::usage;
use crate::scopes::{Access, Module, Scope, Scopes};
use kit::db::DbResult;
use kit::page::Moments;

/// The number of days in which a permission is used or not.
const DAYS: i32 = 90;

/// The age from which it says something that a key has not used a permission.
const MIN_AGE: Duration = Duration::from_hours(7 * 24);

/// Returns the sentence about the permissions that an active key was granted and has not used.
pub(super) async fn unused(app: &App, key: &Key, at: &Moments) -> DbResult<Option<String>> {
    if key.status(at.now()) != Status::Active || at.now().since(key.created_at) < MIN_AGE {
        return Ok(None);
    }
    let used = usage::used_scopes(app.db.read(), key.id, at.start_of(at.today().plus(1 - DAYS))).await?;
    // For a key without requests, other sentences say so.
    if used.is_empty() { Ok(None) } else { Ok(sentence(key.scopes, &used)) }
}

fn sentence(granted: Scopes, used: &[Scope]) -> Option<String> {
    let writes = || granted.iter().filter(|scope| scope.access == Access::Write);
    let is_used = |scope: Scope| used.contains(&scope);
    if writes().next().is_some() && !writes().any(is_used) {
        return Some(format!(
            "In the last {DAYS} days this key only read data: it was also granted write access and never used it."
        ));
    }
    let unused = Module::ALL.into_iter().filter_map(|module| {
        let (reads, writes) = (is_used(Scope::read(module)), is_used(Scope::write(module)));
        match granted.iter().filter(|scope| scope.module == module).map(|scope| scope.access).max()? {
            _ if !reads && !writes => Some(module.title().to_owned()),
            Access::Write if !writes => Some(format!("{} (write)", module.title())),
            Access::Write | Access::Read => None,
        }
    });
    let unused: Vec<_> = unused.collect();
    (!unused.is_empty()).then(|| format!("Granted and not used in the last {DAYS} days: {}.", unused.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(granted: &[&str], used: &[&str]) -> Option<String> {
        let scopes = |names: &[&str]| names.iter().map(|name| name.parse::<Scope>().expect("a scope")).collect::<Vec<_>>();
        sentence(scopes(granted).into_iter().collect(), &scopes(used))
    }

    #[test]
    fn granted_permissions_are_compared_with_those_used() {
        let only_read = "In the last 90 days this key only read data: it was also granted write access and never used it.";
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
}
