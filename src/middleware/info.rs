//! What is known of a request besides its content, with no secret in it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};

use super::REQUEST_ID;
use crate::app::App;
use crate::audit::{Actor, AuditContext};
use crate::keys::Origin;
use kit::clock::Time;
use kit::http::{ApiError, client};
use kit::ids::non_crypto_uuid_v7;
use kit::secret;

/// The longest program name that is recorded.
const LONGEST_AGENT: usize = 300;

/// What stands for a text with a secret in it.
const WITHHELD: &str = "(withheld: there is a secret in it)";

/// What is known of a request besides its content. Cheap to clone.
#[derive(Clone, Debug)]
pub struct RequestInfo(Arc<Known>);

#[derive(Debug)]
struct Known {
    at: Time,
    begun: Duration,
    peer: IpAddr,
    address: IpAddr,
    id: Id,
    /// As it was sent.
    user_agent: Option<HeaderValue>,
}

#[derive(Debug)]
enum Id {
    Given(Box<str>),
    Made([u8; MADE]),
}

/// `req_` and 32 digits.
const MADE: usize = 36;

impl RequestInfo {
    /// What the request itself says, and the connection it came on.
    pub(super) fn found(app: &App, peer: IpAddr, request: &Request) -> Self {
        let (headers, at) = (request.headers(), app.clock.now());
        Self(Arc::new(Known {
            at,
            begun: app.clock.ticks(),
            peer: client::canonical(peer),
            address: client::address(peer, headers, &app.config.trusted_proxies),
            id: Id::of(app, headers, at),
            user_agent: headers.get(header::USER_AGENT).cloned(),
        }))
    }

    /// What was found out when the request came in.
    pub fn of(parts: &Parts) -> Result<Self, ApiError> {
        // The front tells every request; without it nothing is known, and nobody is let in.
        parts.extensions.get::<Self>().cloned().ok_or_else(ApiError::internal)
    }

    /// When it came in, by the wall clock.
    pub fn at(&self) -> Time {
        self.0.at
    }

    /// The same by the clock that only goes forward. A key is held against this moment: a request that came in before a
    /// revocation was answered may be let in. So nothing may be waited for between this moment and the check of the key.
    pub fn begun(&self) -> Duration {
        self.0.begun
    }

    /// Where it comes from, in canonical form; [`client::UNKNOWN`] if that cannot be told.
    pub fn address(&self) -> IpAddr {
        self.0.address
    }

    /// The other end of the connection: the caller, or a proxy.
    pub fn peer(&self) -> IpAddr {
        self.0.peer
    }

    /// Its id, in the answer as `X-Request-Id`.
    pub fn id(&self) -> &str {
        match &self.0.id {
            Id::Given(id) => id,
            Id::Made(id) => str::from_utf8(id).unwrap_or_default(),
        }
    }

    /// The program that sends it, as it calls itself; never with a secret in it.
    pub fn user_agent(&self) -> Option<String> {
        let text = self.0.user_agent.as_ref()?.to_str().ok()?;
        let scrubbed = secret::scrub(text);
        let end = scrubbed.char_indices().nth(LONGEST_AGENT).map_or(scrubbed.len(), |(at, _)| at);
        Some(scrubbed[..end].to_owned())
    }

    /// For the record.
    pub fn by(&self, actor: Actor) -> AuditContext {
        AuditContext {
            actor,
            ip: Some(self.0.address),
            user_agent: self.user_agent(),
            request_id: Some(self.id().to_owned()),
            credential: None,
        }
    }

    /// For a refusal.
    pub fn origin(&self, now: Time) -> Origin<'_> {
        Origin { address: self.0.address, now, request_id: self.id(), user_agent: self.user_agent() }
    }
}

impl Id {
    /// The caller's own if it is 1 to 128 visible ASCII characters and no secret, else a new one.
    fn of(app: &App, headers: &HeaderMap, now: Time) -> Self {
        let given = headers.get(&REQUEST_ID).and_then(|value| value.to_str().ok());
        let usable = |id: &&str| {
            (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic()) && !secret::may_hide_in(id)
        };
        if let Some(id) = given.filter(usable) {
            return Self::Given(id.into());
        }
        let mut made = *b"req_00000000000000000000000000000000";
        non_crypto_uuid_v7(now, &app.random).simple().encode_lower(&mut made[4..]);
        Self::Made(made)
    }
}

/// A path as it may be written to the log: withheld if there is a secret in it, however often it is escaped.
pub(super) fn loggable(path: &str) -> &str {
    if secret::may_hide_in(path) { WITHHELD } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(text: &str) -> String {
        text.bytes().fold(String::new(), |text, byte| text + &format!("%{byte:02x}"))
    }

    #[test]
    fn a_path_with_a_key_in_it_is_withheld_however_often_it_is_escaped() {
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
    fn a_path_without_a_secret_is_logged_as_it_was_sent() {
        for path in ["/", "/favicon.ico", "/a%20b%2520c", "/%", "/%zz%4", "/%ff", "/pck_short", "/a=b&c=d"] {
            assert_eq!(loggable(path), path);
        }
    }
}
