//! [`PageSession`]: the extractor that admits the person of a page, by session cookie.

use std::ops::Deref;

use axum::extract::FromRequestParts;
use axum::http::Method;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};

use super::admit::{admit_member, authenticate_session, require_recent, require_setup};
use super::allowed::{Allowed, connection};
use super::caller::MemberCaller;
use super::csrf_token::{CsrfVerified, Postponed, SignedOut, csrf_token, form_refused};
use super::permission::{ManageFindings, Permission};
use super::refusal::REAUTHENTICATION_REQUIRED;
use crate::app::App;
use crate::auth::Browser;
use crate::findings;
use crate::frame::{self, Frame, MenuEntry, SignedInMember};
use crate::limits::Limited;
use crate::members::Member;
use crate::request_context::RequestContext;
use crate::sessions::{CookieName, Session};
use kit::db::DbResult;
use kit::http::{ApiError, Describe, Doc, Guard, Matched};
use kit::page::Fields;

/// Proof that the member who opens a page, or sends its form, may do what `P` names.
#[derive(Debug)]
pub struct PageSession<P: Permission> {
    allowed: Allowed<P>,
    caller: MemberCaller,
    csrf_token: String,
    browser: Browser,
    /// The number of findings, for an administrator.
    findings: Option<u64>,
}

impl<P: Permission> Deref for PageSession<P> {
    type Target = Allowed<P>;
    fn deref(&self) -> &Allowed<P> {
        &self.allowed
    }
}

impl<P: Permission> PageSession<P> {
    pub fn member(&self) -> &Member {
        self.caller.member()
    }

    pub fn session(&self) -> &Session {
        &self.caller.session
    }

    /// Returns the browser, as a sign-in recognises it.
    pub fn browser(&self) -> Browser {
        self.browser.clone()
    }

    /// Returns the person with the CSRF token of their forms, for a page that is not of one slice.
    pub fn signed_in_member(&self) -> SignedInMember {
        (self.caller.clone(), self.csrf_token.clone())
    }

    /// Returns the frame of the page, with the menu and the person's name.
    pub fn frame(&self, app: &App, title: impl Into<String>, entry: MenuEntry) -> Frame {
        Frame::new(app, &self.caller, title.into(), entry, self.csrf_token.clone()).with_findings(self.findings)
    }
}

impl<P: Permission<Caller: From<MemberCaller>>> FromRequestParts<App> for PageSession<P> {
    type Rejection = Response;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let request = RequestContext::of(parts).map_err(IntoResponse::into_response)?;
        let Some((caller, csrf_token)) = session(app, parts).await? else { return Err(to_sign_in(parts)) };
        let call = P::call(&parts.method);
        admit_member(app, &caller, call, &request).map_err(postponed)?;
        if require_setup(&caller, P::OPEN_BEFORE_SETUP).is_err() {
            // The page says why, and has the form to set it up.
            return Err(Redirect::to(MenuEntry::Account.path()).into_response());
        }
        if !P::RULE.admits(caller.member().role) {
            return Err(frame::forbidden(app, &caller, P::RULE, csrf_token).await);
        }
        // The form of a page that is open to all proves nothing about a session.
        if parts.extensions.get().is_some_and(|CsrfVerified(cookie)| *cookie != CookieName::Session) {
            return Err(form_refused().into_response());
        }
        require_recent(app, &caller, P::NEEDS_RECENT_PROOF).await.map_err(|error| to_confirmation(parts, error))?;
        Matched::admit(&parts.extensions, caller.tenant.id.0);
        let connection = connection::<P>(app, caller.tenant.id, call).await.map_err(IntoResponse::into_response)?;
        let browser = Browser { token: Browser::read(&app.config, &parts.headers) };
        let findings = number_of_findings(app, &caller, &parts.method).await;
        let allowed = Allowed::new(caller.clone().into(), request, connection);
        Ok(Self { allowed, caller, csrf_token, browser, findings })
    }
}

/// Returns the number of findings for the menu of an administrator. No page fails for the want of it.
async fn number_of_findings(app: &App, caller: &MemberCaller, method: &Method) -> Option<u64> {
    if !ManageFindings::RULE.admits(caller.member().role) {
        return None;
    }
    if !matches!(*method, Method::GET | Method::HEAD) {
        return app.findings.known(caller.tenant.id);
    }
    findings::number(app.into(), caller.tenant.id).await.ok()
}

/// Returns the caller of the session cookie and the CSRF token of their forms, if there is a session.
pub(super) async fn session(app: &App, parts: &Parts) -> Result<Option<SignedInMember>, Response> {
    let Some(token) = CookieName::Session.read(&app.config, &parts.headers) else { return Ok(None) };
    find_signed_in_member(app, &token).await.map_err(|error| ApiError::from(error).into_response())
}

async fn find_signed_in_member(app: &App, token: &str) -> DbResult<Option<SignedInMember>> {
    Ok(authenticate_session(app, token.as_bytes()).await?.map(|caller| (caller, csrf_token(token))))
}

/// Returns the person of a page for its menu, by the session cookie. No error page waits for a second failure: if the database
/// does not answer, there is no menu.
pub async fn signed_in_member(app: &App, session: Option<&str>) -> Option<SignedInMember> {
    find_signed_in_member(app, session?).await.ok().flatten()
}

/// Returns a 429, which the CSRF middleware replaces by a page that keeps what was typed.
pub(super) fn postponed(limited: Limited) -> Response {
    let error = ApiError::from(limited);
    let mut response = error.clone().into_response();
    response.extensions_mut().insert(Postponed(error));
    response
}

/// Returns the path and query of a request, to lead back to. A token in them must be neither in `Location` nor in a form.
fn wanted(parts: &Parts) -> &str {
    let wanted = parts.uri.path_and_query().map_or("/", |wanted| wanted.as_str());
    if key_format::may_contain_secret(wanted) { "" } else { wanted }
}

/// Redirects to the sign-in page, which leads back to this one. For a form the CSRF middleware answers with a page instead.
fn to_sign_in(parts: &Parts) -> Response {
    let next = if matches!(parts.method, Method::GET | Method::HEAD) { wanted(parts) } else { "" };
    let link = format!("/sign-in{}", Fields::default().with("next", next).to_query());
    let mut response = Redirect::to(&link).into_response();
    response.extensions_mut().insert(SignedOut);
    response
}

/// Redirects to the page that asks for a new proof of identity, which leads back to this one. For a form the CSRF middleware
/// answers with a page that keeps what was typed.
fn to_confirmation(parts: &Parts, error: ApiError) -> Response {
    if !matches!(parts.method, Method::GET | Method::HEAD) || error.code != REAUTHENTICATION_REQUIRED {
        return error.into_response();
    }
    Redirect::to(&format!("/reauthenticate{}", Fields::default().with("next", wanted(parts)).to_query())).into_response()
}

impl<P: Permission> Guard for PageSession<P> {
    fn permission() -> String {
        P::RULE.to_string()
    }
}

impl<P: Permission> Describe for PageSession<P> {
    fn describe(_: &mut Doc) {}
}
