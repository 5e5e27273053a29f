//! Responses with an `ETag`: a client that has the current version gets 304 (RFC 9110, 8.8.3 and 13.1.2).

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::openapi::Required;
use utoipa::openapi::path::ParameterIn;
use utoipa::{PartialSchema, ToSchema};

use super::describe::Shape;
use super::envelope::Envelope;
use super::{ApiError, Describe, Doc, JsonOk};

/// The versions a caller has already: `If-None-Match`.
#[derive(Debug)]
pub struct Known(Vec<String>);

impl Known {
    /// 200 with the data, or 304 if the caller has this very version.
    pub fn answer<T: Serialize>(self, data: T) -> WithEtag<T> {
        WithEtag { data, known: self }
    }

    /// Returns whether `tag` is listed, by weak comparison as for GET. A tag may contain a comma, but no quote.
    pub(super) fn has(&self, tag: &str) -> bool {
        self.0.iter().any(|line| line.trim() == "*" || line.split('"').skip(1).step_by(2).any(|known| known == tag))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Known {
    type Rejection = std::convert::Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let lines = parts.headers.get_all(header::IF_NONE_MATCH).iter();
        Ok(Self(lines.filter_map(|line| line.to_str().ok()).map(str::to_owned).collect()))
    }
}

impl Describe for Known {
    fn describe(doc: &mut Doc) {
        let about = "The ETag of an earlier response. If nothing has changed since, the response is 304 without a body.";
        doc.parameter("If-None-Match", ParameterIn::Header, Required::False, String::schema(), about);
    }
}

/// An answer with its version, a strong `ETag`: SHA-256 over the body.
#[derive(Debug)]
pub struct WithEtag<T> {
    data: T,
    known: Known,
}

impl<T: Serialize> IntoResponse for WithEtag<T> {
    fn into_response(self) -> Response {
        let body = match serde_json::to_vec(&Envelope::new(self.data)) {
            Ok(body) => body,
            Err(error) => {
                tracing::error!(%error, "an answer is no JSON");
                return ApiError::internal().into_response();
            }
        };
        let tag = hex::encode(Sha256::digest(&body));
        // It may be kept, by the caller alone, and is asked about before it is used again.
        let mut response = if self.known.has(&tag) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            ([(header::CONTENT_TYPE, "application/json")], body).into_response()
        };
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        if let Ok(tag) = HeaderValue::from_str(&format!("\"{tag}\"")) {
            response.headers_mut().insert(header::ETAG, tag);
        }
        response
    }
}

impl<T: ToSchema> Describe for WithEtag<T> {
    fn describe(doc: &mut Doc) {
        JsonOk::<T>::describe(doc);
        doc.success.push((304, Shape::Empty));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(lines: &[&str]) -> Known {
        Known(lines.iter().map(|line| (*line).to_owned()).collect())
    }

    fn answered(lines: &[&str]) -> Response {
        known(lines).answer("the fleet").into_response()
    }

    #[test]
    fn known_versions_are_read_from_lists_in_weak_form_and_from_several_lines() {
        assert!(known(&["\"a\""]).has("a"));
        assert!(known(&["\"x,y\", W/\"a\""]).has("a"));
        assert!(known(&["\"x\"", "\"a\""]).has("a"));
        assert!(known(&[" * "]).has("a"));
        assert!(!known(&[]).has("a"));
        assert!(!known(&["a"]).has("a"));
        assert!(!known(&["\"x\", \"y\""]).has(", "));
    }

    #[test]
    fn the_same_version_is_answered_without_a_body() {
        let fresh = answered(&[]);
        assert_eq!(fresh.status(), StatusCode::OK);
        let tag = fresh.headers()[header::ETAG].to_str().expect("ASCII").to_owned();
        let again = answered(&[&tag]);
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(again.headers()[header::ETAG], tag);
        assert!(again.headers().get(header::CONTENT_TYPE).is_none());
        assert_eq!(answered(&["\"another\""]).status(), StatusCode::OK);
    }
}
