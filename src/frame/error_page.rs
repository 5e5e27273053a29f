//! The page of a failed request.

use askama::Template;
use axum::response::Response;

use kit::http::ApiError;
use kit::page::html;

#[derive(Template)]
#[template(path = "frame/error.html")]
struct ErrorPage<'a> {
    status: u16,
    title: &'a str,
    message: &'a str,
    request_id: &'a str,
}

/// Renders an error as a page. The caller sets the status of the response.
pub fn error_page(error: &ApiError, request_id: &str) -> Response {
    let reason = error.status.canonical_reason().unwrap_or("Error");
    html(&ErrorPage { status: error.status.as_u16(), title: reason, message: &error.message, request_id })
}
