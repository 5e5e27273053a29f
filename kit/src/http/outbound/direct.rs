//! Requests to a server that the person who runs the program has named: on a private network as well, by the system's resolver.
//!
//! Never for a URL that a customer chose: nothing is checked here.

use std::time::Duration;

use axum::http::header::USER_AGENT;
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Version};
use http_body_util::BodyExt;
use hyper::body::{Bytes, Incoming};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::pki_types::CertificateDer;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::body::SentBody;
use super::error::OutboundError;
use super::guard::RefusedUrl;
use super::pools::{MAX_HEAD, tls};
use super::roots::trusted;

/// The settings of a [`DirectClient`].
#[derive(Clone, Debug)]
pub struct DirectSettings {
    /// The header `User-Agent` of requests that have none.
    pub user_agent: HeaderValue,
    /// Certificate authorities besides the system's.
    pub roots: Vec<CertificateDer<'static>>,
    /// The time for the TCP connection.
    pub connect_timeout: Duration,
    /// The time for the whole exchange.
    pub timeout: Duration,
    /// The longest response body that is taken, in bytes.
    pub max_body: usize,
}

/// A response with its whole body.
#[derive(Clone, Debug)]
pub struct DirectResponse {
    pub version: Version,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// The reason why there is no response, in one sentence.
#[derive(Debug, thiserror::Error)]
pub enum DirectError {
    #[error(transparent)]
    NoResponse(#[from] OutboundError),
    #[error("the response is longer than {0} bytes")]
    TooLong(usize),
}

/// A client for one server. Redirects are not followed, and variables such as `HTTPS_PROXY` are ignored.
pub struct DirectClient {
    settings: DirectSettings,
    client: Client<HttpsConnector<HttpConnector>, SentBody>,
}

impl DirectClient {
    pub fn new(settings: DirectSettings) -> Self {
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        connector.set_connect_timeout(Some(settings.connect_timeout));
        let builder = HttpsConnectorBuilder::new().with_tls_config(tls(&trusted(&settings.roots)));
        let connector = builder.https_or_http().enable_all_versions().wrap_connector(connector);
        let client = Client::builder(TokioExecutor::new())
            .http1_max_buf_size(MAX_HEAD as usize)
            .http2_max_header_list_size(MAX_HEAD)
            .build(connector);
        Self { settings, client }
    }

    /// Sends a request and returns the response, whatever its status. Fails if it does not arrive in time, or is too long.
    pub async fn send(
        &self,
        method: Method,
        url: &Url,
        headers: HeaderMap,
        body: Option<Bytes>,
    ) -> Result<DirectResponse, DirectError> {
        let body = body.map_or_else(SentBody::none, |body| SentBody::new(body, Box::new(|| {})));
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = url.as_str().parse().map_err(|_| OutboundError::Url(RefusedUrl::Malformed))?;
        *request.headers_mut() = headers;
        request.headers_mut().entry(USER_AGENT).or_insert_with(|| self.settings.user_agent.clone());
        let limit = self.settings.timeout;
        let until = Instant::now() + limit;
        let response = timeout_at(until, self.client.request(request)).await.map_err(|_| OutboundError::NoAnswer(limit))?;
        let failed = |error| OutboundError::from_client(error, self.settings.connect_timeout);
        let (parts, body) = response.map_err(failed)?.into_parts();
        let body = timeout_at(until, self.whole(body)).await.map_err(|_| OutboundError::Incomplete(limit))??;
        Ok(DirectResponse { version: parts.version, status: parts.status, headers: parts.headers, body })
    }

    async fn whole(&self, mut body: Incoming) -> Result<Vec<u8>, DirectError> {
        let mut read = Vec::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| OutboundError::from_response(&error))?;
            let Some(data) = frame.data_ref() else { continue };
            if data.len() > self.settings.max_body - read.len() {
                return Err(DirectError::TooLong(self.settings.max_body));
            }
            read.extend_from_slice(data);
        }
        Ok(read)
    }
}
