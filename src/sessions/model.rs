//! [`Session`]: what a request with a session proves.

use std::time::Duration;

use crate::members::Member;
use kit::clock::Time;
use kit::secret::TokenDigest;

kit::string_enum! {
    /// A method by which a person proved who they are.
    AuthMethod as AuthMethod {
        Password = "password",
        Totp = "totp",
        BackupCode = "backup_code",
        Passkey = "passkey",
        ResetCode = "reset_code",
    }
}

/// The session of a person who has signed in.
#[derive(Clone, Debug)]
pub struct Session {
    pub digest: TokenDigest,
    pub member: Member,
    /// The last time that the person proved who they are: the sign-in, or a later re-authentication.
    pub auth_time: Time,
    /// The methods of that proof.
    pub methods: Vec<AuthMethod>,
}

impl Session {
    /// Returns true if the person proved who they are within `max_age`.
    pub fn is_recent(&self, max_age: Duration, now: Time) -> bool {
        now.since(self.auth_time) <= max_age
    }
}

/// Parses the column `methods`: names separated by commas. A name that a newer version wrote is left out.
pub(super) fn parse_methods(text: &str) -> Vec<AuthMethod> {
    text.split(',').filter_map(|name| name.parse().ok()).collect()
}

pub(super) fn format_methods(methods: &[AuthMethod]) -> String {
    methods.iter().map(|method| method.as_str()).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_survive_storage_and_unknown_ones_are_left_out() {
        let methods = [AuthMethod::Password, AuthMethod::Totp];
        assert_eq!(parse_methods(&format_methods(&methods)), methods);
        assert_eq!(parse_methods("password,retina_scan"), [AuthMethod::Password]);
        assert!(parse_methods("").is_empty());
    }
}
