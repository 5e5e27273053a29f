//! [`OpenPage`]: the extractor for pages that need no session, such as the sign-in page.

use std::time::Duration;

use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::header::SET_COOKIE;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::admit::admit_member;
use super::caller::MemberCaller;
use super::csrf_token::csrf_token;
use super::page_session::{postponed, session};
use super::permission::{Anyone, Permission};
use crate::app::App;
use crate::auth::Browser;
use crate::request_context::RequestContext;
use crate::sessions::CookieName;
use kit::http::{Describe, Doc, Guard, Matched};
use kit::page::html_with;
use kit::secret::SecretToken;

/// The lifetime of the cookie that ties the forms of a browser without a session to it.
const VISIT: Duration = Duration::from_hours(12);

/// A person who may or may not be signed in.
#[derive(Debug)]
pub struct OpenPage {
    signed_in: Option<MemberCaller>,
    request: RequestContext,
    csrf_token: String,
    /// A new visit cookie, for a browser that sent none.
    cookie: Option<HeaderValue>,
    browser: Option<SecretToken>,
    challenge: Option<String>,
}

impl OpenPage {
    pub fn signed_in(&self) -> Option<&MemberCaller> {
        self.signed_in.as_ref()
    }

    pub fn request(&self) -> &RequestContext {
        &self.request
    }

    pub fn csrf_token(&self) -> String {
        self.csrf_token.clone()
    }

    /// Returns the browser, as a sign-in recognises it.
    pub fn browser(&self) -> Browser {
        Browser { token: self.browser.clone() }
    }

    /// Returns the token of the challenge of a sign-in that was begun, if the browser sent one.
    pub fn challenge(&self) -> Option<&str> {
        self.challenge.as_deref()
    }

    /// Renders a page, with the cookie that its form is checked against.
    pub fn show(&self, status: StatusCode, page: &impl Template) -> Response {
        let mut response = html_with(status, page);
        response.headers_mut().extend(self.cookie.clone().map(|cookie| (SET_COOKIE, cookie)));
        response
    }
}

impl FromRequestParts<App> for OpenPage {
    type Rejection = Response;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let request = RequestContext::of(parts).map_err(IntoResponse::into_response)?;
        let browser = Browser::read(&app.config, &parts.headers);
        let challenge = CookieName::Challenge.read(&app.config, &parts.headers).filter(|token| !token.is_empty());
        let Some((caller, csrf_token)) = session(app, parts).await? else {
            let (csrf_token, cookie) = visit(app, parts);
            return Ok(Self { signed_in: None, request, csrf_token, cookie, browser, challenge });
        };
        admit_member(app, &caller, Anyone::call(&parts.method), &request).map_err(postponed)?;
        Matched::admit(&parts.extensions, caller.tenant.id.0);
        Ok(Self { signed_in: Some(caller), request, csrf_token, cookie: None, browser, challenge })
    }
}

/// Returns the CSRF token of a browser without a session, and the cookie that it is derived from if that is new.
fn visit(app: &App, parts: &Parts) -> (String, Option<HeaderValue>) {
    let sent = CookieName::Visit.read(&app.config, &parts.headers).filter(|visit| !visit.is_empty());
    if let Some(visit) = sent {
        return (csrf_token(&visit), None);
    }
    let visit = app.random.base62(43);
    (csrf_token(&visit), CookieName::Visit.keep(&app.config, &visit, VISIT))
}

impl Guard for OpenPage {
    fn permission() -> String {
        Anyone::RULE.to_string()
    }
}

impl Describe for OpenPage {
    fn describe(_: &mut Doc) {}
}
