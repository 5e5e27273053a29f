//! A page on its way to the browser.

use askama::Template;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY, X_FRAME_OPTIONS};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::http::{ApiError, Describe, Doc, Prepared};

/// The content security policy: resources and calls of this server alone, nothing inline, no framing by others.
const POLICY: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The headers of every page. Origin and Referer stay on this site, where forms are checked against them.
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

/// Renders a page with another status.
pub fn html_with(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => (status, HEADERS, text).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page cannot be rendered");
            ApiError::internal().into_response()
        }
    }
}

/// A page that is the same for everyone, made once.
pub fn prepare(page: &impl Template) -> Result<Prepared, askama::Error> {
    page.render().map(|text| Prepared::new(HEADERS, text))
}

impl Describe for Response {
    fn describe(_: &mut Doc) {}
}
