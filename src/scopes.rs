//! Scopes of API keys, sets of scopes, and the presets that an administrator chooses from.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A part of the workspace's data.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Module {
    Trips,
    /// Aircraft and their status.
    Fleet,
    Safety,
    Invoices,
    /// Administrative: not part of any preset.
    Webhooks,
    /// Administrative and read-only: not part of any preset.
    Audit,
}

impl Module {
    /// The modules that hold an operator's data.
    pub const DATA: [Self; 4] = [Self::Trips, Self::Fleet, Self::Safety, Self::Invoices];
    pub const ALL: [Self; 6] = [Self::Trips, Self::Fleet, Self::Safety, Self::Invoices, Self::Webhooks, Self::Audit];

    /// The part of a scope before the colon.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trips => "trips",
            Self::Fleet => "fleet",
            Self::Safety => "safety",
            Self::Invoices => "invoices",
            Self::Webhooks => "webhooks",
            Self::Audit => "audit",
        }
    }

    /// Returns the name for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Trips => "Trips",
            Self::Fleet => "Fleet",
            Self::Safety => "Safety reports",
            Self::Invoices => "Invoices",
            Self::Webhooks => "Webhooks",
            Self::Audit => "Audit log",
        }
    }
}

/// Error of a text that is not a module.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("must be one of {}", Module::ALL.map(Module::as_str).join(", "))]
pub struct NotAModule;

impl FromStr for Module {
    type Err = NotAModule;
    fn from_str(text: &str) -> Result<Self, NotAModule> {
        Self::ALL.into_iter().find(|module| module.as_str() == text).ok_or(NotAModule)
    }
}

impl<'de> Deserialize<'de> for Module {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl utoipa::PartialSchema for Module {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{ObjectBuilder, Type};
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(Self::ALL.map(Self::as_str))).into()
    }
}

impl utoipa::ToSchema for Module {}

/// The part of a scope after the colon; write includes read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Access {
    Read,
    Write,
}

/// `<module>:read` or `<module>:write`, such as `trips:read`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Scope {
    pub module: Module,
    pub access: Access,
}

/// Error of a text that is not a scope.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("must be one of {}", Scope::all().map(|scope| scope.to_string()).collect::<Vec<_>>().join(", "))]
pub struct NotAScope;

impl Scope {
    pub const fn read(module: Module) -> Self {
        Self { module, access: Access::Read }
    }

    pub const fn write(module: Module) -> Self {
        Self { module, access: Access::Write }
    }

    /// All scopes. There is no `audit:write`: the audit log is read-only.
    pub fn all() -> impl Iterator<Item = Self> {
        Module::ALL
            .into_iter()
            .flat_map(|module| [Self::read(module), Self::write(module)])
            .filter(|scope| *scope != Self::write(Module::Audit))
    }

    /// The scope as it is stored and sent: module, colon, access.
    pub const fn as_str(self) -> &'static str {
        match (self.module, self.access) {
            (Module::Trips, Access::Read) => "trips:read",
            (Module::Trips, Access::Write) => "trips:write",
            (Module::Fleet, Access::Read) => "fleet:read",
            (Module::Fleet, Access::Write) => "fleet:write",
            (Module::Safety, Access::Read) => "safety:read",
            (Module::Safety, Access::Write) => "safety:write",
            (Module::Invoices, Access::Read) => "invoices:read",
            (Module::Invoices, Access::Write) => "invoices:write",
            (Module::Webhooks, Access::Read) => "webhooks:read",
            (Module::Webhooks, Access::Write) => "webhooks:write",
            (Module::Audit, Access::Read) => "audit:read",
            (Module::Audit, Access::Write) => "audit:write",
        }
    }

    /// The scope's bit in a [`Scopes`], 0 to 11.
    pub const fn index(self) -> usize {
        self.module as usize * 2 + self.access as usize
    }

    pub fn from_index(index: usize) -> Option<Self> {
        Self::all().find(|scope| scope.index() == index)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = NotAScope;
    fn from_str(text: &str) -> Result<Self, NotAScope> {
        Self::all().find(|scope| scope.as_str() == text).ok_or(NotAScope)
    }
}

impl Serialize for Scope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl utoipa::PartialSchema for Scope {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{ObjectBuilder, Type};
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(Self::all().map(|scope| scope.to_string()))).into()
    }
}

impl utoipa::ToSchema for Scope {}

/// A set of scopes in sixteen bits.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u16);

/// The bits of all scopes. The highest bit, `audit:write`, is not a scope.
const EVERY: u16 = (1 << (2 * Module::ALL.len() - 1)) - 1;

impl Scopes {
    pub const NONE: Self = Self(0);

    /// Reads what [`Scopes::bits`] returned; bits of no scope are dropped.
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits & EVERY)
    }

    /// One bit per scope, by [`Scope::index`].
    pub fn bits(self) -> u16 {
        self.0
    }

    /// Returns whether a request that needs `scope` is allowed; write covers read.
    pub fn cover(self, scope: Scope) -> bool {
        let exact = 1 << scope.index();
        let write = 1 << Scope::write(scope.module).index();
        self.0 & (exact | write) != 0
    }

    /// Returns whether every scope of `others` is covered.
    pub fn cover_all(self, others: Self) -> bool {
        others.iter().all(|scope| self.cover(scope))
    }

    /// Returns whether the scope itself is in the set; write does not stand for read.
    pub fn contain(self, scope: Scope) -> bool {
        self.0 & (1 << scope.index()) != 0
    }

    /// The scopes of the set, in the order of the modules; `read` is not added to `write`.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::all().filter(move |scope| self.0 & (1 << scope.index()) != 0)
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | 1 << scope.index()))
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(|scope| scope.to_string())).finish()
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

/// Preset of scopes, or a custom list.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Permissions {
    /// Read access to the four data modules.
    ReadOnly,
    /// Write access to the four data modules.
    ReadWrite,
    /// An explicit list of scopes.
    Custom,
}

impl Permissions {
    /// The scopes of a preset; `None` for the explicit list.
    pub fn preset(self) -> Option<Scopes> {
        match self {
            Self::ReadOnly => Some(Module::DATA.into_iter().map(Scope::read).collect()),
            Self::ReadWrite => Some(Module::DATA.into_iter().map(Scope::write).collect()),
            Self::Custom => None,
        }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReadOnly => "read_only",
            Self::ReadWrite => "read_write",
            Self::Custom => "custom",
        }
    }
}

impl FromStr for Permissions {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        [Self::ReadOnly, Self::ReadWrite, Self::Custom]
            .into_iter()
            .find(|one| one.as_str() == text)
            .ok_or_else(|| "must be one of read_only, read_write, custom".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn write_covers_read_of_its_module_only() {
        let scopes: Scopes = [Scope::write(Module::Trips), Scope::read(Module::Fleet)].into_iter().collect();
        assert!(scopes.cover(Scope::read(Module::Trips)) && scopes.cover(Scope::write(Module::Trips)));
        assert!(scopes.cover(Scope::read(Module::Fleet)) && !scopes.cover(Scope::write(Module::Fleet)));
        assert!(!scopes.cover(Scope::read(Module::Invoices)));
    }

    #[test]
    fn every_scope_round_trips_through_text_and_bits() {
        for scope in Scope::all() {
            assert_eq!(scope.to_string().parse(), Ok(scope));
            assert_eq!(Scope::from_index(scope.index()), Some(scope));
            let set: Scopes = [scope].into_iter().collect();
            assert_eq!(Scopes::from_bits(set.bits()), set);
        }
        assert_eq!(Scopes::from_bits(u16::MAX), Scope::all().collect(), "and no others");
        assert_eq!(Scope::all().count(), 11);
        assert_eq!("audit:write".parse::<Scope>(), Err(NotAScope));
    }

    #[test]
    fn presets_never_include_administrative_modules() {
        for preset in [Permissions::ReadOnly, Permissions::ReadWrite] {
            let scopes = preset.preset().expect("a preset has scopes");
            assert!(!scopes.cover(Scope::read(Module::Audit)) && !scopes.cover(Scope::read(Module::Webhooks)));
        }
    }
}
