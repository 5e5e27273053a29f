//! Filters on the properties of keys, for reviews of access.

use std::time::Duration;

use super::KeyFilter;
use crate::members::MemberId;
use crate::scopes::{Module, Scope, Scopes};

/// The time before its expiry in which a key counts as expiring.
pub(in crate::keys) const EXPIRING: Duration = Duration::from_hours(14 * 24);

/// The time without a request after which a key counts as unused in the list.
pub(in crate::keys) const IDLE: Duration = Duration::from_hours(30 * 24);

/// The time from its creation in which a key does not count as unused.
pub(in crate::keys) const SETTLING: Duration = Duration::from_hours(7 * 24);

kit::string_enum! {
    /// A property of keys.
    KeyProperty as ApiKeyProperty {
        /// Neither revoked nor expired, and not used for 30 days; not in the first 7 days.
        Unused = "unused",
        /// Not revoked, and expires within 14 days.
        Expiring = "expiring",
        NoExpiration = "no_expiration",
        CanWrite = "can_write",
        /// A test key, which sees the sandbox.
        Test = "test",
    }
}

/// The properties that keys must have to be listed; by default none.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Only {
    pub properties: Vec<KeyProperty>,
    pub custodian: Option<MemberId>,
    pub module: Option<Module>,
}

impl Only {
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    pub fn has(&self, property: KeyProperty) -> bool {
        self.properties.contains(&property)
    }

    /// Returns the scopes of which a key must have one; `None` if any will do. With a module, `can_write` is about that one.
    pub(in crate::keys) fn scopes(&self) -> Option<Scopes> {
        let can_write = self.has(KeyProperty::CanWrite);
        let fits = |scope: &Scope| {
            let is_write = *scope == Scope::write(scope.module);
            self.module.is_none_or(|module| scope.module == module) && (is_write || !can_write)
        };
        (can_write || self.module.is_some()).then(|| Scope::all().filter(fits).collect())
    }
}

impl From<&KeyFilter> for Only {
    fn from(filter: &KeyFilter) -> Self {
        let asked = [
            (KeyProperty::Unused, filter.unused),
            (KeyProperty::Expiring, filter.expiring),
            (KeyProperty::NoExpiration, filter.no_expiration),
            (KeyProperty::CanWrite, filter.can_write),
            (KeyProperty::Test, filter.test),
        ];
        let properties = asked.into_iter().filter(|(_, asked)| *asked == Some(true)).map(|(property, _)| property).collect();
        Self { properties, custodian: filter.custodian_id, module: filter.module }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(properties: &[KeyProperty], module: Option<Module>) -> Option<Vec<String>> {
        let only = Only { properties: properties.to_vec(), custodian: None, module };
        only.scopes().map(|scopes| scopes.iter().map(|scope| scope.to_string()).collect())
    }

    #[test]
    fn write_access_is_that_to_the_module_if_one_is_named() {
        assert_eq!(scopes(&[], None), None);
        assert_eq!(scopes(&[KeyProperty::Unused], None), None);
        assert_eq!(scopes(&[], Some(Module::Fleet)), Some(vec!["fleet:read".to_owned(), "fleet:write".to_owned()]));
        assert_eq!(scopes(&[KeyProperty::CanWrite], Some(Module::Fleet)), Some(vec!["fleet:write".to_owned()]));
        assert_eq!(scopes(&[KeyProperty::CanWrite], Some(Module::Audit)), Some(vec![]), "no one writes the audit log");
        assert_eq!(scopes(&[KeyProperty::CanWrite], None).map(|scopes| scopes.len()), Some(5));
    }
}
