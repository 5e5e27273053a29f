//! The page of a failed request.

use std::borrow::Cow;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::{Frame, SignedInMember};
use crate::core::Core;
use kit::http::ApiError;
use kit::page::html;

/// The page for a person without a session, or while the database does not answer.
#[derive(Template)]
#[template(path = "frame/error.html")]
struct ErrorPage<'a> {
    title: Cow<'static, str>,
    text: ErrorText<'a>,
}

/// The page with the menu of a member.
#[derive(Template)]
#[template(path = "frame/error_with_menu.html")]
struct ErrorPageWithMenu<'a> {
    frame: Frame,
    text: ErrorText<'a>,
}

struct ErrorText<'a> {
    status: u16,
    message: &'a str,
    /// The rest of a message that mentions the API reference, which becomes a link.
    after_link: Option<&'a str>,
    request_id: &'a str,
}

/// The path of the API reference, as messages mention it.
const REFERENCE: &str = "/docs";

/// Renders an error as a page, with the menu if the person is signed in. The caller sets the status of the response.
pub fn error_page(core: &Core, signed_in_member: Option<SignedInMember>, error: &ApiError, request_id: &str) -> Response {
    let (message, after_link) = match error.message.split_once(REFERENCE) {
        Some((before, after)) => (before, Some(after)),
        None => (&*error.message, None),
    };
    let text = ErrorText { status: error.status.as_u16(), message, after_link, request_id };
    let title = title(error.status);
    match signed_in_member {
        Some((caller, token)) => {
            let frame = Frame::new(core, &caller, title.into_owned(), None, token);
            html(&ErrorPageWithMenu { frame, text })
        }
        None => html(&ErrorPage { title, text }),
    }
}

fn title(status: StatusCode) -> Cow<'static, str> {
    let title = match status {
        StatusCode::FORBIDDEN => "Not allowed",
        StatusCode::NOT_FOUND => "Not found",
        StatusCode::CONFLICT => "Not possible at the moment",
        StatusCode::PAYLOAD_TOO_LARGE => "The form is too large",
        StatusCode::TOO_MANY_REQUESTS => "Too many requests",
        StatusCode::INTERNAL_SERVER_ERROR => "Something went wrong",
        StatusCode::SERVICE_UNAVAILABLE => "Temporarily unavailable",
        StatusCode::INSUFFICIENT_STORAGE => "Not enough disk space",
        status => status.canonical_reason().unwrap_or("Error"),
    };
    Cow::Borrowed(title)
}
