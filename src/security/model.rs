//! The security settings of a workspace, and what follows from them for a member and a session.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::members::{Member, Role};
use kit::clock::Time;
use kit::http::{Check, FieldErrors};

kit::string_enum! {
    /// The members who need a second factor.
    TwoFactorPolicy as TwoFactorPolicy {
        Optional = "optional",
        /// Members without one are asked at each sign-in, and may go on.
        Recommended = "recommended",
        RequiredForAdmins = "required_for_admins",
        RequiredForAll = "required_for_all",
    }
}

impl TwoFactorPolicy {
    /// Returns true if the policy requires a second factor of members of this role.
    pub const fn requires(self, role: Role) -> bool {
        match self {
            Self::Optional | Self::Recommended => false,
            Self::RequiredForAdmins => role.is_administrator(),
            Self::RequiredForAll => true,
        }
    }

    /// Returns true if the policy requires a second factor of anybody.
    pub const fn requires_any(self) -> bool {
        matches!(self, Self::RequiredForAdmins | Self::RequiredForAll)
    }
}

/// The security settings of a workspace, as they are sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SecuritySettings {
    pub two_factor_policy: TwoFactorPolicy,
    /// The days that members have to set up a second factor once it is required: 0 to 90.
    #[schema(minimum = 0, maximum = 90)]
    pub grace_days: u32,
    /// True if members may add passkeys and sign in with them.
    pub passkeys_allowed: bool,
    /// The time without use after which a session ends, in minutes: 15 minutes to 30 days.
    #[schema(minimum = 15, maximum = 43_200)]
    pub idle_minutes: u32,
    /// The time after the sign-in at which a session ends, in minutes: an hour to 90 days.
    #[schema(minimum = 60, maximum = 129_600)]
    pub absolute_minutes: u32,
    /// The shortest new password, in characters: 15 to 256. With a second factor 8 are enough.
    #[schema(minimum = 15, maximum = 256)]
    pub minimum_password_length: u32,
}

/// Those of a workspace that never changed any. `audit verify` takes them for known: another default needs an event.
impl Default for SecuritySettings {
    fn default() -> Self {
        Self {
            two_factor_policy: TwoFactorPolicy::Optional,
            grace_days: 0,
            passkeys_allowed: true,
            idle_minutes: 12 * 60,
            absolute_minutes: 7 * 24 * 60,
            minimum_password_length: 15,
        }
    }
}

impl Check for SecuritySettings {
    fn check(&self, faults: &mut FieldErrors) {
        faults.require(self.grace_days <= 90, "graceDays", "Give 0 to 90 days.");
        let (idle, absolute) = (15..=43_200, 60..=129_600);
        faults.require(idle.contains(&self.idle_minutes), "idleMinutes", "Give 15 to 43,200 minutes (15 minutes to 30 days).");
        faults.require(
            absolute.contains(&self.absolute_minutes),
            "absoluteMinutes",
            "Give 60 to 129,600 minutes (an hour to 90 days).",
        );
        let length = (15..=256).contains(&self.minimum_password_length);
        faults.require(length, "minimumPasswordLength", "Give 15 to 256 characters.");
    }
}

/// The times after which a session ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SessionLimits {
    /// Without use.
    pub idle: Duration,
    /// After the sign-in, used or not.
    pub absolute: Duration,
}

impl SessionLimits {
    /// Returns the time at which a session ends that was last used at `last_use`.
    pub fn end_of(self, started_at: Time, last_use: Time) -> Time {
        started_at.after(self.absolute).min(last_use.after(self.idle))
    }
}

impl SecuritySettings {
    pub fn session_limits(&self) -> SessionLimits {
        let minutes = |count: u32| Duration::from_mins(count.into());
        SessionLimits { idle: minutes(self.idle_minutes), absolute: minutes(self.absolute_minutes) }
    }

    /// Returns the shortest new password, in characters, of a person without a second factor.
    pub const fn min_password_length(&self) -> usize {
        self.minimum_password_length as usize
    }

    fn grace(&self) -> Duration {
        Duration::from_hours(u64::from(self.grace_days) * 24)
    }
}

/// The time since which a second factor is required of some members, and the end of their grace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Requirement {
    pub since: Time,
    pub grace_ends_at: Time,
}

impl Requirement {
    /// Returns the requirement once `grace` applies. A grace that has ended stays ended.
    fn with_grace(before: Option<Self>, grace: Duration, now: Time) -> Self {
        let since = before.map_or(now, |before| before.since);
        match before {
            Some(ended) if ended.grace_ends_at <= now => ended,
            Some(_) | None => Self { since, grace_ends_at: since.after(grace) },
        }
    }
}

/// The security settings of a workspace, with the times at which its policy began to require a second factor.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SecurityPolicy {
    pub settings: SecuritySettings,
    /// Set while a second factor is required of administrators.
    pub admins: Option<Requirement>,
    /// Set while a second factor is required of all other members.
    pub others: Option<Requirement>,
}

/// The code of the error of a member who has to set up a second factor before anything else.
pub const SETUP_REQUIRED: &str = "TWO_FACTOR_SETUP_REQUIRED";

/// A member's need to set up a second factor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FactorSetup {
    /// They have a second factor, or need none.
    NotNeeded,
    Recommended,
    /// Required from this time on.
    RequiredFrom(Time),
    /// Required now: nothing else is open to them.
    Required,
}

impl SecurityPolicy {
    /// Returns the policy after a change of the settings.
    ///
    /// A requirement that goes on keeps its beginning: a shorter grace holds at once, and a longer one does not reopen one that has
    /// ended. A requirement that was lifted begins anew.
    #[must_use]
    pub fn with(&self, settings: SecuritySettings, now: Time) -> Self {
        let requirement = |before, role| {
            let is_required = settings.two_factor_policy.requires(role);
            is_required.then(|| Requirement::with_grace(before, settings.grace(), now))
        };
        Self { settings, admins: requirement(self.admins, Role::Admin), others: requirement(self.others, Role::Pilot) }
    }

    /// Returns the policy after the changes that an event records; `None` if a newer version recorded a value that is unknown here.
    pub fn replay(&self, changes: &Value, at: Time) -> Option<Self> {
        let mut settings = json!(self.settings);
        for (field, value) in settings.as_object_mut()? {
            if let Some(to) = changes.get(field).and_then(|change| change.get("to")) {
                *value = to.clone();
            }
        }
        Some(self.with(serde_json::from_value(settings).ok()?, at))
    }

    /// Returns the settings and the times of the requirements, for the comparison with the audit log.
    pub fn described(&self) -> Value {
        let mut described = json!(self.settings);
        let since = |requirement: Option<Requirement>| requirement.map(|requirement| requirement.since);
        let grace_ends_at = |requirement: Option<Requirement>| requirement.map(|requirement| requirement.grace_ends_at);
        described["adminsRequiredSince"] = json!(since(self.admins));
        described["adminsGraceEndsAt"] = json!(grace_ends_at(self.admins));
        described["othersRequiredSince"] = json!(since(self.others));
        described["othersGraceEndsAt"] = json!(grace_ends_at(self.others));
        described
    }

    /// Returns the requirement of a second factor that holds for a role.
    pub const fn requirement_of(&self, role: Role) -> Option<Requirement> {
        if role.is_administrator() { self.admins } else { self.others }
    }

    /// Returns whether a member needs to set up a second factor.
    pub fn factor_setup(&self, member: &Member, now: Time) -> FactorSetup {
        if member.second_factor_at.is_some() {
            return FactorSetup::NotNeeded;
        }
        let policy = self.settings.two_factor_policy;
        match self.requirement_of(member.role) {
            Some(Requirement { grace_ends_at, .. }) if grace_ends_at > now => FactorSetup::RequiredFrom(grace_ends_at),
            Some(_) => FactorSetup::Required,
            None if policy.requires(member.role) => FactorSetup::Required,
            None if policy == TwoFactorPolicy::Recommended => FactorSetup::Recommended,
            None => FactorSetup::NotNeeded,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        text.parse().expect("a time")
    }

    fn settings(policy: TwoFactorPolicy, grace_days: u32) -> SecuritySettings {
        SecuritySettings { two_factor_policy: policy, grace_days, ..SecuritySettings::default() }
    }

    fn end_of_grace(policy: &SecurityPolicy) -> Option<String> {
        policy.others.map(|requirement| requirement.grace_ends_at.to_string())
    }

    #[test]
    fn grace_begins_with_the_requirement_and_follows_its_length() {
        let all = |days| settings(TwoFactorPolicy::RequiredForAll, days);
        let required = SecurityPolicy::default().with(all(14), at("2026-11-01T00:00:00Z"));
        assert_eq!(end_of_grace(&required).as_deref(), Some("2026-11-15T00:00:00Z"));
        let longer = required.with(all(30), at("2026-11-10T00:00:00Z"));
        assert_eq!(end_of_grace(&longer).as_deref(), Some("2026-12-01T00:00:00Z"));
        let shorter = longer.with(all(7), at("2026-11-10T00:00:00Z"));
        assert_eq!(end_of_grace(&shorter).as_deref(), Some("2026-11-08T00:00:00Z"), "it ended at once");
        let reopened = shorter.with(all(90), at("2026-11-11T00:00:00Z"));
        assert_eq!(end_of_grace(&reopened).as_deref(), Some("2026-11-08T00:00:00Z"), "it stays ended");
    }

    #[test]
    fn requirement_that_was_lifted_begins_anew() {
        let all = settings(TwoFactorPolicy::RequiredForAll, 7);
        let required = SecurityPolicy::default().with(all, at("2026-11-01T00:00:00Z"));
        let lifted = required.with(settings(TwoFactorPolicy::Optional, 7), at("2026-11-20T00:00:00Z"));
        assert_eq!((lifted.admins, lifted.others), (None, None));
        let again = lifted.with(all, at("2026-11-21T00:00:00Z"));
        assert_eq!(end_of_grace(&again).as_deref(), Some("2026-11-28T00:00:00Z"));
    }

    #[test]
    fn members_get_a_grace_of_their_own_when_the_policy_widens() {
        let admins = SecurityPolicy::default().with(settings(TwoFactorPolicy::RequiredForAdmins, 7), at("2026-11-01T00:00:00Z"));
        assert!(admins.admins.is_some() && admins.others.is_none());
        let all = admins.with(settings(TwoFactorPolicy::RequiredForAll, 7), at("2026-11-20T00:00:00Z"));
        assert_eq!(all.admins, admins.admins);
        assert_eq!(end_of_grace(&all).as_deref(), Some("2026-11-27T00:00:00Z"));
    }

    #[test]
    fn session_ends_by_the_earlier_of_two_times() {
        let limits = SecuritySettings { idle_minutes: 60, absolute_minutes: 120, ..SecuritySettings::default() }.session_limits();
        let end = |last_use| limits.end_of(at("2026-11-01T00:00:00Z"), at(last_use)).to_string();
        assert_eq!(end("2026-11-01T00:30:00Z"), "2026-11-01T01:30:00Z");
        assert_eq!(end("2026-11-01T01:30:00Z"), "2026-11-01T02:00:00Z");
    }
}
