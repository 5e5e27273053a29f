//! How a browser carries a session: in a cookie that no script reads. Pages take it; calls of the API never do, so that
//! no other site can make a browser call them.

use std::time::Duration;

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use cookie::{Cookie, SameSite};

use crate::config::Config;

/// What a cookie is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Jar {
    /// The session of someone who is signed in.
    Session,
    /// What ties the forms of someone who is not signed in to their browser.
    Visit,
    /// The token of a browser that somebody signed in with.
    Browser,
}

impl Jar {
    /// With TLS a name that only this very host can have set (RFC 6265bis, 4.1.3.2).
    const fn name(self, is_secure: bool) -> &'static str {
        match (self, is_secure) {
            (Self::Session, true) => "__Host-planeconnection_session",
            (Self::Session, false) => "planeconnection_session",
            (Self::Visit, true) => "__Host-planeconnection_visit",
            (Self::Visit, false) => "planeconnection_visit",
            (Self::Browser, true) => "__Host-planeconnection_browser",
            (Self::Browser, false) => "planeconnection_browser",
        }
    }

    /// What the browser has sent.
    pub fn read(self, config: &Config, headers: &HeaderMap) -> Option<String> {
        let name = self.name(config.is_secure());
        let sent = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut cookies = sent.flat_map(Cookie::split_parse).filter_map(Result::ok);
        cookies.find(|cookie| cookie.name() == name).map(|cookie| cookie.value().to_owned())
    }

    /// `Set-Cookie`: the browser is to keep `value` so long.
    pub fn keep(self, config: &Config, value: &str, age: Duration) -> Option<HeaderValue> {
        let cookie = Cookie::build((self.name(config.is_secure()), value))
            .path("/")
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(config.is_secure())
            .max_age(age.try_into().ok()?);
        HeaderValue::from_str(&cookie.to_string()).ok()
    }

    /// `Set-Cookie`: the browser is to forget it.
    pub fn forget(self, config: &Config) -> Option<HeaderValue> {
        self.keep(config, "", Duration::ZERO)
    }
}
