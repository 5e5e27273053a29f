//! The cookies of browsers, which scripts cannot read. Pages read them; calls of the API never do, so that another site cannot
//! make a browser call the API.

use std::time::Duration;

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use cookie::{Cookie, SameSite};

use crate::config::Config;

/// A cookie, by its purpose.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CookieName {
    /// The token of a session.
    Session,
    /// Ties the forms of a browser without a session to it.
    Visit,
    /// The token by which a browser is recognised that a member signed in with.
    Browser,
    /// The token of a challenge, between the two steps of a sign-in.
    Challenge,
}

impl CookieName {
    /// Returns the name of the cookie. With TLS it has a prefix that only this host can set (RFC 6265bis, 4.1.3.2).
    const fn name(self, is_secure: bool) -> &'static str {
        match (self, is_secure) {
            (Self::Session, true) => "__Host-planeconnection_session",
            (Self::Session, false) => "planeconnection_session",
            (Self::Visit, true) => "__Host-planeconnection_visit",
            (Self::Visit, false) => "planeconnection_visit",
            (Self::Browser, true) => "__Host-planeconnection_browser",
            (Self::Browser, false) => "planeconnection_browser",
            (Self::Challenge, true) => "__Host-planeconnection_challenge",
            (Self::Challenge, false) => "planeconnection_challenge",
        }
    }

    /// Reads the cookie from a request.
    pub fn read(self, config: &Config, headers: &HeaderMap) -> Option<String> {
        let name = self.name(config.is_secure());
        let sent = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut cookies = sent.flat_map(Cookie::split_parse).filter_map(Result::ok);
        cookies.find(|cookie| cookie.name() == name).map(|cookie| cookie.value().to_owned())
    }

    /// Returns a `Set-Cookie` header with `value`, to be kept for `age`.
    pub fn keep(self, config: &Config, value: &str, age: Duration) -> Option<HeaderValue> {
        let cookie = Cookie::build((self.name(config.is_secure()), value))
            .path("/")
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(config.is_secure())
            .max_age(age.try_into().ok()?);
        HeaderValue::from_str(&cookie.to_string()).ok()
    }

    /// Returns a `Set-Cookie` header that deletes the cookie.
    pub fn forget(self, config: &Config) -> Option<HeaderValue> {
        self.keep(config, "", Duration::ZERO)
    }
}
