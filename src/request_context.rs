//! [`RequestContext`]: arrival time, addresses, id and user agent of a request, with no secret in them.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::core::Core;
use crate::keys::EntryRef;
use crate::requests::{KeyRefusal, RequestId};
use crate::scopes::Scope;
use kit::clock::Time;
use kit::http::{ApiError, client_ip};
use kit::ids::non_crypto_uuid_v7;
use kit::limit::LimitState;

/// The request id, in a request and in its response.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest user agent that is recorded, in characters.
const MAX_USER_AGENT: usize = 300;

/// Replaces a path that contains a secret in the access log.
const WITHHELD: &str = "(withheld: there is a secret in it)";

/// The metadata of a request, read once on arrival. Cheap to clone.
#[derive(Clone, Debug)]
pub struct RequestContext(Arc<Metadata>);

#[derive(Debug)]
struct Metadata {
    received_at: Time,
    received_at_ticks: Duration,
    peer: IpAddr,
    client_ip: IpAddr,
    id: Id,
    /// Unfiltered: scrubbed when it is read, which few requests need.
    user_agent: Option<HeaderValue>,
    /// The key and the scope that was needed, if the request is one of the sample of its latest requests.
    sampled: OnceLock<(EntryRef, Option<Scope>)>,
    /// The refusal of the key.
    refusal: OnceLock<KeyRefusal>,
    /// The rest of the key's rate limit, for the response.
    limit: OnceLock<LimitState>,
}

#[derive(Debug)]
enum Id {
    Given(Box<str>),
    Generated([u8; GENERATED_LENGTH]),
}

/// `req_` and 32 digits.
const GENERATED_LENGTH: usize = 36;

impl RequestContext {
    /// Reads the clocks and the headers of a request that arrived from `peer`.
    pub(crate) fn from_request(core: &Core, peer: IpAddr, request: &Request) -> Self {
        let (headers, received_at) = (request.headers(), core.clock.now());
        Self(Arc::new(Metadata {
            received_at,
            received_at_ticks: core.clock.ticks(),
            peer: client_ip::canonical(peer),
            client_ip: client_ip::of_request(peer, headers, &core.config.trusted_proxies),
            id: Id::of(core, headers, received_at),
            user_agent: headers.get(header::USER_AGENT).cloned(),
            sampled: OnceLock::new(),
            refusal: OnceLock::new(),
            limit: OnceLock::new(),
        }))
    }

    /// Returns the context that the middleware attached. Without it a request is refused as an internal error.
    pub fn of(parts: &Parts) -> Result<Self, ApiError> {
        parts.extensions.get::<Self>().cloned().ok_or_else(ApiError::internal)
    }

    /// Arrival by the wall clock.
    pub fn received_at(&self) -> Time {
        self.0.received_at
    }

    /// Arrival by the monotonic clock. A key is checked as of this moment: a request that arrived before a revocation was
    /// confirmed may still be admitted. So nothing may be awaited between arrival and the check of the key.
    pub fn received_at_ticks(&self) -> Duration {
        self.0.received_at_ticks
    }

    /// The client IP in canonical form; [`client_ip::UNKNOWN`] if a trusted proxy does not name it.
    pub fn client_ip(&self) -> IpAddr {
        self.0.client_ip
    }

    /// The other end of the connection: the client, or a proxy.
    pub fn peer(&self) -> IpAddr {
        self.0.peer
    }

    /// The request id, which the response repeats as `X-Request-Id`.
    pub fn id(&self) -> &str {
        match &self.0.id {
            Id::Given(id) => id,
            Id::Generated(id) => str::from_utf8(id).unwrap_or_default(),
        }
    }

    /// Returns true if the caller chose the request id.
    pub fn has_callers_id(&self) -> bool {
        matches!(self.0.id, Id::Given(_))
    }

    /// Notes that the request is one of the sample of the latest requests of its key.
    pub fn note_sampled(&self, entry: &EntryRef, scope: Option<Scope>) {
        self.0.sampled.get_or_init(|| (entry.clone(), scope));
    }

    /// Returns the key of a request of the sample, and the scope that was needed.
    pub fn sampled(&self) -> Option<&(EntryRef, Option<Scope>)> {
        self.0.sampled.get()
    }

    /// Notes why the key was refused. The first refusal counts.
    pub fn note_refusal(&self, refusal: KeyRefusal) {
        self.0.refusal.get_or_init(|| refusal);
    }

    pub fn refusal(&self) -> Option<&KeyRefusal> {
        self.0.refusal.get()
    }

    /// Notes the rest of the key's rate limit, which the response tells.
    pub fn note_limit(&self, limit: LimitState) {
        self.0.limit.get_or_init(|| limit);
    }

    pub fn limit(&self) -> Option<LimitState> {
        self.0.limit.get().copied()
    }

    /// The user agent, scrubbed of secrets and cut to 300 characters.
    pub fn user_agent(&self) -> Option<String> {
        let text = self.0.user_agent.as_ref()?.to_str().ok()?;
        let scrubbed = key_format::scrub(text);
        let end = scrubbed.char_indices().nth(MAX_USER_AGENT).map_or(scrubbed.len(), |(at, _)| at);
        Some(scrubbed[..end].to_owned())
    }
}

impl Id {
    /// The client's `X-Request-Id` if it is 1 to 128 visible ASCII characters without a secret, else a generated id.
    fn of(core: &Core, headers: &HeaderMap, now: Time) -> Self {
        let given = headers.get(&REQUEST_ID).and_then(|value| value.to_str().ok());
        if let Some(id) = given.filter(|id| RequestId::is_valid(id)) {
            return Self::Given(id.into());
        }
        let mut generated = *b"req_00000000000000000000000000000000";
        non_crypto_uuid_v7(now, &core.random).simple().encode_lower(&mut generated[4..]);
        Self::Generated(generated)
    }
}

/// Returns the path for the access log, or a placeholder if it contains a secret, percent-encoded any number of times.
pub(crate) fn loggable(path: &str) -> &str {
    if key_format::may_contain_secret(path) { WITHHELD } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(text: &str) -> String {
        text.bytes().fold(String::new(), |text, byte| text + &format!("%{byte:02x}"))
    }

    #[test]
    fn path_with_a_key_is_withheld_at_any_depth_of_percent_encoding() {
        let secret = format!("pck_{}", "aB3".repeat(13).split_at(38).0);
        let mut path = format!("/x/{secret}/y");
        for _ in 0..6 {
            assert_eq!(loggable(&path), WITHHELD, "{path}");
            path = path.replace('%', "%25").replace("pck", "%70ck");
        }
        let mut path = secret.clone();
        for _ in 0..6 {
            assert_eq!(loggable(&format!("/{path}+%ff%C3")), WITHHELD, "{path}");
            path = escaped(&path);
        }
        assert_eq!(loggable(&format!("/%2570ck_{}", &secret[4..])), WITHHELD);
        assert_eq!(loggable(&format!("/a=%2570ck_{}&b%", &secret[4..])), WITHHELD);
    }

    #[test]
    fn path_without_a_secret_is_logged_unchanged() {
        for path in ["/", "/favicon.ico", "/a%20b%2520c", "/%", "/%zz%4", "/%ff", "/pck_short", "/a=b&c=d"] {
            assert_eq!(loggable(path), path);
        }
    }
}
