//! The outermost layer: what holds for every request, whatever its route.
//!
//! It gives the request an id, finds the caller's address, refuses a key in the URL, turns a panic into a 500,
//! renders failures, counts, and writes one line of log.
//!
//! - here the layer; `info` what is known of a request besides its content

mod info;

use std::panic::AssertUnwindSafe;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;

pub use info::RequestInfo;
use info::loggable;

use crate::access;
use crate::app::App;
use crate::keys::format::{self, digest_of};
use crate::kit::http::ApiError;
use crate::metrics::{RequestLabels, RouteLabel};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Among a response's extensions: the log must not say where its request came from.
#[derive(Clone, Copy, Debug)]
pub struct Discreet;

/// See the module.
pub async fn front(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let begun = app.clock.ticks();
    let info = RequestInfo::found(&app, &request);
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
    if in_api {
        // What a key opens is nobody else's; a route that knows better says so itself.
        response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
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
    response.extensions_mut().extend(parts.extensions);
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
