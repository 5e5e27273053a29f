//! What is known of a request besides its content, with no secret in it.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

use super::REQUEST_ID;
use crate::app::App;
use crate::audit::{Actor, By};
use crate::keys::Origin;
use crate::keys::format;
use crate::kit::clock::Time;
use crate::kit::http::client;
use crate::kit::http::serve::Peer;
use crate::kit::ids::uuid_v7;
use crate::sessions;

/// The longest program name that is recorded.
const LONGEST_AGENT: usize = 300;

/// What stands for a text with a secret in it.
const WITHHELD: &str = "(withheld: there is a secret in it)";

/// What is known of a request besides its content.
#[derive(Clone, Debug)]
pub struct RequestInfo {
    /// Its id, in the answer as `X-Request-Id`.
    pub request_id: Arc<str>,
    /// Where it comes from, in canonical form.
    pub address: IpAddr,
    /// The program that sends it, as it calls itself; never with a key in it.
    pub user_agent: Option<Arc<str>>,
}

impl RequestInfo {
    /// What the request itself says, and the connection it came on.
    pub(super) fn found(app: &App, request: &Request) -> Self {
        let peer = request.extensions().get::<Peer>().map_or(IpAddr::from([0, 0, 0, 0]), |ConnectInfo(peer)| peer.ip());
        Self {
            request_id: request_id(app, request.headers()),
            address: client::address(peer, request.headers(), &app.config.trusted_proxies),
            user_agent: user_agent(request.headers()),
        }
    }

    /// What was found out when the request came in.
    pub fn of(parts: &Parts) -> Self {
        parts.extensions.get::<Self>().cloned().unwrap_or_else(|| Self {
            request_id: "".into(),
            address: IpAddr::from([0, 0, 0, 0]),
            user_agent: None,
        })
    }

    /// For the record.
    pub fn by(&self, actor: Actor) -> By {
        By {
            actor,
            ip: Some(self.address),
            user_agent: self.user_agent.as_deref().map(str::to_owned),
            request_id: Some(self.request_id.to_string()),
            standing: None,
        }
    }

    /// For a refusal.
    pub fn origin(&self, now: Time) -> Origin<'_> {
        Origin { address: self.address, now, request_id: &self.request_id, user_agent: self.user_agent.as_deref() }
    }
}

/// The caller's own if it is 1 to 128 visible ASCII characters and no secret, else a new one.
fn request_id(app: &App, headers: &HeaderMap) -> Arc<str> {
    let given = headers.get(&REQUEST_ID).and_then(|value| value.to_str().ok());
    let usable = |id: &&str| (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic()) && !holds_secret(id);
    match given.filter(usable) {
        Some(id) => id.into(),
        None => format!("req_{}", uuid_v7(app.clock.now(), &app.random).simple()).into(),
    }
}

fn user_agent(headers: &HeaderMap) -> Option<Arc<str>> {
    let text = headers.get(header::USER_AGENT)?.to_str().ok()?;
    if sessions::find_token(text).is_some() {
        return Some(WITHHELD.into());
    }
    let scrubbed = format::scrub(text);
    let end = scrubbed.char_indices().nth(LONGEST_AGENT).map_or(scrubbed.len(), |(at, _)| at);
    Some(scrubbed[..end].into())
}

/// A path as it may be written to the log, unless there is a secret in it, however it is escaped.
pub(super) fn loggable(path: &str) -> &str {
    let decoded: Vec<(String, String)> = serde_urlencoded::from_str(path).unwrap_or_default();
    let is_withheld = decoded.iter().any(|(name, value)| holds_secret(name) || holds_secret(value));
    if is_withheld { WITHHELD } else { path }
}

fn holds_secret(text: &str) -> bool {
    format::scrub(text) != text || sessions::find_token(text).is_some()
}
