//! The settings of a policy, and what they refuse.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::keys::model::Allowlist;
use crate::scopes::{Access, Scopes};
use kit::day::Day;
use kit::http::{Check, FieldErrors};
use kit::page::number::plural;

kit::string_enum! {
    /// The remedy when a secret of an active key is found in the open.
    OnLeak as OnApiKeyLeak {
        /// Administrators are notified.
        Notify = "notify",
        /// The key is paused as well, until somebody resumes it.
        Pause = "pause",
        /// The key is revoked as well, permanently.
        Revoke = "revoke",
    }
}

/// The longest lifetime of a key that can be set, in days: five years.
const MAX_DAYS: u32 = 1_825;

/// The policy of a workspace for its API keys. It holds for new and rotated keys; keys that exist are not touched.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = ApiKeyPolicy)]
pub struct KeyPolicy {
    /// The most days after its creation to which a key with an expiration may work, to the end of the last of them in the
    /// workspace's time zone: 1 to 1,825; `null` for no limit but that of five years.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required = true, minimum = 1, maximum = 1_825)]
    pub max_lifetime_days: Option<u32>,
    /// False if every new key must have an expiration.
    pub allow_no_expiration: bool,
    /// True if a new key with a write scope must have an allow-list.
    pub require_ip_allowlist_for_write: bool,
    /// The age at which a key is due for rotation, in days: 30 to 365.
    #[schema(minimum = 30, maximum = 365)]
    pub rotate_after_days: u32,
    pub on_leak: OnLeak,
}

/// That of a workspace that never changed it. `audit verify` takes it for known: another default needs an event.
impl Default for KeyPolicy {
    fn default() -> Self {
        Self {
            max_lifetime_days: None,
            allow_no_expiration: true,
            require_ip_allowlist_for_write: false,
            rotate_after_days: 90,
            on_leak: OnLeak::Notify,
        }
    }
}

impl Check for KeyPolicy {
    fn check(&self, faults: &mut FieldErrors) {
        let is_lifetime = self.max_lifetime_days.is_none_or(|days| (1..=MAX_DAYS).contains(&days));
        faults.require(is_lifetime, "maxLifetimeDays", "Give 1 to 1,825 days, or null for no limit.");
        faults.require((30..=365).contains(&self.rotate_after_days), "rotateAfterDays", "Give 30 to 365 days.");
    }
}

impl KeyPolicy {
    /// Returns true if the policy refuses some expiry.
    pub fn limits_expiry(&self) -> bool {
        self.max_lifetime_days.is_some() || !self.allow_no_expiration
    }

    /// Returns the last day on which a key may work that is created today, if there is a limit.
    pub fn last_day(&self, today: Day) -> Option<Day> {
        self.max_lifetime_days.map(|days| today.plus(i32::try_from(days).unwrap_or(i32::MAX)))
    }

    /// Returns what is wrong with the day of an expiry, `None` for no expiration.
    pub fn breach_of_expiry(&self, expiry: Option<Day>, today: Day) -> Option<PolicyBreach> {
        let last = self.last_day(today);
        match expiry {
            None => (!self.allow_no_expiration).then_some(PolicyBreach::NoExpiration(last)),
            Some(day) => last.filter(|last| day > *last).map(PolicyBreach::Lifetime),
        }
    }

    /// Returns what is wrong with an allow-list. One that admits every address is none.
    pub fn breach_of_allowlist(&self, scopes: Scopes, allowlist: &Allowlist) -> Option<PolicyBreach> {
        let writes = scopes.iter().any(|scope| scope.access == Access::Write);
        let is_needed = self.require_ip_allowlist_for_write && writes && !allowlist.is_restrictive();
        is_needed.then_some(PolicyBreach::AllowlistNeeded)
    }

    /// Returns the longest lifetime in words: “90 days”.
    pub fn lifetime_in_words(&self) -> Option<String> {
        self.max_lifetime_days.map(|days| plural(days.into(), "day"))
    }
}

/// A reason why the policy refuses a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PolicyBreach {
    /// A key without an expiration; with the last day that it may have.
    NoExpiration(Option<Day>),
    /// A key that expires after the last day that the policy allows.
    Lifetime(Day),
    /// It can write, and may be used from any address.
    AllowlistNeeded,
}

impl PolicyBreach {
    /// Returns the field of a request that is to be changed.
    pub const fn field(self) -> &'static str {
        match self {
            Self::NoExpiration(_) | Self::Lifetime(_) => "expiresAt",
            Self::AllowlistNeeded => "ipAllowlist",
        }
    }
}

impl fmt::Display for PolicyBreach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoExpiration(None) => {
                f.write_str("The policy of this workspace requires an expiration: give a time at most 5 years ahead.")
            }
            Self::NoExpiration(Some(last)) => write!(
                f,
                "The policy of this workspace requires an expiration: give a time up to the end of {}.",
                last.in_words()
            ),
            Self::Lifetime(last) => write!(
                f,
                "The policy of this workspace limits the lifetime of keys: give a time up to the end of {}.",
                last.in_words()
            ),
            Self::AllowlistNeeded => f.write_str(
                "The policy of this workspace requires allowed addresses for a key that can write: name the addresses, or choose \
                 read permissions.",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scopes::{Module, Scope};

    fn day(text: &str) -> Day {
        text.parse().expect("a day")
    }

    #[test]
    fn default_refuses_nothing() {
        let policy = KeyPolicy::default();
        let all = Scope::all().collect();
        assert_eq!(policy.breach_of_expiry(None, day("2026-11-23")), None);
        assert_eq!(policy.breach_of_expiry(Some(day("2031-11-23")), day("2026-11-23")), None);
        assert_eq!(policy.breach_of_allowlist(all, &Allowlist::default()), None);
    }

    #[test]
    fn lifetime_ends_with_the_last_day() {
        let policy = KeyPolicy { max_lifetime_days: Some(90), ..KeyPolicy::default() };
        let (today, last) = (day("2026-11-23"), day("2027-02-21"));
        assert_eq!(policy.breach_of_expiry(Some(last), today), None);
        assert_eq!(policy.breach_of_expiry(Some(last.tomorrow()), today), Some(PolicyBreach::Lifetime(last)));
        assert_eq!(policy.breach_of_expiry(None, today), None, "that is another setting");
        let strict = KeyPolicy { allow_no_expiration: false, ..policy };
        assert_eq!(strict.breach_of_expiry(None, today), Some(PolicyBreach::NoExpiration(Some(last))));
    }

    #[test]
    fn list_of_every_address_is_no_allowlist() {
        let policy = KeyPolicy { require_ip_allowlist_for_write: true, ..KeyPolicy::default() };
        let [read, write]: [Scopes; 2] =
            [Scope::read(Module::Trips), Scope::write(Module::Trips)].map(|scope| [scope].into_iter().collect());
        let list = |blocks: &[&str]| {
            Allowlist::parse(&blocks.iter().map(|block| (*block).to_owned()).collect::<Vec<_>>()).expect("blocks")
        };
        for open in [&[][..], &["0.0.0.0/0"], &["203.0.113.0/24", "::/0"]] {
            assert_eq!(policy.breach_of_allowlist(write, &list(open)), Some(PolicyBreach::AllowlistNeeded), "{open:?}");
            assert_eq!(policy.breach_of_allowlist(read, &list(open)), None);
        }
        assert_eq!(policy.breach_of_allowlist(write, &list(&["203.0.113.0/24"])), None);
    }
}
