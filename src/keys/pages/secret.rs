//! The one page that shows a secret: the answer to the form that made the key, and never again.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::words;
use crate::app::App;
use crate::frame::Frame;
use crate::keys::model::Key;
use crate::keys::service::NewKey;
use kit::page::html_with;

// No Debug: it carries a secret.
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
    /// Where “I have stored this key” leads, and a reload.
    afterwards: &'a str,
}

/// 201 with the secret, on a page that no cache keeps.
pub(super) fn show_once(app: &App, frame: Frame, new: &NewKey, afterwards: &str) -> Response {
    let NewKey { key, secret } = new;
    let page = SecretPage {
        frame,
        key,
        secret: secret.expose(),
        public_url: &app.config.public_url,
        permissions: words::permissions(key.permissions, key.scopes),
        abilities: words::abilities(key.scopes),
        limit: words::rate_limit(key.rate_limit),
        afterwards,
    };
    html_with(StatusCode::CREATED, &page)
}
