//! [`Unusual`]: what is unusual about a key, with its numbers and as a sentence.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use kit::clock::Time;
use kit::page::number::{grouped, plural};

kit::string_enum! {
    /// The rule by which activity of a key is unusual.
    UnusualKind as UnusualKind {
        NewNetwork = "new_network",
        Dormant = "dormant",
        Spike = "spike",
        Refusals = "refusals",
        FirstWrite = "first_write",
        UnusualHour = "unusual_hour",
        TwoPlaces = "two_places",
        Leak = "leak",
    }
}

impl UnusualKind {
    /// Returns the mark of such an event in a list.
    pub const fn label(self) -> &'static str {
        match self {
            Self::NewNetwork => "used from a new network",
            Self::Dormant => "used again after a long time",
            Self::Spike => "far more requests than ever",
            Self::Refusals => "many requests were refused",
            Self::FirstWrite => "a key that only read began to write",
            Self::UnusualHour => "used at an unusual hour",
            Self::TwoPlaces => "used from two places at once",
            Self::Leak => "its secret was leaked: revoke the key",
        }
    }
}

kit::string_enum! {
    /// The place in which the secret of a key was found.
    LeakSource as LeakSource {
        /// The URL of a request, which proxies and histories keep.
        Url = "url",
        /// A secret-scanning service.
        SecretScanning = "secret_scanning",
    }
}

/// Unusual activity of a key, as the details of its event have it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Unusual {
    /// First use from a network.
    NewNetwork {
        network: String,
        address: String,
        /// The networks from which the key was used before.
        known_networks: u64,
        /// The days since the first use of the key.
        days_in_use: u64,
    },
    Dormant {
        quiet_days: u64,
    },
    /// Requests in the hour from `hour`, and the most in an hour of the days before.
    Spike {
        hour: Time,
        requests: u64,
        most: u64,
    },
    Refusals {
        hour: Time,
        refused: u64,
        requests: u64,
    },
    /// Writes in the hour from `hour`, after days in which the key only read.
    FirstWrite {
        hour: Time,
        writes: u64,
        days_in_use: u64,
    },
    UnusualHour {
        hour: Time,
        /// The day of the week and the hour of the day in the zone of the workspace.
        weekday: String,
        hour_of_day: u8,
        /// The hours of the week in which the key was used.
        used_hours: u64,
    },
    TwoPlaces {
        networks: [String; 2],
        seconds: u64,
    },
    Leak {
        source: LeakSource,
        count: u64,
    },
}

impl Unusual {
    /// Parses the details of an event; `None` for those of a later version.
    pub fn of_details(details: &Value) -> Option<Self> {
        serde_json::from_value(details.clone()).ok()
    }

    pub const fn kind(&self) -> UnusualKind {
        match self {
            Self::NewNetwork { .. } => UnusualKind::NewNetwork,
            Self::Dormant { .. } => UnusualKind::Dormant,
            Self::Spike { .. } => UnusualKind::Spike,
            Self::Refusals { .. } => UnusualKind::Refusals,
            Self::FirstWrite { .. } => UnusualKind::FirstWrite,
            Self::UnusualHour { .. } => UnusualKind::UnusualHour,
            Self::TwoPlaces { .. } => UnusualKind::TwoPlaces,
            Self::Leak { .. } => UnusualKind::Leak,
        }
    }

    /// Returns the sentence without its subject, which is the key: “was used again after 43 quiet days”.
    pub fn predicate(&self) -> String {
        match self {
            Self::NewNetwork { network, address, known_networks, days_in_use } => format!(
                "was used from the network {network} for the first time, by {address}; in {} of use before, it was used from {}",
                plural(*days_in_use, "day"),
                plural(*known_networks, "network")
            ),
            Self::Dormant { quiet_days } => format!("was used again after {} without a use", plural(*quiet_days, "day")),
            Self::Spike { requests, most, .. } => format!(
                "had {} in an hour, more than 5 times the most in any hour of the 28 days before, which was {}",
                plural(*requests, "request"),
                grouped(*most)
            ),
            Self::Refusals { refused, requests, .. } => format!(
                "had {} of {} in an hour refused, which is {} %",
                grouped(*refused),
                plural(*requests, "request"),
                refused.saturating_mul(100).checked_div(*requests).unwrap_or_default()
            ),
            Self::FirstWrite { writes, days_in_use, .. } => format!(
                "wrote data for the first time, with {}, after it had only read for {}",
                plural(*writes, "request"),
                plural(*days_in_use, "day")
            ),
            Self::UnusualHour { weekday, hour_of_day, used_hours, .. } => format!(
                "was used on a {weekday} between {hour_of_day}:00 and {}:00, an hour in which it was never used in the 28 days before, when it was used in {used_hours} of the 168 hours of a week",
                hour_of_day + 1
            ),
            Self::TwoPlaces { networks: [one, other], seconds } => format!(
                "was used from the networks {one} and {other} within {}, which were never seen in the same hour before",
                plural(*seconds, "second")
            ),
            Self::Leak { source, count } => leaked(*source, *count),
        }
    }
}

fn leaked(source: LeakSource, count: u64) -> String {
    let times = if count > 1 { format!(" {} times", grouped(count)) } else { String::new() };
    match source {
        LeakSource::Url => format!("was sent in a URL{times}, where proxies and histories keep its secret"),
        LeakSource::SecretScanning => format!("was found{times} by secret scanning in a place that others can read"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examples() -> [Unusual; 8] {
        let hour: Time = "2026-11-22T02:00:00Z".parse().expect("a time");
        let (network, address) = ("198.51.100.0/24".to_owned(), "198.51.100.7".to_owned());
        [
            Unusual::NewNetwork { network: network.clone(), address, known_networks: 1, days_in_use: 41 },
            Unusual::Dormant { quiet_days: 43 },
            Unusual::Spike { hour, requests: 1_812, most: 96 },
            Unusual::Refusals { hour, refused: 61, requests: 120 },
            Unusual::FirstWrite { hour, writes: 3, days_in_use: 41 },
            Unusual::UnusualHour { hour, weekday: "Sunday".to_owned(), hour_of_day: 3, used_hours: 60 },
            Unusual::TwoPlaces { networks: ["203.0.113.0/24".to_owned(), network], seconds: 12 },
            Unusual::Leak { source: LeakSource::Url, count: 2 },
        ]
    }

    #[test]
    fn details_are_read_as_they_were_written_and_name_their_kind() {
        let kinds: Vec<_> = examples().iter().map(Unusual::kind).collect();
        assert_eq!(kinds, UnusualKind::ALL);
        for unusual in examples() {
            let details = serde_json::to_value(&unusual).expect("JSON");
            assert_eq!(details["kind"], unusual.kind().as_str());
            assert_eq!(Unusual::of_details(&details), Some(unusual));
        }
        assert_eq!(Unusual::of_details(&serde_json::json!({ "kind": "of_a_later_version" })), None);
    }

    #[test]
    fn every_sentence_has_its_numbers() {
        let sentences = [
            "was used from the network 198.51.100.0/24 for the first time, by 198.51.100.7; in 41 days of use before, it was used from 1 network",
            "was used again after 43 days without a use",
            "had 1,812 requests in an hour, more than 5 times the most in any hour of the 28 days before, which was 96",
            "had 61 of 120 requests in an hour refused, which is 50 %",
            "wrote data for the first time, with 3 requests, after it had only read for 41 days",
            "was used on a Sunday between 3:00 and 4:00, an hour in which it was never used in the 28 days before, when it was used in 60 of the 168 hours of a week",
            "was used from the networks 203.0.113.0/24 and 198.51.100.0/24 within 12 seconds, which were never seen in the same hour before",
            "was sent in a URL 2 times, where proxies and histories keep its secret",
        ];
        assert_eq!(examples().map(|unusual| unusual.predicate()), sentences);
    }
}
