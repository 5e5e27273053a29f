//! A page on its way to the browser.

use askama::Template;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName, IF_NONE_MATCH, REFERRER_POLICY, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::kit::http::{ApiError, Describe, Doc};
use crate::kit::text::hex;

/// Nothing but what this server sends itself, nothing inline, in nobody else's frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What every page says about itself. Origin and referrer stay in the house, where forms are held against them.
const HEADERS: [(HeaderName, HeaderValue); 6] = [
    (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// 200 with a page, which no cache may keep.
pub fn html(page: &impl Template) -> Response {
    html_with(StatusCode::OK, page)
}

/// The same with another status.
pub fn html_with(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => (status, HEADERS, text).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page cannot be rendered");
            ApiError::internal().into_response()
        }
    }
}

impl Describe for Response {
    fn describe(_: &mut Doc) {}
}

/// A file that pages refer to, out of the binary.
#[derive(Clone, Debug)]
pub struct Asset {
    kind: &'static str,
    text: &'static str,
    tag: String,
}

impl Asset {
    /// A file of this media type.
    pub fn new(kind: &'static str, text: &'static str) -> Self {
        Self { kind, text, tag: format!("\"{}\"", &hex(&Sha256::digest(text))[..16]) }
    }

    /// The file, or 304 for a browser that has it: another version of the product has another tag.
    pub fn answer(&self, headers: &HeaderMap) -> Response {
        let cache = [(CACHE_CONTROL, "no-cache"), (ETAG, self.tag.as_str())];
        if headers.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == self.tag.as_bytes()) {
            return (StatusCode::NOT_MODIFIED, cache).into_response();
        }
        (cache, [(CONTENT_TYPE, self.kind)], self.text).into_response()
    }
}
