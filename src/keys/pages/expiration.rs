//! The expiration of a new key: a day in the workspace's time zone, or no expiration.

use std::time::Duration;

use crate::keys::model::Key;
use crate::keys::policy::{KeyPolicy, PolicyBreach};
use crate::keys::service::{MAX_YEARS, future, lifetime};
use kit::clock::Time;
use kit::day::Day;
use kit::page::{Fields, FormErrors, Moments};

/// The offered lifetimes in days; the last one that the policy allows is the default.
const DAYS: [i32; 3] = [30, 60, 90];

const DAY: Duration = Duration::from_hours(24);

/// The choices that the form offers.
#[derive(Debug)]
pub(super) struct Choices {
    /// The lifetime of the key that is replaced, if it has an expiry.
    pub(super) same: Option<Offer>,
    pub(super) offers: Vec<Offer>,
    /// True if the policy of the workspace allows keys without an expiration.
    pub(super) never: bool,
    pub(super) first_day: String,
    pub(super) last_day: String,
    /// The longest lifetime that the policy allows: “90 days”.
    pub(super) longest: Option<String>,
    pub(super) zone: String,
}

/// A lifetime in days and its last day.
#[derive(Debug)]
pub(super) struct Offer {
    pub(super) days: i32,
    pub(super) until: String,
}

impl Choices {
    pub(super) fn new(policy: &KeyPolicy, at: &Moments) -> Self {
        let last = policy.last_day(at.today()).map_or_else(|| last_day(at), |last| last.min(last_day(at)));
        let offer = |days| Offer { days, until: at.today().plus(days).in_words() };
        Self {
            same: None,
            offers: offered_days(policy).into_iter().map(offer).collect(),
            never: policy.allow_no_expiration,
            first_day: at.today().to_string(),
            last_day: last.to_string(),
            longest: policy.lifetime_in_words(),
            zone: at.zone_name().to_owned(),
        }
    }

    /// Returns the choices for a key that replaces `old`.
    pub(super) fn replacing(old: &Key, policy: &KeyPolicy, at: &Moments) -> Self {
        let days = |life: Duration| i32::try_from(life.as_secs().div_ceil(DAY.as_secs())).unwrap_or(i32::MAX);
        let same = lifetime(old, at.now())
            .filter(|(_, end)| policy.breach_of_expiry(Some(at.day_of(*end)), at.today()).is_none())
            .map(|(life, end)| Offer { days: days(life), until: at.day_text(end) });
        Self { same, ..Self::new(policy, at) }
    }

    /// Returns the choice of a new key.
    pub(super) fn proposed(&self) -> String {
        self.offers.last().map(|offer| offer.days.to_string()).unwrap_or_default()
    }
}

/// Returns the lifetimes to offer: those that the policy allows, and its longest lifetime if that is shorter than the last of them.
fn offered_days(policy: &KeyPolicy) -> Vec<i32> {
    let longest = policy.max_lifetime_days.and_then(|days| i32::try_from(days).ok()).unwrap_or(i32::MAX);
    let mut days: Vec<i32> = DAYS.into_iter().filter(|days| *days <= longest).collect();
    if longest < DAYS[2] && !days.contains(&longest) {
        days.push(longest);
    }
    days
}

/// Returns the last day that can be chosen.
fn last_day(at: &Moments) -> Day {
    let moments = Moments::new(at.now().after_years(MAX_YEARS), at.zone_name());
    // A key expires at the end of its day, which must not be after the longest lifetime.
    moments.today().plus(-1)
}

/// Converts what the policy refuses to faults of the form; a missing allow-list to one of `addresses`.
pub(super) fn refused_by_policy(breaches: &[PolicyBreach], fields: &Fields, addresses: &str) -> FormErrors {
    let mut faults = FormErrors::default();
    for breach in breaches {
        let field = match breach {
            PolicyBreach::AllowlistNeeded => addresses,
            PolicyBreach::Lifetime(_) if fields.is("expiration", "custom") => "date",
            PolicyBreach::Lifetime(_) | PolicyBreach::NoExpiration(_) => "expiration",
        };
        faults.add(field, breach.to_string());
    }
    faults
}

/// Reads the chosen expiry; `Some(None)` for no expiration. The service checks it against the policy.
pub(super) fn read(fields: &Fields, at: &Moments, faults: &mut FormErrors) -> Option<Option<Time>> {
    let chosen = match fields.text("expiration") {
        "never" => return Some(None),
        "custom" => custom(fields, at).map_err(|message| ("date", message)),
        days => offered(days, at).ok_or(("expiration", "Choose how long the key works.".to_owned())),
    };
    chosen.map(Some).map_err(|(field, message)| faults.add(field, message)).ok()
}

/// Returns the end of a lifetime in days.
fn offered(days: &str, at: &Moments) -> Option<Time> {
    let days = days.parse().ok().filter(|days| (1..=DAYS[2]).contains(days))?;
    Some(at.end_of(at.today().plus(days)))
}

fn custom(fields: &Fields, at: &Moments) -> Result<Time, String> {
    let typed = fields.given("date").ok_or("Choose an expiration date.")?;
    let day: Day = typed.parse().map_err(|_| "Enter a date, such as 2027-02-21.")?;
    let end = at.end_of(day);
    future(Some(end), at.now()).map(|_| end).map_err(|_| {
        if end <= at.now() {
            format!("{} is in the past. Choose {} or later.", day.in_words(), at.today().in_words())
        } else {
            format!("{} is more than 5 years ahead. Choose {} or earlier.", day.in_words(), last_day(at).in_words())
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offered_lifetimes_are_within_the_policy() {
        let days = |max_lifetime_days| offered_days(&KeyPolicy { max_lifetime_days, ..KeyPolicy::default() });
        assert_eq!(days(None), [30, 60, 90]);
        assert_eq!(days(Some(365)), [30, 60, 90]);
        assert_eq!(days(Some(90)), [30, 60, 90]);
        assert_eq!(days(Some(89)), [30, 60, 89]);
        assert_eq!(days(Some(30)), [30]);
        assert_eq!(days(Some(7)), [7]);
    }
}
