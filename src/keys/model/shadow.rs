//! The least permissions that a key gets by with, and shadow mode: a smaller set of scopes on trial.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use super::{KeyId, Person, check_scopes};
use crate::scopes::{Module, Permissions, Scope, Scopes};
use kit::clock::Time;
use kit::http::{Check, FieldErrors};

/// The time in which shadow mode counts requests.
pub(in crate::keys) const SHADOW_TIME: Duration = Duration::from_hours(7 * 24);

/// A smaller set of permissions on trial: a preset or a list of scopes.
#[derive(Clone, Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = StartApiKeyShadow)]
pub struct StartShadow {
    /// A preset, or `custom` for a list of scopes.
    #[serde(default)]
    pub permissions: Option<Permissions>,
    /// Scopes that the key has. Required with `custom`, not allowed with a preset; without `permissions` they are `custom`.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub scopes: Option<Vec<Scope>>,
}

impl StartShadow {
    /// Returns the scopes of the preset or of the list.
    pub fn chosen_scopes(&self) -> Scopes {
        let preset = self.permissions.and_then(Permissions::preset);
        preset.unwrap_or_else(|| self.scopes.iter().flatten().copied().collect())
    }

    /// Returns the field that has the choice.
    pub(in crate::keys) const fn field(&self) -> &'static str {
        if self.scopes.is_some() { "scopes" } else { "permissions" }
    }
}

impl Check for StartShadow {
    fn check(&self, faults: &mut FieldErrors) {
        if self.permissions.is_none() && self.scopes.is_none() {
            faults.add("permissions", "Name a preset, or the scopes to try in scopes.");
            faults.add("scopes", "Name the scopes to try, or a preset in permissions.");
        } else {
            check_scopes(self.permissions.unwrap_or(Permissions::Custom), self.scopes.as_deref(), faults);
        }
    }
}

/// Shadow mode of a key, which may have ended.
#[derive(Clone, Debug)]
pub struct Shadow {
    pub key: KeyId,
    /// The smaller set.
    pub scopes: Scopes,
    pub started_at: Time,
    pub ends_at: Time,
    pub started_by: Person,
    /// Accepted requests by scope in the hour of the start, before it. Requests are counted by the hour.
    pub(in crate::keys) counted_before: BTreeMap<String, u64>,
}

impl Shadow {
    pub fn is_running(&self, now: Time) -> bool {
        now < self.ends_at
    }

    /// Returns the scopes that the set does not cover.
    pub(in crate::keys) fn uncovered(&self) -> Scopes {
        Scope::all().filter(|scope| !self.scopes.cover(*scope)).collect()
    }
}

/// Returns the part of the granted scopes that covers those used, unless nothing was used or nothing can be left out. A key that
/// manages webhooks keeps reading what it may read: an endpoint receives the events of these modules, which no counter shows.
pub(in crate::keys) fn smaller_set(granted: Scopes, used: Scopes) -> Option<Scopes> {
    let has_webhooks = used.iter().any(|scope| scope.module == Module::Webhooks);
    let of_module = |module: Module| {
        let (read, write) = (Scope::read(module), Scope::write(module));
        if granted.cover(write) && used.contain(write) {
            return Some(write);
        }
        (granted.cover(read) && (used.contain(read) || has_webhooks)).then_some(read)
    };
    let smaller: Scopes = Module::ALL.into_iter().filter_map(of_module).collect();
    (!used.is_empty() && !smaller.is_empty() && !smaller.cover_all(granted)).then_some(smaller)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(names: &[&str]) -> Scopes {
        names.iter().map(|name| name.parse::<Scope>().expect("a scope")).collect()
    }

    #[test]
    fn smaller_set_is_what_was_used() {
        for (granted, used, smaller) in [
            (&["trips:write", "fleet:write"][..], &["trips:read"][..], Some(&["trips:read"][..])),
            (&["trips:write", "fleet:read"], &["trips:read", "trips:write"], Some(&["trips:write"])),
            (&["trips:read", "trips:write"], &["trips:write"], None),
            (&["trips:read"], &["trips:read"], None),
            (&["trips:write"], &[], None),
            (
                &["webhooks:write", "trips:write", "fleet:read"],
                &["webhooks:read"],
                Some(&["webhooks:read", "trips:read", "fleet:read"]),
            ),
            (&["webhooks:write", "trips:read"], &["webhooks:write"], None),
        ] {
            assert_eq!(smaller_set(scopes(granted), scopes(used)), smaller.map(scopes), "{granted:?} {used:?}");
        }
    }
}
