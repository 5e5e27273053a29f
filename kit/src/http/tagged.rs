//! Responses with an `ETag`: a client that has the current version gets 304 (RFC 9110, 8.8.3 and 13.1.2).

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::openapi::Required;
use utoipa::openapi::path::ParameterIn;
use utoipa::{PartialSchema, ToSchema};

use super::coding::{Accepted, Effort, set_vary, uncoded_tag};
use super::describe::Shape;
use super::entity_tag::EntityTag;
use super::envelope::Envelope;
use super::{ApiError, Describe, Doc, JsonOk};

/// The versions a caller has already, `If-None-Match`, and the codings that the caller accepts.
#[derive(Debug)]
pub struct Known {
    lines: Vec<String>,
    pub(super) accepted: Accepted,
}

impl Known {
    /// 200 with the data, or 304 if the caller has this very version.
    pub fn answer<T: Serialize>(self, data: T) -> WithEtag<T> {
        WithEtag { versioned: Versioned::new(data), known: self, is_cached: false }
    }

    /// Returns the tag under which the caller has the version `tag`, of its body without coding or in one; `None` if the caller
    /// does not have it. Tags are compared weakly, as for GET. A tag may contain a comma, but no quote.
    pub(super) fn find(&self, tag: &str) -> Option<String> {
        let is_same = |known: &str| uncoded_tag(known) == tag;
        self.lines.iter().find_map(|line| {
            let listed = || line.split('"').skip(1).step_by(2).find(|known| is_same(known));
            if line.trim() == "*" { Some(tag.to_owned()) } else { listed().map(str::to_owned) }
        })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Known {
    type Rejection = std::convert::Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let lines = parts.headers.get_all(header::IF_NONE_MATCH).iter();
        let lines = lines.filter_map(|line| line.to_str().ok()).map(str::to_owned).collect();
        Ok(Self { lines, accepted: Accepted::of(&parts.headers) })
    }
}

impl Describe for Known {
    fn describe(doc: &mut Doc) {
        let about = "The ETag of an earlier response. If nothing has changed since, the response is 304 without a body.";
        doc.parameter("If-None-Match", ParameterIn::Header, Required::False, String::schema(), about);
    }
}

/// Data of a response with its version.
#[derive(Debug)]
struct Versioned<T> {
    data: T,
    /// Members that change by themselves, which a write need not know.
    by_use: &'static [&'static str],
}

impl<T: Serialize> Versioned<T> {
    fn new(data: T) -> Self {
        Self { data, by_use: &[] }
    }

    /// Returns the body and its tag.
    fn written(&self) -> serde_json::Result<(Vec<u8>, EntityTag)> {
        let body = serde_json::to_vec(&Envelope::new(&self.data))?;
        let tag = EntityTag::of_body(&body, &self.data, self.by_use)?;
        Ok((body, tag))
    }
}

/// Returns the response in place of data that cannot be written as JSON.
fn unwritten(error: &serde_json::Error) -> Response {
    tracing::error!(%error, "an answer is no JSON");
    ApiError::internal().into_response()
}

/// A response to a read with its version, a strong `ETag`. No cache keeps it, unless it is [`WithEtag::cached`].
#[derive(Debug)]
pub struct WithEtag<T> {
    versioned: Versioned<T>,
    known: Known,
    is_cached: bool,
}

impl<T> WithEtag<T> {
    /// Lets the caller's own cache keep the response. It is asked about before it is used again.
    #[must_use]
    pub fn cached(self) -> Self {
        Self { is_cached: true, ..self }
    }

    /// Excludes members of the data from what a write has to know: those that change by themselves, such as the last use.
    /// [`IfMatch::without`](super::IfMatch::without) takes the same.
    #[must_use]
    pub fn without(mut self, by_use: &'static [&'static str]) -> Self {
        self.versioned.by_use = by_use;
        self
    }
}

impl<T: Serialize> IntoResponse for WithEtag<T> {
    fn into_response(self) -> Response {
        let (body, tag) = match self.versioned.written() {
            Ok(written) => written,
            Err(error) => return unwritten(&error),
        };
        let coded = || {
            let coding = self.known.accepted.best(Effort::One)?;
            Some((coding, coding.encode(&body, Effort::One)?))
        };
        let (mut response, tag) = match self.known.find(tag.as_str()) {
            Some(known) => (StatusCode::NOT_MODIFIED.into_response(), known),
            None => match coded() {
                Some((coding, coded)) => {
                    let mut response = json(coded);
                    coding.set(&mut response);
                    (response, coding.tag(tag.as_str()))
                }
                None => (json(body), tag.into_string()),
            },
        };
        set_vary(&mut response);
        if self.is_cached {
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        }
        with_tag(response, &tag)
    }
}

impl<T: ToSchema> Describe for WithEtag<T> {
    fn describe(doc: &mut Doc) {
        JsonOk::<T>::describe(doc);
        doc.success.push((304, Shape::Empty));
        doc.headers.push(("ETag", "The version of the data, for If-None-Match."));
    }
}

/// A 200 response to a write, with the `ETag` of the new version.
#[derive(Debug)]
pub struct Revised<T>(Versioned<T>);

impl<T: Serialize> Revised<T> {
    pub fn new(data: T) -> Self {
        Self(Versioned::new(data))
    }

    /// Excludes members as [`WithEtag::without`] does.
    #[must_use]
    pub fn without(mut self, by_use: &'static [&'static str]) -> Self {
        self.0.by_use = by_use;
        self
    }
}

impl<T: Serialize> IntoResponse for Revised<T> {
    fn into_response(self) -> Response {
        match self.0.written() {
            Ok((body, tag)) => with_tag(json(body), tag.as_str()),
            Err(error) => unwritten(&error),
        }
    }
}

impl<T: ToSchema> Describe for Revised<T> {
    fn describe(doc: &mut Doc) {
        JsonOk::<T>::describe(doc);
        doc.headers.push(("ETag", "The new version, for If-Match."));
    }
}

fn json(body: Vec<u8>) -> Response {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Adds the `ETag`, which is given without quotes.
pub(super) fn with_tag(mut response: Response, tag: &str) -> Response {
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{tag}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(lines: &[&str]) -> Known {
        Known { lines: lines.iter().map(|line| (*line).to_owned()).collect(), accepted: Accepted::default() }
    }

    fn answered(lines: &[&str]) -> Response {
        known(lines).answer("the fleet").into_response()
    }

    #[test]
    fn known_versions_are_read_from_lists_in_weak_form_and_from_several_lines() {
        let find = |lines: &[&str]| known(lines).find("a");
        for lines in [&["\"a\""][..], &["\"x,y\", W/\"a\""], &["\"x\"", "\"a\""], &[" * "]] {
            assert_eq!(find(lines).as_deref(), Some("a"), "{lines:?}");
        }
        for coded in ["a-gzip", "a-br", "a-zstd"] {
            assert_eq!(find(&[&format!("\"{coded}\"")]).as_deref(), Some(coded), "the same version, in another coding");
        }
        for lines in [&[][..], &["a"], &["\"a-deflate\""], &["\"-gzip\""]] {
            assert_eq!(find(lines), None, "{lines:?}");
        }
        assert_eq!(known(&["\"x\", \"y\""]).find(", "), None);
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

    #[test]
    fn caches_keep_only_what_they_may() {
        assert!(answered(&[]).headers().get(header::CACHE_CONTROL).is_none());
        let cached = known(&[]).answer("the fleet").cached().into_response();
        assert_eq!(cached.headers()[header::CACHE_CONTROL], "private, no-cache");
    }

    #[test]
    fn write_has_the_tag_of_the_next_read() {
        let read = answered(&[]);
        let written = Revised::new("the fleet").into_response();
        assert_eq!(written.headers()[header::ETAG], read.headers()[header::ETAG]);
        assert!(written.headers().get(header::CACHE_CONTROL).is_none());
    }
}
