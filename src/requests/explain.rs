//! Refusals in words: the rule that refused a request, and the way to fix it.

use super::model::{Cause, KeyFacts, Refusal, Unidentified};
use super::note::{ExceededLimit, LimitOwner};
use crate::keys::DenialReason;
use kit::page::number::{grouped, plural};

/// A refusal in two sentences or more.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Explanation {
    /// The rule that refused the request.
    pub reason: String,
    /// The way to fix it.
    pub remedy: &'static str,
}

impl Refusal {
    /// Returns the rule that refused the request, and the way to fix it.
    pub fn explain(&self) -> Explanation {
        let facts = self.facts.clone().unwrap_or_default();
        match self.cause {
            Some(Cause::Key(reason)) => of_key(reason, &facts),
            Some(Cause::NoKey(cause)) => without_key(cause),
            None => Explanation {
                reason: format!("The request was refused with the code {}.", self.code),
                remedy: "The API reference explains the code.",
            },
        }
    }
}

fn of_key(reason: DenialReason, facts: &KeyFacts) -> Explanation {
    let (reason, remedy) = match reason {
        DenialReason::Invalid => without_key(Unidentified::UnknownKey).into(),
        DenialReason::Revoked => (
            "The key was revoked.".to_owned(),
            "A revoked key stays revoked. Create another key, and store it where the application reads this one.",
        ),
        DenialReason::Expired => (
            facts.expires_at.map_or_else(|| "The key had expired.".to_owned(), |at| format!("The key expired at {at}.")),
            "An expired key stays expired. Create another key with a later expiration, and store it in the application.",
        ),
        DenialReason::Paused => (
            "The key was paused.".to_owned(),
            "Resume the key if the application should go on, or create another key for it. A pause may also end by itself.",
        ),
        DenialReason::AddressNotAllowed => (
            address_not_allowed(facts),
            "If the address belongs to the application, add it to the allowed addresses of the key. If you do not know it, the \
             secret may be in the wrong hands: rotate the key.",
        ),
        DenialReason::RateLimited(()) => (
            facts.limit.map_or_else(|| "The key sent too many requests.".to_owned(), over_limit),
            "Let the application wait as long as the header Retry-After says. If it needs more, raise the rate limit of the key; \
             the limit of a workspace is set by the operator of the server.",
        ),
        DenialReason::ScopeRequired(scope) => (
            format!("The request needs the scope {scope}, which the key does not have. {}", granted(facts)),
            "The scopes of a key cannot be widened. If the application needs this one, create another key with it.",
        ),
        DenialReason::PersonRequired => {
            ("API keys cannot do this, whatever their scopes.".to_owned(), "An administrator has to sign in to do it.")
        }
        DenialReason::TestKey => (
            "The key is a test key, and the service behind the proxy has no sandbox.".to_owned(),
            "Let the application send a live key there. If it has none, create one with the scopes that it needs.",
        ),
        DenialReason::LeakedInUrl => (
            "The key was sent in the URL, where proxies and histories keep it.".to_owned(),
            "Rotate the key now, since its secret may be known to others, and let the application send it in the header X-API-Key.",
        ),
    };
    Explanation { reason, remedy }
}

fn without_key(cause: Unidentified) -> Explanation {
    let (reason, remedy) = match cause {
        Unidentified::UnknownKey => (
            "There is no such key: the secret is unknown or malformed.",
            "Check that the application has the whole secret, pck_ or pck_test_ and 38 characters, without quotation marks or line breaks, and \
             that it calls the right server. If the secret is lost, create another key.",
        ),
        Unidentified::NoCredential => (
            "The request had no API key and no session.",
            "Send the key in the header X-API-Key. A redirect or a proxy may have removed the header.",
        ),
        Unidentified::TwoCredentials => (
            "The request had two different credentials.",
            "Send one of them: a key in the header X-API-Key, or a token in the header Authorization.",
        ),
        Unidentified::UnknownToken => (
            "The header Authorization had a token that belongs to no session: it is unknown, expired or signed out.",
            "If the application has an API key, send that. A person signs in again.",
        ),
        Unidentified::SecretInUrl => (
            "A secret was sent in the URL, where proxies and histories keep it. It is no key that is known.",
            "Send keys in the header X-API-Key, and never in the URL.",
        ),
    };
    Explanation { reason: reason.to_owned(), remedy }
}

impl From<Explanation> for (String, &'static str) {
    fn from(explanation: Explanation) -> Self {
        (explanation.reason, explanation.remedy)
    }
}

fn address_not_allowed(facts: &KeyFacts) -> String {
    let blocks = facts.ip_allowlist.join(", ");
    match &facts.address {
        // The facts are of the arrival, and the list was changed since.
        _ if blocks.is_empty() => "The allowed addresses of the key were changed while the request was under way.".to_owned(),
        Some(address) => format!("The request came from {address}, and the key may be used from {blocks} only."),
        None => format!("The key may be used from {blocks} only, and the proxy did not report where the request came from."),
    }
}

fn over_limit(ExceededLimit { requests, per_seconds, of }: ExceededLimit) -> String {
    let rate = format!("{} in {}", grouped(requests), plural(per_seconds, "second"));
    match of {
        LimitOwner::Key => format!("The key sent more requests than its rate limit allows, {rate}."),
        LimitOwner::Workspace => format!("The keys of the workspace together made more writes than are allowed, {rate}."),
    }
}

fn granted(facts: &KeyFacts) -> String {
    let scopes: Vec<_> = facts.scopes.iter().map(|scope| scope.as_str()).collect();
    format!("It has {}.", scopes.join(", "))
}
