//! Redirects to the page of the account.

use axum::response::{IntoResponse, Redirect, Response};

use crate::access::OpenPage;
use kit::page::Asked;

pub(super) const PATH: &str = "/account";

/// Redirects to the page from its old address, and from the addresses of its forms when they are opened.
pub(super) async fn moved(_: OpenPage, Asked(fields): Asked) -> Response {
    Redirect::permanent(&format!("{PATH}{}", fields.to_query())).into_response()
}

/// Redirects to the page, which says what came `after`.
pub(super) fn back(after: &str) -> Response {
    Redirect::to(&format!("{PATH}?after={after}")).into_response()
}
