//! A session in words.

use crate::sessions::{AuthMethod, ListedSession, Session, SessionId};
use kit::clock::Time;
use kit::http::user_agent;

/// A session in the list.
pub(super) struct SessionRow {
    pub(super) id: SessionId,
    pub(super) is_current: bool,
    /// Browser and system, or the name of another program.
    pub(super) program: String,
    pub(super) address: Option<String>,
    pub(super) signed_in: Time,
    pub(super) last_seen: Option<Time>,
    pub(super) methods: String,
}

impl SessionRow {
    pub(super) fn new(listed: ListedSession, current: &Session, now: Time) -> Self {
        let is_current = listed.is(current);
        let program = listed.user_agent.as_deref().and_then(user_agent::describe);
        Self {
            id: listed.id,
            is_current,
            program: program.unwrap_or_else(|| "Unknown browser".to_owned()),
            methods: in_words(&listed.methods),
            address: listed.ip,
            signed_in: listed.created_at,
            // This request is not written yet.
            last_seen: if is_current { Some(now) } else { listed.last_seen_at },
        }
    }
}

/// Returns the methods of a sign-in: “Password and code”.
fn in_words(methods: &[AuthMethod]) -> String {
    let text = AuthMethod::in_words(methods.iter().map(|method| method.as_str())).unwrap_or_else(|| "unknown".to_owned());
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_joined_to_words() {
        assert_eq!(in_words(&[AuthMethod::Password, AuthMethod::Totp]), "Password and code");
        assert_eq!(in_words(&[AuthMethod::Passkey]), "Passkey");
        assert_eq!(in_words(&[]), "Unknown");
    }
}
