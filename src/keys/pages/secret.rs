//! The only page that shows a secret: the response to the form that created the key.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::labels;
use crate::app::App;
use crate::frame::Frame;
use crate::keys::model::Key;
use crate::keys::service::NewKey;
use kit::page::html_with;

// No Debug, as it holds a secret.
#[derive(Template)]
#[template(path = "keys/secret.html")]
struct SecretPage<'a> {
    frame: Frame,
    key: &'a Key,
    secret: &'a str,
    public_url: &'a str,
    permissions: String,
    abilities: Vec<&'static str>,
    limit: String,
    /// The target of “I have stored this key”, and of a reload.
    afterwards: &'a str,
}

/// Returns 201 with the secret, on a page that caches must not store.
pub(super) fn show_once(app: &App, frame: Frame, new: &NewKey, afterwards: &str) -> Response {
    let NewKey { key, secret } = new;
    let page = SecretPage {
        frame,
        key,
        secret: secret.expose(),
        public_url: &app.config.public_url,
        permissions: labels::permissions(key.permissions, key.scopes),
        abilities: labels::abilities(key.scopes),
        limit: labels::rate_limit(key.rate_limit),
        afterwards,
    };
    html_with(StatusCode::CREATED, &page)
}
