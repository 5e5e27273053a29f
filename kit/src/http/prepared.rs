//! Responses that are made once and sent many times, each with a strong `ETag` (RFC 9110, 8.8.3).

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use super::Known;

/// Hexadecimal digits of SHA-256 in an `ETag`: 64 bits suffice, as callers do not choose the content.
const DIGITS: usize = 16;

/// A 200 response that is the same for every caller.
#[derive(Clone, Debug)]
pub struct Prepared {
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
    hash: String,
}

impl Prepared {
    /// A response with these headers; `Cache-Control` and `ETag` are added when it is sent.
    pub fn new(headers: impl IntoIterator<Item = (HeaderName, HeaderValue)>, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        let hash = hex::encode(Sha256::digest(&body))[..DIGITS].to_owned();
        let headers = headers.into_iter().filter(|(name, _)| *name != header::CACHE_CONTROL).collect();
        Self { headers, body, hash }
    }

    /// The hash of the content, as in the `ETag`.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// 200, or 304 without a body for a caller who has this version.
    pub fn answer(&self, known: &Known, cache: &'static str) -> Response {
        let mut response = if known.has(&self.hash) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            let mut response = Response::new(Body::from(self.body.clone()));
            response.headers_mut().extend(self.headers.iter().cloned());
            response
        };
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
        if let Ok(tag) = HeaderValue::from_str(&format!("\"{}\"", self.hash)) {
            response.headers_mut().insert(header::ETAG, tag);
        }
        response
    }
}
