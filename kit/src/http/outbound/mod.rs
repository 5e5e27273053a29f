//! Requests to URLs that customers choose, such as receivers of webhooks.
//!
//! Such a URL must not reach the machine's own network: what it may lead to is checked when it is entered, and again at every
//! connection, since DNS can give another answer by then. The addresses that were checked are those that are dialled.
//! Redirects are not followed, variables such as `HTTPS_PROXY` are ignored, idle connections are kept for seconds, a request is
//! repeated only if nothing of it was sent, and of the response only the beginning is read.
//!
//! - `body` says when it was sent; `address` globally reachable addresses; `guard` the checks of URLs and resolved names; `error` what can go wrong
//! - `resolver` addresses of host names; `lookup` a look-up when a URL is entered; `roots` certificate authorities from a file

mod address;
mod body;
mod error;
mod guard;
mod lookup;
mod resolver;
mod roots;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::header::USER_AGENT;
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode};
use http_body_util::BodyExt;
use hyper::body::{Bytes, Incoming};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::{ClientConfig, RootCertStore};
use tokio::time::{Instant, timeout_at};

pub use rustls::pki_types::CertificateDer;

pub use body::OnSent;
use body::SentBody;
pub use error::OutboundError;
pub use guard::{AllowedRanges, ForbiddenAddress, RefusedUrl};
use guard::{Guard, Scheme, check_url};
pub use lookup::{Lookup, look_up};
use resolver::Resolver;
pub use resolver::{DNS_TIMEOUT, DnsFailure};
pub use roots::{NotCertificates, certificates};

/// Idle connections that are kept to one host, and for how long.
const MAX_IDLE: usize = 8;
const IDLE: Duration = Duration::from_secs(10);

/// The bytes of a response's head.
const MAX_HEAD: usize = 64 * 1024;

/// The settings of a client.
#[derive(Clone, Debug)]
pub struct OutboundSettings {
    /// The header `User-Agent`.
    pub user_agent: HeaderValue,
    pub allowed: AllowedRanges,
    /// Certificate authorities besides the system's.
    pub roots: Vec<CertificateDer<'static>>,
    /// The DNS server to ask, in place of those of `/etc/resolv.conf`.
    pub dns_server: Option<SocketAddr>,
    /// The time for DNS.
    pub dns_timeout: Duration,
    /// The time for the TCP connection, shared by the addresses of a name. The TLS handshake counts for `timeout` only.
    pub connect_timeout: Duration,
    /// The time for the whole exchange.
    pub timeout: Duration,
    /// The number of bytes that are read of a response body.
    pub max_body: usize,
}

/// A response, received in time.
#[derive(Clone, Debug)]
pub struct OutboundResponse {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// The beginning of the body, at most [`OutboundSettings::max_body`] bytes.
    pub body: Vec<u8>,
}

type Connected = Client<HttpsConnector<HttpConnector<Guard>>, SentBody>;

/// A client for URLs that customers choose.
#[derive(Clone, Debug)]
pub struct Outbound {
    settings: Arc<OutboundSettings>,
    allowed: Arc<AllowedRanges>,
    https: Connected,
    /// For `http://`, which only the allowed ranges take.
    http: Connected,
}

impl Outbound {
    /// Creates a client that trusts the system's certificate authorities. Without any, every `https://` request fails.
    pub fn new(settings: OutboundSettings) -> Self {
        let mut roots = RootCertStore::empty();
        let (added, ignored) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        tracing::debug!(added, ignored, "certificate authorities of the system were read");
        roots.add_parsable_certificates(settings.roots.iter().cloned());
        let allowed = Arc::new(settings.allowed.clone());
        let resolver = Resolver::new(settings.dns_server, settings.dns_timeout);
        let guard = |scheme| Guard::new(allowed.clone(), scheme, resolver.clone());
        let client = |scheme| connected(&roots, guard(scheme), scheme, settings.connect_timeout);
        let (https, http) = (client(Scheme::Https), client(Scheme::Http));
        Self { settings: Arc::new(settings), allowed, https, http }
    }

    /// Checks a URL when it is entered, without a look-up.
    pub fn check_url(&self, url: &str) -> Result<(), RefusedUrl> {
        check_url(url, &self.allowed).map(|_| ())
    }

    /// Posts a body; `on_sent` is called when it was handed to a connection. Returns the response, whatever its status; fails if
    /// none arrives in time, or if the URL or an address that it leads to is refused.
    pub async fn post(
        &self,
        url: &str,
        headers: HeaderMap,
        body: Bytes,
        on_sent: OnSent,
    ) -> Result<OutboundResponse, OutboundError> {
        let (url, scheme) = check_url(url, &self.allowed)?;
        let client = match scheme {
            Scheme::Https => &self.https,
            Scheme::Http => &self.http,
        };
        let mut request = Request::post(url.as_str()).body(SentBody::new(body, on_sent)).map_err(|_| RefusedUrl::Malformed)?;
        *request.headers_mut() = headers;
        request.headers_mut().insert(USER_AGENT, self.settings.user_agent.clone());
        let limit = self.settings.timeout;
        let until = Instant::now() + limit;
        let response = timeout_at(until, client.request(request)).await.map_err(|_| OutboundError::NoAnswer(limit))?;
        let failed = |error| OutboundError::from_client(error, self.settings.connect_timeout);
        let (parts, body) = response.map_err(failed)?.into_parts();
        let body = timeout_at(until, self.beginning(body)).await.map_err(|_| OutboundError::Incomplete(limit))??;
        Ok(OutboundResponse { status: parts.status, headers: parts.headers, body })
    }

    async fn beginning(&self, mut body: Incoming) -> Result<Vec<u8>, OutboundError> {
        let mut read = Vec::new();
        while read.len() < self.settings.max_body {
            let Some(frame) = body.frame().await else { break };
            let frame = frame.map_err(|error| OutboundError::from_response(&error))?;
            if let Some(data) = frame.data_ref() {
                let room = self.settings.max_body - read.len();
                read.extend_from_slice(&data[..data.len().min(room)]);
            }
        }
        Ok(read)
    }
}

fn connected(roots: &RootCertStore, guard: Guard, scheme: Scheme, connect_timeout: Duration) -> Connected {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has the cipher suites of TLS 1.2 and 1.3")
        .with_root_certificates(roots.clone())
        .with_no_client_auth();
    let mut connector = HttpConnector::new_with_resolver(guard);
    connector.enforce_http(false);
    connector.set_connect_timeout(Some(connect_timeout));
    let builder = HttpsConnectorBuilder::new().with_tls_config(tls);
    let builder = match scheme {
        Scheme::Https => builder.https_only(),
        Scheme::Http => builder.https_or_http(),
    };
    let connector = builder.enable_http1().wrap_connector(connector);
    // A kept connection leads to an address that was checked when it was dialled.
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_max_idle_per_host(MAX_IDLE)
        .pool_idle_timeout(IDLE)
        .http1_max_buf_size(MAX_HEAD)
        .build(connector)
}

#[cfg(test)]
mod tests;
