//! Pages for those who may not go on, and what they can do about it.

use std::borrow::Cow;

use askama::Template;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::{Frame, Place};
use crate::access::{Caller, Rule};
use crate::app::App;
use crate::members::{self, Member, Role};
use key_format::scrub;
use kit::http::ApiError;
use kit::page::{Fields, html_with};

#[derive(Template)]
#[template(path = "frame/forbidden.html")]
struct Forbidden {
    frame: Frame,
    needed: &'static str,
    whom_to_ask: Vec<Member>,
}

/// 403: their role does not open this, and these are the people who could help.
pub async fn forbidden(app: &App, caller: &Caller, rule: Rule, token: String) -> Response {
    let Caller::Member { member, .. } = caller else { return ApiError::internal().into_response() };
    let (needed, roles): (_, &[Role]) = match rule {
        Rule::AccountOwner => ("the account owner", &[Role::AccountOwner]),
        Rule::ReadAuditLog => ("administrators and auditors", &[Role::AccountOwner, Role::Admin]),
        _ => ("administrators (Admin or Account owner)", &[Role::AccountOwner, Role::Admin]),
    };
    let whom_to_ask = match members::with_role(app.db.read(), member.workspace, roles).await {
        Ok(whom_to_ask) => whom_to_ask,
        Err(error) => return ApiError::from(error).into_response(),
    };
    let frame = Frame::new(app, caller, "Your role does not allow this".to_owned(), Place::Account, token);
    html_with(StatusCode::FORBIDDEN, &Forbidden { frame, needed, whom_to_ask })
}

#[derive(Template)]
#[template(path = "frame/again.html")]
struct Again<'a> {
    title: &'static str,
    path: &'a str,
    fields: Vec<(&'a str, Cow<'a, str>)>,
    because: Because<'a>,
}

/// Why a form has to be sent again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Because<'a> {
    SignedOut,
    OtherSession,
    Limited(&'a str),
}

/// 401: a form was sent without a session. What was typed waits in the page until they are signed in again.
pub fn signed_out_meanwhile(path: &str, fields: &Fields) -> Response {
    // The token is not known before they are signed in; what is sent without a fitting one leads to `send_again`.
    let page = Again { title: "You were signed out", path, fields: kept(fields), because: Because::SignedOut };
    html_with(StatusCode::UNAUTHORIZED, &page)
}

/// 403: a form was opened in an earlier session. What was typed is there, with the token of this one.
pub fn send_again(path: &str, fields: &Fields) -> Response {
    let page = Again { title: "Send this again?", path, fields: kept(fields), because: Because::OtherSession };
    html_with(StatusCode::FORBIDDEN, &page)
}

/// 429: a form came when a limit was used up. What was typed waits in the page until there is room again.
pub fn try_again_later(path: &str, fields: &Fields, error: &ApiError, headers: HeaderMap) -> Response {
    let page = Again { title: "Too many changes", path, fields: kept(fields), because: Because::Limited(&error.message) };
    let mut response = html_with(StatusCode::TOO_MANY_REQUESTS, &page);
    response.headers_mut().extend(headers);
    response
}

/// What was typed, but for passwords and keys: a page that waits must not hold one. A key's hint stays in its place.
fn kept(fields: &Fields) -> Vec<(&str, Cow<'_, str>)> {
    fields.pairs().filter(|(name, _)| *name != "password").map(|(name, text)| (name, scrub(text))).collect()
}
