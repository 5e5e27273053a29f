//! The CSRF token of a form, and the notes that extractors of pages and the CSRF middleware leave for one another.

use axum::http::StatusCode;
use sha2::{Digest, Sha256};

use crate::sessions::CookieName;
use kit::http::ApiError;

/// Returns the CSRF token of the forms of a browser with this session or visit cookie. Other sites cannot read the cookie.
pub(super) fn csrf_token(cookie: &str) -> String {
    hex::encode(Sha256::digest(format!("form {cookie}")))
}

/// Request extension: the form's CSRF token was verified against this cookie.
#[derive(Clone, Copy, Debug)]
pub(super) struct CsrfVerified(pub(super) CookieName);

/// Response extension: a rate limit was reached, and the form may be sent again later.
#[derive(Clone, Debug)]
pub(super) struct Postponed(pub(super) ApiError);

/// Response extension: the page needs a session, and the request had none.
#[derive(Clone, Copy, Debug)]
pub(super) struct SignedOut;

pub(super) fn form_refused() -> ApiError {
    let message = "This form is too old, or your browser sent no cookie, so nothing was changed. Allow cookies for this site, open the page again and send the form again.";
    ApiError::new(StatusCode::FORBIDDEN, "FORM_REFUSED", message)
}
