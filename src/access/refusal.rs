//! Refusals of a credential, with messages for the person or program that presented it.

use std::net::IpAddr;

use axum::http::{HeaderValue, StatusCode, header};

use super::rule::Rule;
use crate::keys::DenialReason;
use crate::members::Role;
use crate::security::SETUP_REQUIRED;
use crate::sessions::AuthMethod;
use kit::http::{ApiError, client_ip};
use kit::limit::RateLimited;

/// Returns the error of a request whose key was denied. `address` is the client IP.
pub(super) fn refused(reason: DenialReason<RateLimited>, address: IpAddr) -> ApiError {
    let code = reason.code();
    match reason {
        DenialReason::Invalid => unauthorized(
            code,
            "This is not a valid API key. Check that you copied all of it: pck_ or pck_test_, and 38 characters.",
        ),
        DenialReason::Revoked => {
            unauthorized(code, "This API key was revoked. Ask an administrator of the workspace for a new one.")
        }
        DenialReason::Expired => {
            unauthorized(code, "This API key has expired. Ask an administrator of the workspace for a new one.")
        }
        DenialReason::Paused => unauthorized(code, "This API key is paused. Ask an administrator of the workspace to resume it."),
        DenialReason::AddressNotAllowed if address == client_ip::UNKNOWN => ApiError::new(
            StatusCode::FORBIDDEN,
            code,
            "This API key has an allow-list, and the proxy does not report where the request comes from. Ask the operator of the proxy.",
        ),
        DenialReason::AddressNotAllowed => {
            let message = format!(
                "This API key cannot be used from {address}. Ask an administrator of the workspace to add it to the key's allow-list."
            );
            ApiError::new(StatusCode::FORBIDDEN, code, message)
        }
        DenialReason::ScopeRequired(scope) => {
            let message =
                format!("This API key lacks the scope {scope}. Ask an administrator of the workspace for a key that has it.");
            ApiError::new(StatusCode::FORBIDDEN, code, message).with("requiredScope", scope.to_string())
        }
        DenialReason::RateLimited(limited) => {
            let message = format!("Too many requests with this API key. Try again in {} seconds.", limited.seconds());
            ApiError::too_soon(message, limited)
        }
        DenialReason::PersonRequired => {
            let message = "An API key cannot do this, whatever its scopes. An administrator has to sign in to do it.";
            ApiError::new(StatusCode::FORBIDDEN, code, message)
        }
        DenialReason::TestKey => {
            let message = "This is a test key, which works with the sandbox of this API only. Send a live key.";
            ApiError::new(StatusCode::FORBIDDEN, code, message)
        }
        DenialReason::LeakedInUrl => {
            let message = "An API key was sent in the URL, where proxies and histories keep it. Revoke this key now, create another one, and send it in the X-API-Key header.";
            ApiError::new(StatusCode::BAD_REQUEST, code, message)
        }
    }
}

/// Returns a 401 with the challenge that RFC 9110 requires.
pub(crate) fn unauthorized(code: &'static str, message: &'static str) -> ApiError {
    // RFC 6750, 3.1: no error is named where there was no credential.
    let challenge = match code {
        "AUTHENTICATION_REQUIRED"
        | "INVALID_CREDENTIALS"
        | "TWO_FACTOR_REQUIRED"
        | "TWO_FACTOR_INVALID"
        | "CHALLENGE_INVALID"
        | "PASSKEY_INVALID" => "Bearer realm=\"PlaneConnection\"",
        _ => "Bearer realm=\"PlaneConnection\", error=\"invalid_token\"",
    };
    ApiError::new(StatusCode::UNAUTHORIZED, code, message).header(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
}

pub(super) fn session_invalid() -> ApiError {
    unauthorized("SESSION_INVALID", "This session is unknown, expired or signed out. Sign in again.")
}

pub(super) fn role_required(required: Rule, role: Role) -> ApiError {
    let message = format!("Your role, {role}, does not allow this; it needs {required}. Ask an administrator of the workspace.");
    ApiError::new(StatusCode::FORBIDDEN, "ROLE_REQUIRED", message)
}

/// Returns the error of a member who has to set up a second factor before anything else.
pub(super) fn setup_required() -> ApiError {
    let message = "Your workspace requires two-factor authentication, and you have not set it up. Set it up first, under Profile & Security or with POST /api/v1/auth/two-factor/setup.";
    ApiError::new(StatusCode::FORBIDDEN, SETUP_REQUIRED, message)
}

/// The code of the error of a session whose last proof of identity is too old.
pub(super) const REAUTHENTICATION_REQUIRED: &str = "REAUTHENTICATION_REQUIRED";

/// Returns the error of a session whose last proof of identity is too old for what was asked. `methods` are those by which the
/// person can prove it again.
pub(super) fn reauthentication_required(methods: &[AuthMethod]) -> ApiError {
    let message = "This needs a sign-in, or a re-authentication, within the last 15 minutes. Confirm that it is you with POST /api/v1/auth/reauthenticate, then send this again.";
    ApiError::new(StatusCode::FORBIDDEN, REAUTHENTICATION_REQUIRED, message)
        .with("methods", methods.iter().map(|method| method.as_str()).collect::<Vec<_>>())
}
