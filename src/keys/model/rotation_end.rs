//! The end of a rotation: the time at which the server revokes the old key.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

use kit::clock::Time;
use kit::http::Check;

/// The time without a use after which an old key is revoked at the end of its rotation, unless that is forced.
pub(in crate::keys) const QUIET_BEFORE_END: Duration = Duration::from_hours(24);

/// The time from a rotation to the revocation of the old key: `1h` to `30d`, in whole hours or days.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RevokeAfter {
    hours: u64,
}

/// The text is no time from a rotation to its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("must be 1h to 30d, in whole hours or days, such as 12h or 7d")]
pub struct NotAnEnd;

impl RevokeAfter {
    const MAX_HOURS: u64 = 30 * 24;

    /// The longest one, which also bounds a time that is set later.
    pub const MAX: Self = Self { hours: Self::MAX_HOURS };

    pub const fn duration(self) -> Duration {
        Duration::from_hours(self.hours)
    }
}

impl FromStr for RevokeAfter {
    type Err = NotAnEnd;
    fn from_str(text: &str) -> Result<Self, NotAnEnd> {
        let (number, hours_each) = match (text.strip_suffix('h'), text.strip_suffix('d')) {
            (Some(number), _) => (number, 1),
            (None, Some(number)) => (number, 24),
            (None, None) => return Err(NotAnEnd),
        };
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NotAnEnd);
        }
        let hours = number.parse::<u64>().ok().and_then(|number| number.checked_mul(hours_each)).ok_or(NotAnEnd)?;
        if (1..=Self::MAX_HOURS).contains(&hours) { Ok(Self { hours }) } else { Err(NotAnEnd) }
    }
}

impl fmt::Display for RevokeAfter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.hours.is_multiple_of(24) { write!(f, "{}d", self.hours / 24) } else { write!(f, "{}h", self.hours) }
    }
}

impl<'de> Deserialize<'de> for RevokeAfter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The time at which a key that was rotated is to be revoked.
#[derive(Clone, Copy, Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = RevokeApiKeyAt)]
pub struct RevokeAt {
    /// In the future, at most 30 days ahead; `null` if the key is not to be revoked by the server.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required = true)]
    pub at: Option<Time>,
    /// True to revoke the key even if it was used in the 24 hours before; as it was if omitted.
    #[serde(default)]
    pub force: Option<bool>,
}

impl Check for RevokeAt {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn end_is_an_hour_to_thirty_days() {
        for (text, hours) in [("1h", 1), ("24h", 24), ("1d", 24), ("720h", 720), ("30d", 720), ("007d", 168)] {
            assert_eq!(text.parse::<RevokeAfter>().map(RevokeAfter::duration), Ok(Duration::from_hours(hours)), "{text}");
        }
        for wrong in [
            "",
            "h",
            "0h",
            "0d",
            "721h",
            "31d",
            "1m",
            "60m",
            "1",
            "-1h",
            "+1h",
            "1.5h",
            "1 h",
            "1H",
            "1w",
            "99999999999999999999h",
            "768614336404564651d",
        ] {
            assert_eq!(wrong.parse::<RevokeAfter>(), Err(NotAnEnd), "{wrong}");
        }
    }

    #[test]
    fn end_is_written_in_its_largest_unit() {
        for (text, written) in [("1h", "1h"), ("24h", "1d"), ("25h", "25h"), ("30d", "30d")] {
            assert_eq!(text.parse::<RevokeAfter>().map(|end| end.to_string()), Ok(written.to_owned()));
        }
    }
}
