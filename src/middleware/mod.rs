//! The middleware of every request, whatever its route.
//!
//! The stack attaches the request context (id, arrival time, client IP), refuses a key or token in the URL, turns a panic into a 500,
//! renders errors, counts, and writes one line of the access log. It is one service around the router: as a layer of axum's it
//! would cost more than everything that it does.

use std::borrow::Cow;
use std::convert::Infallible;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::http::response::Parts;
use axum::http::{HeaderValue, StatusCode, Version, header};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use tower::Service;

use crate::access;
use crate::app::App;
use crate::frame;
use crate::keys::DenialReason;
use crate::reference;
use crate::request_context::{REQUEST_ID, RequestContext, loggable};
use crate::requests::{Finished, KeyRefusal};
use crate::sessions::CookieName;
use key_format::{digest_of, leading_key};
use kit::db::{Panicked, settled};
use kit::http::serve::{Peer, Service as Lane};
use kit::http::{ApiError, Matched, WithoutErrorBody, client_ip, rate_limit};
use kit::log::RequestLine;

/// Paths that are also served to connections above the limit.
const PROBES: [&str; 3] = ["/health", "/readiness", "/metrics"];

/// One year of HTTPS only. Subdomains are left out: they may belong to others.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Response extension: the access log leaves out the client IP, and the request id, which a proxy may have logged with the
/// address.
#[derive(Clone, Copy, Debug)]
pub struct OmitClientIp;

/// The router and its middleware.
#[derive(Clone, Debug)]
pub struct HttpStack {
    app: App,
    router: Router,
}

impl HttpStack {
    pub fn new(app: App, router: Router) -> Self {
        Self { app, router }
    }

    pub async fn serve(self, peer: IpAddr, lane: Lane, mut request: Request) -> Response {
        let Self { app, mut router } = self;
        let context = RequestContext::from_request(&app, peer, &request);
        let matched = Matched::new(context.client_ip());
        let method = method_label(request.method());
        let uri = request.uri().clone();
        let in_json = answers_in_json(uri.path());

        // For the menu of an error page.
        let session = if in_json { None } else { CookieName::Session.read(&app.config, request.headers()) };

        let mut response = if let Err(error) = check(&app, lane, &context, &request) {
            error.into_response()
        } else {
            request.extensions_mut().insert(context.clone());
            request.extensions_mut().insert(matched.clone());
            // A request that is safe by its method reads outside transactions.
            let writes = !request.method().is_safe() && !access::is_check(request.uri().path());
            // Routing is part of the future, so that its panics are caught as well.
            let answer = async move { router.call(request).await };
            let answer = if writes {
                Box::pin(app.core.db.run_write(settled(answer))).await
            } else {
                AssertUnwindSafe(answer).catch_unwind().await.map(Ok).map_err(|_| Panicked)
            };
            match answer {
                Ok(Ok(Ok(response))) => response,
                Ok(Ok(Err(never))) => match never {},
                // It may tell of changes that were not stored.
                Ok(Err(error)) => ApiError::from(error).into_response(),
                Err(Panicked) => {
                    tracing::error!(request_id = context.id(), "a handler panicked");
                    ApiError::internal().into_response()
                }
            }
        };
        let mut code = None;
        if let Some(error) = response.extensions_mut().remove::<ApiError>() {
            app.metrics.error(error.code);
            code = Some(error.code);
            response = if response.extensions_mut().remove::<WithoutErrorBody>().is_some() {
                response
            } else if in_json {
                render_json(&app, response, &error, &context)
            } else {
                // In a box: the future of a call stays small.
                Box::pin(render_page(&app, session, response, &error, &context)).await
            };
        }
        if let Ok(id) = HeaderValue::from_str(context.id()) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        if let Some(limit) = context.limit() {
            rate_limit::tell_rest(response.headers_mut(), limit);
        }
        if in_json {
            // Such responses are private, unless a route sets its own caching.
            response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        } else if response.headers().contains_key(header::SET_COOKIE) {
            response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        }
        if app.config.is_secure() {
            response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
        }
        response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if app.is_stopping.load(Ordering::Relaxed) {
            // The client opens its next connection to another node.
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }

        let took = app.clock.ticks().saturating_sub(context.received_at_ticks());
        let status = response.status().as_u16();
        let route = matched.path();
        app.metrics.request(method, route.unwrap_or("unmatched"), status, took);
        app.requests.finish(&app, &context, Finished { method, route, status, code });
        let is_sampled = !matched.is_admitted() || matches!(status, 401 | 429);
        if is_sampled && !app.log_sampler.admits(context.client_ip(), status, context.received_at_ticks()) {
            return response;
        }
        let omits_client_ip = response.extensions_mut().remove::<OmitClientIp>().is_some();
        // A route is logged by its pattern; a path without a route as it was sent, unless it has a secret.
        let path = route.unwrap_or_else(|| loggable(uri.path()));
        let (ip, request_id) = if omits_client_ip { (None, None) } else { (Some(context.client_ip()), Some(context.id())) };
        app.config.log.request(&RequestLine { method, path, status, took, ip, request_id });
        response
    }
}

/// In-process requests, whose peer address is in an extension.
impl Service<Request> for HttpStack {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }
    fn call(&mut self, request: Request) -> Self::Future {
        let peer = request.extensions().get::<Peer>().map_or(client_ip::UNKNOWN, |ConnectInfo(peer)| peer.ip());
        Box::pin(self.clone().serve(peer, Lane::Regular, request).map(Ok))
    }
}

/// Returns true for the paths of the API, and for the one that the script of the documentation calls.
fn answers_in_json(path: &str) -> bool {
    let in_api = matches!(path.strip_prefix("/api"), Some(rest) if rest.is_empty() || rest.starts_with('/'));
    in_api || path == reference::TRY_IT
}

/// Checks that precede routing.
fn check(app: &App, lane: Lane, context: &RequestContext, request: &Request) -> Result<(), ApiError> {
    require_one_host(request)?;
    if lane == Lane::Overflow && !PROBES.contains(&request.uri().path()) {
        let message = "Your address, or all clients together, have too many connections. Close some, and try again.";
        return Err(ApiError::overloaded(message));
    }
    access::refuse_secret_in_url(request.uri()).map_err(|(secret, error)| {
        report_leak(app, &secret, context);
        error
    })
}

/// Requires exactly one valid `Host` (RFC 9112, 3.2). Proxies and caches may read two of them differently, which attackers exploit.
fn require_one_host(request: &Request) -> Result<(), ApiError> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let is_right = match (hosts.next(), hosts.next()) {
        (Some(host), None) => is_host(host.as_bytes()),
        (None, _) => request.version() < Version::HTTP_11,
        (Some(_), Some(_)) => false,
    };
    if is_right { Ok(()) } else { Err(ApiError::invalid("Send one Host header, with the name or address of this server.")) }
}

/// Returns true if only characters of `uri-host [ ":" port ]` occur (RFC 3986, 3.2.2).
fn is_host(host: &[u8]) -> bool {
    let is_allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:[]".contains(byte);
    !host.is_empty() && host.iter().all(is_allowed)
}

fn report_leak(app: &App, secret: &str, context: &RequestContext) {
    // Characters that follow a key without a separator are not part of it.
    let key = leading_key(secret);
    let entry = digest_of(key.as_bytes()).ok().and_then(|digest| app.index.get(&digest));
    if let Some(entry) = entry {
        let refusal = KeyRefusal::new(entry, DenialReason::LeakedInUrl, None);
        context.deny(&app.recorder, refusal, context.received_at());
    } else {
        tracing::warn!(request_id = context.id(), "API key or token sent in URL");
    }
}

/// Renders an error of the API.
fn render_json(app: &App, bare: Response, error: &ApiError, context: &RequestContext) -> Response {
    let mut parts = without_content(bare);
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let body = error.body(context.id(), &reference::address_of_error(&app.config.public_url, error.code));
    let scrubbed = match key_format::scrub(&body) {
        // A message may quote the request, which may contain a secret.
        Cow::Owned(scrubbed) if !error.carries_secret() => scrubbed,
        Cow::Owned(_) | Cow::Borrowed(_) => body,
    };
    Response::from_parts(parts, scrubbed.into())
}

/// Renders an error of a page, with the menu if the person is signed in.
async fn render_page(app: &App, session: Option<String>, bare: Response, error: &ApiError, context: &RequestContext) -> Response {
    // Not while the database may be the reason, nor for a host name that is not this server's.
    let has_menu = error.status == StatusCode::INSUFFICIENT_STORAGE
        || error.status.is_client_error() && error.status != StatusCode::MISDIRECTED_REQUEST;
    let session = session.as_deref().filter(|_| has_menu);
    let parts = without_content(bare);
    let mut response = frame::error_page(app, access::signed_in_member(app, session).await, error, context.id());
    *response.status_mut() = parts.status;
    response.extensions_mut().extend(parts.extensions);
    response.headers_mut().extend(parts.headers);
    response
}

/// Returns the head of a response without the headers that describe its body.
fn without_content(bare: Response) -> Parts {
    let (mut parts, _) = bare.into_parts();
    for name in [header::CONTENT_LENGTH, header::CONTENT_TYPE] {
        parts.headers.remove(name);
    }
    parts
}

/// Returns the method for a metric; unknown methods become `other`, which bounds the label's cardinality.
fn method_label(method: &axum::http::Method) -> &'static str {
    ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
        .into_iter()
        .find(|known| *known == method.as_str())
        .unwrap_or("other")
}
