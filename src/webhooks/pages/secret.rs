//! The only page that shows a signing secret: the response to the form that created or rotated it.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::endpoint::path_of;
use super::events;
use crate::frame::Frame;
use crate::webhooks::model::Endpoint;
use crate::webhooks::service::WithSecret;
use kit::http::outbound::Lookup;
use kit::page::html_with;

// No Debug, as it holds a secret.
#[derive(Template)]
#[template(path = "webhooks/secret.html")]
struct SecretPage<'a> {
    frame: Frame,
    endpoint: &'a Endpoint,
    secret: &'a str,
    events: String,
    /// True if the host name did not resolve when the URL was entered.
    is_unresolved: bool,
    /// The target of “I have stored this secret”, and of a reload.
    afterwards: String,
}

/// Returns 201 with the secret, on a page that caches must not store.
pub(super) fn show_once(frame: Frame, new: &WithSecret) -> Response {
    let WithSecret { endpoint, secret, lookup } = new;
    let page = SecretPage {
        frame,
        secret: secret.expose(),
        events: events::in_words(&endpoint.events),
        is_unresolved: !matches!(lookup, Lookup::Found),
        afterwards: path_of(endpoint.id),
        endpoint,
    };
    html_with(StatusCode::CREATED, &page)
}
