//! The outermost layer: what holds for every request, whatever its route.
//!
//! It gives the request an id, finds the caller's address, refuses a key in the URL, turns a panic into a 500,
//! renders failures, counts, and writes one line of log.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;

use crate::app::App;
use crate::audit::{Actor, By};
use crate::keys::Origin;
use crate::keys::format::{self, digest_of};
use crate::kit::clock::Time;
use crate::kit::http::ApiError;
use crate::kit::http::client;
use crate::kit::http::serve::Peer;
use crate::kit::ids::uuid_v7;
use crate::metrics::{RequestLabels, RouteLabel};
use crate::{access, sessions};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest program name that is recorded.
const LONGEST_AGENT: usize = 300;

/// What stands for a text with a secret in it.
const WITHHELD: &str = "(withheld: there is a secret in it)";

/// Among a response's extensions: the log must not say where its request came from.
#[derive(Clone, Copy, Debug)]
pub struct Discreet;

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
    /// What [`front`] found out.
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
        }
    }

    /// For a refusal.
    pub fn origin(&self, now: Time) -> Origin<'_> {
        Origin { address: self.address, now, request_id: &self.request_id, user_agent: self.user_agent.as_deref() }
    }
}

/// See the module.
pub async fn front(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let begun = app.clock.ticks();
    let info = inspect(&app, &request);
    request.extensions_mut().insert(info.clone());
    let method = known(request.method());
    let route = RouteLabel(request.extensions().get::<MatchedPath>().cloned());
    // A route is logged as the table has it; what matches none, as it was sent.
    let sent = if route.0.is_some() { None } else { Some(loggable(request.uri().path()).to_owned()) };
    let in_api = matches!(request.uri().path().strip_prefix("/api"), Some(rest) if rest.is_empty() || rest.starts_with('/'));

    let refused = access::refuse_key_in_url(request.uri());
    let mut response = match refused {
        Err((secret, error)) => {
            note_leak(&app, &secret, &info);
            error.into_response()
        }
        Ok(()) => AssertUnwindSafe(next.run(request)).catch_unwind().await.unwrap_or_else(|_| {
            tracing::error!(request_id = %info.request_id, "a handler panicked");
            ApiError::internal().into_response()
        }),
    };
    if let Some(error) = response.extensions_mut().remove::<ApiError>() {
        response = render(response, &error, &info, in_api);
    }
    if let Ok(id) = HeaderValue::from_str(&info.request_id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));

    let seconds = app.clock.ticks().saturating_sub(begun).as_secs_f64();
    let status = response.status().as_u16();
    let labels = RequestLabels { method, route, status };
    app.metrics.request(&labels, seconds);
    let path = sent.as_deref().unwrap_or(labels.route.as_str());
    let ip = if response.extensions_mut().remove::<Discreet>().is_some() { None } else { Some(info.address) };
    tracing::info!(
        target: "planeconnection::request",
        method, path, status, ms = (seconds * 1e6).round() / 1e3, ip = ip.map(tracing::field::display), request_id = %info.request_id,
    );
    response
}

fn inspect(app: &App, request: &Request) -> RequestInfo {
    let peer = request.extensions().get::<Peer>().map_or(IpAddr::from([0, 0, 0, 0]), |ConnectInfo(peer)| peer.ip());
    RequestInfo {
        request_id: request_id(app, request.headers()),
        address: client::address(peer, request.headers(), &app.config.trusted_proxies),
        user_agent: user_agent(request.headers()),
    }
}

/// A path as it may be written to the log, unless there is a secret in it, however it is escaped.
fn loggable(path: &str) -> &str {
    let decoded: Vec<(String, String)> = serde_urlencoded::from_str(path).unwrap_or_default();
    let is_withheld = decoded.iter().any(|(name, value)| holds_secret(name) || holds_secret(value));
    if is_withheld { WITHHELD } else { path }
}

fn holds_secret(text: &str) -> bool {
    format::scrub(text) != text || sessions::find_token(text).is_some()
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

fn note_leak(app: &App, secret: &str, info: &RequestInfo) {
    let entry = digest_of(secret.as_bytes()).ok().and_then(|digest| app.index.get(&digest));
    if let Some(entry) = entry {
        app.recorder.leaked(&entry, info.origin(app.clock.now()));
    } else {
        tracing::warn!(request_id = %info.request_id, "something of the form of a key was sent in a URL");
    }
}

/// JSON under `/api`, a page elsewhere.
fn render(bare: Response, error: &ApiError, info: &RequestInfo, in_api: bool) -> Response {
    let (parts, _) = bare.into_parts();
    let mut response = if in_api {
        // A message may quote what was sent, and what was sent may hold a key.
        let body = error.body(&info.request_id).to_string();
        let json = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        (json, format::scrub(&body).into_owned()).into_response()
    } else {
        crate::reference::error_page(error, &info.request_id).into_response()
    };
    *response.status_mut() = parts.status;
    for (name, value) in &parts.headers {
        if *name != header::CONTENT_LENGTH && *name != header::CONTENT_TYPE {
            response.headers_mut().append(name, value.clone());
        }
    }
    response
}

/// A label must not be of the caller's making.
fn known(method: &axum::http::Method) -> &'static str {
    ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
        .into_iter()
        .find(|known| *known == method.as_str())
        .unwrap_or("other")
}
