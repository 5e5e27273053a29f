//! [`DenialReason`]: one vocabulary for refused keys, from verification to the audit log.
//!
//! To add a reason, add a variant: the places that answer, record and describe it match without a wildcard, so that the compiler
//! names them. The decision is in `index` (`check`, and `allowed` of the fast path) and `service/require`. The strings are stored
//! and sent, and never change.

use crate::scopes::Scope;

/// Reason why a request with an API key was denied.
///
/// `L` is what is known of an exceeded rate limit: [`RateLimited`](kit::limit::RateLimited) while the request is answered,
/// nothing once denials are aggregated or stored.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum DenialReason<L = ()> {
    /// The secret is malformed or unknown. Never in an audit log: it belongs to no workspace.
    Invalid,
    Revoked,
    Expired,
    /// The key works again when its pause ends.
    Paused,
    /// The client IP is not in the key's allow-list.
    AddressNotAllowed,
    RateLimited(L),
    /// The key does not have the scope.
    ScopeRequired(Scope),
    /// No key may do that, whatever its scopes.
    PersonRequired,
    /// No test key may do that: there is no sandbox for it.
    TestKey,
    /// The key was sent in a URL.
    LeakedInUrl,
}

impl<L> DenialReason<L> {
    /// The error code of the response.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Invalid => "API_KEY_INVALID",
            Self::Revoked => "API_KEY_REVOKED",
            Self::Expired => "API_KEY_EXPIRED",
            Self::Paused => "API_KEY_PAUSED",
            Self::AddressNotAllowed => "IP_NOT_ALLOWED",
            Self::RateLimited(_) => "RATE_LIMITED",
            Self::ScopeRequired(_) => "SCOPE_REQUIRED",
            Self::PersonRequired => "PERSON_REQUIRED",
            Self::TestKey => "TEST_KEY",
            Self::LeakedInUrl => "CREDENTIAL_IN_URL",
        }
    }

    /// The `reason` in the details of audit events.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Paused => "paused",
            Self::AddressNotAllowed => "ip_not_allowed",
            Self::RateLimited(_) => "rate_limited",
            Self::ScopeRequired(_) => "scope_required",
            Self::PersonRequired => "person_required",
            Self::TestKey => "test_key",
            Self::LeakedInUrl => "leaked_in_url",
        }
    }

    /// The sentence for a caller whose key was accepted on arrival, and is refused when the request is about to write.
    pub const fn lost_message(&self) -> &'static str {
        match self {
            Self::Invalid => "This API key is not valid any more; nothing was changed.",
            Self::Revoked => {
                "This API key was revoked meanwhile; nothing was changed. Ask an administrator of the workspace for a new one."
            }
            Self::Expired => {
                "This API key has expired meanwhile; nothing was changed. Ask an administrator of the workspace for a new one."
            }
            Self::Paused => {
                "This API key was paused meanwhile; nothing was changed. Ask an administrator of the workspace to resume it."
            }
            Self::AddressNotAllowed => "This API key may not be used from this address any more; nothing was changed.",
            Self::RateLimited(_) => "Too many requests with this API key; nothing was changed. Try again later.",
            Self::ScopeRequired(_) => "This API key does not have the scope any more; nothing was changed.",
            Self::PersonRequired => "An API key cannot do this; nothing was changed. An administrator has to sign in for it.",
            Self::TestKey => "A test key cannot do this; nothing was changed. Send a live key.",
            Self::LeakedInUrl => "This API key was sent in a URL; nothing was changed. Revoke it and create another one.",
        }
    }

    /// The reason without details of the rate limit.
    pub fn without_limit(self) -> DenialReason {
        match self {
            Self::Invalid => DenialReason::Invalid,
            Self::Revoked => DenialReason::Revoked,
            Self::Expired => DenialReason::Expired,
            Self::Paused => DenialReason::Paused,
            Self::AddressNotAllowed => DenialReason::AddressNotAllowed,
            Self::RateLimited(_) => DenialReason::RateLimited(()),
            Self::ScopeRequired(scope) => DenialReason::ScopeRequired(scope),
            Self::PersonRequired => DenialReason::PersonRequired,
            Self::TestKey => DenialReason::TestKey,
            Self::LeakedInUrl => DenialReason::LeakedInUrl,
        }
    }
}

impl DenialReason {
    /// Parses a stored label and, for `scope_required`, the stored scope.
    pub fn from_label(label: &str, scope: Option<Scope>) -> Option<Self> {
        let known = [
            Self::Invalid,
            Self::Revoked,
            Self::Expired,
            Self::Paused,
            Self::AddressNotAllowed,
            Self::RateLimited(()),
            Self::PersonRequired,
            Self::TestKey,
            Self::LeakedInUrl,
        ];
        known.into_iter().chain(scope.map(Self::ScopeRequired)).find(|reason| reason.label() == label)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scopes::Module;

    /// Every reason follows another: a new variant does not compile until it is in the chain.
    fn next(reason: DenialReason) -> Option<DenialReason> {
        match reason {
            DenialReason::Invalid => Some(DenialReason::Revoked),
            DenialReason::Revoked => Some(DenialReason::Expired),
            DenialReason::Expired => Some(DenialReason::Paused),
            DenialReason::Paused => Some(DenialReason::AddressNotAllowed),
            DenialReason::AddressNotAllowed => Some(DenialReason::RateLimited(())),
            DenialReason::RateLimited(()) => Some(DenialReason::ScopeRequired(Scope::read(Module::Trips))),
            DenialReason::ScopeRequired(_) => Some(DenialReason::PersonRequired),
            DenialReason::PersonRequired => Some(DenialReason::TestKey),
            DenialReason::TestKey => Some(DenialReason::LeakedInUrl),
            DenialReason::LeakedInUrl => None,
        }
    }

    #[test]
    fn every_label_is_parsed() {
        for reason in std::iter::successors(Some(DenialReason::Invalid), |reason| next(*reason)) {
            assert_eq!(DenialReason::from_label(reason.label(), Some(Scope::read(Module::Trips))), Some(reason));
        }
        assert_eq!(DenialReason::from_label("scope_required", None), None);
        assert_eq!(DenialReason::from_label("other", None), None);
    }
}
