//! [`OwnSession`]: the extractor for a page that makes a call of the API in process, with the reader's own session.
//!
//! The session cookie alone proves nothing about the page that sent a request, so a script of this site has to add a header.
//! A script of another site cannot: for a header of its own the browser first asks this server (CORS), which allows none.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::{ConnectInfo, FromRequestParts, Request};
use axum::http::header::{AUTHORIZATION, HOST, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};

use super::csrf::{RequestOrigin, request_origin};
use super::permission::{Anyone, Permission};
use crate::app::App;
use crate::request_context::{REQUEST_ID, RequestContext};
use crate::sessions::CookieName;
use key_format::PREFIX;
use kit::http::{ApiError, Describe, Doc, Guard};

/// The header of a script of this site.
const SCRIPT: HeaderName = HeaderName::from_static("x-try-it");

/// The headers of the reader's request that its call keeps: the host, the program, and the address as a proxy passes it on.
const KEPT: [HeaderName; 3] = [HOST, USER_AGENT, HeaderName::from_static("x-forwarded-for")];

/// The session of a reader, as the credential of one call. The call is admitted like any other: nothing is checked here.
#[derive(Debug)]
pub struct OwnSession {
    /// `None` if the browser sent no session.
    credential: Option<HeaderValue>,
    kept: HeaderMap,
    context: RequestContext,
}

impl OwnSession {
    /// Returns a `GET` request for the API, from the reader's address and with the request id of the page's request; `None`
    /// without a session.
    pub fn get(self, call: Uri) -> Option<Request> {
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = call;
        *request.headers_mut() = self.kept;
        request.headers_mut().insert(AUTHORIZATION, self.credential?);
        if let Ok(id) = HeaderValue::from_str(self.context.id()) {
            request.headers_mut().insert(REQUEST_ID, id);
        }
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(self.context.peer(), 0)));
        Some(request)
    }
}

impl FromRequestParts<App> for OwnSession {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let context = RequestContext::of(parts)?;
        let is_of_script = parts.headers.get(SCRIPT).is_some_and(|value| value == "1");
        if !is_of_script || request_origin(&app.config, &parts.headers) == RequestOrigin::CrossOrigin {
            return Err(not_from_here());
        }
        let token = CookieName::Session.read(&app.config, &parts.headers);
        let mut kept = HeaderMap::new();
        for name in KEPT {
            kept.extend(parts.headers.get_all(&name).iter().map(|value| (name.clone(), value.clone())));
        }
        Ok(Self { credential: token.as_deref().and_then(bearer), kept, context })
    }
}

/// Returns the token of a session as a credential. A key is not taken from a cookie.
fn bearer(token: &str) -> Option<HeaderValue> {
    let token = token.trim();
    if token.is_empty() || token.starts_with(PREFIX) {
        return None;
    }
    let mut credential = HeaderValue::from_str(&format!("Bearer {token}")).ok()?;
    credential.set_sensitive(true);
    Some(credential)
}

fn not_from_here() -> ApiError {
    let message = "This address is for the documentation of this server, so nothing was read. Open the page of a call, and use \
                   “Try it” there. Software should use the API: see /docs.";
    ApiError::new(StatusCode::FORBIDDEN, "FORM_REFUSED", message)
}

impl Guard for OwnSession {
    fn permission() -> String {
        Anyone::RULE.to_string()
    }
}

impl Describe for OwnSession {
    fn describe(_: &mut Doc) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_of_a_session_is_a_credential_and_a_key_is_not() {
        assert_eq!(bearer("pcs_abc").as_ref().map(HeaderValue::as_bytes), Some(b"Bearer pcs_abc".as_slice()));
        for other in ["", " ", "pck_abc", " pck_abc", "a\nb"] {
            assert_eq!(bearer(other), None, "{other:?}");
        }
    }
}
