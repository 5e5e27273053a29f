//! Requests to URLs that customers choose, such as receivers of webhooks.
//!
//! Such a URL must not reach the machine's own network: what it may lead to is checked when it is entered, and again at every
//! connection, since DNS can give another answer by then. The addresses that were checked are those that are dialled.
//! Redirects are not followed, variables such as `HTTPS_PROXY` are ignored, idle connections are kept for seconds, a request is
//! repeated only if nothing of it was sent or the server has not processed it, and of the response only the beginning is read.
//!
//! - `body` says when it was sent; `address` globally reachable addresses; `guard` the checks of URLs and resolved names; `error` what can go wrong
//! - `pools` connections, those of each key apart; HTTP/2 where it is offered
//! - `resolver` addresses of host names; `hosts` those of the hosts file
//! - `lookup` a look-up when a URL is entered; `roots` certificate authorities of the system and from a file
//! - `direct` a client without the checks, for the server that the person who runs the program has named

mod address;
mod body;
mod direct;
mod error;
mod guard;
mod hosts;
mod lookup;
mod pools;
mod resolver;
mod roots;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::header::USER_AGENT;
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_body_util::BodyExt;
use hyper::body::{Bytes, Incoming};
use tokio::time::{Instant, timeout_at};

pub use rustls::pki_types::CertificateDer;

pub use body::OnSent;
use body::SentBody;
pub use direct::{DirectClient, DirectError, DirectResponse, DirectSettings};
pub use error::OutboundError;
use error::is_unprocessed;
pub use guard::{AllowedRanges, ForbiddenAddress, RefusedUrl};
use guard::{Guard, Scheme, check_url};
pub use lookup::{Lookup, look_up};
use pools::Pools;
use resolver::Resolver;
pub use resolver::{DNS_TIMEOUT, DnsFailure};
use roots::trusted;
pub use roots::{NotCertificates, certificates};

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

/// A client for URLs that customers choose.
#[derive(Clone, Debug)]
pub struct Outbound {
    settings: Arc<OutboundSettings>,
    allowed: Arc<AllowedRanges>,
    https: Arc<Pools>,
    /// For `http://`, which only the allowed ranges take.
    http: Arc<Pools>,
}

impl Outbound {
    /// Creates a client that trusts the system's certificate authorities. Without any, every `https://` request fails.
    pub fn new(settings: OutboundSettings) -> Self {
        let roots = trusted(&settings.roots);
        let allowed = Arc::new(settings.allowed.clone());
        let resolver = Resolver::new(settings.dns_server, settings.dns_timeout);
        let guard = |scheme| Guard::new(allowed.clone(), scheme, resolver.clone());
        let pools = |scheme| Arc::new(Pools::new(&roots, guard(scheme), scheme, settings.connect_timeout));
        let (https, http) = (pools(Scheme::Https), pools(Scheme::Http));
        Self { settings: Arc::new(settings), allowed, https, http }
    }

    /// Checks a URL when it is entered, without a look-up.
    pub fn check_url(&self, url: &str) -> Result<(), RefusedUrl> {
        check_url(url, &self.allowed).map(|_| ())
    }

    /// Posts a body; `on_sent` is called when it was handed to a connection, which no request with another key uses. Returns the
    /// response, whatever its status; fails if none arrives in time, or if the URL or an address that it leads to is refused.
    pub async fn post(
        &self,
        key: u128,
        url: &str,
        headers: HeaderMap,
        body: Bytes,
        on_sent: OnSent,
    ) -> Result<OutboundResponse, OutboundError> {
        self.send(key, Method::POST, url, headers, SentBody::new(body, on_sent)).await
    }

    /// Gets a document, under the conditions of [`Outbound::post`].
    pub async fn get(&self, key: u128, url: &str, headers: HeaderMap) -> Result<OutboundResponse, OutboundError> {
        self.send(key, Method::GET, url, headers, SentBody::none()).await
    }

    async fn send(
        &self,
        key: u128,
        method: Method,
        url: &str,
        headers: HeaderMap,
        body: SentBody,
    ) -> Result<OutboundResponse, OutboundError> {
        let (url, scheme) = check_url(url, &self.allowed)?;
        let client = match scheme {
            Scheme::Https => self.https.client(key),
            Scheme::Http => self.http.client(key),
        };
        let mut request = Request::new(body.clone());
        *request.method_mut() = method;
        *request.uri_mut() = url.as_str().parse().map_err(|_| RefusedUrl::Malformed)?;
        *request.headers_mut() = headers;
        request.headers_mut().insert(USER_AGENT, self.settings.user_agent.clone());
        let limit = self.settings.timeout;
        let until = Instant::now() + limit;
        let send = async || {
            // The body of the first may be spent.
            let (again, _) = request.clone().into_parts();
            match client.request(request).await {
                Err(error) if is_unprocessed(&error) => client.request(Request::from_parts(again, body)).await,
                outcome => outcome,
            }
        };
        let response = timeout_at(until, send()).await.map_err(|_| OutboundError::NoAnswer(limit))?;
        let failed = |error| OutboundError::from_client(error, self.settings.connect_timeout);
        let (parts, body) = response.map_err(failed)?.into_parts();
        let body = timeout_at(until, self.beginning(body)).await.map_err(|_| OutboundError::Incomplete(limit))??;
        Ok(OutboundResponse { status: parts.status, headers: parts.headers, body })
    }

    #[cfg(test)]
    fn with_timeout(self, timeout: Duration) -> Self {
        Self { settings: Arc::new(OutboundSettings { timeout, ..(*self.settings).clone() }), ..self }
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

#[cfg(test)]
mod tests;
