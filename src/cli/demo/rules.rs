//! The rules of roles and scopes, for the steps of the plan.

use super::facts::PEOPLE;
use super::integrations::KEYS;
use super::plan::{Deed, Who};
use crate::access::{Credentials, Rule};
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

/// Returns the scope that a deed uses, if it uses one.
pub(super) fn scope_of(deed: Deed) -> Option<Scope> {
    need(deed).scope()
}

/// Returns true if a member's role or a key's scopes allow a deed.
pub(super) fn may(who: Who, deed: Deed) -> bool {
    let rule = need(deed);
    match who {
        Who::Member(member) => role_of(member).is_some_and(|role| rule.admits(role)),
        Who::Key(_) if rule.credentials() == Credentials::Session => false,
        Who::Key(key) => rule.scope().is_none_or(|scope| scopes_of(key).cover(scope)),
    }
}

fn need(deed: Deed) -> Rule {
    match deed {
        Deed::SignIn | Deed::Elapse | Deed::DisableWebhook | Deed::LackScope(_) | Deed::Straggle | Deed::GuessPassword(_) => {
            Rule::Anyone
        }
        Deed::AddMember(_) | Deed::MakeKey(_) | Deed::RetireKey(_) | Deed::MakeWebhook(_) | Deed::RecommendFactors => {
            Rule::Administrator
        }
        Deed::AddAircraft(_) | Deed::Ground(_) => Rule::Scope(Scope::write(Module::Fleet)),
        Deed::Book(..) | Deed::Move(..) => Rule::Scope(Scope::write(Module::Trips)),
        Deed::Bill(_) | Deed::Send(_) | Deed::Pay(_) => Rule::Scope(Scope::write(Module::Invoices)),
        Deed::File(_) => Rule::FileReports,
        Deed::Assess(..) => Rule::Scope(Scope::write(Module::Safety)),
        Deed::Read(scope, _) => Rule::Scope(scope),
    }
}
