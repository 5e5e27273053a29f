//! Pages for people who may not go on, with what they can do about it.

use std::borrow::Cow;

use askama::Template;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::{Frame, SignedInMember};
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
    needed: String,
    whom_to_ask: Vec<Member>,
}

/// Responds with 403 and the people to ask: the person's role does not have the permission.
pub async fn forbidden(core: &Core, caller: &MemberCaller, rule: Rule, token: String) -> Response {
    let roles: &[Role] = if rule == Rule::AccountOwner { &[Role::AccountOwner] } else { &[Role::AccountOwner, Role::Admin] };
    let needed = needed(rule);
    let whom_to_ask = match members::with_role(core.db.read(), caller.tenant.id, roles).await {
        Ok(whom_to_ask) => whom_to_ask,
        Err(error) => return ApiError::from(error).into_response(),
    };
    let frame = Frame::new(core, caller, "Your role does not allow this".to_owned(), None, token);
    html_with(StatusCode::FORBIDDEN, &Forbidden { frame, needed, whom_to_ask })
}

/// Names the roles that a rule admits.
fn needed(rule: Rule) -> String {
    let others: Vec<_> = Role::ALL.into_iter().filter(|role| !role.is_administrator() && rule.admits(*role)).collect();
    let titles: Vec<_> = others.iter().map(|role| format!("{}s", role.title().to_lowercase())).collect();
    match titles.split_last() {
        _ if rule == Rule::AccountOwner => "the account owner".to_owned(),
        None => "administrators (Admin or Account owner)".to_owned(),
        Some((only, [])) => format!("administrators and {only}"),
        Some((last, rest)) => format!("administrators, {} and {last}", rest.join(", ")),
    }
}

/// The page for a person without a session.
#[derive(Template)]
#[template(path = "frame/again.html")]
struct Again<'a> {
    title: &'static str,
    form: AgainForm<'a>,
}

/// The page with the menu of a member.
#[derive(Template)]
#[template(path = "frame/again_with_menu.html")]
struct AgainWithMenu<'a> {
    frame: Frame,
    form: AgainForm<'a>,
}

/// A form that keeps what was typed, to be sent again.
struct AgainForm<'a> {
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
    /// The server has not enough disk space.
    LowSpace(&'a str),
}

impl Because<'_> {
    const fn status_and_title(self) -> (StatusCode, &'static str) {
        match self {
            Self::SignedOut => (StatusCode::UNAUTHORIZED, "You were signed out"),
            Self::OtherSession => (StatusCode::FORBIDDEN, "Send this again?"),
            Self::Limited(_) => (StatusCode::TOO_MANY_REQUESTS, "Too many changes"),
            Self::LowSpace(_) => (StatusCode::INSUFFICIENT_STORAGE, "Not enough disk space"),
        }
    }
}

/// Responds with 401 to a form without a session. The page keeps what was typed until the person has signed in again.
pub fn signed_out_meanwhile(path: &str, fields: &Fields) -> Response {
    // The token depends on the next session; a form with another one leads to `send_again`.
    let form = AgainForm { path, fields: without_secrets(fields), because: Because::SignedOut };
    let (status, title) = form.because.status_and_title();
    html_with(status, &Again { title, form })
}

/// Responds with 403 to a form of an earlier session. The page has what was typed, with the token of this session.
pub fn send_again(core: &Core, signed_in_member: Option<SignedInMember>, path: &str, fields: &Fields) -> Response {
    again(core, signed_in_member, AgainForm { path, fields: without_secrets(fields), because: Because::OtherSession })
}

/// Responds with 429 to a form over the rate limit, and with 507 while the server has too little disk space. The page keeps what
/// was typed until it can be sent again.
pub fn try_again_later(
    core: &Core,
    signed_in_member: Option<SignedInMember>,
    path: &str,
    fields: &Fields,
    (error, headers): (&ApiError, HeaderMap),
) -> Response {
    let is_of_space = error.status == StatusCode::INSUFFICIENT_STORAGE;
    let because = if is_of_space { Because::LowSpace(&error.message) } else { Because::Limited(&error.message) };
    let mut response = again(core, signed_in_member, AgainForm { path, fields: without_secrets(fields), because });
    response.headers_mut().extend(headers);
    response
}

fn again(core: &Core, signed_in_member: Option<SignedInMember>, form: AgainForm<'_>) -> Response {
    let (status, title) = form.because.status_and_title();
    match signed_in_member {
        Some((caller, token)) => {
            let frame = Frame::new(core, &caller, title.to_owned(), None, token);
            html_with(status, &AgainWithMenu { frame, form })
        }
        None => html_with(status, &Again { title, form }),
    }
}

/// The fields of passwords and secrets, and of the response to a ceremony of a passkey. What they contain is never sent back.
pub const SECRET_FIELDS: [&str; 6] = ["password", "current_password", "new_password", "signing_secret", "ceremony", "credential"];

/// Returns what was typed, without passwords and with keys replaced by their hints: a page that waits must not hold secrets.
pub(super) fn without_secrets(fields: &Fields) -> Vec<(&str, Cow<'_, str>)> {
    fields.pairs().filter(|(name, _)| !SECRET_FIELDS.contains(name)).map(|(name, text)| (name, scrub(text))).collect()
}
