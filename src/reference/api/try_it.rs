//! `GET /docs/try`: a read call that the page of the call makes for a reader who is signed in.
//!
//! The call goes through the middleware and the handlers of the API in process, with the reader's session as its credential: its
//! limits, permissions and log are those of any other call. The answer is returned as text in JSON, so that no browser takes it
//! for a page.

use axum::Router;
use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use serde::Serialize;
use tower::ServiceExt;

use crate::access::OwnSession;
use crate::app::App;
use crate::reference::calls::WAIT;
use crate::request_context::REQUEST_ID;
use kit::http::route::page;
use kit::http::{ApiError, Describe, Doc, JsonOk, NoStore, Routes};
use kit::page::{Asked, Fields};

/// The most of a body that is returned, in bytes. A list of a hundred rows fits.
const LARGEST: usize = 256 << 10;

/// The headers of an answer that are returned, beside the request id. A cookie is never among them.
const SHOWN: [&str; 6] = ["content-type", "etag", "retry-after", "ratelimit-policy", "ratelimit", "www-authenticate"];

/// The path of the page.
pub const TRY_IT: &str = "/docs/try";

/// The read calls of the API with their middleware, as a service in process.
#[derive(Clone, Debug)]
pub struct ReadCalls(Router);

impl ReadCalls {
    pub fn new(calls: Router) -> Self {
        Self(calls)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ReadCalls {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        // Attached by the router of all pages.
        parts.extensions.get::<Self>().cloned().ok_or_else(ApiError::internal)
    }
}

impl Describe for ReadCalls {
    fn describe(_: &mut Doc) {}
}

/// The answer to a call.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    status: u16,
    reason: &'static str,
    request_id: String,
    /// Names and values of those in [`SHOWN`].
    headers: Vec<(&'static str, String)>,
    body: String,
    /// True if the body is longer than what is here.
    is_cut: bool,
}

pub fn pages() -> Routes<App> {
    Routes::new("Documentation", [page(TRY_IT, "Try a read call", try_it)])
}

/// Makes the call in the parameter `call`. Without a session nothing is called, and the response is 204.
async fn try_it(session: OwnSession, calls: ReadCalls, Asked(asked): Asked) -> Result<Response, ApiError> {
    let call = read_call(&asked)?;
    let Some(request) = session.get(call) else {
        return Ok(NoStore(StatusCode::NO_CONTENT).into_response());
    };
    let Ok(response) = calls.0.oneshot(request).await;
    let (parts, body) = response.into_parts();
    let (body, is_cut) = read(body).await?;
    let answer = Answer {
        status: parts.status.as_u16(),
        reason: parts.status.canonical_reason().unwrap_or_default(),
        request_id: text(&parts.headers, REQUEST_ID.as_str()).unwrap_or_default(),
        headers: SHOWN.into_iter().filter_map(|name| Some((name, text(&parts.headers, name)?))).collect(),
        body,
        is_cut,
    };
    Ok(NoStore(JsonOk(answer)).into_response())
}

/// Returns the path and the query of the call. The routes decide whether there is such a call.
fn read_call(asked: &Fields) -> Result<Uri, ApiError> {
    let explained = || ApiError::invalid_field("call", "must be the path of a read call, such as /api/v1/ops/trips?page_size=5");
    let call: Uri = asked.verbatim("call").parse().map_err(|_| explained())?;
    if call.authority().is_some() || !call.path().starts_with("/api/v1/") {
        return Err(explained());
    }
    if Fields::parse(call.query().unwrap_or_default().as_bytes()).has(WAIT) {
        return Err(ApiError::invalid_field("call", "must not have the parameter wait, as no call waits here"));
    }
    Ok(call)
}

/// Returns a body as text, and true if it is longer than [`LARGEST`]. Fails if it ends early.
async fn read(body: Body) -> Result<(String, bool), ApiError> {
    let (mut bytes, mut chunks) = (Vec::new(), body.into_data_stream());
    let is_cut = loop {
        match chunks.next().await {
            None => break false,
            Some(Err(error)) => {
                tracing::warn!(%error, "the body of a call that a page made ended early");
                return Err(ApiError::internal());
            }
            Some(Ok(chunk)) if chunk.len() > LARGEST - bytes.len() => {
                bytes.extend_from_slice(&chunk[..LARGEST - bytes.len()]);
                break true;
            }
            Some(Ok(chunk)) => bytes.extend_from_slice(&chunk),
        }
    };
    Ok((String::from_utf8_lossy(&bytes).into_owned(), is_cut))
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn long_body_is_cut() {
        assert_eq!(read(Body::from("{}")).await.expect("a body"), ("{}".to_owned(), false));
        let (text, is_cut) = read(Body::from("a".repeat(LARGEST))).await.expect("a body");
        assert_eq!((text.len(), is_cut), (LARGEST, false));
        let (text, is_cut) = read(Body::from("a".repeat(LARGEST + 1))).await.expect("a body");
        assert_eq!((text.len(), is_cut), (LARGEST, true));
    }

    #[tokio::test]
    async fn body_that_ends_early_is_an_error() {
        let chunks = [Ok("{\"success\":"), Err(std::io::Error::other("the connection is lost"))];
        let error = read(Body::from_stream(futures_util::stream::iter(chunks))).await.expect_err("an error");
        assert_eq!(error.code, "INTERNAL");
    }

    #[test]
    fn only_paths_of_the_api_are_calls() {
        let read = |call: &str| read_call(&Fields::from([("call", call)])).map(|uri| uri.to_string());
        assert_eq!(read("/api/v1/ops/trips?status=draft%26x").ok().as_deref(), Some("/api/v1/ops/trips?status=draft%26x"));
        for other in [
            "",
            "api/v1/ops/trips",
            "/api/v1",
            "/docs",
            "/api/v2/ops/trips",
            "//evil.example/api/v1/ops/trips",
            "http://evil.example/api/v1/ops/trips",
            "/api/v1/a b",
            "/api/v1/changes?after=1&wait=30",
            "/api/v1/changes?%77ait=30",
        ] {
            assert!(read(other).is_err(), "{other:?}");
        }
    }
}
