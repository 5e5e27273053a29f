//! The receiver of the demo's webhooks, on a port of its own: it answers, and shows what arrived.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use askama::Template;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::{CONTENT_TYPE, HOST, ORIGIN, SERVER};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use futures_util::FutureExt;
use serde_json::Value;
use tokio::net::TcpListener;
use tower::ServiceExt;

use super::integrations::{CLIENT_PORTAL, WEBHOOKS};
use super::webhooks::{DemoEndpoint, path_of};
use crate::cli::output;
use kit::clock::{Clock, Time};
use kit::http::serve::{Connections, Timeouts, serve};
use kit::lock::lock;
use kit::log::excerpt;
use kit::page::html;

/// The body of the answers of the endpoint that fails.
pub(super) const MAINTENANCE: &str = "The client portal is closed for maintenance.\n";

/// The requests that the page shows.
const SHOWN: usize = 100;

const MAX_BODY: usize = 1024 * 1024;
const CONNECTIONS: usize = 100;
const STYLE: &str = include_str!("../../../assets/page.css");
const TYPEFACE: &[u8] = include_bytes!("../../../assets/inter.woff2");

/// The verdict on a signature.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Signature {
    Verified,
    Wrong,
    /// The path is of no endpoint of the demo, so the secret is not known.
    Unchecked,
}

impl Signature {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Wrong => "wrong",
            Self::Unchecked => "not checked",
        }
    }
}

/// A request that arrived. Its texts are those of [`shown`].
struct Arrived {
    at: String,
    path: String,
    event_type: String,
    event: String,
    signature: &'static str,
    status: u16,
}

struct Receiver {
    clock: Clock,
    endpoints: Vec<DemoEndpoint>,
    arrived: Mutex<VecDeque<Arrived>>,
    is_repaired: AtomicBool,
}

#[derive(Template)]
#[template(path = "demo/receiver.html")]
struct ReceiverPage<'a> {
    arrived: &'a VecDeque<Arrived>,
    failing: &'static str,
    is_repaired: bool,
}

/// Receives until it is dropped.
pub(super) async fn receive(listener: TcpListener, clock: Clock, endpoints: Vec<DemoEndpoint>, timeouts: Timeouts) {
    let receiver = Arc::new(Receiver { clock, endpoints, arrived: Mutex::default(), is_repaired: AtomicBool::new(false) });
    let router = Router::new()
        .route("/", get(show))
        .route("/style.css", get(style))
        .route("/assets/inter.woff2", get(typeface))
        .route("/switch", post(switch))
        .fallback(take)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(receiver);
    let answer = move |_, request| {
        let answered = router.clone().oneshot(request);
        answered.map(|response| response.unwrap_or_else(|never| match never {}))
    };
    serve(listener, answer, Connections::few(CONNECTIONS), timeouts, std::future::pending()).await;
}

async fn show(State(receiver): State<Arc<Receiver>>) -> Response {
    let is_repaired = receiver.is_repaired.load(Ordering::Relaxed);
    html(&ReceiverPage { arrived: &lock(&receiver.arrived), failing: WEBHOOKS[CLIENT_PORTAL].name, is_repaired })
}

async fn style() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], STYLE)
}

async fn typeface() -> impl IntoResponse {
    ([(CONTENT_TYPE, "font/woff2")], TYPEFACE)
}

/// Repairs the endpoint that fails, or breaks it again.
async fn switch(State(receiver): State<Arc<Receiver>>, headers: HeaderMap) -> Response {
    if is_cross_origin(&headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    receiver.is_repaired.fetch_xor(true, Ordering::Relaxed);
    Redirect::to("/").into_response()
}

/// Returns whether a browser says that a page of another site sent the form. Programs that are no browsers say nothing.
fn is_cross_origin(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match (text("sec-fetch-site"), text(ORIGIN.as_str())) {
        (Some(site), _) => site != "same-origin" && site != "none",
        (None, Some(origin)) => origin.split_once("://").is_none_or(|(_, authority)| text(HOST.as_str()) != Some(authority)),
        (None, None) => false,
    }
}

/// Returns the beginning of a text that anybody may have sent, without the control characters that a terminal obeys.
fn shown(text: &str) -> String {
    excerpt(text).escape_debug().to_string()
}

/// Takes the request of a webhook.
async fn take(State(receiver): State<Arc<Receiver>>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    if method != Method::POST {
        return StatusCode::NOT_FOUND.into_response();
    }
    let place = (0..WEBHOOKS.len()).find(|place| path_of(*place) == uri.path());
    let signature = receiver.signature(place, &headers, &body);
    let is_away = place == Some(CLIENT_PORTAL) && !receiver.is_repaired.load(Ordering::Relaxed);
    let status = match signature {
        Signature::Wrong => StatusCode::UNAUTHORIZED,
        Signature::Verified | Signature::Unchecked if is_away => StatusCode::SERVICE_UNAVAILABLE,
        Signature::Verified | Signature::Unchecked => StatusCode::NO_CONTENT,
    };
    let event: Value = serde_json::from_slice(&body).unwrap_or_default();
    let text = |field: &str| event[field].as_str().map_or_else(|| "–".to_owned(), shown);
    let arrived = Arrived {
        at: time_of_day(receiver.clock.now()),
        path: shown(uri.path()),
        event_type: text("type"),
        event: text("id"),
        signature: signature.as_str(),
        status: status.as_u16(),
    };
    let line = format!(
        "Received {} {} at {}, signature {}: answered {}",
        arrived.event_type, arrived.event, arrived.path, arrived.signature, arrived.status
    );
    receiver.keep(arrived);
    // What is printed is on the page already. The terminal may be gone.
    let _said = output::line(line);
    let server = [(SERVER, place.map_or("demo", |place| WEBHOOKS[place].server))];
    if status == StatusCode::SERVICE_UNAVAILABLE {
        (status, server, MAINTENANCE).into_response()
    } else {
        (status, server).into_response()
    }
}

impl Receiver {
    /// Adds a request to those on the page.
    fn keep(&self, arrived: Arrived) {
        let mut all = lock(&self.arrived);
        all.push_front(arrived);
        all.truncate(SHOWN);
    }

    /// Judges the signature of a request to an endpoint whose secret is known.
    fn signature(&self, place: Option<usize>, headers: &HeaderMap, body: &[u8]) -> Signature {
        let Some(known) = place.and_then(|place| self.endpoints.get(place)) else { return Signature::Unchecked };
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let at = header("webhook-timestamp")
            .parse::<i64>()
            .ok()
            .and_then(|seconds| Time::from_micros(seconds.checked_mul(1_000_000)?));
        let expected = at.map(|at| known.secret.sign_standard(header("webhook-id"), at, body));
        let fits = expected.is_some_and(|expected| header("webhook-signature").split(' ').any(|given| given == expected));
        if fits { Signature::Verified } else { Signature::Wrong }
    }
}

fn time_of_day(at: Time) -> String {
    at.to_string().get(11..19).unwrap_or_default().to_owned() + " UTC"
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn sent_text_is_cut_and_has_no_control_characters() {
        assert_eq!(shown("trip.created"), "trip.created");
        assert_eq!(shown("a\u{1b}[2J\nb\u{9b}"), r"a\u{1b}[2J\nb\u{9b}");
        assert!(shown(&"x".repeat(1_000_000)).len() <= 200);
    }

    #[test]
    fn form_of_another_site_is_refused() {
        let is_refused = |fields: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in fields {
                headers.insert(*name, HeaderValue::from_static(value));
            }
            is_cross_origin(&headers)
        };
        let host = ("host", "127.0.0.1:8081");
        assert!(!is_refused(&[host]));
        assert!(!is_refused(&[host, ("origin", "http://127.0.0.1:8081")]));
        assert!(!is_refused(&[host, ("sec-fetch-site", "same-origin")]));
        assert!(is_refused(&[host, ("origin", "http://127.0.0.1:8080")]));
        assert!(is_refused(&[host, ("origin", "null")]));
        assert!(is_refused(&[("origin", "null")]), "without a host");
        assert!(is_refused(&[host, ("sec-fetch-site", "cross-site"), ("origin", "http://127.0.0.1:8081")]));
        assert!(is_refused(&[host, ("sec-fetch-site", "same-site")]));
    }
}
