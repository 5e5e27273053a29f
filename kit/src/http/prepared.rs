//! Responses that are made once and sent many times, each with a strong `ETag` (RFC 9110, 8.8.3).

use std::sync::OnceLock;

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use super::Known;
use super::coding::{Coding, Effort, set_vary};
use super::tagged::with_tag;

/// Hexadecimal digits of SHA-256 in an `ETag`: 64 bits suffice, as callers do not choose the content.
const DIGITS: usize = 16;

/// A 200 response that is the same for every caller.
#[derive(Clone, Debug)]
pub struct Prepared {
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
    /// The body in each of [`Coding::ALL`], made for the first caller who prefers it; `None` if it gets hardly shorter.
    coded: [OnceLock<Option<Bytes>>; Coding::ALL.len()],
    hash: String,
}

impl Prepared {
    /// A response with these headers; `Cache-Control` and `ETag` are added when it is sent.
    pub fn new(headers: impl IntoIterator<Item = (HeaderName, HeaderValue)>, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        let hash = hex::encode(Sha256::digest(&body))[..DIGITS].to_owned();
        let headers = headers.into_iter().filter(|(name, _)| *name != header::CACHE_CONTROL).collect();
        Self { headers, body, coded: Default::default(), hash }
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
        let (mut response, tag) = match known.find(&self.hash) {
            Some(known) => (StatusCode::NOT_MODIFIED.into_response(), known),
            None => self.full(known),
        };
        set_vary(&mut response);
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
        with_tag(response, &tag)
    }

    /// Returns the response with its body, and its tag.
    fn full(&self, known: &Known) -> (Response, String) {
        let in_coding = |coding: Coding| {
            let encode = || coding.encode(&self.body, Effort::Many).map(Bytes::from);
            Some((coding, self.coded[coding as usize].get_or_init(encode).clone()?))
        };
        let coded = known.accepted.best(Effort::Many).and_then(in_coding);
        let coding = coded.as_ref().map(|(coding, _)| *coding);
        let mut response = Response::new(Body::from(coded.map_or_else(|| self.body.clone(), |(_, body)| body)));
        response.headers_mut().extend(self.headers.iter().cloned());
        match coding {
            Some(coding) => {
                coding.set(&mut response);
                (response, coding.tag(&self.hash))
            }
            None => (response, self.hash.clone()),
        }
    }
}
