//! Pages for visitors who may not go on, with what they can do about it.

use std::borrow::Cow;

use askama::Template;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::{Frame, MenuEntry};
use crate::access::{MemberCaller, Rule};
use crate::core::Core;
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

/// Responds with 403 and the people to ask: the visitor's role does not have the permission.
pub async fn forbidden(core: &Core, caller: &MemberCaller, rule: Rule, token: String) -> Response {
    let (needed, roles): (_, &[Role]) = match rule {
        Rule::AccountOwner => ("the account owner", &[Role::AccountOwner]),
        Rule::ReadAuditLog => ("administrators and auditors", &[Role::AccountOwner, Role::Admin]),
        _ => ("administrators (Admin or Account owner)", &[Role::AccountOwner, Role::Admin]),
    };
    let whom_to_ask = match members::with_role(core.db.read(), caller.tenant.id, roles).await {
        Ok(whom_to_ask) => whom_to_ask,
        Err(error) => return ApiError::from(error).into_response(),
    };
    let frame = Frame::new(core, caller, "Your role does not allow this".to_owned(), MenuEntry::Account, token);
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

/// The reason why a form has to be sent again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Because<'a> {
    SignedOut,
    OtherSession,
    Limited(&'a str),
}

/// Responds with 401 to a form without a session. The page keeps what was typed until the visitor has signed in again.
pub fn signed_out_meanwhile(path: &str, fields: &Fields) -> Response {
    // The token depends on the next session; a form with another one leads to `send_again`.
    let page = Again { title: "You were signed out", path, fields: without_secrets(fields), because: Because::SignedOut };
    html_with(StatusCode::UNAUTHORIZED, &page)
}

/// Responds with 403 to a form of an earlier session. The page has what was typed, with the token of this session.
pub fn send_again(path: &str, fields: &Fields) -> Response {
    let page = Again { title: "Send this again?", path, fields: without_secrets(fields), because: Because::OtherSession };
    html_with(StatusCode::FORBIDDEN, &page)
}

/// Responds with 429 to a form over the rate limit. The page keeps what was typed until it can be sent again.
pub fn try_again_later(path: &str, fields: &Fields, error: &ApiError, headers: HeaderMap) -> Response {
    let page =
        Again { title: "Too many changes", path, fields: without_secrets(fields), because: Because::Limited(&error.message) };
    let mut response = html_with(StatusCode::TOO_MANY_REQUESTS, &page);
    response.headers_mut().extend(headers);
    response
}

/// Returns what was typed, without passwords and with keys replaced by their hints: a page that waits must not hold secrets.
fn without_secrets(fields: &Fields) -> Vec<(&str, Cow<'_, str>)> {
    fields.pairs().filter(|(name, _)| *name != "password").map(|(name, text)| (name, scrub(text))).collect()
}
