//! Types of the request log; no I/O.

use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::note::{ExceededLimit, KeyRefusal};
use crate::keys::{Allowlist, DenialReason, EntryRef, KeyId, Status};
use crate::scopes::Scope;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::http::client_ip;

/// The time for which refusals and requests are kept.
pub const KEPT: Duration = Duration::from_hours(7 * 24);

/// The largest number of requests of a key that are listed and kept.
pub const LATEST: u64 = 50;

/// The fewest characters of a caller's own request id under which a request without a known key is kept: anybody may look it up
/// who guesses the id.
const LONG_ENOUGH: usize = 16;

/// A refused request.
#[derive(Clone, PartialEq, Debug)]
pub struct Refusal {
    pub id: Uuid,
    /// The workspace of the key; `None` if the request had no key that is known.
    pub workspace: Option<WorkspaceId>,
    pub request_id: String,
    pub at: Time,
    pub method: String,
    /// The pattern of the route, if one was found.
    pub route: Option<String>,
    pub status: u16,
    pub code: String,
    /// `None` for a cause that this version does not know.
    pub cause: Option<Cause>,
    pub key: Option<RefusedKey>,
    pub facts: Option<KeyFacts>,
}

/// The key of a refused request, with its name at that moment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct RefusedKey {
    pub id: KeyId,
    pub name: String,
}

/// The rule that refused a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cause {
    Key(DenialReason),
    NoKey(Unidentified),
}

impl Cause {
    /// The cause as it is stored.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Key(reason) => reason.label(),
            Self::NoKey(cause) => cause.as_str(),
        }
    }

    /// Reads a stored cause. The scope is that of the facts.
    pub fn from_label(label: &str, scope: Option<Scope>) -> Option<Self> {
        let unidentified = label.parse().ok().map(Self::NoKey);
        unidentified.or_else(|| DenialReason::from_label(label, scope).map(Self::Key))
    }
}

kit::string_enum! {
    /// A refusal of a request whose key, if it had one, is unknown.
    Unidentified as UnidentifiedRequest {
        UnknownKey = "unknown_key",
        NoCredential = "no_credential",
        TwoCredentials = "two_credentials",
        UnknownToken = "unknown_token",
        SecretInUrl = "secret_in_url",
    }
}

impl Unidentified {
    /// Returns the cause of an error response, if it is one of these.
    pub fn of(code: &str) -> Option<Self> {
        match code {
            "API_KEY_INVALID" => Some(Self::UnknownKey),
            "AUTHENTICATION_REQUIRED" => Some(Self::NoCredential),
            "AMBIGUOUS_CREDENTIALS" => Some(Self::TwoCredentials),
            "SESSION_INVALID" => Some(Self::UnknownToken),
            "CREDENTIAL_IN_URL" => Some(Self::SecretInUrl),
            _ => None,
        }
    }

    /// Returns whether such a request can be kept under its id: no one else must be able to guess it.
    pub fn is_kept(request_id: &str, is_chosen_by_caller: bool) -> bool {
        !is_chosen_by_caller || request_id.len() >= LONG_ENOUGH
    }
}

/// The state of a key at the moment of a refusal, as far as rules read it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
#[schema(as = RefusedKeyFacts)]
pub struct KeyFacts {
    /// The status: `active`, `paused`, `revoked` or `expired`.
    pub status: String,
    /// The scopes that the key had.
    pub scopes: Vec<Scope>,
    /// The scope that the request needed, if any.
    pub required_scope: Option<Scope>,
    /// The allowed CIDR blocks; empty for all addresses.
    pub ip_allowlist: Vec<String>,
    /// The address of the request; `null` if a proxy did not report it.
    pub address: Option<String>,
    /// The expiry of the key; `null` for none.
    pub expires_at: Option<Time>,
    /// The limit that the request exceeded, if any.
    pub limit: Option<ExceededLimit>,
}

impl KeyFacts {
    /// Returns the state of a key that refused a request from `address`.
    pub fn of(refusal: &KeyRefusal, address: IpAddr, at: Time) -> Self {
        let KeyRefusal { entry, reason, scope, limit } = refusal;
        Self {
            status: status(entry, *reason, at).as_str().to_owned(),
            scopes: entry.scopes().iter().collect(),
            required_scope: *scope,
            ip_allowlist: entry.allowlist().into_iter().flat_map(Allowlist::blocks).map(ToString::to_string).collect(),
            address: shown_address(address),
            expires_at: entry.expires_at(),
            limit: *limit,
        }
    }
}

/// Returns the status of a key. The entry may be older than the refusal, if the key changed while the request was under way.
fn status(entry: &EntryRef, reason: DenialReason, at: Time) -> Status {
    match reason {
        DenialReason::Revoked => Status::Revoked,
        DenialReason::Expired => Status::Expired,
        DenialReason::Paused => Status::Paused,
        DenialReason::Invalid
        | DenialReason::AddressNotAllowed
        | DenialReason::RateLimited(())
        | DenialReason::ScopeRequired(_)
        | DenialReason::PersonRequired
        | DenialReason::TestKey
        | DenialReason::LeakedInUrl => match (entry.is_revoked(), entry.is_expired(at), entry.is_paused(at)) {
            (true, ..) => Status::Revoked,
            (false, true, _) => Status::Expired,
            (false, false, true) => Status::Paused,
            (false, false, false) => Status::Active,
        },
    }
}

/// Returns an address as text, unless it is unknown.
pub(super) fn shown_address(address: IpAddr) -> Option<String> {
    (address != client_ip::UNKNOWN).then(|| address.to_string())
}

/// One of the latest requests with a key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LatestRequest {
    pub workspace: WorkspaceId,
    pub key: KeyId,
    pub at: Time,
    pub request_id: String,
    pub method: String,
    /// The pattern of the route, if one was found.
    pub route: Option<String>,
    pub status: u16,
    /// The code of an error response.
    pub code: Option<String>,
    pub address: Option<String>,
    /// The scope that was needed, if it is known.
    pub scope: Option<Scope>,
}

/// A call for which a key was accepted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AcceptedCall {
    pub scope: Scope,
    pub method: String,
    /// The pattern of the route, if one was found.
    pub route: Option<String>,
    pub last_at: Time,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessable_id_of_an_unidentified_request_is_not_kept() {
        assert!(Unidentified::is_kept("req_0123", false), "this server's own id");
        assert!(Unidentified::is_kept("4bf92f3577b34da6", true));
        assert!(!Unidentified::is_kept("test", true));
    }

    #[test]
    fn every_cause_is_read_from_its_label() {
        for cause in Unidentified::ALL {
            assert_eq!(Cause::from_label(cause.as_str(), None), Some(Cause::NoKey(*cause)));
        }
        let revoked = Cause::Key(DenialReason::Revoked);
        assert_eq!(Cause::from_label(revoked.label(), None), Some(revoked));
        assert_eq!(Cause::from_label("of a later version", None), None);
    }
}
