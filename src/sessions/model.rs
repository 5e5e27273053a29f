//! [`Session`]: what a request with a session proves, and [`ListedSession`]: what its owner sees of it.

use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::members::{Member, MemberId};
use crate::security::FactorSetup;
use kit::clock::Time;
use kit::secret::TokenDigest;

kit::ids! {
    /// The id of a session. It is derived from the digest of the token, which cannot be computed from it.
    SessionId = "ses";
}

impl SessionId {
    pub(super) fn of(digest: TokenDigest) -> Self {
        let hash: [u8; 32] = Sha256::new().chain_update("session id ").chain_update(digest.to_bytes()).finalize().into();
        let (half, _) = hash.split_at(16);
        Self(uuid::Uuid::from_slice(half).unwrap_or_default())
    }
}

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

impl AuthMethod {
    /// Returns the method within a sentence.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Totp => "code",
            Self::BackupCode => "backup code",
            Self::Passkey => "passkey",
            Self::ResetCode => "reset code",
        }
    }

    /// Returns methods within a sentence, “password and code”; `None` if there are none. A name that a newer version wrote
    /// appears as it is.
    pub fn in_words<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<String> {
        let words: Vec<&str> = names.into_iter().map(|name| name.parse().map_or(name, |method: Self| method.word())).collect();
        (!words.is_empty()).then(|| words.join(" and "))
    }
}

/// The session of a person who has signed in.
#[derive(Clone, Debug)]
pub struct Session {
    pub digest: TokenDigest,
    pub member: Member,
    pub created_at: Time,
    /// The latest time at which it ends; earlier after the idle time of the workspace.
    pub expires_at: Time,
    /// The last time that the person proved who they are: the sign-in, or a later re-authentication.
    pub auth_time: Time,
    /// The methods of that proof.
    pub methods: Vec<AuthMethod>,
    /// The last use that was written; `None` if a node of the version before started the session.
    pub last_seen_at: Option<Time>,
    /// The member's need to set up a second factor, by the workspace's present policy.
    pub factor_setup: FactorSetup,
}

/// A session as its owner and the operator see it.
#[derive(Clone, Debug)]
pub struct ListedSession {
    pub id: SessionId,
    pub(super) digest: TokenDigest,
    pub created_at: Time,
    pub last_seen_at: Option<Time>,
    /// The address and the program of the last use that was written, by the client's own account.
    pub ip: Option<String>,
    pub user_agent: Option<String>,
    pub methods: Vec<AuthMethod>,
}

/// A session that a change of the security settings would end.
#[derive(Clone, Debug)]
pub struct EndingSession {
    pub session: ListedSession,
    pub member: MemberId,
}

impl ListedSession {
    /// Returns true if `session` is this one.
    pub fn is(&self, session: &Session) -> bool {
        self.digest == session.digest
    }

    /// Returns the last use, or else the sign-in.
    pub(super) fn last_known_use(&self) -> Time {
        self.last_seen_at.unwrap_or(self.created_at)
    }
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
    fn id_depends_on_the_token_and_contains_nothing_of_its_digest() {
        let [one, other] = ["one", "other"].map(TokenDigest::of);
        assert_eq!(SessionId::of(one), SessionId::of(one));
        assert_ne!(SessionId::of(one), SessionId::of(other));
        let digest = one.to_bytes();
        assert!(digest.windows(4).all(|part| !SessionId::of(one).0.as_bytes().windows(4).any(|of_id| of_id == part)));
    }

    #[test]
    fn methods_are_joined_to_words() {
        assert_eq!(AuthMethod::in_words(["password", "totp"]).as_deref(), Some("password and code"));
        assert_eq!(AuthMethod::in_words(["passkey", "retina_scan"]).as_deref(), Some("passkey and retina_scan"));
        assert_eq!(AuthMethod::in_words([]), None);
    }

    #[test]
    fn methods_survive_storage_and_unknown_ones_are_left_out() {
        let methods = [AuthMethod::Password, AuthMethod::Totp];
        assert_eq!(parse_methods(&format_methods(&methods)), methods);
        assert_eq!(parse_methods("password,retina_scan"), [AuthMethod::Password]);
        assert!(parse_methods("").is_empty());
    }
}
