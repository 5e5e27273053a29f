//! The proof of identity that an event carries: its methods and its age.

use serde::Serialize;

use crate::sessions::AuthMethod;
use kit::clock::Time;

/// A proof of identity, for the events of what the person does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Authentication {
    pub methods: Vec<AuthMethod>,
    /// The time of the proof.
    pub at: Time,
}

/// A proof of identity, as stored with an event.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventAuthentication {
    /// The methods of the sign-in, or of a later re-authentication.
    #[schema(value_type = Vec<AuthMethod>)]
    pub methods: Vec<String>,
    /// The time from the proof to the event, in seconds.
    pub age_seconds: i64,
}

impl Authentication {
    /// Returns the columns of an event at `now`: names of methods, separated by commas, and the age in seconds.
    pub(super) fn columns(&self, now: Time) -> (String, i64) {
        let names: Vec<&str> = self.methods.iter().map(|method| method.as_str()).collect();
        (names.join(","), i64::try_from(now.since(self.at).as_secs()).unwrap_or(i64::MAX))
    }
}

impl EventAuthentication {
    /// Reads the columns. A half that was removed is no event without a proof: it is not what was hashed.
    pub(super) fn from_columns(methods: Option<String>, age_seconds: Option<i64>) -> Option<Self> {
        if methods.is_none() && age_seconds.is_none() {
            return None;
        }
        let methods = methods.unwrap_or_default();
        let names = methods.split(',').filter(|name| !name.is_empty()).map(str::to_owned);
        Some(Self { methods: names.collect(), age_seconds: age_seconds.unwrap_or(-1) })
    }

    /// Returns the proof within a sentence: “3 minutes before, by password and code”.
    pub(super) fn in_words(&self) -> String {
        let methods = AuthMethod::in_words(self.methods.iter().map(String::as_str));
        let by = methods.map(|methods| format!(", by {methods}")).unwrap_or_default();
        let seconds = u64::try_from(self.age_seconds).unwrap_or(0);
        let age = match seconds {
            0..60 => "just before".to_owned(),
            60..3_600 => format!("{} before", kit::page::number::plural(seconds / 60, "minute")),
            3_600..172_800 => format!("{} before", kit::page::number::plural(seconds / 3_600, "hour")),
            _ => format!("{} before", kit::page::number::plural(seconds / 86_400, "day")),
        };
        format!("{age}{by}")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn stored(methods: &str, age_seconds: i64) -> EventAuthentication {
        EventAuthentication::from_columns(Some(methods.to_owned()), Some(age_seconds)).expect("a proof")
    }

    #[test]
    fn columns_are_read_as_they_were_written() {
        let at: Time = "2026-11-23T09:30:00Z".parse().expect("a time");
        let proof = Authentication { methods: vec![AuthMethod::Password, AuthMethod::Totp], at };
        let (methods, age) = proof.columns(at.after(Duration::from_millis(90_900)));
        assert_eq!((methods.as_str(), age), ("password,totp", 90));
        assert_eq!(stored(&methods, age).methods, ["password", "totp"]);
        assert_eq!(EventAuthentication::from_columns(None, None), None);
        assert_ne!(EventAuthentication::from_columns(Some(methods), None), None);
    }

    #[test]
    fn proof_appears_in_words() {
        assert_eq!(stored("password", 59).in_words(), "just before, by password");
        assert_eq!(stored("password,totp", 180).in_words(), "3 minutes before, by password and code");
        assert_eq!(stored("passkey", 3_600).in_words(), "1 hour before, by passkey");
        assert_eq!(stored("", 200_000).in_words(), "2 days before");
    }
}
