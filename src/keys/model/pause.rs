//! Pauses: a key that is refused for a while, and works again afterwards.

use std::fmt;

use serde::Deserialize;

use super::Person;
use kit::clock::Time;
use kit::http::{Check, FieldErrors};

/// The longest pause with an end, in minutes: a year.
const MAX_MINUTES: u32 = 525_600;

/// A pause of a key: every request with the key is refused until the pause ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pause {
    pub at: Time,
    pub by: Person,
    pub end: PauseEnd,
    /// The time from which every node has refused the key.
    pub refused_everywhere_at: Option<Time>,
}

/// The end of a pause.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PauseEnd {
    /// The pause lasts until somebody resumes the key.
    Resumed,
    /// The pause ends at this time.
    At(Time),
}

impl PauseEnd {
    pub fn from_time(until: Option<Time>) -> Self {
        until.map_or(Self::Resumed, Self::At)
    }

    /// Returns the time; `None` if there is none.
    pub const fn time(self) -> Option<Time> {
        match self {
            Self::Resumed => None,
            Self::At(time) => Some(time),
        }
    }

    /// Returns whether a pause with this end is over before one with the `other` end.
    pub fn is_before(self, other: Self) -> bool {
        match (self, other) {
            (Self::At(this), Self::At(other)) => this < other,
            (Self::At(_), Self::Resumed) => true,
            (Self::Resumed, Self::At(_) | Self::Resumed) => false,
        }
    }

    /// Returns whether the pause has ended by itself at `now`. Every node decides this by its own clock, without the database.
    pub fn is_over(self, now: Time) -> bool {
        match self {
            Self::Resumed => false,
            Self::At(time) => time <= now,
        }
    }
}

impl fmt::Display for PauseEnd {
    /// “2026-11-23T09:30:00Z”, or “it is resumed”.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resumed => f.write_str("it is resumed"),
            Self::At(time) => write!(f, "{time}"),
        }
    }
}

/// The length of a pause.
#[derive(Clone, Copy, Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = PauseApiKey)]
pub struct PauseKey {
    /// The minutes after which the key works again, at most a year; until it is resumed if omitted or `null`.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 525_600)]
    pub minutes: Option<u32>,
}

impl Check for PauseKey {
    fn check(&self, faults: &mut FieldErrors) {
        let message = "Give a number of minutes from 1 to 525600, or leave it out to pause the key until it is resumed.";
        faults.require(self.minutes.is_none_or(|minutes| (1..=MAX_MINUTES).contains(&minutes)), "minutes", message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pause_with_a_time_ends_to_the_microsecond() {
        let end: Time = "2026-11-23T09:30:00Z".parse().expect("a time");
        let before = end.before(std::time::Duration::from_micros(1));
        assert!(!PauseEnd::At(end).is_over(before) && PauseEnd::At(end).is_over(end));
        assert!(!PauseEnd::Resumed.is_over(end));
    }

    #[test]
    fn pause_without_a_time_is_the_longest() {
        let [earlier, later] =
            ["2026-11-23T09:30:00Z", "2026-11-23T09:30:01Z"].map(|time| PauseEnd::At(time.parse().expect("a time")));
        for (one, other) in [(earlier, later), (earlier, PauseEnd::Resumed), (later, PauseEnd::Resumed)] {
            assert!(one.is_before(other) && !other.is_before(one) && !one.is_before(one) && !other.is_before(other));
        }
    }
}
