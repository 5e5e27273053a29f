//! The outermost layer: what holds for every request, whatever its route.
//!
//! It gives the request an id, reads the clocks, finds the caller's address, refuses a key or token in the URL, turns a panic into a
//! 500, renders failures, counts, and writes one line of log. It stands around the router rather than in it: a layer of
//! axum's would cost more than all that it does.
//!
//! - here the layer; `info` what is known of a request besides its content

mod info;

use std::borrow::Cow;
use std::convert::Infallible;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use tower::Service;

pub use info::RequestInfo;
use info::loggable;

use crate::access;
use crate::app::App;
use crate::keys::format::{self, digest_of};
use crate::kit::http::serve::Peer;
use crate::kit::http::{ApiError, Matched, client};
use crate::kit::log::RequestLine;
use crate::kit::secret;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Among a response's extensions: the log must not say where its request came from.
#[derive(Clone, Copy, Debug)]
pub struct Discreet;

/// A router, and what surrounds it.
#[derive(Clone, Debug)]
pub struct Front {
    app: App,
    router: Router,
}

impl Front {
    /// Surrounds `router`.
    pub fn new(app: App, router: Router) -> Self {
        Self { app, router }
    }

    /// See the module.
    pub async fn answer(self, peer: IpAddr, mut request: Request) -> Response {
        let Self { app, mut router } = self;
        let info = RequestInfo::found(&app, peer, &request);
        let matched = Matched::default();
        let method = known(request.method());
        let uri = request.uri().clone();
        let in_api = matches!(uri.path().strip_prefix("/api"), Some(rest) if rest.is_empty() || rest.starts_with('/'));

        let mut response = if let Err((secret, error)) = access::refuse_secret_in_url(request.uri()) {
            note_leak(&app, &secret, &info);
            error.into_response()
        } else {
            request.extensions_mut().insert(info.clone());
            request.extensions_mut().insert(matched.clone());
            // Routing, too, is for the future to do: what panics in it is caught as well.
            match AssertUnwindSafe(async move { router.call(request).await }).catch_unwind().await {
                Ok(Ok(response)) => response,
                Ok(Err(never)) => match never {},
                Err(_) => {
                    tracing::error!(request_id = %info.id(), "a handler panicked");
                    ApiError::internal().into_response()
                }
            }
        };
        if let Some(error) = response.extensions_mut().remove::<ApiError>() {
            response = render(response, &error, &info, in_api);
        }
        if let Ok(id) = HeaderValue::from_str(info.id()) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        if in_api {
            // What a key opens is nobody else's; a route that knows better says so itself.
            response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        }
        response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));

        let took = app.clock.ticks().saturating_sub(info.begun());
        let status = response.status().as_u16();
        let route = matched.path();
        app.metrics.request(method, route.unwrap_or("unmatched"), status, took);
        let is_refused = matches!(status, 401 | 429);
        if is_refused && !app.refusals.is_told(info.begun()) {
            return response;
        }
        let is_discreet = response.extensions_mut().remove::<Discreet>().is_some();
        // A route is logged as the table has it; what matches none, as it was sent.
        let path = route.unwrap_or_else(|| loggable(uri.path()));
        let ip = (!is_discreet).then_some(info.address());
        app.config.log.request(&RequestLine { method, path, status, took, ip, request_id: info.id() });
        response
    }
}

/// For callers in process, who say in an extension where they are.
impl Service<Request> for Front {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }
    fn call(&mut self, request: Request) -> Self::Future {
        let peer = request.extensions().get::<Peer>().map_or(client::UNKNOWN, |ConnectInfo(peer)| peer.ip());
        Box::pin(self.clone().answer(peer, request).map(Ok))
    }
}

fn note_leak(app: &App, secret: &str, info: &RequestInfo) {
    // What follows a key without a gap is not part of it.
    let key = secret.get(..format::LENGTH).unwrap_or(secret);
    let entry = digest_of(key.as_bytes()).ok().and_then(|digest| app.index.get(&digest));
    if let Some(entry) = entry {
        app.recorder.leaked(&entry, info.origin(info.at()));
    } else {
        tracing::warn!(request_id = %info.id(), "something of the form of a key or token was sent in a URL");
    }
}

/// JSON under `/api`, a page elsewhere.
fn render(bare: Response, error: &ApiError, info: &RequestInfo, in_api: bool) -> Response {
    let (mut parts, _) = bare.into_parts();
    for name in [header::CONTENT_LENGTH, header::CONTENT_TYPE] {
        parts.headers.remove(name);
    }
    if in_api {
        parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        // A message may quote what was sent, and what was sent may hold a secret.
        let body = error.body(info.id());
        let scrubbed = match secret::scrub(&body) {
            Cow::Borrowed(_) => body,
            Cow::Owned(scrubbed) => scrubbed,
        };
        return Response::from_parts(parts, scrubbed.into());
    }
    let mut response = crate::reference::error_page(error, info.id()).into_response();
    *response.status_mut() = parts.status;
    response.extensions_mut().extend(parts.extensions);
    response.headers_mut().extend(parts.headers);
    response
}

/// A label must not be of the caller's making.
fn known(method: &axum::http::Method) -> &'static str {
    ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
        .into_iter()
        .find(|known| *known == method.as_str())
        .unwrap_or("other")
}
