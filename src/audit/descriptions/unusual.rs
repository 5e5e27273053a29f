//! Unusual events, which deserve attention: every denial, what the rules on keys found, and successes with certain details. One table serves the mark on
//! an event and the filter of the list, so that they agree.

use sea_orm::sea_query::{Alias, BinOper, Expr, ExprTrait};
use sea_orm::{ColumnTrait, Condition};
use serde_json::Value;

use super::changes::denial_reason;
use crate::audit::action::{Action, Outcome};
use crate::audit::event::Event;
use crate::audit::tables::event::Column;
use crate::keys::{DenialReason, Unusual};

/// A success that is unusual if its details have this value at this path.
struct Sign {
    action: Action,
    path: &'static [&'static str],
    says: Literal,
    because: &'static str,
}

/// A JSON value with the same text on both engines.
#[derive(Clone, Copy)]
enum Literal {
    True,
    False,
    Null,
}

impl Literal {
    const fn as_str(self) -> &'static str {
        match self {
            Self::True => "true",
            Self::False => "false",
            Self::Null => "null",
        }
    }

    const fn value(self) -> Value {
        match self {
            Self::True => Value::Bool(true),
            Self::False => Value::Bool(false),
            Self::Null => Value::Null,
        }
    }
}

const SIGNS: [Sign; 6] = [
    Sign { action: Action::KeyUsed, path: &["firstUse"], says: Literal::False, because: "used from a new address" },
    Sign { action: Action::KeyCreated, path: &["expiresAt"], says: Literal::Null, because: "a key that never expires" },
    Sign { action: Action::KeyLeaked, path: &["live"], says: Literal::True, because: "others can read this key: revoke it" },
    Sign {
        action: Action::KeySettingsUpdated,
        path: &["enabled", "to"],
        says: Literal::False,
        because: "API key management switched off",
    },
    Sign {
        action: Action::PasswordReset,
        path: &["byMember"],
        says: Literal::False,
        because: "somebody else reset this password",
    },
    Sign {
        action: Action::TwoFactorReset,
        path: &["byMember"],
        says: Literal::False,
        because: "somebody else reset this second factor",
    },
];

/// Returns the reason why an event is unusual, if it is.
pub fn unusual(event: &Event) -> Option<&'static str> {
    reason(&event.action, &event.outcome, &event.details)
}

/// Returns the reason why an event with this action, outcome and details is unusual, if it is.
pub(in crate::audit) fn reason(action: &str, outcome: &str, details: &Value) -> Option<&'static str> {
    if outcome == Outcome::Denied.as_str() {
        return Some(denial(action, details));
    }
    if action == Action::KeyUnusual.as_str() {
        return Some(Unusual::of_details(details).map_or("unusual activity", |unusual| unusual.kind().label()));
    }
    let shown = |sign: &Sign| {
        let said = sign.path.iter().try_fold(details, |value, name| value.get(name));
        action == sign.action.as_str() && said == Some(&sign.says.value())
    };
    SIGNS.iter().find(|sign| shown(sign)).map(|sign| sign.because)
}

fn denial(action: &str, details: &Value) -> &'static str {
    match action.parse() {
        Ok(Action::KeyLeakedInUrl) => key_denial(DenialReason::LeakedInUrl),
        Ok(Action::SignInFailed) if details.get("limitReached") == Some(&Value::Bool(true)) => {
            "somebody is guessing this password"
        }
        Ok(Action::SignInFailed) => "a sign-in failed",
        Ok(Action::TwoFactorFailed) => "somebody who knows this password has no right code",
        Ok(Action::PasskeyRefused) => "a copy of this passkey seems to exist: remove it",
        Ok(Action::KeyDenied) => denial_reason(details).map_or("a key was refused", key_denial),
        _ => "refused",
    }
}

const fn key_denial(reason: DenialReason) -> &'static str {
    match reason {
        DenialReason::Invalid => "an unknown key was used",
        DenialReason::Revoked => "a revoked key is still in use",
        DenialReason::Expired => "an expired key is still in use",
        DenialReason::Paused => "a paused key is still in use",
        DenialReason::AddressNotAllowed => "used from an address that is not allowed",
        DenialReason::RateLimited(()) => "more requests than the limit allows",
        DenialReason::ScopeRequired(_) => "used outside its scopes",
        DenialReason::PersonRequired => "a key tried an action that only people can do",
        DenialReason::TestKey => "a test key was used where only live keys work",
        DenialReason::LeakedInUrl => "URLs are kept in logs and histories: revoke the key",
    }
}

/// Returns the condition of unusual events in the database.
pub(in crate::audit) fn is_unusual() -> Condition {
    unusual_kinds().into_iter().fold(Condition::any(), Condition::add)
}

/// Returns the parts of the condition, each of which an index serves. An event may satisfy several.
///
/// On SQLite and on Postgres `->` on a JSON column gives JSON; as text, `true`, `false` and `null` are the same on both.
pub(in crate::audit) fn unusual_kinds() -> Vec<Condition> {
    let shown = |sign: Sign| {
        let said = sign
            .path
            .iter()
            .fold(Expr::col(Column::Details), |value, name| value.binary(BinOper::Custom("->"), Expr::cust(format!("'{name}'"))));
        Condition::all().add(Column::Action.eq(sign.action.as_str())).add(said.cast_as(Alias::new("text")).eq(sign.says.as_str()))
    };
    let denied = Condition::all().add(Column::Outcome.eq(Outcome::Denied.as_str()));
    let of_rules = Condition::all().add(Column::Action.eq(Action::KeyUnusual.as_str()));
    [denied, of_rules].into_iter().chain(SIGNS.into_iter().map(shown)).collect()
}
