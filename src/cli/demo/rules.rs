//! The rules of roles and scopes, for the steps of the plan.

use super::facts::{KEYS, PEOPLE};
use super::plan::{Deed, Who};
use crate::members::Role;
use crate::scopes::{Module, Permissions, Scope, Scopes};

/// Returns the role of a member.
pub(super) fn role_of(member: usize) -> Option<Role> {
    Role::parse(PEOPLE[member].role)
}

/// Returns the scopes of a key.
pub(super) fn scopes_of(key: usize) -> Scopes {
    let preset = KEYS[key].permissions.parse().ok().and_then(Permissions::preset);
    preset.unwrap_or_else(|| KEYS[key].scopes.iter().filter_map(|scope| scope.parse().ok()).collect())
}

enum Need {
    Nothing,
    Administrator,
    FileReports,
    Scope(Scope),
}

/// Returns the scope that a deed uses, if it uses one.
pub(super) fn scope_of(deed: Deed) -> Option<Scope> {
    match need(deed) {
        Need::Scope(scope) => Some(scope),
        Need::FileReports => Some(Scope::write(Module::Safety)),
        Need::Nothing | Need::Administrator => None,
    }
}

/// Returns true if a member's role or a key's scopes allow a deed.
pub(super) fn may(who: Who, deed: Deed) -> bool {
    match (who, need(deed)) {
        (_, Need::Nothing) => true,
        (Who::Key(key), Need::Scope(scope)) => scopes_of(key).cover(scope),
        (Who::Key(_), Need::Administrator | Need::FileReports) => false,
        (Who::Member(member), need) => role_of(member).is_some_and(|role| match need {
            Need::Nothing => true,
            Need::Administrator => role.is_administrator(),
            Need::FileReports => role.files_reports(),
            Need::Scope(scope) => role.allows(scope),
        }),
    }
}

fn need(deed: Deed) -> Need {
    match deed {
        Deed::SignIn | Deed::Expire | Deed::LackScope(_) | Deed::Straggle | Deed::GuessPassword(_) => Need::Nothing,
        Deed::AddMember(_) | Deed::MakeKey(_) | Deed::RetireKey(_) => Need::Administrator,
        Deed::AddAircraft(_) | Deed::Ground(_) => Need::Scope(Scope::write(Module::Fleet)),
        Deed::Book(..) | Deed::Move(..) => Need::Scope(Scope::write(Module::Trips)),
        Deed::Bill(_) | Deed::Send(_) | Deed::Pay(_) => Need::Scope(Scope::write(Module::Invoices)),
        Deed::File(_) => Need::FileReports,
        Deed::Assess(..) => Need::Scope(Scope::write(Module::Safety)),
        Deed::Read(scope, _) => Need::Scope(scope),
    }
}
