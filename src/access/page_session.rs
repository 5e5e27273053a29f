//! [`PageSession`]: the caller of a page, who came with a cookie.

use std::ops::Deref;
use std::time::Duration;

use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::header::SET_COOKIE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};

use super::allowed::{self, Allowed, Caller};
use super::csrf::{CsrfVerified, csrf_token, form_refused};
use super::permission::{Permission, Rule};
use crate::app::App;
use crate::frame::{self, Frame, Place};
use crate::limits::Limited;
use crate::members::Member;
use crate::request_context::RequestContext;
use crate::sessions::{Browser, Jar};
use kit::http::{ApiError, Describe, Doc, Guard, Matched};
use kit::page::{Fields, html_with};
use kit::secret::{SecretToken, TokenDigest};

/// How long a browser keeps what ties the forms of someone who is not signed in to it.
const VISIT: Duration = Duration::from_hours(12);

/// Proof that whoever opens a page, or sends its form, may do what `P` names.
#[derive(Debug)]
pub struct PageSession<P> {
    allowed: Allowed<P>,
    token: String,
    cookie: Option<HeaderValue>,
    browser: Option<SecretToken>,
}

/// Among a response's extensions: the form was not taken because of a limit, and may be sent again later.
#[derive(Clone, Debug)]
pub(super) struct Postponed(pub(super) ApiError);

/// Among a response's extensions: whoever sent this has no session.
#[derive(Clone, Copy, Debug)]
pub(super) struct SignedOut;

impl<P> Deref for PageSession<P> {
    type Target = Allowed<P>;
    fn deref(&self) -> &Allowed<P> {
        &self.allowed
    }
}

impl<P> PageSession<P> {
    /// Who visits, if they are signed in.
    pub fn member(&self) -> Option<&Member> {
        match self.caller() {
            Caller::Member { member, .. } => Some(member),
            Caller::Anyone | Caller::Key { .. } => None,
        }
    }

    /// Their session, if they are signed in.
    pub fn session(&self) -> Option<TokenDigest> {
        match self.caller() {
            Caller::Member { session, .. } => Some(*session),
            Caller::Anyone | Caller::Key { .. } => None,
        }
    }

    /// What surrounds the page they see.
    pub fn frame(&self, app: &App, title: impl Into<String>, place: Place) -> Frame {
        Frame::new(app, self.caller(), title.into(), place, self.token.clone())
    }

    /// The token of their forms, for pages without a frame.
    pub fn token(&self) -> String {
        self.token.clone()
    }

    /// The browser, as a sign-in knows it.
    pub fn browser(&self) -> Browser {
        Browser { token: self.browser.clone() }
    }

    /// A page for someone who need not be signed in; sends the cookie that its form will be held against.
    pub fn show(&self, status: StatusCode, page: &impl Template) -> Response {
        let mut response = html_with(status, page);
        response.headers_mut().extend(self.cookie.clone().map(|cookie| (SET_COOKIE, cookie)));
        response
    }
}

impl<P: Permission> FromRequestParts<App> for PageSession<P> {
    type Rejection = Response;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let request = RequestContext::of(parts).map_err(IntoResponse::into_response)?;
        let sent = Jar::Session.read(&app.config, &parts.headers);
        let person = match &sent {
            Some(token) => allowed::person(app, token.as_bytes()).await.map_err(|error| ApiError::from(error).into_response())?,
            None => None,
        };
        let call = P::call(&parts.method);
        if let Some(limited) = person.as_ref().and_then(|caller| allowed::take(app, caller, call, &request).err()) {
            return Err(postponed(limited));
        }
        match (P::RULE, person) {
            (Rule::Anyone, None) => Ok(Self::stranger(app, &parts.headers, request)),
            (_, None) => Err(to_sign_in(parts)),
            (rule, Some(caller)) => {
                let token = sent.as_deref().map(csrf_token).unwrap_or_default();
                match &caller {
                    Caller::Member { member, .. } if !rule.admits(member.role) => {
                        Err(frame::forbidden(app, &caller, rule, token).await)
                    }
                    // The form of a sign-in page proves nothing for someone who is signed in.
                    _ if rule != Rule::Anyone && parts.extensions.get().is_some_and(|CsrfVerified(jar)| *jar != Jar::Session) => {
                        Err(form_refused().into_response())
                    }
                    _ => {
                        if let Some(tenant) = caller.tenant() {
                            Matched::admit(&parts.extensions, tenant.id.0);
                        }
                        let connection = allowed::connection::<P>(app, &caller, call).await;
                        let connection = connection.map_err(IntoResponse::into_response)?;
                        let browser = if rule == Rule::Anyone { Browser::sent(app, &parts.headers) } else { None };
                        Ok(Self { allowed: Allowed::new(caller, request, connection), token, cookie: None, browser })
                    }
                }
            }
        }
    }
}

impl<P> PageSession<P> {
    fn stranger(app: &App, headers: &HeaderMap, request: RequestContext) -> Self {
        let known = Jar::Visit.read(&app.config, headers).filter(|visit| !visit.is_empty());
        let visit = known.clone().unwrap_or_else(|| app.random.base62(43));
        let cookie = if known.is_some() { None } else { Jar::Visit.keep(&app.config, &visit, VISIT) };
        let browser = Browser::sent(app, headers);
        Self { allowed: Allowed::new(Caller::Anyone, request, None), token: csrf_token(&visit), cookie, browser }
    }
}

/// 429, from which `csrf_middleware` makes a page that keeps what was typed.
fn postponed(limited: Limited) -> Response {
    let error = ApiError::from(limited);
    let mut response = error.clone().into_response();
    response.extensions_mut().insert(Postponed(error));
    response
}

/// Back to where they wanted to go, once they are signed in. A form is not lost either: see `csrf_middleware`.
fn to_sign_in(parts: &Parts) -> Response {
    let wanted = parts.uri.path_and_query().map_or("/", |wanted| wanted.as_str());
    // A token in the path must not come back in `Location`, nor wait in the sign-in form.
    let is_kept = matches!(parts.method, Method::GET | Method::HEAD) && !key_format::may_contain_secret(wanted);
    let next = if is_kept { wanted } else { "" };
    let link = format!("/sign-in{}", Fields::default().with("next", next).to_query());
    let mut response = Redirect::to(&link).into_response();
    response.extensions_mut().insert(SignedOut);
    response
}

impl<P: Permission> Guard for PageSession<P> {
    fn permission() -> String {
        P::RULE.to_string()
    }
}

impl<P> Describe for PageSession<P> {
    fn describe(_: &mut Doc) {}
}
